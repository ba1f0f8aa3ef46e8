//! Getting to know a data set: lengths, classes, rates, spectra and pictures, as numbers.
//!
//! This is the exploration with which the starter kernel of 2018 begins (histogram of lengths of
//! train and test with the minima, mean and spread of the log amplitude per frequency bin, pictures
//! of clips), for any layout. Drawing is done elsewhere.

mod bands;
mod spectrum;
mod text;
mod types;

use std::collections::BTreeMap;

use earmark_core::ConfigError;
use earmark_features::{Extractor, Features, FrontEnd};
use serde::{Deserialize, Serialize};

use crate::item::{DataSet, Item};
use crate::scan::{Progress, listen, scan, tally};
pub use bands::{BandCurve, band_curve};
use spectrum::{Analyser, ClipSpectrum};
pub use types::{ClassStats, Histogram, PartStats, Picture, Shortest, Spectrum, Stats, Unreadable};

/// What to compute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct StatsOptions {
    /// Whether mean and spread per frequency bin are computed (this decodes and transforms
    /// everything; otherwise only what is needed for the lengths).
    pub spectra: bool,
    /// The rate at which spectra are computed.
    pub sample_rate_hz: u32,
    /// Length of the analysis window.
    pub window_samples: u32,
    /// Distance between windows.
    pub hop_samples: u32,
    /// How many clips of each class get a picture.
    pub pictures_per_class: usize,
    /// How much of a clip a picture shows, from its beginning.
    pub picture_seconds: f64,
    /// What a picture shows; the default is the log-mel of the DCASE 2019 baseline.
    pub picture_front_end: FrontEnd,
    /// Number of bars of the length histograms.
    pub histogram_bars: usize,
}

impl Default for StatsOptions {
    /// The 800 / 400 samples at 44.1 kHz of the starter kernel.
    fn default() -> Self {
        Self {
            spectra: true,
            sample_rate_hz: 44_100,
            window_samples: 800,
            hop_samples: 400,
            pictures_per_class: 2,
            picture_seconds: 10.0,
            picture_front_end: FrontEnd::default(),
            histogram_bars: 20,
        }
    }
}

/// What is known of one clip.
struct Clip {
    seconds: f64,
    sample_rate_hz: u32,
    channels: u16,
    spectrum: Option<ClipSpectrum>,
}

/// Computes the statistics. `progress` is told about clips first and then about pictures.
///
/// # Errors
/// A [`ConfigError`] if the window, the rate or the front end of the pictures cannot be used. Broken
/// recordings are no error: they are listed in [`Stats::unreadable`].
pub fn stats(set: &DataSet, options: &StatsOptions, progress: &Progress<'_>) -> Result<Stats, ConfigError> {
    let analyser = if options.spectra {
        Some(Analyser::new(options)?)
    } else {
        None
    };
    let pictures = Extractor::new(&options.picture_front_end)?;
    let clips = scan(&set.items, progress, |item| look(item, analyser.as_ref()));
    let mut unreadable = Vec::new();
    let mut known: BTreeMap<&str, Vec<(&Item, &Clip)>> =
        set.parts().into_iter().map(|p| (p, Vec::new())).collect();
    for (item, clip) in set.items.iter().zip(&clips) {
        match clip {
            Ok(clip) => known.entry(&item.part).or_default().push((item, clip)),
            Err(e) => unreadable.push(Unreadable {
                file: item.file.clone(),
                reason: e.to_string(),
            }),
        }
    }
    let longest = clips.iter().flatten().map(|c| c.seconds).fold(0.0, f64::max);
    let edges = edges(longest, options.histogram_bars);
    let part =
        |(name, clips): (&str, Vec<(&Item, &Clip)>)| part_stats(name, &clips, &edges, analyser.as_ref());
    let parts: Vec<PartStats> = known.into_iter().map(part).collect();
    let readable: Vec<bool> = clips.iter().map(Result::is_ok).collect();
    let labelled = || set.items.iter().filter(|i| !i.labels.is_empty());
    let labels: usize = labelled().map(|i| i.labels.len()).sum();
    Ok(Stats {
        layout: set.layout,
        multi_label: set.multi_label,
        clips: parts.iter().map(|p| p.clips).sum(),
        hours: parts.iter().map(|p| p.hours).sum(),
        labels_per_clip: (labels > 0).then(|| labels as f64 / labelled().count() as f64),
        classes: class_stats(set, &parts, &readable, &pictures, options, progress),
        parts,
        unreadable,
    })
}

/// Decodes one clip; its spectrum on the way, if asked for.
fn look(item: &Item, analyser: Option<&Analyser>) -> Result<Clip, earmark_audio::AudioError> {
    use earmark_audio::AudioStream;
    let (info, seconds, spectrum) = match analyser {
        None => {
            let (info, seconds) = listen(AudioStream::open_native(&item.path)?, |_| ())?;
            (info, seconds, None)
        }
        Some(analyser) => {
            let mut running = analyser.start();
            let stream = AudioStream::open(&item.path, analyser.sample_rate_hz())?;
            let (info, seconds) = listen(stream, |block| running.hear(block))?;
            (info, seconds, running.finish())
        }
    };
    Ok(Clip {
        seconds,
        sample_rate_hz: info.sample_rate_hz,
        channels: info.channels,
        spectrum,
    })
}

/// Bars of equal width from 0 to the longest clip.
fn edges(longest: f64, bars: usize) -> Vec<f64> {
    let bars = bars.max(1);
    // Clips without samples only: bars of some width nevertheless.
    let longest = if longest > 0.0 { longest } else { 1.0 };
    (0..=bars).map(|i| longest * i as f64 / bars as f64).collect()
}

fn part_stats(name: &str, clips: &[(&Item, &Clip)], edges: &[f64], analyser: Option<&Analyser>) -> PartStats {
    let seconds: Vec<f64> = clips.iter().map(|(_, c)| c.seconds).collect();
    let shortest = clips.iter().min_by(|a, b| a.1.seconds.total_cmp(&b.1.seconds));
    let mut counts = vec![0; edges.len() - 1];
    let last = counts.len() - 1;
    for s in &seconds {
        counts[edges.partition_point(|e| e <= s).saturating_sub(1).min(last)] += 1;
    }
    PartStats {
        name: name.to_owned(),
        clips: clips.len(),
        hours: seconds.iter().sum::<f64>() / 3600.0,
        shortest: shortest.map(|(item, c)| Shortest {
            file: item.file.clone(),
            seconds: c.seconds,
        }),
        empty: seconds.iter().filter(|&&s| s == 0.0).count(),
        lengths: Histogram {
            edges: edges.to_vec(),
            counts,
        },
        sample_rates_hz: tally(clips.iter().map(|(_, c)| c.sample_rate_hz)),
        channels: tally(clips.iter().map(|(_, c)| c.channels)),
        spectrum: analyser.and_then(|a| a.mean(clips.iter().filter_map(|(_, c)| c.spectrum.as_ref()))),
        seconds,
    }
}

/// Counts and pictures of the classes. Pictures are of the first readable clips of the class that
/// are long enough for a frame.
fn class_stats(
    set: &DataSet,
    parts: &[PartStats],
    readable: &[bool],
    pictures: &Extractor,
    options: &StatsOptions,
    progress: &Progress<'_>,
) -> Vec<ClassStats> {
    let classes: Vec<usize> = (0..set.classes.len()).collect();
    scan(&classes, progress, |&class| {
        let members = || {
            set.items
                .iter()
                .zip(readable)
                .filter(|(i, _)| i.labels.binary_search(&class).is_ok())
        };
        let in_part = |part: &PartStats| members().filter(|(i, _)| i.part == part.name).count();
        let drawn = members()
            .filter(|(_, readable)| **readable)
            .filter_map(|(item, _)| picture(item, pictures, options));
        ClassStats {
            name: set.classes.name(class).unwrap_or_default().to_owned(),
            clips: parts.iter().map(in_part).collect(),
            pictures: drawn.take(options.pictures_per_class).collect(),
        }
    })
}

/// The beginning of a clip, seen by the front end; `None` if it is too short for a frame.
fn picture(item: &Item, extractor: &Extractor, options: &StatsOptions) -> Option<Picture> {
    let rate = extractor.front_end().sample_rate_hz;
    // Only what the picture shows is decoded; the file as a whole has been read before.
    let mut stream = earmark_audio::AudioStream::open(&item.path, rate).ok()?;
    let wanted = (options.picture_seconds.max(0.0) * f64::from(rate)).round() as usize;
    let (mut samples, mut block) = (Vec::new(), Vec::new());
    while samples.len() < wanted && stream.next_block(&mut block).ok()? {
        samples.extend_from_slice(&block);
    }
    samples.truncate(wanted);
    let Features {
        channels,
        bands,
        frames,
        data,
        ..
    } = extractor.log_mel(&samples, &mut extractor.scratch()).ok()?;
    (frames > 0).then(|| Picture {
        file: item.file.clone(),
        channels,
        bands,
        frames,
        data,
    })
}
