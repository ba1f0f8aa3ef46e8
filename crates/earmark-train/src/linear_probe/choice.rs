//! Choosing layer and strength by inner folds, and the scores of held-out examples by what was chosen.

use super::examples::{Examples, ProbeLayer};
use super::inner_folds::InnerFolds;
use super::paths::Paths;
use crate::PipelineError;
use earmark_engine::LinearProbe;
use earmark_metrics::{Aligned, Calibration, CalibrationOptions, CalibrationQuality, CalibrationTrial};
use serde::Serialize;

/// How many false detections one in background counts as, when thresholds are chosen: recordings are mostly background.
const BACKGROUND_WEIGHT: f64 = 10.0;

/// Factors of a softmax's logits: a trial's loss is that of the best one, as strong regularisation makes logits small,
/// which calibration undoes. With larger ones, every strength would do for few clips that are easily classified.
const LOGIT_SCALES: [f64; 9] = [0.5, 0.59, 0.71, 0.84, 1.0, 1.19, 1.41, 1.68, 2.0];

/// How a layer and a strength do on clips that were not trained on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ProbeTrial {
    /// The layer.
    pub layer: ProbeLayer,
    /// The strength of regularisation.
    pub strength: f64,
    /// Mean cross-entropy, with background and copies with it: what the best is chosen by. That of a softmax is of
    /// logits times the best factor between a half and two.
    pub log_loss: f64,
    /// Share of clips and their copies whose most likely class is one of theirs; `None` without clips of a class.
    pub accuracy: Option<f64>,
}

/// A layer and a strength.
pub(super) struct ProbeChoice {
    /// Index of the layer.
    pub layer: usize,
    /// Index of the strength.
    pub strength: usize,
    /// All that were tried, layer by layer from strong to weak; none where nothing could be held out.
    pub trials: Vec<ProbeTrial>,
}

impl ProbeChoice {
    /// The layer and the strength with the smallest loss on the inner folds; of equal ones the first layer and the
    /// strongest. Without inner folds the first layer and the middle strength.
    pub fn by(paths: &Paths, inner: Option<&InnerFolds>) -> Self {
        let strengths = paths.settings.strengths;
        let Some(inner) = inner else {
            return Self {
                layer: 0,
                strength: strengths.len() / 2,
                trials: Vec::new(),
            };
        };
        let layers = 0..paths.settings.examples.layers.len();
        let trials: Vec<ProbeTrial> = layers.flat_map(|layer| tried(paths, inner, layer)).collect();
        let mut best = 0;
        for (at, trial) in trials.iter().enumerate() {
            if trial.log_loss < trials[best].log_loss {
                best = at;
            }
        }
        Self {
            layer: best / strengths.len(),
            strength: best % strengths.len(),
            trials,
        }
    }

    /// What a strength at the end of those that were tried means, and what to do about it.
    pub fn at_the_end(&self, strengths: &[f64]) -> Option<String> {
        let chosen = strengths[self.strength];
        if strengths.len() < 2 || self.trials.is_empty() {
            None
        } else if self.strength == 0 {
            Some(format!(
                "strength {chosen} is the strongest that was tried: the model's features say little about these \
                 classes; probe another model, or fine-tune one (`earmark train fine-tune/folder`)"
            ))
        } else if self.strength + 1 == strengths.len() {
            Some(format!(
                "strength {chosen} is the weakest that was tried: the classes are easy to separate; compare with \
                 --strength {}, and name what was recorded together (--group-column), as folds that share recordings \
                 flatter",
                chosen * 0.3
            ))
        } else {
            None
        }
    }
}

/// The trials of a layer at each strength.
fn tried(paths: &Paths, inner: &InnerFolds, layer: usize) -> Vec<ProbeTrial> {
    let (examples, strengths) = (paths.settings.examples, paths.settings.strengths);
    let scales: &[f64] = match examples.single_label {
        true => &LOGIT_SCALES[..],
        false => &[1.0],
    };
    let mut losses = vec![vec![0.0; scales.len()]; strengths.len()];
    let mut hits = vec![0_usize; strengths.len()];
    let (mut tested, mut labelled) = (0, 0);
    for (train, test) in inner.splits() {
        let data = examples.data(layer, test);
        let path = &paths.of(train)[layer];
        let logits = LinearProbe::logits_of(path, &data.x, data.width);
        for (k, logits) in logits.iter().enumerate() {
            for (loss, scale) in losses[k].iter_mut().zip(scales) {
                let scaled: Vec<f64> = logits.iter().map(|z| z * scale).collect();
                *loss += data.loss_of(&scaled);
            }
            hits[k] += right(examples, test, logits);
        }
        tested += test.len();
        labelled += test.iter().filter(|&&i| !examples.is_background(i)).count();
    }
    let trial = |k: usize| ProbeTrial {
        layer: examples.layers[layer].layer,
        strength: strengths[k],
        log_loss: losses[k].iter().copied().fold(f64::INFINITY, f64::min) / tested.max(1) as f64,
        accuracy: (labelled > 0).then(|| hits[k] as f64 / labelled as f64),
    };
    (0..strengths.len()).map(trial).collect()
}

/// Number of examples whose highest logit is one of their labels.
fn right(examples: &Examples, tested: &[usize], logits: &[f64]) -> usize {
    let rows = logits.chunks_exact(examples.classes.len());
    let is_right = |(row, &example): (&[f64], &usize)| {
        let mut best = 0;
        for (class, z) in row.iter().enumerate() {
            if *z > row[best] {
                best = class;
            }
        }
        examples.items[example].labels.contains(&best)
    };
    rows.zip(tested).filter(|pair| is_right(*pair)).count()
}

/// Scores of examples by probes that were trained neither on them nor on copies of them.
pub(super) struct HeldOutScores {
    /// The examples.
    rows: Vec<usize>,
    /// The fold of each.
    folds: Vec<u32>,
    /// `[rows, classes]`, not calibrated.
    values: Vec<f32>,
}

impl HeldOutScores {
    /// Scores each inner fold, copies with background included, by the probe of the others, at the chosen layer and
    /// strength.
    pub fn of(paths: &Paths, inner: &InnerFolds, choice: &ProbeChoice) -> Self {
        let mut all = Self {
            rows: Vec::new(),
            folds: Vec::new(),
            values: Vec::new(),
        };
        for (fold, (train, test)) in (0..).zip(inner.splits()) {
            let probe = &paths.of(train)[choice.layer][choice.strength];
            let scores = paths.settings.examples.scores(choice.layer, probe, test);
            all.values.extend(scores);
            all.folds.extend(test.iter().map(|_| fold));
            all.rows.extend(test);
        }
        all
    }

    /// The scores next to the truth.
    fn aligned(&self, examples: &Examples) -> Result<Aligned, PipelineError> {
        examples.aligned(&self.rows, self.values.clone())
    }
}

/// A calibration fitted to held-out scores, or thresholds alone where that does not make them better.
#[derive(Clone, Debug, Serialize)]
pub struct ProbeCalibration {
    /// What is written into the model file.
    pub calibration: Calibration,
    /// The quality of the uncalibrated scores, with thresholds of 0.5.
    pub before: CalibrationQuality,
    /// The quality of each fold's scores when they are calibrated by the other folds.
    pub after: CalibrationQuality,
    /// Whether it is better, so that the written model calibrates its scores.
    pub helps: bool,
}

impl ProbeCalibration {
    /// Fits one temperature for a softmax, slope and shift of each class for sigmoids, and a threshold per class, as
    /// `earmark calibrate` does; with background, a false detection there counts as several. Where the held-out scores
    /// of a fold get no better by the other folds' calibration, scores stay as they are and have thresholds alone.
    pub(super) fn fit(examples: &Examples, held_out: &HeldOutScores) -> Result<Self, PipelineError> {
        let clips = held_out.aligned(examples)?;
        let CalibrationTrial {
            calibration,
            before,
            after,
            helps,
        } = CalibrationTrial::of(&clips, &held_out.folds, options(examples))?;
        Ok(Self {
            calibration,
            before,
            after,
            helps,
        })
    }
}

fn options(examples: &Examples) -> CalibrationOptions {
    CalibrationOptions {
        single_label: examples.single_label,
        background_weight: match examples.background() {
            0 => 1.0,
            _ => BACKGROUND_WEIGHT,
        },
        ..CalibrationOptions::default()
    }
}
