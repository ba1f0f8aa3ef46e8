//! Mean and spread of a front end's output over a data set, band by band.

use earmark_core::ConfigError;
use earmark_features::{Extractor, FrontEnd};

use super::curve::Curve;
use super::report::Unreadable;
use crate::dataset::data_set::DataSet;
use crate::dataset::item::Item;
use crate::feature_store::ItemFault;
use crate::read_recordings::read_item;
use crate::scan::{OnProgress, scan};

/// Bands whose standard deviation is below this share of the largest are divided by that share: they hold little but
/// rounding.
const LEAST_SPREAD: f64 = 0.01;

/// Mean and spread of the values of each band: each clip's mean and standard deviation over time, averaged over clips.
#[derive(Clone, Debug, PartialEq)]
pub struct BandCurve {
    /// `[bands]`.
    pub mean: Vec<f64>,
    /// `[bands]`.
    pub std: Vec<f64>,
    /// Clips that are long enough for a frame.
    pub clips: usize,
    /// Those that could not be read, and entries of the folder that can't be.
    pub unreadable: Vec<Unreadable>,
}

impl BandCurve {
    /// What normalisation divides each band by: its standard deviation, or the least one where that is larger;
    /// `[bands]`.
    pub fn divisors(&self) -> Vec<f64> {
        let greatest = self.std.iter().copied().fold(0.0, f64::max);
        let least = match greatest > 0.0 {
            true => LEAST_SPREAD * greatest,
            false => 1.0,
        };
        self.std.iter().map(|std| std.max(least)).collect()
    }
}

/// The curve of the front end's first channel, before postprocessing, over all clips of a set; `None` where no clip has
/// a frame.
///
/// # Errors
/// If the front end cannot be used.
pub fn band_curve(
    set: &DataSet,
    front_end: &FrontEnd,
    progress: &OnProgress<'_>,
) -> Result<Option<BandCurve>, ConfigError> {
    let extractor = Extractor::new(front_end)?;
    let items = &set.items;
    let clips = scan(items, progress, |item| clip_curve(item, &extractor));
    let curves = clips.iter().flatten().flatten();
    let faults = items
        .iter()
        .zip(&clips)
        .filter_map(|(item, clip)| Some((item, clip.as_ref().err()?)));
    Ok(Curve::average(curves).map(|(curve, clips)| BandCurve {
        mean: curve.mean,
        std: curve.std,
        clips,
        unreadable: faults
            .map(|(item, fault)| Unreadable::new(item, fault))
            .chain(Unreadable::of_folder(set))
            .collect(),
    }))
}

/// The curve of one item; `None` without frames.
fn clip_curve(item: &Item, extractor: &Extractor) -> Result<Option<Curve>, ItemFault> {
    let rate = extractor.front_end().sample_rate_hz;
    let clip = read_item(item, rate)?.clip;
    let features = extractor.log_mel_of_clip(&clip, &mut extractor.scratch())?;
    if features.frames == 0 {
        return Ok(None);
    }
    let n = features.frames as f64;
    let of_row = |row: &[f32]| {
        let mean = row.iter().map(|x| f64::from(*x)).sum::<f64>() / n;
        let squares: f64 = row.iter().map(|x| (f64::from(*x) - mean).powi(2)).sum();
        (mean, (squares / n).sqrt())
    };
    let (mean, std) = features.rows().take(features.bands).map(of_row).unzip();
    Ok(Some(Curve { mean, std }))
}
