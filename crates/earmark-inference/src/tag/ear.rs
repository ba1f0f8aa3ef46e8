//! Models that hear windows: samples in, scores out.

use super::TagError;
use crate::{PipelineError, scorer_of};
use earmark_engine::{ModelFile, ModelFileError, Scorer, SegmentBatch, SegmentGrid};
use earmark_features::{FeatureError, Features, Scratch};
use earmark_metrics::{Calibration, Mean, MetricsError, ScoreTable, blend};
use earmark_recipe::StackRecipe;
use earmark_runs::run_dir::find_models;
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// Examples of one forward pass. Passes are cut by this alone, so that scores do not depend on how many files are heard at a time.
const PASS: usize = 32;

/// Window and hop of models that take clips of any length.
const ANY_LENGTH_SECONDS: (f64, f64) = (2.0, 1.0);

/// One or several models that hear together.
#[derive(Debug)]
pub struct Ear {
    models: Vec<Model>,
    mean: Mean,
}

#[derive(Debug)]
struct Model {
    path: PathBuf,
    /// What the file holds, as a hash.
    content: String,
    scorer: Scorer,
    classes: Vec<String>,
    /// What makes its scores chances, where the file has it.
    calibration: Option<Calibration>,
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

impl Ear {
    /// Opens models by name: files, runs, `RUN@STEP`, or a set of folds, which is as many models. Several are blended.
    ///
    /// # Errors
    /// A model that can't be used, and models that do not go together.
    pub fn open(names: &[String], mean: Mean, device: &str) -> Result<Self, TagError> {
        let mut models = Vec::new();
        for name in names {
            for path in find_models(name).map_err(PipelineError::from)? {
                models.push(Model::open(path, device)?);
            }
        }
        let Some(first) = models.first() else {
            return Err(TagError::Request("no model is named; give --model".into()));
        };
        for other in &models[1..] {
            first.goes_with(other)?;
        }
        Ok(Self { models, mean })
    }

    /// Classes, in the order of the scores.
    pub fn classes(&self) -> &[String] {
        &self.models[0].classes
    }

    /// The rate of the samples to hear.
    pub fn rate_hz(&self) -> u32 {
        self.models[0].rate_hz()
    }

    /// Names of the models' files.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.models.iter().map(|m| m.path.as_path())
    }

    /// What determines scores besides the samples, as one line.
    pub fn fingerprint(&self) -> String {
        let contents: Vec<&str> = self.models.iter().map(|m| m.content.as_str()).collect();
        match contents.len() {
            1 => contents[0].to_owned(),
            _ => format!("{:?} mean of {}", self.mean, contents.join(", ")).to_lowercase(),
        }
    }

    /// Score from which on each class is heard: what calibration found best, the mean over the models. `None` where not all of them
    /// are calibrated.
    pub fn thresholds(&self) -> Option<Vec<f32>> {
        let mut sums = vec![0.0_f64; self.classes().len()];
        for model in &self.models {
            let thresholds = &model.calibration.as_ref()?.thresholds;
            for (sum, class) in sums.iter_mut().zip(self.classes()) {
                // Models of the same classes may have them in another order.
                let place = model.classes.iter().position(|c| c == class)?;
                *sum += f64::from(*thresholds.get(place)?);
            }
        }
        let models = self.models.len() as f64;
        Some(sums.into_iter().map(|sum| (sum / models) as f32).collect())
    }

    /// Window and hop in samples where nothing else is asked for: an example of the first model, and its distance from the next
    /// one; 2 s every second for models that take any length.
    pub fn own_window(&self) -> (usize, usize) {
        let rate = f64::from(self.rate_hz());
        let extractor = &self.models[0].scorer.extractor;
        let example = extractor.example_frames().zip(SegmentGrid::of(extractor));
        // A summary is one frame, of however many samples.
        let Some((length, tiling)) = example.filter(|_| !extractor.front_end().summary) else {
            let (window, hop) = ANY_LENGTH_SECONDS;
            return ((window * rate) as usize, (hop * rate) as usize);
        };
        let starts = tiling.starts(length, 2);
        let hop_seconds = (starts[1] - starts[0]) as f64 / extractor.frames_per_second();
        // The fewest samples that fill an example: frames grow with samples.
        let (mut few, mut enough) = (0, 1);
        while extractor.frames(enough) < length {
            (few, enough) = (enough, enough * 2);
        }
        while few + 1 < enough {
            let middle = few.midpoint(enough);
            if extractor.frames(middle) < length {
                few = middle;
            } else {
                enough = middle;
            }
        }
        (enough, ((hop_seconds * rate).round() as usize).clamp(1, enough))
    }

    /// Scores of each window, one a class: what [`predict`](crate::predict()) says of a clip of its samples. Models that
    /// take any length hear a window shorter than `window` samples filled with silence.
    ///
    /// # Errors
    /// The first window with samples that are no sound, and blends that can't be.
    pub fn hear(&self, windows: &[Vec<f32>], window: usize) -> Result<Vec<Vec<f32>>, WindowError> {
        let classes = self.classes().len();
        if let [model] = self.models.as_slice() {
            return model.hear(windows, window);
        }
        let tables = self
            .models
            .iter()
            .map(|model| {
                let rows = model.hear(windows, window)?;
                let names = (0..rows.len()).map(|k| k.to_string()).collect();
                Ok(ScoreTable::new(names, model.classes.clone(), rows.concat())?)
            })
            .collect::<Result<Vec<_>, WindowError>>()?;
        let blended = blend(&tables, self.mean, None)?;
        Ok(blended.values().chunks(classes).map(<[f32]>::to_vec).collect())
    }
}

impl Model {
    fn open(path: PathBuf, device: &str) -> Result<Self, TagError> {
        let meta = ModelFile::read(&path).map_err(PipelineError::from)?.meta;
        if StackRecipe::is(&meta.recipe) {
            return Err(TagError::Request(format!(
                "{}: is a model of the second level, which asks other models about whole clips; tag with these instead",
                path.display()
            )));
        }
        let (scorer, classes) = scorer_of(&path, device)?;
        if scorer.network.side_inputs() > 0 {
            return Err(TagError::Request(format!(
                "{}: hears summary features of whole recordings besides (front-end.side), which windows have none of; score recordings with `earmark predict`, or tag with another model",
                path.display(),
            )));
        }
        let read = std::fs::read(&path).map_err(|cause| {
            PipelineError::from(ModelFileError::Read {
                path: path.clone(),
                cause,
            })
        })?;
        Ok(Self {
            content: blake3::hash(&read).to_hex().to_string(),
            scorer,
            classes,
            calibration: meta.calibration,
            path,
        })
    }

    fn rate_hz(&self) -> u32 {
        self.scorer.extractor.front_end().sample_rate_hz
    }

    fn goes_with(&self, other: &Self) -> Result<(), TagError> {
        let (a, b) = (self.path.display(), other.path.display());
        if self.rate_hz() != other.rate_hz() {
            return Err(TagError::Request(format!(
                "{b}: hears {} Hz and {a} hears {} Hz, and their windows can't be the same samples; tag with one of them at a time",
                other.rate_hz(),
                self.rate_hz()
            )));
        }
        let sorted = |model: &Self| {
            let mut classes = model.classes.clone();
            classes.sort_unstable();
            classes
        };
        if sorted(self) != sorted(other) {
            return Err(TagError::Request(format!(
                "{b}: its classes are not those of {a}; blend models of the same classes"
            )));
        }
        Ok(())
    }

    fn hear(&self, windows: &[Vec<f32>], window: usize) -> Result<Vec<Vec<f32>>, WindowError> {
        let examples = windows
            .par_iter()
            .enumerate()
            .map_init(
                || self.scorer.extractor.scratch(),
                |scratch, (k, samples)| {
                    self.examples(samples, window, scratch)
                        .map_err(|cause| WindowError::Features { window: k, cause })
                },
            )
            .collect::<Result<Vec<_>, _>>()?;
        let scores = self.pass(&examples);
        let mut rows = scores.iter();
        Ok(examples
            .iter()
            .map(|of_window| {
                let of_window: Vec<&[f32]> = rows.by_ref().take(of_window.len()).map(Vec::as_slice).collect();
                let mut row = mean(&of_window);
                if let Some(calibration) = &self.calibration {
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
        scratch: &mut Scratch,
    ) -> Result<Vec<Features>, FeatureError> {
        let extractor = &self.scorer.extractor;
        let filled: Vec<f32>;
        let samples = if extractor.example_frames().is_none() && samples.len() < window {
            filled = [samples, &vec![0.0; window - samples.len()]].concat();
            &filled
        } else {
            samples
        };
        let base = extractor.base(&extractor.trim(samples), scratch)?;
        (0..extractor.examples(&base))
            .map(|k| extractor.finish(&extractor.example(&base, k)?))
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
                let values = self.scorer.scores(batch);
                scores.extend(values.chunks(self.classes.len()).map(<[f32]>::to_vec));
            }
        }
        scores
    }
}

/// The mean of the examples of a window, as judging and prediction take it.
fn mean(rows: &[&[f32]]) -> Vec<f32> {
    let classes = rows.first().map_or(0, |row| row.len());
    (0..classes)
        .map(|c| {
            let sum: f64 = rows.iter().map(|row| f64::from(row[c])).sum();
            (sum / rows.len() as f64) as f32
        })
        .collect()
}
