//! The page about a data set, from its statistics.

use super::PageError;
use earmark_core::atomic::{self, WriteError};
use earmark_core::human::{human_amount, human_count, human_duration, human_hz};
use earmark_data::statistics::{ClassStatistics, ClipSpectrogram, DataStatistics, SubsetStatistics};
use earmark_data::{DataSet, SkipReason, Skipped};
use earmark_report::{
    ClassCounts, DataPage, Fact, NoteLevel, PageNote, SpectrogramImage, SpectrumCurve, SubsetRow,
    data_charts, render_data_page,
};
use std::path::{Path, PathBuf};

/// Writes `stats.html` and each of its charts as SVG into a folder, which is created if needed; returns their paths, the page
/// first.
///
/// # Errors
/// A spectrogram that can't be drawn, or a file that can't be written.
pub fn write_data_page(
    set: &DataSet,
    stats: &DataStatistics,
    folder: &Path,
) -> Result<Vec<PathBuf>, PageError> {
    let page = data_page(set, stats)?;
    std::fs::create_dir_all(folder).map_err(|e| WriteError::new(folder, e))?;
    let mut files = vec![("stats.html".to_owned(), render_data_page(&page))];
    let charts = data_charts(&page).into_iter();
    files.extend(charts.map(|(name, chart)| (format!("{name}.svg"), chart.file())));
    let write = |(name, text): (String, String)| {
        let path = folder.join(name);
        atomic::write(&path, |w| w.write_all(text.as_bytes()))?;
        Ok(path)
    };
    files.into_iter().map(write).collect()
}

fn data_page(set: &DataSet, stats: &DataStatistics) -> Result<DataPage, PageError> {
    let mut totals = vec![
        Fact::new("clips", human_count(stats.clips as u64)),
        Fact::new("length", human_duration(stats.hours * 3600.0)),
        Fact::new("classes", stats.classes.len()),
        Fact::new("layout", stats.layout),
        Fact::new("folder", set.root.display()),
    ];
    if let Some(n) = stats.labels_per_clip {
        totals.push(Fact::new("labels per clip", format!("{n:.2}")));
    }
    let folds: Vec<String> = set.folds().iter().map(u32::to_string).collect();
    if !folds.is_empty() {
        totals.push(Fact::new("folds", folds.join(", ")));
    }
    let mut spectrograms = Vec::new();
    for class in stats.classes.iter().filter(|c| !c.spectrograms.is_empty()) {
        let drawn: Result<Vec<Vec<SpectrogramImage>>, PageError> =
            class.spectrograms.iter().map(channels_of).collect();
        spectrograms.push((class.name.clone(), drawn?.concat()));
    }
    let counts = |class: &ClassStatistics| ClassCounts {
        name: class.name.clone(),
        clips: class.clips.iter().map(|n| *n as u64).collect(),
    };
    Ok(DataPage {
        name: super::folder_name(&set.root),
        totals,
        subsets: stats.subsets.iter().map(subset).collect(),
        classes: stats.classes.iter().map(counts).collect(),
        spectra: stats.subsets.iter().filter_map(spectrum).collect(),
        spectrograms,
        findings: findings(set, stats),
    })
}

fn subset(subset: &SubsetStatistics) -> SubsetRow {
    let rates = subset.sample_rates_hz.iter();
    let rate = |(hz, n): &(u32, usize)| (human_hz(f64::from(*hz)), *n as u64);
    let kinds = subset.channels.iter();
    SubsetRow {
        name: subset.name.clone(),
        seconds: subset.seconds.clone(),
        shortest: subset.shortest.as_ref().map(|s| (s.file.clone(), s.seconds)),
        sample_rates: rates.map(rate).collect(),
        channels: kinds.map(|(c, n)| (channels(*c), *n as u64)).collect(),
    }
}

fn channels(n: u16) -> String {
    match n {
        1 => "mono".into(),
        2 => "stereo".into(),
        n => format!("{n} channels"),
    }
}

/// The axis is logarithmic: 0 Hz is not on it.
fn spectrum(subset: &SubsetStatistics) -> Option<SpectrumCurve> {
    let spectrum = subset.spectrum.as_ref()?;
    let audible = |values: &[f64]| {
        let points = values.iter().zip(&spectrum.hz);
        points.filter(|(_, hz)| **hz > 0.0).map(|(v, _)| *v).collect()
    };
    Some(SpectrumCurve {
        name: subset.name.clone(),
        hz: audible(&spectrum.hz),
        mean: audible(&spectrum.mean),
        std: audible(&spectrum.std),
    })
}

/// The channels of a spectrogram; the second one, if there is one, is angles.
fn channels_of(spectrogram: &ClipSpectrogram) -> Result<Vec<SpectrogramImage>, PageError> {
    let file = &spectrogram.file;
    let (bands, frames) = (spectrogram.bands, spectrogram.frames);
    let channel = |(index, data): (usize, &[f32])| {
        let name = match (spectrogram.channels, index) {
            (1, _) => file.clone(),
            (_, 0) => format!("{file}: level"),
            _ => format!("{file}: angle"),
        };
        Ok(SpectrogramImage::new(name, data.to_vec(), bands, frames)?)
    };
    let channels = spectrogram.data.chunks_exact((bands * frames).max(1));
    channels.enumerate().map(channel).collect()
}

fn findings(set: &DataSet, stats: &DataStatistics) -> Vec<PageNote> {
    let finding = |level, file: &str, text: String, remedy: &str| PageNote {
        file: file.to_owned(),
        remedy: remedy.to_owned(),
        ..PageNote::new(level, text)
    };
    let unreadable = stats.unreadable.iter().map(|file| {
        let remedy = "repair or replace the file, or remove its row";
        finding(NoteLevel::Problem, &file.file, file.reason.clone(), remedy)
    });
    let empty = stats.subsets.iter().filter(|subset| subset.empty > 0);
    let empty = empty.map(|subset| {
        let count = human_amount(subset.empty, "recording", "recordings");
        let remedy = "they train as padding; remove them unless they must be predicted";
        let text = format!("{count} without samples");
        finding(NoteLevel::Caution, &subset.name, text, remedy)
    });
    let is_missing = |s: &&Skipped| matches!(s.reason, SkipReason::Missing { .. });
    let missing = set.skipped.iter().filter(is_missing).map(|skipped| {
        let (reason, remedy) = (skipped.reason.to_string(), "put it there or remove its row");
        finding(NoteLevel::Problem, &skipped.file, reason, remedy)
    });
    unreadable.chain(empty).chain(missing).collect()
}
