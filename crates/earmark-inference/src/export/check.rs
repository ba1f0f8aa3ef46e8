//! `export --check`: compares an exported graph, evaluated by plain loops, with its model, and refuses too large a difference.

use super::{OnnxExport, SCORES, WAVEFORM};
use crate::PipelineError;
use crate::model::scoring::{calibrated, score_log_mel};
use earmark_features::FeatureError;
use earmark_onnx::{Tensor, WeightPrecision};
use std::path::Path;

/// How far a float32 export may be from its model.
const TOLERANCE: f32 = 1e-4;

/// How far an export is from its model.
#[derive(Clone, Debug, PartialEq)]
pub struct ExportCheck {
    /// Length of the synthetic clip.
    pub seconds: f64,
    /// The largest difference of a score.
    pub largest_difference: f32,
}

impl ExportCheck {
    /// Refuses an export of the model at `path` whose scores are not numbers, or, with float32 weights, not the model's.
    ///
    /// # Errors
    ///
    /// For such an export, which is a bug in earmark.
    pub fn refuse_large_difference(
        &self,
        path: &Path,
        weights: WeightPrecision,
    ) -> Result<(), PipelineError> {
        let difference = self.largest_difference;
        if difference.is_nan() || (weights == WeightPrecision::Float32 && difference > TOLERANCE) {
            return Err(PipelineError::Request(format!(
                "{}: the scores of the export differ from the model's by {difference:e}, more than {TOLERANCE:e}; nothing was written. This is a bug in earmark: \
                 please report it with the recipe",
                path.display()
            )));
        }
        Ok(())
    }
}

impl OnnxExport {
    /// Scores a synthetic clip, long enough for more than one segment, by the graph and by the model.
    ///
    /// # Errors
    ///
    /// For a graph that can't be evaluated, which is a bug in earmark.
    pub fn check(&self) -> Result<ExportCheck, PipelineError> {
        let clip = self.clip();
        let unscored = |e| PipelineError::Request(format!("the synthetic clip can't be scored: {e}"));
        let wanted = self.scores(&clip).map_err(unscored)?;
        let fault = |reason: String| {
            PipelineError::Request(format!(
                "the exported graph can't be evaluated: {reason}; do not use it, and report this bug"
            ))
        };
        let graph = &self.model.graph;
        let samples = Tensor::floats(&[1, clip.len()], clip.clone());
        let outputs = graph.run(&[(WAVEFORM, samples)]);
        let outputs = outputs.map_err(|e| fault(e.to_string()))?;
        let mut outputs = graph.outputs.iter().zip(&outputs);
        let scores = outputs.find(|(port, _)| port.name == SCORES);
        let got = scores.and_then(|(_, scores)| scores.as_floats());
        let got = got.unwrap_or_default();
        let (found, classes) = (got.len(), wanted.len());
        if found != classes {
            return Err(fault(format!("it gives {found} scores for {classes} classes")));
        }
        let differences = got.iter().zip(&wanted).map(|(g, w)| (g - w).abs());
        Ok(ExportCheck {
            seconds: clip.len() as f64 / f64::from(self.sample_rate_hz),
            // NaN is the largest difference.
            largest_difference: differences
                .fold(0.0, |most, d| if d > most || d.is_nan() { d } else { most }),
        })
    }

    /// A tone that rises from 100 Hz to a third of the rate, in noise that comes and goes; an odd number of samples.
    fn clip(&self) -> Vec<f32> {
        let extractor = &self.scorer.extractor;
        let rate = f64::from(self.sample_rate_hz);
        let seconds = match extractor.segment_frames() {
            Some(frames) => 1.3 * frames as f64 / extractor.frames_per_second(),
            None => 1.3,
        };
        let n = (seconds * rate) as usize | 1;
        let (mut noise, mut phase) = (1_u32, 0.0_f64);
        (0..n)
            .map(|i| {
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let hiss = f64::from(noise >> 8) / 8_388_608.0 - 1.0;
                let place = i as f64 / n as f64;
                phase += 100.0 * (rate / 300.0).powf(place) / rate;
                let loud = 0.05 + 0.2 * (20.0 * place).sin().powi(2);
                (0.4 * (std::f64::consts::TAU * phase).sin() + loud * hiss) as f32
            })
            .collect()
    }

    /// The model's own scores: the mean over the clip's segments, calibrated.
    fn scores(&self, clip: &[f32]) -> Result<Vec<f32>, FeatureError> {
        let extractor = &self.scorer.extractor;
        let log_mel = extractor.log_mel(clip, &mut extractor.scratch())?;
        let scores = score_log_mel(&self.scorer, &log_mel)?;
        Ok(calibrated(scores, self.meta.calibration.as_ref()))
    }
}
