//! What a front end hears on average, band by band.

use earmark_core::ConfigError;
use earmark_features::{Extractor, FrontEnd};

use crate::item::Item;
use crate::scan::{Progress, scan};
use crate::stats::Unreadable;
use crate::store::ItemFault;

/// Mean and spread of the levels of each band: each clip's mean and standard deviation over time, averaged over clips.
#[derive(Clone, Debug, PartialEq)]
pub struct BandCurve {
    /// `[bands]`.
    pub mean: Vec<f64>,
    /// `[bands]`.
    pub std: Vec<f64>,
    /// Clips that are long enough for a frame.
    pub clips: usize,
    /// Those that could not be read.
    pub unreadable: Vec<Unreadable>,
}

/// The curve of the front end's levels (its first channel, before `finish`) over all of `items`; `None` where no clip has a frame.
///
/// # Errors
/// If the front end can't be used.
pub fn band_curve(
    items: &[Item],
    front_end: &FrontEnd,
    progress: &Progress<'_>,
) -> Result<Option<BandCurve>, ConfigError> {
    let extractor = Extractor::new(front_end)?;
    let bands = extractor.bands();
    let clips = scan(items, progress, |item| levels(item, &extractor));
    let (mut mean, mut std) = (vec![0.0; bands], vec![0.0; bands]);
    let (mut count, mut unreadable) = (0, Vec::new());
    for (item, clip) in items.iter().zip(clips) {
        match clip {
            Ok(None) => {}
            Ok(Some((of_mean, of_std))) => {
                mean.iter_mut().zip(of_mean).for_each(|(sum, x)| *sum += x);
                std.iter_mut().zip(of_std).for_each(|(sum, x)| *sum += x);
                count += 1;
            }
            Err(fault) => unreadable.push(Unreadable {
                file: item.file.clone(),
                reason: fault.to_string(),
            }),
        }
    }
    if count == 0 {
        return Ok(None);
    }
    mean.iter_mut()
        .chain(&mut std)
        .for_each(|sum| *sum /= count as f64);
    Ok(Some(BandCurve {
        mean,
        std,
        clips: count,
        unreadable,
    }))
}

/// Mean and standard deviation over time of each band of a clip.
type Levels = (Vec<f64>, Vec<f64>);

/// Those of an item; `None` without frames.
fn levels(item: &Item, extractor: &Extractor) -> Result<Option<Levels>, ItemFault> {
    let rate = extractor.front_end().sample_rate_hz;
    let clip = earmark_audio::read(&item.path, rate)?.clip;
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
    Ok(Some(features.rows().take(features.bands).map(of_row).unzip()))
}
