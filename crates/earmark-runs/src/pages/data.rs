//! Statistics of a data set as a page.

use super::PageError;
use earmark_core::atomic::{self, WriteError};
use earmark_data::statistics::{self, DataStatistics};
use earmark_data::{DataSet, SkipReason};
use earmark_report::{
    ClassCounts, DataPage, Fact, NoteLevel, PageNote, SpectrogramImage, SpectrumCurve, SubsetRow,
    data_charts, human_count, human_duration, human_hz, render_data_page,
};
use std::path::{Path, PathBuf};

/// Writes `stats.html` and each of its charts as SVG into a folder, made if need be; returns their paths, the page first.
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

/// The page's content from the statistics of a set.
pub fn data_page(set: &DataSet, stats: &DataStatistics) -> Result<DataPage, PageError> {
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
    let mut pictures = Vec::new();
    for class in stats.classes.iter().filter(|c| !c.spectrograms.is_empty()) {
        let drawn: Result<Vec<Vec<SpectrogramImage>>, PageError> =
            class.spectrograms.iter().map(channels_of).collect();
        pictures.push((class.name.clone(), drawn?.concat()));
    }
    Ok(DataPage {
        name: set.root.file_name().map_or_else(
            || set.root.display().to_string(),
            |n| n.to_string_lossy().into_owned(),
        ),
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
        pictures,
        findings: findings(set, stats),
    })
}

fn subset(part: &statistics::SubsetStatistics) -> SubsetRow {
    SubsetRow {
        name: part.name.clone(),
        seconds: part.seconds.clone(),
        shortest: part.shortest.as_ref().map(|s| (s.file.clone(), s.seconds)),
        sample_rates: part
            .sample_rates_hz
            .iter()
            .map(|(hz, n)| (human_hz(f64::from(*hz)), *n as u64))
            .collect(),
        channels: part
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

/// The axis is logarithmic: the bin of 0 Hz has no place on it.
fn spectrum((part, spectrum): (&statistics::SubsetStatistics, &statistics::MeanSpectrum)) -> SpectrumCurve {
    let audible = |values: &[f64]| {
        values
            .iter()
            .zip(&spectrum.hz)
            .filter(|(_, hz)| **hz > 0.0)
            .map(|(v, _)| *v)
            .collect()
    };
    SpectrumCurve {
        name: part.name.clone(),
        hz: audible(&spectrum.hz),
        mean: audible(&spectrum.mean),
        std: audible(&spectrum.std),
    }
}

/// The channels of a picture, the second one being angles where there is one.
fn channels_of(picture: &statistics::ClipSpectrogram) -> Result<Vec<SpectrogramImage>, PageError> {
    let statistics::ClipSpectrogram {
        file,
        channels,
        bands,
        frames,
        data,
    } = picture;
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
    let mut findings: Vec<PageNote> = Vec::new();
    for file in &stats.unreadable {
        findings.push(PageNote {
            level: NoteLevel::Problem,
            file: file.file.clone(),
            text: file.reason.clone(),
            remedy: "repair or replace the file, or remove its row".into(),
        });
    }
    for part in stats.subsets.iter().filter(|p| p.empty > 0) {
        findings.push(PageNote {
            level: NoteLevel::Caution,
            file: part.name.clone(),
            text: format!(
                "{} of its recordings have no samples",
                human_count(part.empty as u64)
            ),
            remedy: "they train as padding; remove them unless they must be predicted".into(),
        });
    }
    for skipped in set
        .skipped
        .iter()
        .filter(|s| matches!(s.reason, SkipReason::Missing { .. }))
    {
        findings.push(PageNote {
            level: NoteLevel::Problem,
            file: skipped.file.clone(),
            text: skipped.reason.to_string(),
            remedy: "put it there or remove its row".into(),
        });
    }
    findings
}
