//! Models that score windows together: samples in, one row of scores per window out.

use super::{Model, ModelSource};
use crate::PipelineError;
use crate::device::Device;
use earmark_core::rows;
use earmark_engine::{SegmentBatch, SegmentGrid};
use earmark_features::{ExtractorScratch, FeatureError, Features};
use earmark_metrics::{BlendMean, MetricsError, ScoreTable, blend};
use rayon::prelude::*;

/// Segments per forward pass. Passes are cut by this alone, so that scores do not depend on how many files are tagged at a time.
const PASS: usize = 32;

/// Window and hop of models that take clips of any length.
const ANY_LENGTH_SECONDS: (f64, f64) = (2.0, 1.0);

/// One or several models whose scores are blended.
#[derive(Clone, Debug)]
pub struct Ensemble {
    models: Vec<Model>,
    mean: BlendMean,
}

/// Why a window can't be scored.
#[derive(Debug, thiserror::Error)]
pub enum WindowError {
    /// Its samples, or what the front end makes of them.
    #[error("{cause}")]
    Features {
        /// The window, counted within the call.
        window: usize,
        /// What is wrong.
        cause: FeatureError,
    },
    /// Scores that can't be blended.
    #[error(transparent)]
    Blend(#[from] MetricsError),
}

impl Ensemble {
    /// Opens models by name: files, runs, `RUN@STEP`, or a cross-validation run, which stands for the models of all its folds.
    ///
    /// # Errors
    ///
    /// For a model that can't score windows, and models that do not go together.
    pub fn open(names: &[String], mean: BlendMean, device: &Device) -> Result<Self, PipelineError> {
        let sources = ModelSource::read_all(names)?.into_iter();
        Self::of(
            sources
                .map(|source| source.into_model(device))
                .collect::<Result<_, _>>()?,
            mean,
        )
    }

    /// The ensemble of these models.
    ///
    /// # Errors
    ///
    /// As [`Self::open`].
    pub fn of(models: Vec<Model>, mean: BlendMean) -> Result<Self, PipelineError> {
        let Some(first) = models.first() else {
            return Err(PipelineError::Request("no model is named; give --model".into()));
        };
        for model in &models {
            model.check_scores_windows()?;
            check_alike(first, model)?;
        }
        Ok(Self { models, mean })
    }

    /// Classes, in the order of the scores.
    pub fn classes(&self) -> &[String] {
        self.models[0].classes()
    }

    /// Rate of the samples that windows are cut from, in hertz.
    pub fn sample_rate_hz(&self) -> u32 {
        self.models[0].sample_rate_hz()
    }

    /// Names of the models' files.
    pub fn paths(&self) -> impl Iterator<Item = &std::path::Path> {
        self.models.iter().map(Model::path)
    }

    /// What determines scores besides the samples, as one line.
    pub fn fingerprint(&self) -> String {
        let contents: Vec<&str> = self.models.iter().map(|m| m.hash()).collect();
        match contents.len() {
            1 => contents[0].to_owned(),
            _ => format!("{:?} mean of {}", self.mean, contents.join(", ")).to_lowercase(),
        }
    }

    /// Threshold of each class: what calibration found best, the mean over the models. `None` where not all of them are calibrated.
    pub fn thresholds(&self) -> Option<Vec<f32>> {
        let mut sums = vec![0.0_f64; self.classes().len()];
        for model in &self.models {
            let thresholds = &model.calibration()?.thresholds;
            for (sum, class) in sums.iter_mut().zip(self.classes()) {
                // Models of the same classes may have them in another order.
                let place = model.classes().iter().position(|c| c == class)?;
                *sum += f64::from(*thresholds.get(place)?);
            }
        }
        let models = self.models.len() as f64;
        Some(sums.into_iter().map(|sum| (sum / models) as f32).collect())
    }

    /// Window and hop in samples where nothing else is asked for: a segment of the first model, and its distance from the next
    /// one; 2 s every second for models that take any length.
    pub fn default_window(&self) -> (usize, usize) {
        let rate = f64::from(self.sample_rate_hz());
        let extractor = &self.models[0].0.scorer.extractor;
        let (Some(window), Some(frames), Some(grid)) = (
            self.models[0].segment_samples(),
            extractor.segment_frames(),
            SegmentGrid::of(extractor),
        ) else {
            let (window, hop) = ANY_LENGTH_SECONDS;
            return ((window * rate) as usize, (hop * rate) as usize);
        };
        let starts = grid.starts(frames, 2);
        let hop_seconds = (starts[1] - starts[0]) as f64 / extractor.frames_per_second();
        (window, ((hop_seconds * rate).round() as usize).clamp(1, window))
    }

    /// Scores of each window, one per class: what [`predict`](crate::predict()) gives for a clip of its samples. For models that
    /// take any length, a window shorter than `window` samples is filled with silence.
    ///
    /// # Errors
    ///
    /// The first window with samples that can't be scored, and blends that can't be made.
    pub fn score_windows(&self, windows: &[Vec<f32>], window: usize) -> Result<Vec<Vec<f32>>, WindowError> {
        let classes = self.classes().len();
        if let [model] = self.models.as_slice() {
            return model.score_windows(windows, window);
        }
        let tables = self
            .models
            .iter()
            .map(|model| {
                let rows = model.score_windows(windows, window)?;
                let names = (0..rows.len()).map(|k| k.to_string()).collect();
                Ok(ScoreTable::new(names, model.classes().to_vec(), rows.concat())?)
            })
            .collect::<Result<Vec<_>, WindowError>>()?;
        let blended = blend(&tables, self.mean, None)?;
        Ok(blended.values().chunks(classes).map(<[f32]>::to_vec).collect())
    }
}

/// Refuses models of other classes or another rate: their windows or scores would not go together.
fn check_alike(first: &Model, other: &Model) -> Result<(), PipelineError> {
    let (a, b) = (first.path().display(), other.path().display());
    if first.sample_rate_hz() != other.sample_rate_hz() {
        return Err(PipelineError::Request(format!(
            "{b}: takes audio at {} Hz and {a} at {} Hz; tag with one of them at a time",
            other.sample_rate_hz(),
            first.sample_rate_hz()
        )));
    }
    check_same_classes(first, other)
}

/// Refuses models of other classes: their scores would not go together.
pub(crate) fn check_same_classes(first: &Model, other: &Model) -> Result<(), PipelineError> {
    let sorted = |model: &Model| {
        let mut classes = model.classes().to_vec();
        classes.sort_unstable();
        classes
    };
    if sorted(first) == sorted(other) {
        return Ok(());
    }
    Err(PipelineError::Request(format!(
        "{}: its classes differ from those of {}; use models of the same classes together",
        other.path().display(),
        first.path().display()
    )))
}

impl Model {
    fn score_windows(&self, windows: &[Vec<f32>], window: usize) -> Result<Vec<Vec<f32>>, WindowError> {
        let examples = windows
            .par_iter()
            .enumerate()
            .map_init(
                || self.0.scorer.extractor.scratch(),
                |scratch, (k, samples)| {
                    self.examples(samples, window, scratch)
                        .map_err(|cause| WindowError::Features { window: k, cause })
                },
            )
            .collect::<Result<Vec<_>, _>>()?;
        let scores = self.pass(&examples);
        let mut scored = scores.iter();
        Ok(examples
            .iter()
            .map(|of_window| {
                let of_window = scored.by_ref().take(of_window.len());
                let mut row = rows::mean(of_window).unwrap_or_default();
                if let Some(calibration) = self.calibration() {
                    calibration.apply(&mut row);
                }
                row
            })
            .collect())
    }

    /// What the network takes of one window.
    fn examples(
        &self,
        samples: &[f32],
        window: usize,
        scratch: &mut ExtractorScratch,
    ) -> Result<Vec<Features>, FeatureError> {
        let extractor = &self.0.scorer.extractor;
        let filled: Vec<f32>;
        let samples = if extractor.segment_frames().is_none() && samples.len() < window {
            filled = [samples, &vec![0.0; window - samples.len()]].concat();
            &filled
        } else {
            samples
        };
        let base = extractor.log_mel(&extractor.trim(samples), scratch)?;
        (0..extractor.segment_count(base.frames))
            .map(|k| extractor.postprocess(&extractor.segment(&base, k)?))
            .collect()
    }

    /// Scores of each example, those of one size together.
    fn pass(&self, windows: &[Vec<Features>]) -> Vec<Vec<f32>> {
        let all: Vec<&Features> = windows.iter().flatten().collect();
        let mut scores = Vec::with_capacity(all.len());
        for alike in all.chunk_by(|a, b| a.frames == b.frames) {
            for some in alike.chunks(PASS) {
                let x: Vec<f32> = some.iter().flat_map(|f| f.data.iter().copied()).collect();
                let Features {
                    channels,
                    bands,
                    frames,
                    ..
                } = *some[0];
                let batch = SegmentBatch::new(x, [some.len(), channels, bands, frames]);
                let values = self.0.scorer.scores(batch);
                scores.extend(values.chunks(self.classes().len()).map(<[f32]>::to_vec));
            }
        }
        scores
    }
}
