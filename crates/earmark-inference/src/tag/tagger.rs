//! A request made ready: models, windows, classes and rules that go together, and how one recording is heard with them.

use super::TagError;
use super::classes::choose;
use super::events::{EventFinder, Rule, Summary};
use super::result::{TagResult, WindowScores, milliseconds};
use super::scratch::ScratchFile;
use super::windows::{Grid, Windower};
use crate::PipelineError;
use crate::device::Device;
use crate::model::{Ensemble, Model, WindowError};
use earmark_audio::{AudioError, AudioStream};
use earmark_metrics::BlendMean;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;

/// Score from which on a class is heard, where neither the request nor the model says otherwise.
pub const THRESHOLD: f32 = 0.3;

/// Windows whose features are computed together, and batches that are decoded ahead.
const BATCH: usize = 16;
const AHEAD: usize = 2;

/// Distance of windows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Step {
    /// The model's own, or half a window where the window is given.
    #[default]
    Own,
    /// Seconds from one start to the next.
    Hop(f64),
    /// Seconds that two neighbours share.
    Overlap(f64),
}

/// What to listen for, and how.
#[derive(Clone, Debug)]
pub struct TagConfig {
    /// Models: files, RUN, RUN@STEP or sets of folds; several are blended.
    pub models: Vec<String>,
    /// How several are blended.
    pub mean: BlendMean,
    /// Device by name.
    pub device: String,
    /// Length of a window; `None` is the model's own.
    pub window_seconds: Option<f64>,
    /// Distance of windows.
    pub step: Step,
    /// Names of the classes to listen for; all without any.
    pub classes: Vec<String>,
    /// Score from which on a class is heard; `None` is the model's own for each class, else [`THRESHOLD`].
    pub threshold: Option<f32>,
    /// Share of its threshold above which an event goes on.
    pub release: f32,
    /// Longest gap between events that are one.
    pub merge_seconds: f64,
    /// Shortest event that is told.
    pub min_seconds: f64,
    /// Score of an event.
    pub summary: Summary,
    /// The best classes of each recording (of each window) and no others.
    pub top: Option<usize>,
    /// Scores of windows are wanted, and not events alone.
    pub windows: bool,
}

impl Default for TagConfig {
    /// One recording by one model: its own windows and thresholds, all classes.
    fn default() -> Self {
        Self {
            models: Vec::new(),
            mean: BlendMean::Geometric,
            device: "cpu".into(),
            window_seconds: None,
            step: Step::Own,
            classes: Vec::new(),
            threshold: None,
            release: 0.8,
            merge_seconds: 0.0,
            min_seconds: 0.0,
            summary: Summary::default(),
            top: None,
            windows: false,
        }
    }
}

/// A [`TagConfig`] made ready.
#[derive(Debug)]
pub struct Tagger {
    ensemble: Ensemble,
    grid: Grid,
    rule: Rule,
    /// The classes listened for, by number.
    chosen: Vec<usize>,
    /// Their names.
    names: Vec<String>,
    top: Option<usize>,
    windows: bool,
}

/// Why a recording was not heard to its end.
#[derive(Debug)]
pub(super) enum Failed {
    /// Something is wrong with it, told without its name.
    Recording(String),
    /// Something is wrong with us.
    Everything(TagError),
    /// It was asked for.
    Stopped,
}

impl Tagger {
    /// Opens the models and checks everything; no recording is opened.
    ///
    /// # Errors
    /// A model, class or number that can't be used.
    pub fn new(tag: &TagConfig) -> Result<Self, TagError> {
        // Before a model is read.
        check(tag)?;
        let device = Device::named(&tag.device).map_err(PipelineError::from)?;
        Self::with_ensemble(Ensemble::open(&tag.models, tag.mean, &device)?, tag)
    }

    /// The same with models that are open already; `models`, `mean` and `device` of `tag` are not used.
    ///
    /// # Errors
    ///
    /// As [`Self::new`].
    pub fn with_models(models: Vec<Model>, tag: &TagConfig) -> Result<Self, TagError> {
        Self::with_ensemble(Ensemble::of(models, tag.mean)?, tag)
    }

    fn with_ensemble(ensemble: Ensemble, tag: &TagConfig) -> Result<Self, TagError> {
        check(tag)?;
        let grid = grid(tag, ensemble.sample_rate_hz(), ensemble.default_window())?;
        // What a window of this length can't be is known before any recording is opened.
        ensemble
            .score_windows(&[vec![0.0; grid.window]], grid.window)
            .map_err(|e| {
                let seconds = grid.window as f64 / f64::from(ensemble.sample_rate_hz());
                TagError::Request(format!(
                    "--window {}: the model can't hear windows of this length ({e}); give a longer one",
                    milliseconds(seconds)
                ))
            })?;
        let chosen = choose(ensemble.classes(), &tag.classes)?;
        let own = ensemble.thresholds();
        let threshold = |class: &usize| {
            tag.threshold
                .or_else(|| own.as_ref().map(|own| own[*class]))
                .unwrap_or(THRESHOLD)
        };
        Ok(Self {
            grid,
            rule: Rule {
                thresholds: chosen.iter().map(threshold).collect(),
                release: tag.release,
                merge_seconds: tag.merge_seconds,
                min_seconds: tag.min_seconds,
                summary: tag.summary,
            },
            names: chosen.iter().map(|c| ensemble.classes()[*c].clone()).collect(),
            chosen,
            ensemble,
            top: tag.top,
            windows: tag.windows,
        })
    }

    /// The models.
    pub fn ensemble(&self) -> &Ensemble {
        &self.ensemble
    }

    /// Names of the classes listened for, in the order of the model.
    pub fn classes(&self) -> &[String] {
        &self.names
    }

    /// Window and hop in seconds.
    pub fn window_seconds(&self) -> (f64, f64) {
        let rate = f64::from(self.ensemble.sample_rate_hz());
        (self.grid.window as f64 / rate, self.grid.hop as f64 / rate)
    }

    /// Whether scores of windows are kept.
    pub fn keeps_windows(&self) -> bool {
        self.windows
    }

    /// Classes told of each recording (of each window), where not all are.
    pub fn top(&self) -> Option<usize> {
        self.top
    }

    /// Score from which on each class is heard.
    pub fn thresholds(&self) -> &[f32] {
        &self.rule.thresholds
    }

    /// Everything that results depend on besides the recordings, by the name of its flag.
    pub fn settings(&self) -> Vec<(String, String)> {
        let rule = &self.rule;
        let (window, hop) = self.window_seconds();
        let level = rule.thresholds.first().copied().unwrap_or(THRESHOLD);
        let alike = rule.thresholds.iter().all(|t| *t == level);
        let pairs = [
            ("earmark", earmark_core::VERSION.to_owned()),
            ("--model", self.ensemble.fingerprint()),
            ("--window", milliseconds(window).to_string()),
            ("--hop", milliseconds(hop).to_string()),
            (
                "samples of a window and hop",
                format!("{} and {}", self.grid.window, self.grid.hop),
            ),
            ("--classes", self.names.join(",")),
            (
                "--threshold",
                if alike {
                    level.to_string()
                } else {
                    format!("{:?}", rule.thresholds)
                },
            ),
            ("--release", rule.release.to_string()),
            ("--merge", rule.merge_seconds.to_string()),
            ("--min-duration", rule.min_seconds.to_string()),
            ("--score", format!("{:?}", rule.summary).to_lowercase()),
            ("--top-k", self.top.map_or("all".into(), |k| k.to_string())),
            ("--windows", self.windows.to_string()),
        ];
        pairs
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }

    /// Tags one recording.
    ///
    /// # Errors
    ///
    /// When it can't be read.
    pub fn tag(&self, path: &Path) -> Result<TagResult, TagError> {
        let mut lines = ScratchFile::new(Path::new(""), "");
        let name = path.to_string_lossy();
        match self.decode_and_score(path, &name, &mut lines, &AtomicBool::new(false), |_| ()) {
            Ok(result) => Ok(result),
            Err(Failed::Recording(reason)) => Err(TagError::Request(format!("{name}: {reason}"))),
            Err(Failed::Everything(error)) => Err(error),
            Err(Failed::Stopped) => unreachable!("nothing stops it"),
        }
    }

    /// Tags the recording `name`. Scores of windows, where they are kept, go to `lines` as JSON, one per line.
    /// `progress` receives the share of the recording that is done. Runs on the threads of the pool that it is called in.
    pub(super) fn decode_and_score(
        &self,
        path: &Path,
        name: &str,
        lines: &mut ScratchFile,
        stop: &AtomicBool,
        mut progress: impl FnMut(f64),
    ) -> Result<TagResult, Failed> {
        let bad = |e: AudioError| Failed::Recording(without_path(&e.to_string(), path));
        let mut stream = AudioStream::open(path, self.ensemble.sample_rate_hz()).map_err(bad)?;
        let info = stream.info().clone();
        let total = info.frames.filter(|frames| *frames > 0);
        let mut work = Work {
            tagger: self,
            finder: EventFinder::new(self.grid, self.ensemble.sample_rate_hz(), self.rule.clone()),
            lines,
        };
        // Decoding goes ahead of the rest where there are threads for it.
        let ended = if rayon::current_num_threads() > 1 {
            std::thread::scope(|scope| {
                let (send, receive) = sync_channel(AHEAD);
                let decoder = scope.spawn(move || {
                    let ended = self.decode(&mut stream, |batch, read| send.send((batch, read)).is_ok());
                    (ended, stream.frames_read())
                });
                let result = receive.into_iter().try_for_each(|(batch, read)| {
                    work.batch(&batch, stop)?;
                    progress(total.map_or(0.0, |total| read as f64 / total as f64));
                    Ok(())
                });
                let decoded = decoder
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                result.map(|()| decoded)
            })?
        } else {
            let mut result = Ok(());
            let ended = self.decode(&mut stream, |batch, read| {
                result = work.batch(&batch, stop);
                progress(total.map_or(0.0, |total| read as f64 / total as f64));
                result.is_ok()
            });
            result?;
            (ended, stream.frames_read())
        };
        let (samples, frames_read) = (ended.0.map_err(bad)?, ended.1);
        let found = work.finder.finish(samples);
        // From the frames of the file, so that resampling does not round the length.
        let seconds = frames_read as f64 / f64::from(info.sample_rate_hz.max(1));
        Ok(TagResult::new(
            name,
            seconds,
            info.sample_rate_hz,
            self.ensemble.sample_rate_hz(),
            &self.names,
            &found,
            self.top,
        ))
    }

    /// Reads a stream to its end and hands out its windows, some at a time, with the frames of the file read so far, until `take`
    /// wants no more. Returns the samples there were.
    fn decode(
        &self,
        stream: &mut AudioStream,
        mut take: impl FnMut(Batch, u64) -> bool,
    ) -> Result<u64, AudioError> {
        let mut windower = Windower::new(self.grid);
        let (mut block, mut batch) = (Vec::new(), Batch::default());
        while stream.next_block(&mut block)? {
            let mut full = Vec::new();
            windower.push(&block, |start, samples| {
                batch.add(start, samples);
                if batch.windows.len() == BATCH {
                    full.push(std::mem::take(&mut batch));
                }
            });
            for batch in full {
                if !take(batch, stream.frames_read()) {
                    return Ok(windower.seen());
                }
            }
        }
        let seen = windower.seen();
        windower.finish(|start, samples| batch.add(start, samples));
        if !batch.windows.is_empty() {
            take(batch, stream.frames_read());
        }
        Ok(seen)
    }
}

/// Windows that are scored together.
#[derive(Default)]
struct Batch {
    starts: Vec<u64>,
    windows: Vec<Vec<f32>>,
}

impl Batch {
    fn add(&mut self, start: u64, samples: &[f32]) {
        self.starts.push(start);
        self.windows.push(samples.to_vec());
    }
}

/// A recording in work.
struct Work<'a> {
    tagger: &'a Tagger,
    finder: EventFinder,
    lines: &'a mut ScratchFile,
}

impl Work<'_> {
    fn batch(&mut self, batch: &Batch, stop: &AtomicBool) -> Result<(), Failed> {
        if stop.load(Ordering::Relaxed) {
            return Err(Failed::Stopped);
        }
        let Tagger {
            ensemble,
            grid,
            chosen,
            top,
            windows,
            ..
        } = self.tagger;
        let rate = f64::from(ensemble.sample_rate_hz());
        let rows = ensemble
            .score_windows(&batch.windows, grid.window)
            .map_err(|error| match error {
                WindowError::Features { window, cause } => Failed::Recording(format!(
                    "in the window at {} s: {cause}",
                    milliseconds(batch.starts[window] as f64 / rate)
                )),
                WindowError::Blend(cause) => Failed::Everything(TagError::Model(cause.into())),
            })?;
        for ((start, samples), row) in batch.starts.iter().zip(&batch.windows).zip(rows) {
            let scores: Vec<f32> = chosen.iter().map(|c| row[*c]).collect();
            if *windows {
                let end = start + samples.len() as u64;
                let line = WindowScores::new(*start as f64 / rate, end as f64 / rate, &scores, *top);
                serde_json::to_writer(&mut *self.lines, &line)
                    .map_err(std::io::Error::from)
                    .and_then(|()| self.lines.write_all(b"\n"))
                    .map_err(|cause| Failed::Everything(self.lines.error(cause)))?;
            }
            self.finder.push(&scores);
        }
        Ok(())
    }
}

/// The message without the path that it begins with, to stand beside the name.
fn without_path(message: &str, path: &Path) -> String {
    let start = format!("{}: ", path.display());
    message.strip_prefix(&start).unwrap_or(message).to_owned()
}

/// Refuses numbers that can't work.
fn check(tag: &TagConfig) -> Result<(), TagError> {
    check_range("--threshold", tag.threshold.map(f64::from), 1.0)?;
    check_range("--release", Some(f64::from(tag.release)), 1.0)?;
    check_range("--merge", Some(tag.merge_seconds), f64::MAX)?;
    check_range("--min-duration", Some(tag.min_seconds), f64::MAX)?;
    if tag.top == Some(0) {
        return Err(TagError::Request(
            "--top-k 0: leaves no class; give 1 or more".into(),
        ));
    }
    Ok(())
}

fn check_range(flag: &str, value: Option<f64>, most: f64) -> Result<(), TagError> {
    match value {
        Some(value) if !(0.0..=most).contains(&value) => Err(TagError::Request(format!(
            "{flag} {value}: give a number {}",
            if most == 1.0 {
                "from 0 to 1"
            } else {
                "of seconds, 0 or more"
            }
        ))),
        _ => Ok(()),
    }
}

/// Windows in samples; `own` is the model's.
fn grid(tag: &TagConfig, rate_hz: u32, own: (usize, usize)) -> Result<Grid, TagError> {
    // A day: what is longer is meant in another unit.
    const LONGEST_SECONDS: f64 = 86_400.0;
    let rate = f64::from(rate_hz);
    let samples = |flag: &str, seconds: f64| {
        let samples = (seconds * rate).round();
        if samples >= 1.0 && seconds <= LONGEST_SECONDS {
            return Ok(samples as usize);
        }
        Err(TagError::Request(format!(
            "{flag} {seconds}: give seconds, from {} (a sample) to {LONGEST_SECONDS}",
            1.0 / rate
        )))
    };
    let window = match tag.window_seconds {
        Some(seconds) => samples("--window", seconds)?,
        None => own.0,
    };
    let hop = match tag.step {
        Step::Own if tag.window_seconds.is_some() => window.div_ceil(2),
        Step::Own => own.1.min(window),
        Step::Hop(seconds) => samples("--hop", seconds)?,
        Step::Overlap(seconds) => {
            check_range("--overlap", Some(seconds), f64::MAX)?;
            window.saturating_sub((seconds * rate).round() as usize)
        }
    };
    let seconds = |samples: usize| milliseconds(samples as f64 / rate);
    match tag.step {
        Step::Hop(given) if hop > window => Err(TagError::Request(format!(
            "--hop {given}: is longer than a window of {} s, so that sound between windows would not be heard; give at most that",
            seconds(window)
        ))),
        Step::Overlap(given) if hop == 0 => Err(TagError::Request(format!(
            "--overlap {given}: is not less than a window of {} s, so that windows would not move on; give less",
            seconds(window)
        ))),
        _ => Ok(Grid::new(window, hop, rate_hz)),
    }
}
