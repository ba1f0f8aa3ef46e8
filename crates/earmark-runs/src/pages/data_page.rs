//! The page about a data set, from its statistics.

use super::PageError;
use earmark_core::atomic::{self, WriteError};
use earmark_data::statistics::{self, DataStatistics};
use earmark_data::{DataSet, SkipReason, Skipped};
use earmark_report::{
    ClassCounts, DataPage, Fact, NoteLevel, PageNote, SpectrogramImage, SpectrumCurve, SubsetRow,
    data_charts, human_amount, human_count, human_duration, human_hz, render_data_page,
};
use std::path::{Path, PathBuf};

/// Writes `stats.html` and each of its charts as SVG into a folder, which is created if needed; returns their paths, the page
/// first.
pub fn write_data_page(
    set: &DataSet,
    stats: &DataStatistics,
    folder: &Path,
) -> Result<Vec<PathBuf>, PageError> {
    let page = data_page(set, stats)?;
    std::fs::create_dir_all(folder).map_err(|e| WriteError::new(folder, e))?;
    let mut files = vec![("stats.html".to_owned(), render_data_page(&page))];
    files.extend(
        data_charts(&page)
            .into_iter()
            .map(|(name, chart)| (format!("{name}.svg"), chart.file())),
    );
    files
        .into_iter()
        .map(|(name, text)| {
            let path = folder.join(name);
            atomic::write(&path, |w| w.write_all(text.as_bytes()))?;
            Ok(path)
        })
        .collect()
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
    let folds = set.folds();
    if !folds.is_empty() {
        totals.push(Fact::new(
            "folds",
            folds.iter().map(u32::to_string).collect::<Vec<_>>().join(", "),
        ));
    }
    let mut spectrograms = Vec::new();
    for class in stats.classes.iter().filter(|c| !c.spectrograms.is_empty()) {
        let drawn: Result<Vec<Vec<SpectrogramImage>>, PageError> =
            class.spectrograms.iter().map(channels_of).collect();
        spectrograms.push((class.name.clone(), drawn?.concat()));
    }
    Ok(DataPage {
        name: super::folder_name(&set.root),
        totals,
        subsets: stats.subsets.iter().map(subset).collect(),
        classes: stats
            .classes
            .iter()
            .map(|c| ClassCounts {
                name: c.name.clone(),
                clips: c.clips.iter().map(|n| *n as u64).collect(),
            })
            .collect(),
        spectra: stats
            .subsets
            .iter()
            .filter_map(|p| Some((p, p.spectrum.as_ref()?)))
            .map(spectrum)
            .collect(),
        spectrograms,
        findings: findings(set, stats),
    })
}

fn subset(subset: &statistics::SubsetStatistics) -> SubsetRow {
    SubsetRow {
        name: subset.name.clone(),
        seconds: subset.seconds.clone(),
        shortest: subset.shortest.as_ref().map(|s| (s.file.clone(), s.seconds)),
        sample_rates: subset
            .sample_rates_hz
            .iter()
            .map(|(hz, n)| (human_hz(f64::from(*hz)), *n as u64))
            .collect(),
        channels: subset
            .channels
            .iter()
            .map(|(c, n)| (channels(*c), *n as u64))
            .collect(),
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
fn spectrum((subset, spectrum): (&statistics::SubsetStatistics, &statistics::MeanSpectrum)) -> SpectrumCurve {
    let audible = |values: &[f64]| {
        values
            .iter()
            .zip(&spectrum.hz)
            .filter(|(_, hz)| **hz > 0.0)
            .map(|(v, _)| *v)
            .collect()
    };
    SpectrumCurve {
        name: subset.name.clone(),
        hz: audible(&spectrum.hz),
        mean: audible(&spectrum.mean),
        std: audible(&spectrum.std),
    }
}

/// The channels of a spectrogram; the second one, if there is one, is angles.
fn channels_of(spectrogram: &statistics::ClipSpectrogram) -> Result<Vec<SpectrogramImage>, PageError> {
    let statistics::ClipSpectrogram {
        file,
        channels,
        bands,
        frames,
        data,
    } = spectrogram;
    let channel = |(index, data): (usize, &[f32])| {
        let name = match (channels, index) {
            (1, _) => file.clone(),
            (_, 0) => format!("{file}: level"),
            _ => format!("{file}: angle"),
        };
        Ok(SpectrogramImage::new(name, data.to_vec(), *bands, *frames)?)
    };
    data.chunks_exact((bands * frames).max(1))
        .enumerate()
        .map(channel)
        .collect()
}

fn findings(set: &DataSet, stats: &DataStatistics) -> Vec<PageNote> {
    let finding = |level, file: &str, text: String, remedy: &str| PageNote {
        level,
        file: file.to_owned(),
        text,
        remedy: remedy.to_owned(),
    };
    let mut findings = Vec::new();
    for file in &stats.unreadable {
        let remedy = "repair or replace the file, or remove its row";
        findings.push(finding(
            NoteLevel::Problem,
            &file.file,
            file.reason.clone(),
            remedy,
        ));
    }
    for subset in stats.subsets.iter().filter(|p| p.empty > 0) {
        let text = format!(
            "{} without samples",
            human_amount(subset.empty, "recording", "recordings")
        );
        let remedy = "they train as padding; remove them unless they must be predicted";
        findings.push(finding(NoteLevel::Caution, &subset.name, text, remedy));
    }
    let missing = |s: &&Skipped| matches!(s.reason, SkipReason::Missing { .. });
    for skipped in set.skipped.iter().filter(missing) {
        let remedy = "put it there or remove its row";
        findings.push(finding(
            NoteLevel::Problem,
            &skipped.file,
            skipped.reason.to_string(),
            remedy,
        ));
    }
    findings
}
