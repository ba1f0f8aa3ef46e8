//! An export proves itself: its graph, evaluated by plain loops, against the model that it was made from.

use super::{OnnxExport, SCORES, WAVEFORM};
use crate::PipelineError;
use earmark_engine::SegmentBatch;
use earmark_features::FeatureError;
use earmark_onnx::Tensor;

/// How far an export is from its model.
#[derive(Clone, Debug, PartialEq)]
pub struct ExportCheck {
    /// Length of the made-up clip.
    pub seconds: f64,
    /// The largest difference of a score.
    pub largest_difference: f32,
}

impl OnnxExport {
    /// Scores a made-up clip, long enough for more than one example, by the graph and by the model.
    ///
    /// # Errors
    /// A graph that can't be evaluated, which is a fault of earmark's own.
    pub fn check(&self) -> Result<ExportCheck, PipelineError> {
        let clip = self.clip();
        let wanted = self.scores(&clip)?;
        let fault = |reason: String| {
            PipelineError::Request(format!(
                "the exported graph can't be evaluated: {reason}; do not use it, and report this"
            ))
        };
        let samples = Tensor::floats(&[1, clip.len()], clip.clone());
        let outputs = self
            .model
            .graph
            .run(&[(WAVEFORM, samples)])
            .map_err(|e| fault(e.to_string()))?;
        let place = self
            .model
            .graph
            .outputs
            .iter()
            .position(|port| port.name == SCORES);
        let got = place.and_then(|i| outputs[i].as_floats()).unwrap_or_default();
        if got.len() != wanted.len() {
            return Err(fault(format!(
                "it gives {} scores for {} classes",
                got.len(),
                wanted.len()
            )));
        }
        let differences = got.iter().zip(&wanted).map(|(g, w)| (g - w).abs());
        Ok(ExportCheck {
            seconds: clip.len() as f64 / f64::from(self.sample_rate_hz),
            // A score that is no number is as far away as can be.
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

    /// The model's own scores: the mean over the clip's examples, calibrated.
    fn scores(&self, clip: &[f32]) -> Result<Vec<f32>, PipelineError> {
        let extractor = &self.scorer.extractor;
        let fault = |e: FeatureError| PipelineError::Request(format!("a made-up clip can't be heard: {e}"));
        let base = extractor.log_mel(clip, &mut extractor.scratch()).map_err(fault)?;
        let count = extractor.segment_count(base.frames);
        let (mut x, mut frames) = (Vec::new(), 0);
        for i in 0..count {
            let example = extractor
                .segment(&base, i)
                .and_then(|e| extractor.postprocess(&e));
            let example = example.map_err(fault)?;
            frames = example.frames;
            x.extend(example.data);
        }
        let shape = [count, extractor.channels(), extractor.bands(), frames];
        let each = self.scorer.scores(SegmentBatch::new(x, shape)); // [count, classes]
        let classes = self.meta.classes.len();
        let mean = |class: usize| {
            let of_class = each.iter().skip(class).step_by(classes);
            (of_class.map(|s| f64::from(*s)).sum::<f64>() / count as f64) as f32
        };
        let mut scores: Vec<f32> = (0..classes).map(mean).collect();
        if let Some(calibration) = &self.meta.calibration {
            calibration.apply(&mut scores);
        }
        Ok(scores)
    }
}
