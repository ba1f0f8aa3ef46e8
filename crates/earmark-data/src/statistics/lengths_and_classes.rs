//! Computes the statistics of lengths, rates and classes, and gathers the spectra.

use std::collections::BTreeMap;

use earmark_audio::{AudioError, AudioStream};
use earmark_core::ConfigError;
use earmark_features::{Extractor, Features};

use super::curve::Curve;
use super::mean_spectrum::Analyser;
use super::options::StatisticsOptions;
use super::report::{
    ClassStatistics, ClipSpectrogram, DataStatistics, LengthHistogram, ShortestClip, SubsetStatistics,
    Unreadable,
};
use crate::damaged_recordings::ClipDamage;
use crate::dataset::data_set::DataSet;
use crate::dataset::item::Item;
use crate::feature_store::ItemFault;
use crate::read_recordings::{caught, damage_in_window, options as read_options, read_item, refuse_nothing};
use crate::read_spans::decode_span;
use crate::scan::{OnProgress, decode_all, scan, tally};

/// What is measured of one clip.
struct Clip {
    seconds: f64,
    sample_rate_hz: u32,
    channels: u16,
    spectrum: Option<Curve>,
    damage: Option<ClipDamage>,
}

/// Computes the statistics. `progress` is called for clips first and then for the classes' spectrograms.
///
/// # Errors
/// A [`ConfigError`] if the window, the rate or the front end of the spectrograms cannot be used. Broken
/// recordings are not an error: they are listed in [`DataStatistics::unreadable`].
pub fn statistics(
    set: &DataSet,
    options: &StatisticsOptions,
    progress: &OnProgress<'_>,
) -> Result<DataStatistics, ConfigError> {
    let analyser = options.spectra.then(|| Analyser::new(options)).transpose()?;
    let extractor = Extractor::new(&options.picture_front_end)?;
    let clips = scan(&set.items, progress, |item| measure(item, analyser.as_ref()));
    let (mut unreadable, mut damaged) = (Vec::new(), Vec::new());
    let mut known: BTreeMap<&str, Vec<(&Item, &Clip)>> =
        set.subsets().into_iter().map(|p| (p, Vec::new())).collect();
    for (item, clip) in set.items.iter().zip(&clips) {
        match clip {
            Ok(clip) => {
                damaged.extend(clip.damage.as_ref().map(|damage| Unreadable::new(item, damage)));
                known.entry(&item.subset).or_default().push((item, clip));
            }
            Err(error) => unreadable.push(Unreadable::new(item, error)),
        }
    }
    unreadable.extend(Unreadable::of_folder(set));
    let longest = clips.iter().flatten().map(|c| c.seconds).fold(0.0, f64::max);
    let edges = edges(longest, options.histogram_bars);
    let subsets: Vec<SubsetStatistics> = known
        .into_iter()
        .map(|(name, clips)| of_subset(name, &clips, &edges, analyser.as_ref()))
        .collect();
    let labelled = || set.items.iter().filter(|i| !i.labels.is_empty());
    let labels: usize = labelled().map(|i| i.labels.len()).sum();
    let class_indices: Vec<usize> = (0..set.classes.len()).collect();
    let classes = scan(&class_indices, progress, |&class| {
        let members = || {
            set.items
                .iter()
                .zip(&clips)
                .filter(move |(i, _)| i.labels.binary_search(&class).is_ok())
        };
        let in_subset = |s: &SubsetStatistics| members().filter(|(i, _)| i.subset == s.name).count();
        // The first readable clips that are long enough for a frame.
        let drawn = members()
            .filter(|(_, clip)| clip.is_ok())
            .filter_map(|(item, _)| spectrogram(item, &extractor, options.picture_seconds));
        ClassStatistics {
            name: set.classes.name(class).unwrap_or_default().to_owned(),
            clips: subsets.iter().map(in_subset).collect(),
            spectrograms: drawn.take(options.pictures_per_class).collect(),
        }
    });
    Ok(DataStatistics {
        layout: set.layout,
        multi_label: set.multi_label,
        clips: subsets.iter().map(|s| s.clips).sum(),
        hours: subsets.iter().map(|s| s.hours).sum(),
        labels_per_clip: (labels > 0).then(|| labels as f64 / labelled().count() as f64),
        classes,
        subsets,
        unreadable,
        damaged,
    })
}

/// Decodes one clip, and computes its spectrum on the way if asked for.
fn measure(item: &Item, analyser: Option<&Analyser>) -> Result<Clip, ItemFault> {
    if let Some(span) = item.span {
        let rate = analyser.map(Analyser::sample_rate_hz);
        let decoded = caught(item, || decode_span(item, span, rate))?;
        let damage = damage_in_window(&decoded);
        refuse_nothing(item, damage.as_ref())?;
        let spectrum = analyser.and_then(|analyser| {
            let mut running = analyser.start();
            running.push(&decoded.clip.samples);
            running.finish()
        });
        return Ok(Clip {
            seconds: decoded.clip.duration_seconds(),
            sample_rate_hz: decoded.source.sample_rate_hz,
            channels: decoded.source.channels,
            spectrum,
            damage,
        });
    }
    let open = |rate_hz| AudioStream::open_with(&item.path, &read_options(item, rate_hz));
    let read = || -> Result<_, AudioError> {
        let Some(analyser) = analyser else {
            return Ok((decode_all(open(None)?, |_| ())?, None));
        };
        let mut running = analyser.start();
        let stream = open(Some(analyser.sample_rate_hz()))?;
        let decoded = decode_all(stream, |block| running.push(block))?;
        Ok((decoded, running.finish()))
    };
    let (decoded, spectrum) = caught(item, read)?;
    refuse_nothing(item, decoded.damage.as_ref())?;
    Ok(Clip {
        seconds: decoded.seconds,
        sample_rate_hz: decoded.info.sample_rate_hz,
        channels: decoded.info.channels,
        spectrum,
        damage: decoded.damage,
    })
}

/// Bars of equal width from 0 to the longest clip.
fn edges(longest: f64, bars: usize) -> Vec<f64> {
    let bars = bars.max(1);
    // Where all clips are empty, the bars still need some width.
    let longest = if longest > 0.0 { longest } else { 1.0 };
    (0..=bars).map(|i| longest * i as f64 / bars as f64).collect()
}

fn of_subset(
    name: &str,
    clips: &[(&Item, &Clip)],
    edges: &[f64],
    analyser: Option<&Analyser>,
) -> SubsetStatistics {
    let seconds: Vec<f64> = clips.iter().map(|(_, c)| c.seconds).collect();
    let shortest = clips.iter().min_by(|a, b| a.1.seconds.total_cmp(&b.1.seconds));
    let mut counts = vec![0; edges.len() - 1];
    let last = counts.len() - 1;
    for s in &seconds {
        counts[edges.partition_point(|e| e <= s).saturating_sub(1).min(last)] += 1;
    }
    SubsetStatistics {
        name: name.to_owned(),
        clips: clips.len(),
        hours: seconds.iter().sum::<f64>() / 3600.0,
        shortest: shortest.map(|(item, c)| ShortestClip {
            file: item.file.clone(),
            seconds: c.seconds,
        }),
        empty: seconds.iter().filter(|&&s| s == 0.0).count(),
        lengths: LengthHistogram {
            edges: edges.to_vec(),
            counts,
        },
        sample_rates_hz: tally(clips.iter().map(|(_, c)| c.sample_rate_hz)),
        channels: tally(clips.iter().map(|(_, c)| c.channels)),
        spectrum: analyser.and_then(|a| a.average(clips.iter().filter_map(|(_, c)| c.spectrum.as_ref()))),
        seconds,
    }
}

/// The front end's output for the start of a clip; `None` if it is too short for a frame.
fn spectrogram(item: &Item, extractor: &Extractor, seconds: f64) -> Option<ClipSpectrogram> {
    let rate = extractor.front_end().sample_rate_hz;
    let wanted = (seconds.max(0.0) * f64::from(rate)).round() as usize;
    let mut samples = match item.span {
        Some(_) => read_item(item, rate).ok()?.clip.samples,
        None => beginning(item, rate, wanted)?,
    };
    samples.truncate(wanted);
    let Features {
        channels,
        bands,
        frames,
        data,
        ..
    } = extractor.log_mel(&samples, &mut extractor.scratch()).ok()?;
    (frames > 0).then(|| ClipSpectrogram {
        file: item.file.clone(),
        channels,
        bands,
        frames,
        data,
    })
}

/// The first samples of a recording, at least as many as wanted: only what is shown is decoded, as the whole file has
/// been read before.
fn beginning(item: &Item, rate: u32, wanted: usize) -> Option<Vec<f32>> {
    let mut stream = AudioStream::open_with(&item.path, &read_options(item, Some(rate))).ok()?;
    let (mut samples, mut block) = (Vec::new(), Vec::new());
    while samples.len() < wanted && stream.next_block(&mut block).ok()? {
        samples.extend_from_slice(&block);
    }
    Some(samples)
}
