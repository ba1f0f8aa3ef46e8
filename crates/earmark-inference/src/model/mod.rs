//! An opened model: the one way from a name to scores.
//!
//! [`Model::open`] reads a model file once; everything that scores audio ([predict](crate::predict), [tag](crate::tag),
//! streams, embeddings, exports) works with what it gives. [`StackedModel`] is its counterpart for models whose inputs
//! are the scores of others.

mod ensemble;
mod fewest_samples_for_frames;
mod network_of_file;
mod not_finite;
mod precision;
mod read_model_file;
pub(crate) mod scoring;
mod stacked;
mod tag_recording;

pub use ensemble::{Ensemble, WindowError};
pub(crate) use ensemble::{check_same_classes, own_thresholds};
pub(crate) use fewest_samples_for_frames::samples_for;
pub use network_of_file::network_of_file;
pub(crate) use not_finite::not_finite;
pub use precision::ModelPrecision;
pub use read_model_file::{ModelSource, model_files};
pub use stacked::{StackedModel, find_input, inputs_of};

use crate::PipelineError;
use crate::devices_by_name::Device;
use earmark_audio::{Clip, resample};
use earmark_core::threads::Workers;
use earmark_engine::{ModelMeta, ScoreJob, Scorer, ScorerOutput, SegmentScores};
use earmark_features::{Extractor, FeatureError, Features};
use earmark_metrics::Calibration;
use earmark_models::Precision;
use earmark_recipe::Recipe;
use earmark_runs::run_dir::ModelRef;
use scoring::calibrated;
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// A model, ready to score. Clones share everything.
///
/// ```no_run
/// use earmark_inference::{Device, Model};
///
/// let model = Model::open(&"runs/first".into(), &Device::cpu()?)?;
/// for event in model.tag("garden.wav".as_ref())?.events {
///     println!("{:.1} to {:.1} s: {} ({:.2})", event.onset, event.offset, event.class, event.score);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Model(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    hash: String,
    meta: ModelMeta,
    recipe: Recipe,
    precision: ModelPrecision,
    scorer: Scorer,
    /// Makes clip-level features, where the network takes them.
    clip_level: Option<Extractor>,
}

impl Model {
    /// Opens the model that a name means.
    ///
    /// # Errors
    ///
    /// When there is no such model, its file can't be read, or it is a stacked model: that one scores no audio itself.
    pub fn open(model: &ModelRef, device: &Device) -> Result<Self, PipelineError> {
        Self::open_file(&model.path()?, device)
    }

    /// Opens a model file.
    ///
    /// # Errors
    ///
    /// As [`Self::open`].
    pub fn open_file(path: &Path, device: &Device) -> Result<Self, PipelineError> {
        ModelSource::read(path)?.into_model(device)
    }

    /// Opens every model that the names mean, as [`model_files`] finds them.
    pub(crate) fn open_all(names: &[String], device: &Device) -> Result<Vec<Self>, PipelineError> {
        let sources = ModelSource::read_all(names)?.into_iter();
        sources.map(|source| source.into_model(device)).collect()
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// BLAKE3 hash of the file's bytes, 64 hexadecimal digits.
    pub fn hash(&self) -> &str {
        &self.0.hash
    }

    /// What determines its outputs apart from the samples: the hash, and a reduced precision if it computes in one. That
    /// of single precision is the hash alone, as it always was.
    pub fn fingerprint(&self) -> String {
        match self.precision().computed {
            Precision::F32 => self.hash().to_owned(),
            other => format!("{} in {other}", self.hash()),
        }
    }

    /// What the file says of itself.
    pub fn meta(&self) -> &ModelMeta {
        &self.0.meta
    }

    /// The recipe that it was trained by.
    pub fn recipe(&self) -> &Recipe {
        &self.0.recipe
    }

    /// The precision that it scores in.
    pub fn precision(&self) -> ModelPrecision {
        self.0.precision
    }

    /// Names of the classes, in the order of the scores.
    pub fn classes(&self) -> &[String] {
        &self.0.meta.classes
    }

    /// What turns scores into probabilities, with a threshold per class; `None` for a model that was not calibrated.
    pub fn calibration(&self) -> Option<&Calibration> {
        self.0.meta.calibration.as_ref()
    }

    /// The network with its front end. Its scores are raw: the calibration is not applied.
    pub fn scorer(&self) -> &Scorer {
        &self.0.scorer
    }

    /// Rate of the samples that the front end takes, in hertz.
    pub fn sample_rate_hz(&self) -> u32 {
        self.0.recipe.front_end.sample_rate_hz
    }

    /// Refuses a model that can't score windows cut from a recording, because it also takes features of whole clips.
    ///
    /// # Errors
    ///
    /// For such a model.
    pub fn check_scores_windows(&self) -> Result<(), PipelineError> {
        if self.0.scorer.network.clip_feature_inputs() == 0 {
            return Ok(());
        }
        Err(PipelineError::Request(format!(
            "{}: takes clip-level features of whole recordings (front-end.clip-features), which windows and streams \
             don't have; score recordings with `earmark predict`, or choose another model",
            self.0.path.display()
        )))
    }

    /// Scores a clip: one value per class, calibrated where the model is. The same scores as
    /// [`predict`](crate::predict()) gives.
    ///
    /// # Errors
    ///
    /// For samples that are not finite or far too loud, clips too short for a single frame, and scores that are not
    /// finite.
    pub fn score(&self, clip: &Clip) -> Result<Vec<f32>, PipelineError> {
        let scores = self.0.scorer.mean(&self.run(ScorerOutput::Scores, clip)?);
        Ok(calibrated(scores, self.calibration()))
    }

    /// The embedding of a clip, `[features]`: the mean over its segments of what the network's classifier takes.
    ///
    /// # Errors
    ///
    /// As [`Self::score`].
    pub fn embed(&self, clip: &Clip) -> Result<Vec<f32>, PipelineError> {
        Ok(self.run(ScorerOutput::Embeddings, clip)?.mean())
    }

    /// One output of the network for each segment of a clip.
    fn run(&self, output: ScorerOutput, clip: &Clip) -> Result<SegmentScores, PipelineError> {
        let failed = |e: FeatureError| PipelineError::Request(format!("the clip can't be scored: {e}"));
        let features = Arc::new(self.features(clip).map_err(failed)?);
        let mut found = None;
        let classes = match output {
            ScorerOutput::Scores => self.classes(),
            _ => &[],
        };
        let job = ScoreJob {
            clips: 1,
            workers: &Workers::new(1)?,
            stop: &AtomicBool::new(false),
            own_passes: true,
        };
        let fetch = |_| Ok::<_, Infallible>(Arc::clone(&features));
        self.0.scorer.run_segments(output, &job, fetch, |_, result| {
            found = result.ok();
            true
        })?;
        let none = || PipelineError::Request("the clip gives no segment to score".into());
        let found: SegmentScores = found.ok_or_else(none)?;
        match not_finite(&found.scores, classes, &self.0.scorer.network) {
            None => Ok(found),
            Some(reason) => Err(PipelineError::Request(reason)),
        }
    }

    /// Log-mel features of a clip, `[channels, bands, frames]`, with its clip-level features where the network takes
    /// them.
    fn features(&self, clip: &Clip) -> Result<Features, FeatureError> {
        let of = |extractor: &Extractor| {
            let (clip_hz, front_end_hz) = (clip.sample_rate_hz, extractor.front_end().sample_rate_hz);
            let unfit = |_| FeatureError::SampleRate {
                clip_hz,
                front_end_hz,
            };
            let samples = resample(&clip.samples, clip_hz, front_end_hz).map_err(unfit)?;
            extractor.log_mel_of_clip(&Clip::new(samples, front_end_hz), &mut extractor.scratch())
        };
        let mut features = of(&self.0.scorer.extractor)?;
        if let Some(clip_level) = &self.0.clip_level {
            features.clip_features = of(clip_level)?.data;
        }
        Ok(features)
    }
}
