//! Scores of the last window of a stream at every hop.

use super::StreamConfig;
use super::model::StreamModel;
use super::pcm::LOUDEST;
use crate::PipelineError;
use crate::devices_by_name::Device;
use crate::model::scoring::blend_rows;
use crate::model::{Model, ModelPrecision, check_same_classes, own_thresholds};
use crate::tag::windows::least_rest;
use crate::thresholds::ClassThresholds;
use crate::window_rule::{WindowHop, WindowRule};
use earmark_features::Features;
use earmark_metrics::BlendMean;

/// The scores of a window.
#[derive(Clone, Debug)]
pub struct StreamResult {
    /// Its end, in seconds since the stream began.
    pub seconds: f64,
    /// One score per class, in the order of [`StreamTagger::classes`].
    pub scores: Vec<f32>,
    /// Log-mel features of the window, by the first model.
    pub features: Features,
}

/// Models that score a stream together.
pub struct StreamTagger {
    models: Vec<StreamModel>,
    mean: BlendMean,
    input_hz: u32,
    window_rule: WindowRule,
    thresholds: ClassThresholds,
    precisions: Vec<ModelPrecision>,
    /// Time constant of smoothing; 0 is off.
    smooth_seconds: f64,
    smoothed: Option<Vec<f64>>,
    /// Samples taken in.
    taken: u64,
    /// Hops completed, scored or skipped.
    hops: u64,
    /// Those up to the last one that was scored.
    scored: u64,
    /// Whether the end was scored, after which there is no more.
    ended: bool,
}

impl StreamTagger {
    /// Opens the models for a stream of mono samples at `input_hz`.
    ///
    /// # Errors
    ///
    /// When a model can't be read or has other classes than the first, and for times that can't work.
    pub fn open(job: &StreamConfig, input_hz: u32) -> Result<Self, PipelineError> {
        job.check()?;
        let opened = Model::open_all(&job.models, &Device::named(&job.device)?)?;
        Self::with_models(&opened, job, input_hz)
    }

    /// The same with opened models; `models` and `device` of `job` are not used.
    ///
    /// # Errors
    ///
    /// As [`Self::open`].
    pub fn with_models(opened: &[Model], job: &StreamConfig, input_hz: u32) -> Result<Self, PipelineError> {
        job.check()?;
        let Some(first) = opened.first() else {
            return Err(PipelineError::Request("--model: name at least one model".into()));
        };
        for model in opened {
            check_same_classes(first.path_and_classes(), model.path_and_classes())?;
        }
        let hop = job.hop_seconds.map_or(WindowHop::Default, WindowHop::Hop);
        let window_rule = WindowRule::new(first, job.window_seconds, hop)?;
        let detected: Vec<usize> = (0..first.classes().len()).collect();
        let own = own_thresholds(opened).filter(|_| !job.raw);
        let thresholds = job
            .thresholds
            .resolve(first.classes(), &detected, own.as_deref())?;
        let models = opened.iter();
        let models = models.map(|model| StreamModel::new(model, &window_rule, job.raw, input_hz));
        Ok(Self {
            models: models.collect::<Result<_, _>>()?,
            mean: job.mean,
            input_hz,
            smooth_seconds: job.smooth_seconds,
            window_rule,
            thresholds,
            precisions: opened.iter().map(Model::precision).collect(),
            smoothed: None,
            taken: 0,
            hops: 0,
            scored: 0,
            ended: false,
        })
    }

    /// The classes, in the order of the scores.
    pub fn classes(&self) -> &[String] {
        &self.models[0].classes
    }

    /// Number of models.
    pub fn model_count(&self) -> usize {
        self.models.len()
    }

    /// Windows, and why they are as long as they are.
    pub fn window_rule(&self) -> &WindowRule {
        &self.window_rule
    }

    /// Threshold of each class.
    pub fn thresholds(&self) -> &ClassThresholds {
        &self.thresholds
    }

    /// The precisions of the models, in their order.
    pub fn precisions(&self) -> &[ModelPrecision] {
        &self.precisions
    }

    /// Time between scores.
    pub fn hop_seconds(&self) -> f64 {
        self.window_rule.hop_seconds()
    }

    /// Frames per second of [`StreamResult::features`].
    pub fn frames_per_second(&self) -> f64 {
        self.models[0].extractor().frames_per_second()
    }

    /// Samples taken in so far.
    pub fn samples_taken(&self) -> u64 {
        self.taken
    }

    fn seconds(&self) -> f64 {
        self.taken as f64 / f64::from(self.input_hz)
    }

    /// Sample at which this number of hops ends.
    fn end_of(&self, hops: u64) -> u64 {
        (hops as f64 * self.hop_seconds() * f64::from(self.input_hz)).round() as u64
    }

    /// Sample at which the current hop ends.
    fn hop_end(&self) -> u64 {
        self.end_of(self.hops + 1)
    }

    /// Takes in samples up to the end of the current hop and returns how many; the rest belongs to the next hop.
    ///
    /// # Errors
    ///
    /// For samples that are not audio, and after [`score_rest`](Self::score_rest).
    pub fn push(&mut self, samples: &[f32]) -> Result<usize, PipelineError> {
        if self.ended {
            return Err(PipelineError::Request(
                "the stream has ended; open a new tagger for the next one".into(),
            ));
        }
        if let Some(bad) = samples.iter().find(|s| s.is_nan() || s.abs() > LOUDEST) {
            return Err(PipelineError::Request(format!(
                "the stream at {:.3} s: a sample is {bad}; samples must be between about -1 and 1",
                self.seconds()
            )));
        }
        let left = self.hop_end().saturating_sub(self.taken);
        let taken = samples.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        self.models
            .iter_mut()
            .for_each(|model| model.push(&samples[..taken]));
        self.taken += taken as u64;
        Ok(taken)
    }

    /// Whether a hop is complete, to be scored or skipped.
    pub fn hop_is_complete(&self) -> bool {
        self.taken >= self.hop_end()
    }

    /// Starts the next hop without scoring the window.
    pub fn skip(&mut self) {
        self.hops += 1;
    }

    /// Scores the last window and starts the next hop.
    ///
    /// # Errors
    ///
    /// When a model can't score it.
    pub fn score(&mut self) -> Result<StreamResult, PipelineError> {
        self.hops += 1;
        let hops = self.hops - std::mem::replace(&mut self.scored, self.hops);
        self.score_by(hops as f64 * self.hop_seconds(), StreamModel::score)
    }

    /// Ends the stream and scores what came after the last hop, in the last window that a recording of the same
    /// sound has. `None` where less than 20 ms came, unless the whole stream is shorter than a window that was filled
    /// with silence. No samples may follow.
    ///
    /// # Errors
    ///
    /// When a model can't score it.
    pub fn score_rest(&mut self) -> Result<Option<StreamResult>, PipelineError> {
        if std::mem::replace(&mut self.ended, true) || self.taken == 0 {
            return Ok(None);
        }
        self.models.iter_mut().for_each(StreamModel::finish);
        let rest = self.taken.saturating_sub(self.end_of(self.hops));
        // What is too short for a window of its own in a recording is too short here, too.
        let least = (least_rest(self.input_hz) as u64).min(self.end_of(1));
        let is_filled = self.models.iter().any(StreamModel::is_filled_with_silence);
        if self.hops > 0 && rest < least && !is_filled {
            return Ok(None);
        }
        let since = self.taken.saturating_sub(self.end_of(self.scored)) as f64 / f64::from(self.input_hz);
        self.score_by(since, StreamModel::score_last).map(Some)
    }

    /// Scores of all models together, which come `since` seconds after the last ones.
    fn score_by(
        &mut self,
        since: f64,
        score: impl Fn(&mut StreamModel) -> Result<(Features, Vec<f32>), PipelineError>,
    ) -> Result<StreamResult, PipelineError> {
        let mut features = None;
        let mut scored = Vec::with_capacity(self.models.len());
        for model in &mut self.models {
            let (log_mel, scores) = score(model)?;
            features.get_or_insert(log_mel);
            scored.push((model.classes.as_slice(), scores));
        }
        let blended = match scored.as_slice() {
            [(_, scores)] => scores.clone(),
            _ => blend_rows(scored, self.mean, None)?.values().to_vec(),
        };
        Ok(StreamResult {
            seconds: self.seconds(),
            scores: self.smooth(blended, since),
            features: features.unwrap_or_default(),
        })
    }

    /// The scores with what remains of older ones after `seconds`.
    fn smooth(&mut self, scores: Vec<f32>, seconds: f64) -> Vec<f32> {
        if self.smooth_seconds == 0.0 {
            return scores;
        }
        let kept = (-seconds / self.smooth_seconds).exp();
        let smoothed = self
            .smoothed
            .get_or_insert_with(|| scores.iter().map(|&s| f64::from(s)).collect());
        for (old, new) in smoothed.iter_mut().zip(&scores) {
            *old = kept * *old + (1.0 - kept) * f64::from(*new);
        }
        smoothed.iter().map(|&s| s as f32).collect()
    }
}
