//! One model on a stream, with the samples of its window at its rate.

use crate::PipelineError;
use crate::model::scoring::{calibrated, score_log_mel};
use crate::model::{Model, not_finite, samples_for};
use crate::tag::windows::WindowGrid;
use crate::window_rule::WindowRule;
use earmark_audio::Resampler;
use earmark_engine::{Scorer, ScorerOutput};
use earmark_features::{Extractor, ExtractorScratch, Features, FrontEnd, SegmentPlacement, Segments};
use earmark_metrics::Calibration;
use std::collections::VecDeque;
use std::sync::Arc;

pub(super) struct StreamModel {
    /// Scores the last window as a recording's.
    model: Model,
    scorer: Scorer,
    pub classes: Vec<String>,
    calibration: Option<Calibration>,
    scratch: ExtractorScratch,
    /// `None` where the stream has the model's rate.
    resampler: Option<Resampler>,
    /// The last samples, at most a window of them.
    samples: VecDeque<f32>,
    /// Windows as they are cut from recordings, at the model's rate.
    grid: WindowGrid,
    /// Samples received at the model's rate.
    received: u64,
    /// Whether the first windows start with silence.
    starts_silent: bool,
    /// Scratch memory for the resampler.
    resampled: Vec<f32>,
}

impl StreamModel {
    /// A model on a stream of `input_hz`, with these windows; `raw` leaves its calibration out.
    pub fn new(model: &Model, windows: &WindowRule, raw: bool, input_hz: u32) -> Result<Self, PipelineError> {
        model.check_scores_windows()?;
        let (recipe, mut scorer) = (model.recipe(), model.scorer().clone());
        let rate = recipe.front_end.sample_rate_hz;
        let samples_of = |seconds: f64| ((seconds * f64::from(rate)).round() as usize).max(1);
        let window = samples_of(windows.seconds());
        let hop = samples_of(windows.hop_seconds()).min(window);
        // Segments of training, where prediction takes whole clips.
        let trained = Extractor::new(&recipe.front_end)?;
        let segment = samples_for(&trained, trained.segment_frames().unwrap_or(1));
        // A window of one segment's length is one segment, wherever segments are placed in longer clips.
        if window <= segment && !recipe.predict.any_length() {
            let front_end = one_segment(recipe.predict_front_end(), &scorer.extractor);
            scorer.extractor = Arc::new(Extractor::new(&front_end)?);
        }
        let resampler = (input_hz != rate)
            .then(|| Resampler::new(input_hz, rate))
            .transpose()?;
        // Where windows are scored whole, the first ones start with silence, so that all have one length.
        let mut samples = VecDeque::with_capacity(window);
        let starts_silent = recipe.predict.any_length();
        if starts_silent {
            samples.resize(window, 0.0);
        }
        Ok(Self {
            model: model.clone(),
            scratch: scorer.extractor.scratch(),
            scorer,
            classes: model.classes().to_vec(),
            calibration: model.calibration().filter(|_| !raw).cloned(),
            resampler,
            samples,
            grid: WindowGrid::new(window, hop, rate),
            received: 0,
            starts_silent,
            resampled: Vec::new(),
        })
    }

    pub fn extractor(&self) -> &Extractor {
        &self.scorer.extractor
    }

    /// Takes in samples at the stream's rate.
    pub fn push(&mut self, samples: &[f32]) {
        let Some(resampler) = &mut self.resampler else {
            self.received += samples.len() as u64;
            keep_last(&mut self.samples, self.grid.window, samples);
            return;
        };
        self.resampled.clear();
        resampler.push(samples, &mut self.resampled);
        self.keep_resampled();
    }

    fn keep_resampled(&mut self) {
        self.received += self.resampled.len() as u64;
        keep_last(&mut self.samples, self.grid.window, &self.resampled);
    }

    /// Ends the stream: takes in what the resampler has kept back.
    pub fn finish(&mut self) {
        if let Some(resampler) = self.resampler.take() {
            self.resampled.clear();
            resampler.finish(&mut self.resampled);
            self.keep_resampled();
        }
    }

    /// Whether a window that ends now starts with silence from before the stream.
    pub fn is_filled_with_silence(&self) -> bool {
        self.starts_silent && self.received < self.grid.window as u64
    }

    /// Log-mel features of the window and its scores, averaged over its segments.
    pub fn score(&mut self) -> Result<(Features, Vec<f32>), PipelineError> {
        let extractor = &self.scorer.extractor;
        let failed = |e| PipelineError::Request(format!("the stream can't be scored: {e}"));
        let samples = self.samples.make_contiguous();
        let features = extractor.log_mel(samples, &mut self.scratch).map_err(failed)?;
        // Before the first frame of a clip that is taken whole there is nothing to score.
        if features.frames == 0 && extractor.segment_frames().is_none() {
            return Ok((features, vec![0.0; self.classes.len()]));
        }
        let scores = score_log_mel(&self.scorer, &features).map_err(failed)?;
        if let Some(reason) = not_finite(&scores, &self.classes, &self.scorer.network) {
            return Err(PipelineError::Request(format!(
                "the stream can't be scored: {reason}"
            )));
        }
        Ok((features, calibrated(scores, self.calibration.as_ref())))
    }

    /// The same for the last window of a recording that ends here: it begins a whole number of hops after the
    /// start, and may be shorter than the others.
    pub fn score_last(&mut self) -> Result<(Features, Vec<f32>), PipelineError> {
        let failed =
            |e: String| PipelineError::Request(format!("the end of the stream can't be scored: {e}"));
        let last = self.grid.count(self.received).saturating_sub(1);
        // At most the window that is kept, even where a splinter follows that has no window of its own.
        let length = usize::try_from(self.received - self.grid.start(last)).unwrap_or(usize::MAX);
        let samples = self.samples.make_contiguous();
        let samples = samples[samples.len().saturating_sub(length)..].to_vec();
        let extractor = &self.scorer.extractor;
        let features = extractor.log_mel(&samples, &mut self.scratch);
        let features = features.map_err(|e| failed(e.to_string()))?;
        let rows = self
            .model
            .run_windows(ScorerOutput::Scores, &[samples], self.grid.window, self.grid.hop);
        let rows = rows.map_err(|e| failed(e.to_string()))?;
        let scores = rows.into_iter().next().unwrap_or_default();
        Ok((features, calibrated(scores, self.calibration.as_ref())))
    }
}

/// Appends samples and keeps the last `most`.
fn keep_last(kept: &mut VecDeque<f32>, most: usize, samples: &[f32]) {
    let samples = &samples[samples.len().saturating_sub(most)..];
    let surplus = (kept.len() + samples.len()).saturating_sub(most);
    kept.drain(..surplus);
    kept.extend(samples);
}

/// The front end with one segment per window: its middle, padded if it is shorter.
fn one_segment(front_end: FrontEnd, extractor: &Extractor) -> FrontEnd {
    let frames = extractor.segment_frames().and_then(|n| u32::try_from(n).ok());
    let segments = Segments {
        length_seconds: None,
        length_frames: frames,
        hop_seconds: None,
        hop_frames: frames,
        pad: front_end.segments.as_ref().map(|s| s.pad).unwrap_or_default(),
        place: SegmentPlacement::Middle,
    };
    FrontEnd {
        segments: Some(segments),
        ..front_end
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The end of the stream is kept, in pieces of any size.
        #[test]
        fn the_last_samples_are_kept(pieces in prop::collection::vec(0_usize..40, 0..20), most in 1_usize..50) {
            let (mut kept, mut all) = (VecDeque::new(), Vec::new());
            for n in pieces {
                let piece: Vec<f32> = (0..n).map(|i| (all.len() + i) as f32).collect();
                keep_last(&mut kept, most, &piece);
                all.extend(piece);
                let end = &all[all.len().saturating_sub(most)..];
                prop_assert!(kept.iter().eq(end));
            }
        }

        #[test]
        fn a_segment_has_enough_samples_for_its_frames(length in 1_u32..200, hop in 1_u32..300, centred: bool) {
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
