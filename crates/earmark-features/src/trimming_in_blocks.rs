//! Trimming of a recording that comes in blocks and is never in memory as a whole: it is read twice, first for its
//! loudest frame, then for the first and the last frame that are loud enough next to it.

use crate::trimming::{TrimmedSpan, Trimming};

/// One reading of a recording, which keeps the samples of a few frames.
///
/// ```
/// use earmark_features::{TrimPass, Trimming};
///
/// let mut samples = vec![0.0; 30_000];
/// samples[10_000..20_000].fill(0.5);
/// let trimming = Trimming::default();
/// let mut pass = TrimPass::first(&trimming);
/// samples.chunks(1_000).for_each(|block| pass.push(block));
/// let loudest = pass.loudest();
/// assert_eq!(loudest, 0.25);
/// let mut pass = TrimPass::second(&trimming, loudest);
/// samples.chunks(1_000).for_each(|block| pass.push(block));
/// assert_eq!(pass.span(44_100).samples, trimming.range(&samples));
/// ```
#[derive(Debug)]
pub struct TrimPass<'a> {
    trimming: &'a Trimming,
    /// In the second pass, the power of the recording's loudest frame.
    reference: Option<f64>,
    /// The power of the loudest frame so far.
    loudest: f64,
    /// The first audible frame and the last one so far.
    audible: Option<(usize, usize)>,
    /// The samples that frames to come may see.
    kept: Vec<f32>,
    /// The first of them.
    kept_from: usize,
    /// The next frame.
    frame: usize,
}

impl<'a> TrimPass<'a> {
    /// The pass that finds the [loudest](Self::loudest) frame.
    pub fn first(trimming: &'a Trimming) -> Self {
        Self {
            trimming,
            reference: None,
            loudest: 0.0,
            audible: None,
            kept: Vec::new(),
            kept_from: 0,
            frame: 0,
        }
    }

    /// The pass that finds what [stays](Self::span), given the power of the loudest frame.
    pub fn second(trimming: &'a Trimming, loudest: f64) -> Self {
        Self {
            reference: Some(loudest),
            ..Self::first(trimming)
        }
    }

    /// Takes the next samples.
    pub fn push(&mut self, block: &[f32]) {
        self.kept.extend_from_slice(block);
        let (frame, end) = (self.trimming.frame_samples as usize, self.end());
        let half = frame / 2;
        // With fewer samples, a frame at the start may see the recording mirrored more than once.
        if frame == 0 || end <= 2 * frame {
            return;
        }
        while self.frame * self.trimming.hop() + frame <= end + half {
            self.take_frame(end);
        }
        // What the next frame sees, and what the last ones see mirrored.
        let next = (self.frame * self.trimming.hop()).saturating_sub(half);
        let needed = next.min(end - half - 1);
        let dropped = needed.saturating_sub(self.kept_from);
        if dropped > self.kept.len() / 2 {
            self.kept.drain(..dropped);
            self.kept_from += dropped;
        }
    }

    /// The mean square of the recording's loudest frame; 0 of one without samples.
    pub fn loudest(mut self) -> f64 {
        self.take_last_frames();
        self.loudest
    }

    /// What stays of the recording, of which this was the second pass.
    pub fn span(mut self, sample_rate_hz: u32) -> TrimmedSpan {
        self.take_last_frames();
        let len = self.end();
        let range = self.trimming.range_of_frames(self.audible, len);
        self.trimming.span(range, len, sample_rate_hz)
    }

    /// Samples so far.
    fn end(&self) -> usize {
        self.kept_from + self.kept.len()
    }

    fn take_last_frames(&mut self) {
        let len = self.end();
        while self.frame < self.trimming.frames(len) {
            self.take_frame(len);
        }
    }

    /// Takes the next frame of a recording of `len` samples, or of more where the frame ends before them.
    fn take_frame(&mut self, len: usize) {
        let k = self.frame;
        let power = self.trimming.frame_power(k, &self.kept, self.kept_from, len);
        self.loudest = self.loudest.max(power);
        let audible = |reference| self.trimming.is_audible(power, reference);
        if self.reference.is_some_and(audible) {
            self.audible = Some((self.audible.map_or(k, |(first, _)| first), k));
        }
        self.frame += 1;
    }
}
