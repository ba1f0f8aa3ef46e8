//! Models that listen together: at every hop, the scores of the last window.

use super::LiveError;
use super::ear::Ear;
use crate::PipelineError;
use crate::device::Device;
use crate::model::{Model, ModelSource, check_same_classes};
use earmark_features::Features;
use earmark_metrics::{BlendMean, ScoreTable, blend};

/// Longest time between judgements: what comes later is no news.
const LONGEST_HOP_SECONDS: f64 = 1.0;

/// Shortest: below, windows are nearly the same.
const SHORTEST_HOP_SECONDS: f64 = 0.01;

/// How to listen.
#[derive(Clone, Debug)]
pub struct Listen {
    /// Models: files, RUN, RUN@STEP, or a set of folds; several are blended.
    pub models: Vec<String>,
    /// How several models are blended.
    pub mean: BlendMean,
    /// Length of the window whose sound is judged; by default an example of each model.
    pub window_seconds: Option<f64>,
    /// Time between judgements, at most a second.
    pub hop_seconds: f64,
    /// Time in which old scores fade to 1/e; 0 shows each window's own.
    pub smooth_seconds: f64,
    /// Leave out the calibration that a model file may hold.
    pub raw: bool,
    /// Device by name.
    pub device: String,
}

/// What was heard in a window.
#[derive(Clone, Debug)]
pub struct Heard {
    /// Its end, in seconds since the stream began.
    pub seconds: f64,
    /// A score a class, in the order of [`Listener::classes`].
    pub scores: Vec<f32>,
    /// Base features of the first model's window.
    pub features: Features,
}

/// The models with what they remember of the stream.
pub struct Listener {
    ears: Vec<Ear>,
    mean: BlendMean,
    input_hz: u32,
    hop_seconds: f64,
    /// Share of the old scores that a hop keeps.
    keep: f64,
    smoothed: Option<Vec<f64>>,
    heard: u64,
    /// Hops that are over, judged or not.
    hops: u64,
}

impl Listener {
    /// Reads the models, for a stream of mono samples at `input_hz`.
    ///
    /// # Errors
    /// When a model can't be read, or has other classes than the first; when a length can't be.
    pub fn open(job: &Listen, input_hz: u32) -> Result<Self, LiveError> {
        let hop = job.hop_seconds;
        if !(SHORTEST_HOP_SECONDS..=LONGEST_HOP_SECONDS).contains(&hop) {
            return Err(LiveError::Request(format!(
                "--hop {hop}: choose {SHORTEST_HOP_SECONDS} to {LONGEST_HOP_SECONDS} seconds"
            )));
        }
        if !(0.0..=1e6).contains(&job.smooth_seconds) {
            return Err(LiveError::Request(format!(
                "--smooth {}: choose seconds from 0 (off), such as 1",
                job.smooth_seconds
            )));
        }
        let device = Device::named(&job.device).map_err(PipelineError::from)?;
        let mut models: Vec<Model> = Vec::new();
        for source in ModelSource::read_all(&job.models)? {
            let model = source.into_model(&device)?;
            check_same_classes(models.first().unwrap_or(&model), &model)?;
            models.push(model);
        }
        if models.is_empty() {
            return Err(LiveError::Request("--model: name at least one model".into()));
        }
        let ears = models.iter().map(|model| Ear::new(model, job, input_hz));
        let ears = ears.collect::<Result<Vec<_>, _>>()?;
        let keep = match job.smooth_seconds {
            s if s > 0.0 => (-hop / s).exp(),
            _ => 0.0,
        };
        Ok(Self {
            ears,
            mean: job.mean,
            input_hz,
            hop_seconds: hop,
            keep,
            smoothed: None,
            heard: 0,
            hops: 0,
        })
    }

    /// The classes, in the order of the scores.
    pub fn classes(&self) -> &[String] {
        &self.ears[0].classes
    }

    /// How many models listen.
    pub fn models(&self) -> usize {
        self.ears.len()
    }

    /// The longest window.
    pub fn window_seconds(&self) -> f64 {
        self.ears.iter().map(Ear::window_seconds).fold(0.0, f64::max)
    }

    /// Time between judgements.
    pub fn hop_seconds(&self) -> f64 {
        self.hop_seconds
    }

    /// Frames a second of [`Heard::features`].
    pub fn frames_per_second(&self) -> f64 {
        self.ears[0].extractor().frames_per_second()
    }

    /// Samples of the stream taken in.
    pub fn samples_heard(&self) -> u64 {
        self.heard
    }

    /// Where in the stream the hop in work ends.
    fn hop_end(&self) -> u64 {
        ((self.hops + 1) as f64 * self.hop_seconds * f64::from(self.input_hz)).round() as u64
    }

    /// Takes in samples up to the end of the hop, and says how many: what is left belongs to the next.
    ///
    /// # Errors
    /// For samples that are no sound.
    pub fn hear(&mut self, samples: &[f32]) -> Result<usize, LiveError> {
        // Far above any sound, and far below where a resampler's sums overflow.
        if let Some(bad) = samples.iter().find(|s| s.is_nan() || s.abs() > 1e6) {
            return Err(LiveError::Source {
                place: format!(
                    "the stream at {:.3} s",
                    self.heard as f64 / f64::from(self.input_hz)
                ),
                problem: format!("a sample is {bad}, and samples lie around -1 to 1"),
            });
        }
        let left = self.hop_end().saturating_sub(self.heard);
        let taken = samples.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        self.ears.iter_mut().for_each(|ear| ear.hear(&samples[..taken]));
        self.heard += taken as u64;
        Ok(taken)
    }

    /// Whether a hop is over and waits to be judged or skipped.
    pub fn is_due(&self) -> bool {
        self.heard >= self.hop_end()
    }

    /// Goes on to the next hop without a judgement.
    pub fn skip(&mut self) {
        self.hops += 1;
    }

    /// Judges the last window, and goes on to the next hop.
    ///
    /// # Errors
    /// When a model can't take what it hears.
    pub fn judge(&mut self) -> Result<Heard, LiveError> {
        self.hops += 1;
        let mut features = None;
        let mut tables = Vec::with_capacity(self.ears.len());
        for ear in &mut self.ears {
            let (seen, scores) = ear.judge()?;
            features.get_or_insert(seen);
            let table = ScoreTable::new(vec!["stream".into()], ear.classes.clone(), scores);
            tables.push(table.map_err(PipelineError::from)?);
        }
        let blended = match tables.as_slice() {
            [one] => one.values().to_vec(),
            several => blend(several, self.mean, None)
                .map_err(PipelineError::from)?
                .values()
                .to_vec(),
        };
        Ok(Heard {
            seconds: self.heard as f64 / f64::from(self.input_hz),
            scores: self.smooth(blended),
            features: features.unwrap_or_default(),
        })
    }

    fn smooth(&mut self, scores: Vec<f32>) -> Vec<f32> {
        if self.keep == 0.0 {
            return scores;
        }
        let smoothed = self
            .smoothed
            .get_or_insert_with(|| scores.iter().map(|&s| f64::from(s)).collect());
        for (old, new) in smoothed.iter_mut().zip(&scores) {
            *old = self.keep * *old + (1.0 - self.keep) * f64::from(*new);
        }
        smoothed.iter().map(|&s| s as f32).collect()
    }
}
