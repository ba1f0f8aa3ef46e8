//! Models that score windows together: samples in, one row of scores per window out.

use super::not_finite;
use super::scoring::{blend_rows, calibrated, forward_pass, segments_of};
use super::{Model, ModelPrecision};
use crate::PipelineError;
use crate::devices_by_name::Device;
use burn::tensor::Device as BurnDevice;
use earmark_core::rows;
use earmark_core::text::quote;
use earmark_engine::ScorerOutput;
use earmark_features::{ExtractorScratch, FeatureError, Features, OverlappingWindows};
use earmark_metrics::{BlendMean, MetricsError};
use earmark_models::Precision;
use rayon::prelude::*;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::Path;

/// Segments per forward pass. Passes are cut by this and by [`PASS_NUMBERS`] alone, so that scores do not depend on
/// how many files are tagged at a time.
const PASS: usize = 32;

/// Most numbers that a processor takes in one pass of several segments, so that what is between the layers stays in its
/// cache. A segment of five seconds, of 128 bands and 100 frames a second, is a pass of its own.
const PASS_NUMBERS: usize = 1 << 16;

/// Models that take any length score a shorter window filled with silence up to this: what they were trained on was never shorter.
const SHORTEST_SECONDS: f64 = 2.0;

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
    /// Scores that are NaN or infinite.
    #[error("{reason}")]
    Output {
        /// The window, counted within the call.
        window: usize,
        /// What is wrong.
        reason: String,
    },
    /// Scores that can't be blended.
    #[error(transparent)]
    Blend(#[from] MetricsError),
}

impl Ensemble {
    /// Opens models by name: files, runs, `RUN@STEP`, or a cross-validation run, which means the models of all its folds.
    ///
    /// # Errors
    ///
    /// For a model that can't score windows, and models that do not go together.
    pub fn open(names: &[String], mean: BlendMean, device: &Device) -> Result<Self, PipelineError> {
        Self::of(Model::open_all(names, device)?, mean)
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
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.models.iter().map(Model::path)
    }

    /// Licences of imported networks, each once.
    pub fn imported_licences(&self) -> BTreeSet<&str> {
        let imported = self
            .models
            .iter()
            .filter(|model| model.recipe().network.is_graph());
        imported
            .filter_map(|model| model.meta().licence.as_deref())
            .collect()
    }

    /// What determines scores apart from the samples, as one line.
    pub fn fingerprint(&self) -> String {
        let contents: Vec<String> = self.models.iter().map(Model::fingerprint).collect();
        match contents.as_slice() {
            [one] => one.clone(),
            several => format!("{:?} mean of {}", self.mean, several.join(", ")).to_lowercase(),
        }
    }

    /// The models as a command names them, in words.
    pub fn in_words(&self) -> String {
        let words = |model: &Model| {
            let path = quote(&model.path().to_string_lossy());
            match model.precision().computed {
                Precision::F32 => format!("--model {path}"),
                other => format!("--model {path} in {other}"),
            }
        };
        let models: Vec<String> = self.models.iter().map(words).collect();
        match models.as_slice() {
            [one] => one.clone(),
            several => {
                let mean = format!("{:?}", self.mean).to_lowercase();
                format!("the {mean} mean of {}", several.join(" "))
            }
        }
    }

    /// The precisions of the models, in their order.
    pub fn precisions(&self) -> Vec<ModelPrecision> {
        self.models.iter().map(Model::precision).collect()
    }

    /// The first model, whose classes, rate and windows are those of all.
    pub fn first(&self) -> &Model {
        &self.models[0]
    }

    /// The only model, where there are no others.
    pub(crate) fn only(&self) -> Option<&Model> {
        match self.models.as_slice() {
            [model] => Some(model),
            _ => None,
        }
    }

    /// Threshold of each class: what calibration found best, the mean over the models. `None` where not all of them are calibrated.
    pub fn thresholds(&self) -> Option<Vec<f32>> {
        own_thresholds(&self.models)
    }

    /// Scores of each window, one per class: what [`predict`](crate::predict()) gives for a clip of its samples. For models that
    /// take any length, a window shorter than two seconds (and than `window` samples) is filled with silence. Each window
    /// begins `hop` samples after the one before it, and has the same samples where both are.
    ///
    /// # Errors
    ///
    /// The first window with samples that can't be scored, and blends that can't be made.
    pub fn score_windows(
        &self,
        windows: &[Vec<f32>],
        window: usize,
        hop: usize,
    ) -> Result<Vec<Vec<f32>>, WindowError> {
        if let Some(model) = self.only() {
            return model.score_windows(windows, window, hop);
        }
        let scored = self
            .models
            .iter()
            .map(|model| {
                Ok((
                    model.classes(),
                    model.score_windows(windows, window, hop)?.concat(),
                ))
            })
            .collect::<Result<Vec<_>, WindowError>>()?;
        let blended = blend_rows(scored, self.mean, None)?;
        Ok(blended.rows().map(|(_, scores)| scores.to_vec()).collect())
    }
}

/// The thresholds of the first model's classes, the mean over the models; `None` where not all of them are calibrated.
pub(crate) fn own_thresholds(models: &[Model]) -> Option<Vec<f32>> {
    let classes = models.first()?.classes();
    let mut sums = vec![0.0_f64; classes.len()];
    for model in models {
        let thresholds = &model.calibration()?.thresholds;
        for (sum, class) in sums.iter_mut().zip(classes) {
            // Models of the same classes may have them in another order.
            let place = model.classes().iter().position(|c| c == class)?;
            *sum += f64::from(*thresholds.get(place)?);
        }
    }
    let count = models.len() as f64;
    Some(sums.into_iter().map(|sum| (sum / count) as f32).collect())
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
    check_same_classes(first.path_and_classes(), other.path_and_classes())
}

/// Refuses models of other classes, each given by its file and classes: their scores would not go together.
pub(crate) fn check_same_classes(
    first: (&Path, &[String]),
    other: (&Path, &[String]),
) -> Result<(), PipelineError> {
    let sorted = |classes: &[String]| {
        let mut classes = classes.to_vec();
        classes.sort_unstable();
        classes
    };
    if sorted(first.1) == sorted(other.1) {
        return Ok(());
    }
    Err(PipelineError::Request(format!(
        "{}: its classes differ from those of {}; use models of the same classes together",
        other.0.display(),
        first.0.display()
    )))
}

/// Segments of this size that one pass takes, given the most numbers that it may have.
fn segments_per_pass(segment: &Features, most_numbers: usize) -> usize {
    (most_numbers / segment.data.len().max(1)).clamp(1, PASS)
}

impl Model {
    /// The file and its classes, to compare with another's.
    pub(crate) fn path_and_classes(&self) -> (&Path, &[String]) {
        (self.path(), self.classes())
    }

    fn score_windows(
        &self,
        windows: &[Vec<f32>],
        window: usize,
        hop: usize,
    ) -> Result<Vec<Vec<f32>>, WindowError> {
        let rows = self.run_windows(ScorerOutput::Scores, windows, window, hop)?;
        let calibration = self.calibration();
        Ok(rows.into_iter().map(|row| calibrated(row, calibration)).collect())
    }

    /// The embedding of each window: what [`embed`](Self::embed) gives for a clip of its samples, filled up with
    /// silence as windows are for scores.
    ///
    /// # Errors
    ///
    /// The first window with samples that can't be embedded.
    pub(crate) fn embed_windows(
        &self,
        windows: &[Vec<f32>],
        window: usize,
        hop: usize,
    ) -> Result<Vec<Vec<f32>>, WindowError> {
        self.run_windows(ScorerOutput::Embeddings, windows, window, hop)
    }

    /// One output of the network for each window: the mean over its segments. Windows are as in
    /// [`Ensemble::score_windows`].
    pub(crate) fn run_windows(
        &self,
        output: ScorerOutput,
        windows: &[Vec<f32>],
        window: usize,
        hop: usize,
    ) -> Result<Vec<Vec<f32>>, WindowError> {
        let scorer = &self.0.scorer;
        let follow = |pair: &[Vec<f32>]| {
            pair[0]
                .get(hop..)
                .unwrap_or(&[])
                .iter()
                .zip(&pair[1])
                .all(|(a, b)| a == b || a.is_nan())
        };
        debug_assert!(windows.windows(2).all(follow), "windows are {hop} samples apart");
        // Each thread takes windows that follow each other, as they share frames.
        let per_thread = windows.len().div_ceil(rayon::current_num_threads()).max(1);
        let segments = windows
            .par_chunks(per_thread)
            .enumerate()
            .map(|(thread, windows)| {
                let mut scratch = scorer.extractor.scratch();
                let mut overlapping = scorer.extractor.overlapping_windows(hop);
                let segments = windows.iter().enumerate().map(|(k, samples)| {
                    let segments = self.window_segments(samples, window, &mut overlapping, &mut scratch);
                    segments.map_err(|cause| WindowError::Features {
                        window: thread * per_thread + k,
                        cause,
                    })
                });
                segments.collect::<Result<Vec<_>, _>>()
            })
            .collect::<Vec<_>>();
        // In their order, so that the first window that fails is the one that is named.
        let segments = segments.into_iter().collect::<Result<Vec<_>, _>>()?;
        let segments: Vec<Vec<Features>> = segments.into_iter().flatten().collect();
        // Segments of one size share forward passes.
        let all: Vec<&Features> = segments.iter().flatten().collect();
        let alike = all.chunk_by(|a, b| a.frames == b.frames);
        let most = match scorer.device == BurnDevice::flex() {
            true => PASS_NUMBERS,
            false => usize::MAX,
        };
        let passes = alike.flat_map(|alike| alike.chunks(segments_per_pass(alike[0], most)));
        let numbers: Vec<f32> = passes
            .flat_map(|pass| forward_pass(scorer, output, pass))
            .collect();
        let classes: &[String] = match output {
            ScorerOutput::Scores => self.classes(),
            _ => &[],
        };
        let width = numbers.len() / all.len().max(1);
        let mut of_segments = numbers.chunks(width.max(1));
        segments
            .iter()
            .enumerate()
            .map(|(window, of_window)| {
                let of_window = of_segments.by_ref().take(of_window.len());
                let mean = rows::mean(of_window).unwrap_or_default();
                match not_finite(&mean, classes, &scorer.network) {
                    None => Ok(mean),
                    Some(reason) => Err(WindowError::Output { window, reason }),
                }
            })
            .collect()
    }

    /// What the network takes of one window.
    fn window_segments(
        &self,
        samples: &[f32],
        window: usize,
        overlapping: &mut OverlappingWindows<'_>,
        scratch: &mut ExtractorScratch,
    ) -> Result<Vec<Features>, FeatureError> {
        let extractor = &self.0.scorer.extractor;
        let mut samples = Cow::Borrowed(samples);
        let shortest = window.min((SHORTEST_SECONDS * f64::from(self.sample_rate_hz())) as usize);
        if extractor.segment_frames().is_none() && samples.len() < shortest {
            samples.to_mut().resize(shortest, 0.0);
        }
        let log_mel = overlapping.log_mel(&extractor.trim(&samples), scratch)?;
        segments_of(extractor, &log_mel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_are_cut_by_the_size_of_segments() {
        let of = |frames: usize, most: usize| {
            let segment = Features::new(1, 128, frames, vec![0.0; 128 * frames]).unwrap();
            segments_per_pass(&segment, most)
        };
        let found = [0, 1, 100, 200, 500, 1_000, 100_000].map(|frames| of(frames, PASS_NUMBERS));
        assert_eq!(found, [PASS, PASS, 5, 2, 1, 1, 1]);
        assert_eq!(of(1_000, usize::MAX), PASS);
    }
}
