//! Embeddings of the windows of recordings, which are cut as `tag` cuts them.

use crate::PipelineError;
use crate::error::without_path;
use crate::model::{Model, WindowError};
use crate::tag::result::milliseconds;
use crate::tag::windows::{WindowGrid, Windower};
use crate::window_rule::{WindowHop, WindowRule};
use earmark_audio::{AudioError, AudioStream, Damaged, ReadOptions};
use earmark_core::caught_panics::catch_panic;
use earmark_data::{ClipDamage, ClipRemarks};
use earmark_index::archive::{ArchiveIndex, IndexModel, IndexWindows};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// Windows that are embedded together. A recording's are always cut into the same batches, so that its embeddings are
/// the same to the last bit whatever else is embedded.
const BATCH: usize = 16;

/// Embeds windows with an opened model.
#[derive(Debug)]
pub struct WindowEmbedder {
    model: Model,
    grid: WindowGrid,
    rule: WindowRule,
    damaged: Damaged,
}

/// The windows of a recording.
#[derive(Clone, Debug, PartialEq)]
pub struct WindowVectors {
    /// Length of the recording.
    pub seconds: f64,
    /// Rate of the file, in hertz.
    pub sample_rate_hz: u32,
    /// Length of the recording in samples at the model's rate.
    pub samples: u64,
    /// Number of windows.
    pub windows: usize,
    /// Their embeddings, `[windows, width]`.
    pub vectors: Vec<f32>,
    /// What is missing of the recording, or odd about it.
    pub remarks: Option<ClipRemarks>,
}

impl WindowEmbedder {
    /// The windows of a model, or those that are asked for.
    ///
    /// # Errors
    ///
    /// For a length or distance that can't be, and a model that can't take windows.
    pub fn new(
        model: Model,
        window_seconds: Option<f64>,
        hop: WindowHop,
        damaged: Damaged,
    ) -> Result<Self, PipelineError> {
        let rule = WindowRule::new(&model, window_seconds, hop)?;
        Self::with_rule(model, rule, damaged)
    }

    /// The windows that an index has.
    ///
    /// # Errors
    ///
    /// As [`Self::new`], and for an index of a model with another sample rate.
    pub fn of_index(model: Model, windows: IndexWindows, damaged: Damaged) -> Result<Self, PipelineError> {
        if windows.sample_rate_hz != model.sample_rate_hz() {
            return Err(PipelineError::Request(format!(
                "{}: takes audio at {} Hz, and the index is of a model that takes {} Hz; name the model that made it",
                model.path().display(),
                model.sample_rate_hz(),
                windows.sample_rate_hz
            )));
        }
        let rule = WindowRule::of_index(&model, windows.window_samples, windows.hop_samples);
        Self::with_rule(model, rule, damaged)
    }

    /// The windows of an index, by the model that made it; `name` is what the model was opened by.
    ///
    /// # Errors
    ///
    /// As [`Self::of_index`], and for another model than the one that made the index.
    pub fn that_made(
        index: &ArchiveIndex,
        model: Model,
        name: &str,
        damaged: Damaged,
    ) -> Result<Self, PipelineError> {
        let known = index.manifest();
        let embedder = Self::of_index(model, known.windows, damaged)?;
        let (model, windows) = (embedder.index_model(name), embedder.index_windows());
        known.refuse_other(index.folder(), &model, windows, embedder.width())?;
        Ok(embedder)
    }

    fn with_rule(model: Model, rule: WindowRule, damaged: Damaged) -> Result<Self, PipelineError> {
        model.check_scores_windows()?;
        let (window, hop) = rule.samples();
        let grid = WindowGrid::new(window, hop, model.sample_rate_hz());
        // A window length that can't be embedded is refused before any recording is opened.
        let silence = vec![0.0; grid.window];
        if let Err(WindowError::Features { cause, .. }) =
            model.embed_windows(&[silence], grid.window, grid.hop)
        {
            return Err(PipelineError::Request(format!(
                "--window {}: the model can't embed windows of this length ({cause}); give a longer one",
                milliseconds(rule.seconds())
            )));
        }
        Ok(Self {
            model,
            grid,
            rule,
            damaged,
        })
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The windows, and why they are as long as they are.
    pub fn window_rule(&self) -> &WindowRule {
        &self.rule
    }

    /// Numbers per window.
    pub fn width(&self) -> usize {
        self.model.scorer().network.embedding_len()
    }

    /// The model as an index names it.
    pub fn index_model(&self, name: &str) -> IndexModel {
        IndexModel {
            name: name.to_owned(),
            // Vectors of different precisions must not get into one index.
            hash: self.model.fingerprint(),
        }
    }

    /// The windows as an index names them.
    pub fn index_windows(&self) -> IndexWindows {
        IndexWindows {
            sample_rate_hz: self.model.sample_rate_hz(),
            window_samples: self.grid.window,
            hop_samples: self.grid.hop,
        }
    }

    /// Embeds all windows of a recording; `None` when stopped.
    ///
    /// # Errors
    ///
    /// Why the recording can't be used, without its name.
    pub fn embed(&self, path: &Path, stop: &AtomicBool) -> Result<Option<WindowVectors>, String> {
        catch_panic(|| self.decode_and_embed(path, stop))?
    }

    fn decode_and_embed(&self, path: &Path, stop: &AtomicBool) -> Result<Option<WindowVectors>, String> {
        let bad = |e: AudioError| without_path(&e.to_string(), path);
        let options = ReadOptions {
            sample_rate_hz: Some(self.model.sample_rate_hz()),
            damaged: self.damaged,
        };
        let mut stream = AudioStream::open_with(path, &options).map_err(bad)?;
        let (mut windower, mut waiting) = (Windower::new(self.grid), Waiting::default());
        let mut block = Vec::new();
        while stream.next_block(&mut block).map_err(bad)? {
            windower.push(&block, |start, samples| waiting.push(start, samples));
            while waiting.windows.len() >= BATCH {
                if stop.load(Ordering::Relaxed) {
                    return Ok(None);
                }
                waiting.embed(self, BATCH)?;
            }
        }
        let samples = windower.seen();
        windower.finish(|start, samples| waiting.push(start, samples));
        while !waiting.windows.is_empty() {
            let count = waiting.windows.len().min(BATCH);
            waiting.embed(self, count)?;
        }
        let sample_rate_hz = stream.info().sample_rate_hz;
        let seconds = stream.frames_read() as f64 / f64::from(sample_rate_hz.max(1));
        let damage = ClipDamage::of(seconds, stream.losses());
        if samples == 0 {
            let lost = damage.and_then(|damage| damage.losses.first().cloned());
            return Err(match lost {
                Some(lost) => {
                    format!("nothing of it can be read: {lost}; download it again, or leave it out")
                }
                None => "has no samples; leave it out".into(),
            });
        }
        Ok(Some(WindowVectors {
            seconds: milliseconds(seconds),
            sample_rate_hz,
            samples,
            windows: waiting.done,
            vectors: waiting.vectors,
            remarks: ClipRemarks::of(&stream.notes(), damage.as_ref()),
        }))
    }
}

/// Windows that wait for a batch, and embeddings of those before them.
#[derive(Default)]
struct Waiting {
    starts: Vec<u64>,
    windows: Vec<Vec<f32>>,
    done: usize,
    vectors: Vec<f32>,
}

impl Waiting {
    fn push(&mut self, start: u64, samples: &[f32]) {
        self.starts.push(start);
        self.windows.push(samples.to_vec());
    }

    /// Embeds the first windows.
    fn embed(&mut self, with: &WindowEmbedder, count: usize) -> Result<(), String> {
        let starts: Vec<u64> = self.starts.drain(..count).collect();
        let windows: Vec<Vec<f32>> = self.windows.drain(..count).collect();
        let rate = f64::from(with.model.sample_rate_hz());
        let at = |window: usize| milliseconds(starts[window] as f64 / rate);
        let rows = with
            .model
            .embed_windows(&windows, with.grid.window, with.grid.hop);
        let rows = rows.map_err(|error| match error {
            WindowError::Features { window, cause } => {
                format!("in the window at {} s: {cause}", at(window))
            }
            WindowError::Output { window, reason } => {
                format!("in the window at {} s: {reason}", at(window))
            }
            WindowError::Blend(cause) => cause.to_string(),
        })?;
        self.done += rows.len();
        self.vectors.extend(rows.into_iter().flatten());
        Ok(())
    }
}
