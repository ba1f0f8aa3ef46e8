//! Cut-outs: detections cut out of their recordings, as a data set with a folder per class.
//!
//! ```text
//! table of events -> Detections -> candidates -> Cut -> SpanReader -> CLASS/NAME_START.wav -> extracts.csv
//!                    tag/tables    choose        plan   cut_recording                         table
//! ```
//!
//! Which detections are cut out follows from the detections and the seed alone, not from their order. A cut-out is
//! written in one step and then gets its row in `extracts.csv`: what has a row and a file is not cut again.

mod choose;
mod cut_recording;
mod file_names;
mod plan;
mod table;

use crate::progress::{Event, Observer, skip};
use crate::tag::tables::read_detections;
use crate::{PipelineError, Skips};
use cut_recording::{CutRecording, cut_recording};
use earmark_core::atomic::WriteError;
use plan::{Cut, plan};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use table::ExtractRow;

/// Recordings after which the table is written again.
const SAVE_EVERY: usize = 64;

/// Which detections of a class are cut out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChooseBy {
    /// Those with the highest scores.
    Score,
    /// Any, each as likely.
    Random,
    /// As many of each range of scores, as far as there are.
    Stratified,
}

/// The format of cut-outs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CutFormat {
    /// 16 bits where these are exact, else floats.
    Wav,
    /// 16 bits.
    Flac,
}

/// What is cut out, and how.
#[derive(Clone, Debug)]
pub struct ExtractJob {
    /// A table of events: CSV, Parquet, JSON or JSON lines.
    pub tags: PathBuf,
    /// The folder to write to.
    pub out: PathBuf,
    /// The folder that names of recordings begin at; `None` for the current one.
    pub root: Option<PathBuf>,
    /// Most cut-outs per class.
    pub per_class: usize,
    /// Which.
    pub by: ChooseBy,
    /// Seed of what is drawn.
    pub seed: u64,
    /// Seconds before and after a detection that are cut out with it.
    pub pad_seconds: f64,
    /// Most seconds of a detection, from its start.
    pub longest_seconds: f64,
    /// The format of the files.
    pub format: CutFormat,
}

/// What was cut out.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ExtractSummary {
    /// The cut-outs in the folder, by class.
    pub classes: BTreeMap<String, usize>,
    /// How many of the wanted ones were written now.
    pub written: usize,
    /// How many were there already.
    pub present: usize,
    /// How many FLAC files hold samples that were rounded to 16 bits.
    pub rounded: usize,
    /// Recordings that can't be read, and why.
    pub skipped: Skips,
    /// Recordings of which some cut-outs are left out, and why.
    pub damaged: Skips,
}

/// Cuts detections out of their recordings. `None` when interrupted: what was cut out is kept.
///
/// # Errors
///
/// For a table that can't be read, numbers that can't be, a folder that was cut with other settings, and a disk that
/// fails.
pub fn extract(
    job: &ExtractJob,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Option<ExtractSummary>, PipelineError> {
    check(job)?;
    let detections = read_detections(&job.tags)?;
    std::fs::create_dir_all(&job.out).map_err(|e| WriteError::new(&job.out, e))?;
    let before = table::read(&job.out)?;
    let cuts = plan(job, &detections, &before)?;
    let is_there = |file: &str| job.out.join(file).is_file();
    let mut rows: BTreeMap<String, ExtractRow> = before
        .into_iter()
        .filter(|row| is_there(&row.file))
        .map(|row| (row.file.clone(), row))
        .collect();
    let (present, todo): (Vec<Cut>, Vec<Cut>) =
        cuts.into_iter().partition(|cut| rows.contains_key(&cut.name));
    let mut summary = ExtractSummary {
        present: present.len(),
        ..ExtractSummary::default()
    };
    let total = todo.len();
    let mut done = 0;
    for (k, cuts) in todo.chunk_by(|a, b| a.recording == b.recording).enumerate() {
        if stop.load(Ordering::Relaxed) {
            table::write(&job.out, &rows)?;
            return Ok(None);
        }
        observer(Event::Reading { done, total });
        let recording = &cuts[0].recording;
        let result = cut_recording(job, recording, cuts, &mut |row: ExtractRow, is_rounded: bool| {
            summary.written += 1;
            summary.rounded += usize::from(is_rounded);
            rows.insert(row.file.clone(), row);
        })?;
        report(result, recording, &mut summary, observer);
        done += cuts.len();
        if (k + 1).is_multiple_of(SAVE_EVERY) {
            table::write(&job.out, &rows)?;
        }
    }
    observer(Event::Reading { done: total, total });
    table::write(&job.out, &rows)?;
    for row in rows.into_values() {
        *summary.classes.entry(row.class).or_default() += 1;
    }
    Ok(Some(summary))
}

fn report(result: CutRecording, recording: &str, summary: &mut ExtractSummary, observer: Observer) {
    if let Some(reason) = result.unreadable {
        skip(observer, &mut summary.skipped, recording, reason);
    }
    if let Some(what) = result.left_out {
        observer(Event::Damaged {
            file: recording,
            what: &what,
        });
        summary.damaged.push((recording.to_owned(), what));
    }
}

/// The path of a recording.
fn path_of(job: &ExtractJob, recording: &str) -> PathBuf {
    let path = Path::new(recording);
    job.root
        .as_ref()
        .map_or_else(|| path.to_path_buf(), |root| root.join(path))
}

/// Refuses numbers that can't work.
fn check(job: &ExtractJob) -> Result<(), PipelineError> {
    let refused = |problem: String| Err(PipelineError::Request(problem));
    if job.per_class == 0 {
        return refused("--per-class 0: cuts nothing out; give 1 or more".into());
    }
    if !(0.0..=3600.0).contains(&job.pad_seconds) {
        return refused(format!("--pad {}: give seconds, from 0 to 3600", job.pad_seconds));
    }
    if !(0.01..=3600.0).contains(&job.longest_seconds) {
        return refused(format!(
            "--longest {}: give seconds, from 0.01 to 3600",
            job.longest_seconds
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
