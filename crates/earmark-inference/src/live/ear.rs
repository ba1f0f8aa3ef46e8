//! One model that listens: the samples of its window, at its rate.

use super::{Listen, LiveError};
use crate::PipelineError;
use crate::model::{Model, samples_for};
use earmark_audio::Resampler;
use earmark_engine::{Scorer, SegmentBatch, SegmentScores};
use earmark_features::{
    Extractor, ExtractorScratch, Features, FrontEnd, SegmentPad, SegmentPlacement, Segments,
};
use earmark_metrics::Calibration;
use std::collections::VecDeque;
use std::sync::Arc;

/// Windows beyond this are refused: one is computed anew at every hop.
const LONGEST_WINDOW_SECONDS: f64 = 120.0;

pub(super) struct Ear {
    scorer: Scorer,
    pub classes: Vec<String>,
    calibration: Option<Calibration>,
    scratch: ExtractorScratch,
    /// `None` where the stream has the model's rate.
    resampler: Option<Resampler>,
    /// The last samples, at most `window` of them.
    samples: VecDeque<f32>,
    window: usize,
    /// Working memory: what came from the resampler.
    resampled: Vec<f32>,
}

impl Ear {
    /// A model on a stream of `input_hz`, as `job` says; windows are of one segment by default.
    pub fn new(model: &Model, job: &Listen, input_hz: u32) -> Result<Self, LiveError> {
        model.check_scores_windows()?;
        let (recipe, mut scorer) = (model.recipe(), model.scorer().clone());
        let rate = recipe.front_end.sample_rate_hz;
        // Of training, where prediction takes whole clips.
        let trained = Extractor::new(&recipe.front_end).map_err(PipelineError::from)?;
        let example = samples_for(&trained, trained.segment_frames().unwrap_or(1));
        let window = match job.window_seconds {
            None => example,
            Some(s) if s > 0.0 && s <= LONGEST_WINDOW_SECONDS => {
                ((s * f64::from(rate)).round() as usize).max(1)
            }
            Some(s) => {
                return Err(LiveError::Request(format!(
                    "--window {s}: choose seconds above 0, at most {LONGEST_WINDOW_SECONDS}"
                )));
            }
        };
        // A window of an example's length is one example, wherever else examples of longer clips lie.
        if window <= example && !recipe.predict.any_length() {
            let front_end = one_example(recipe.predict_front_end(), &scorer.extractor);
            scorer.extractor = Arc::new(Extractor::new(&front_end).map_err(PipelineError::from)?);
        }
        let resampler = (input_hz != rate)
            .then(|| Resampler::new(input_hz, rate))
            .transpose()?;
        // Where windows are taken whole, the first ones are as long as all others: silence comes before the stream.
        let mut samples = VecDeque::with_capacity(window);
        if recipe.predict.any_length() {
            samples.resize(window, 0.0);
        }
        Ok(Self {
            scratch: scorer.extractor.scratch(),
            scorer,
            classes: model.classes().to_vec(),
            calibration: model.calibration().filter(|_| !job.raw).cloned(),
            resampler,
            samples,
            window,
            resampled: Vec::new(),
        })
    }

    pub fn extractor(&self) -> &Extractor {
        &self.scorer.extractor
    }

    pub fn window_seconds(&self) -> f64 {
        self.window as f64 / f64::from(self.extractor().front_end().sample_rate_hz)
    }

    /// Takes samples in, at the stream's rate.
    pub fn hear(&mut self, samples: &[f32]) {
        match &mut self.resampler {
            None => keep(&mut self.samples, self.window, samples),
            Some(resampler) => {
                self.resampled.clear();
                resampler.push(samples, &mut self.resampled);
                keep(&mut self.samples, self.window, &self.resampled);
            }
        }
    }

    /// Base features of the window and the scores of the classes: the mean over the window's examples.
    pub fn judge(&mut self) -> Result<(Features, Vec<f32>), PipelineError> {
        let extractor = Arc::clone(&self.scorer.extractor);
        let failed = |e| PipelineError::Request(format!("the stream can't be judged: {e}"));
        let samples = self.samples.make_contiguous();
        let features = extractor.log_mel(samples, &mut self.scratch).map_err(failed)?;
        let count = match features.frames {
            // Before the first frame of a clip that is taken whole there is nothing to judge.
            0 if extractor.segment_frames().is_none() => {
                return Ok((features, vec![0.0; self.classes.len()]));
            }
            _ => extractor.segment_count(features.frames),
        };
        let (mut x, mut shape) = (Vec::new(), [0; 4]);
        for i in 0..count {
            let example = extractor
                .segment(&features, i)
                .and_then(|example| extractor.postprocess(&example))
                .map_err(failed)?;
            shape = [count, example.channels, example.bands, example.frames];
            x.extend(example.data);
        }
        let segments = SegmentScores {
            starts: vec![0; count],
            scores: self.scorer.scores(SegmentBatch::new(x, shape)),
        };
        let mut scores = segments.mean();
        if let Some(calibration) = &self.calibration {
            calibration.apply(&mut scores);
        }
        Ok((features, scores))
    }
}

/// Appends to the last `most` samples.
fn keep(kept: &mut VecDeque<f32>, most: usize, samples: &[f32]) {
    let samples = &samples[samples.len().saturating_sub(most)..];
    let surplus = (kept.len() + samples.len()).saturating_sub(most);
    kept.drain(..surplus);
    kept.extend(samples);
}

/// The front end with one example a window: its middle, filled where it is shorter.
fn one_example(front_end: FrontEnd, extractor: &Extractor) -> FrontEnd {
    let frames = extractor.segment_frames().and_then(|n| u32::try_from(n).ok());
    let pad = front_end
        .segments
        .as_ref()
        .map_or(SegmentPad::default(), |e| e.pad);
    FrontEnd {
        segments: Some(Segments {
            length_seconds: None,
            length_frames: frames,
            hop_seconds: None,
            hop_frames: frames,
            pad,
            place: SegmentPlacement::Middle,
        }),
        ..front_end
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whatever the pieces, what is kept is the end of the stream, and never more than asked for.
        #[test]
        fn the_last_samples_are_kept(pieces in prop::collection::vec(0_usize..40, 0..20), most in 1_usize..50) {
            let (mut kept, mut all) = (VecDeque::new(), Vec::new());
            for n in pieces {
                let piece: Vec<f32> = (0..n).map(|i| (all.len() + i) as f32).collect();
                keep(&mut kept, most, &piece);
                all.extend(piece);
                let end = &all[all.len().saturating_sub(most)..];
                prop_assert!(kept.iter().eq(end));
            }
        }

        #[test]
        fn an_example_needs_as_many_samples_as_it_has_frames(length in 1_u32..200, hop in 1_u32..300, centred: bool) {
            let centre = if centred { "reflect" } else { "none" };
            let text = format!(
                "sample-rate-hz = 8000\namplitude = \"linear\"\nstft = {{ window-samples = 256, hop-samples = {hop}, centre = \"{centre}\" }}\n\
                 segments = {{ length-frames = {length}, hop-frames = {length} }}"
            );
            let front_end: FrontEnd = toml::from_str(&text).unwrap();
            let extractor = Extractor::new(&front_end).unwrap();
            let n = samples_for(&extractor, extractor.segment_frames().unwrap());
            prop_assert_eq!(extractor.frames(n), length as usize);
            prop_assert!(extractor.frames(n - 1) < length as usize);
        }
    }
}
