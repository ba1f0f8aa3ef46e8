//! A graph is tried on three windows before it is stored: what it gives, and whether that can be scores.

use crate::activation::GraphActivation;
use crate::run::LoadedGraph;
use earmark_features::{Extractor, FeatureError};

/// How far outside of 0 to 1 rounding may put a probability.
const ROUNDING: f32 = 1e-3;

/// What a graph gave.
pub(crate) struct Trial {
    /// Number of scores.
    pub scores: usize,
    /// Features of the embedding, where there is one.
    pub embedding: Option<usize>,
    /// Rows of scores for one window.
    pub rows: usize,
    /// The smallest and the largest score.
    pub range: [f32; 2],
}

/// What the network takes of silence, noise and a rising tone, each as long as a window.
///
/// # Errors
///
/// When the front end can't compute them.
pub(crate) fn inputs(extractor: &Extractor) -> Result<Vec<Vec<f32>>, FeatureError> {
    let rate = f64::from(extractor.front_end().sample_rate_hz);
    let frames = extractor.segment_frames().unwrap_or(1) as f64;
    // Front ends take some samples more than their frames are apart.
    let n = (1.5 * frames / extractor.frames_per_second() * rate) as usize + 8192;
    let mut noise = 1_u32;
    let hiss = (0..n).map(|_| {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (f64::from(noise >> 8) / 8_388_608.0 - 1.0) as f32 * 0.1
    });
    let hiss: Vec<f32> = hiss.collect();
    let mut phase = 0.0_f64;
    let tone = (0..n).map(|i| {
        phase += 200.0 * (rate / 600.0).powf(i as f64 / n as f64) / rate;
        (0.4 * (std::f64::consts::TAU * phase).sin()) as f32
    });
    let tone: Vec<f32> = tone.collect();
    [vec![0.0; n], hiss, tone]
        .into_iter()
        .map(|samples| {
            let log_mel = extractor.log_mel(&samples, &mut extractor.scratch())?;
            Ok(extractor.postprocess(&extractor.segment(&log_mel, 0)?)?.data)
        })
        .collect()
}

impl Trial {
    /// Computes the inputs.
    ///
    /// # Errors
    ///
    /// For outputs that are not finite or not the same for all inputs, in words.
    pub fn run(graph: &LoadedGraph, inputs: &[Vec<f32>]) -> Result<Self, String> {
        let mut trial: Option<Self> = None;
        for input in inputs {
            let one = graph.one(input)?;
            let numbers: Vec<usize> = one.values.iter().map(Vec::len).collect();
            if let Some(bad) = one.values.iter().flatten().find(|value| !value.is_finite()) {
                return Err(format!(
                    "gives {bad} for silence, noise or a tone; it can't be used"
                ));
            }
            let (scores, embedding) = (numbers[0], numbers.get(1).copied());
            let trial = trial.get_or_insert(Self {
                scores,
                embedding,
                rows: one.rows[0],
                range: [f32::INFINITY, f32::NEG_INFINITY],
            });
            if (trial.scores, trial.embedding) != (scores, embedding) {
                return Err("gives another number of scores for another sound; it can't be used".into());
            }
            let [low, high] = &mut trial.range;
            for value in &one.values[0] {
                (*low, *high) = (low.min(*value), high.max(*value));
            }
        }
        trial.ok_or_else(|| "was not tried".into())
    }

    /// Refuses scores that can't be what they are said to be.
    ///
    /// # Errors
    ///
    /// For probabilities outside of 0 to 1, in words.
    pub fn check(&self, activation: GraphActivation) -> Result<(), String> {
        let [low, high] = self.range;
        match activation == GraphActivation::None && (low < -ROUNDING || high > 1.0 + ROUNDING) {
            true => Err(format!(
                "--activation none: the graph gives scores from {low} to {high}, which are no probabilities; give \
                 sigmoid, or softmax where classes exclude each other"
            )),
            false => Ok(()),
        }
    }
}
