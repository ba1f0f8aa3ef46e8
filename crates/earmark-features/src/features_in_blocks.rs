//! The log-mel of a recording that comes in blocks and is never in memory as a whole: frame by frame the numbers of
//! [`Extractor::log_mel`] of all of it.

use crate::{
    error::FeatureError,
    extractor::{Extractor, ExtractorScratch},
    features::Features,
    sample_check::check_samples,
    simd::LANES,
};

/// What is known of a recording's features as a whole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WholeFeatures {
    /// Frames.
    pub frames: usize,
    /// What levels are raised to (`front-end.amplitude.db.top-db`); `None` without such a limit.
    pub floor: Option<f32>,
    /// The smallest number; infinity without frames.
    pub minimum: f32,
}

impl WholeFeatures {
    /// Of a recording of which only the frames are known, as is enough for [`FirstPass::Length`](crate::FirstPass).
    pub fn of_length(frames: usize) -> Self {
        Self {
            frames,
            floor: None,
            minimum: f32::INFINITY,
        }
    }
}

/// One reading of a recording, which keeps the samples of a few frames.
///
/// ```
/// use earmark_features::{Extractor, FeaturePass, FrontEnd};
///
/// let extractor = Extractor::new(&FrontEnd::default())?;
/// let samples: Vec<f32> = (0..44_100).map(|i| (i as f32 * 0.1).sin()).collect();
/// let mut pass = FeaturePass::new(&extractor, None).expect("a spectrogram");
/// let mut frames = 0;
/// for block in samples.chunks(10_000) {
///     frames += pass.push(block)?.frames;
/// }
/// frames += pass.finish()?.frames;
/// assert_eq!(frames, extractor.frames(samples.len()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct FeaturePass<'a> {
    extractor: &'a Extractor,
    scratch: ExtractorScratch,
    /// What levels are raised to.
    floor: Option<f32>,
    /// Averages of PCEN after the last frame.
    averages: Vec<f64>,
    /// The samples that frames to come see.
    kept: Vec<f32>,
    /// The first of them: a whole number of hops.
    kept_from: usize,
    /// The next frame.
    frame: usize,
    loudest: f32,
    least_level: f32,
    least_angle: f32,
}

impl<'a> FeaturePass<'a> {
    /// At the start of a recording, with the [floor](Self::whole) that an earlier pass found: without it, levels are as
    /// they are before `top-db`. `None` for handcrafted features, which are statistics of whole clips, and for several
    /// windows.
    pub fn new(extractor: &'a Extractor, floor: Option<f32>) -> Option<Self> {
        let front_end = extractor.front_end();
        (!front_end.handcrafted && !front_end.has_more_windows()).then(|| Self {
            extractor,
            scratch: extractor.scratch(),
            floor,
            averages: front_end.amplitude.first_averages(extractor.bands()),
            kept: Vec::new(),
            kept_from: 0,
            frame: 0,
            loudest: f32::NEG_INFINITY,
            least_level: f32::INFINITY,
            least_angle: f32::INFINITY,
        })
    }

    /// Takes the next samples and gives the next frames, which may be none: `[log_mel_channels, bands, frames]`.
    ///
    /// # Errors
    ///
    /// When a sample is not a number or far too large.
    pub fn push(&mut self, block: &[f32]) -> Result<Features, FeatureError> {
        let before = self.end();
        check_samples(self.extractor.arch, block).map_err(|error| match error {
            FeatureError::Sample { index, value } => FeatureError::Sample {
                index: before + index,
                value,
            },
            other => other,
        })?;
        self.kept.extend_from_slice(block);
        let settled = self.extractor.checked.framing.settled_frames(self.signal_end());
        // As many as are computed together.
        let ready = settled.saturating_sub(self.frame) / LANES * LANES;
        let features = self.take(ready);
        self.forget();
        features
    }

    /// Ends the recording and gives its last frames.
    ///
    /// # Errors
    ///
    /// None that [`push`](Self::push) has not had.
    pub fn finish(&mut self) -> Result<Features, FeatureError> {
        let frames = self.extractor.frames(self.end());
        self.take(frames.saturating_sub(self.frame))
    }

    /// What is known of the features as a whole, after [`finish`](Self::finish).
    pub fn whole(&self) -> WholeFeatures {
        let top_db = self.extractor.front_end().amplitude.top_db();
        let floor = top_db.map(|top_db| self.loudest - top_db);
        let level = floor.map_or(self.least_level, |floor| self.least_level.max(floor));
        WholeFeatures {
            frames: self.frame,
            floor,
            minimum: level.min(self.least_angle),
        }
    }

    /// Samples so far.
    fn end(&self) -> usize {
        self.kept_from + self.kept.len()
    }

    /// Samples so far of the signal that frames are cut from: with pre-emphasis, one fewer.
    fn signal_end(&self) -> usize {
        let lost = usize::from(self.extractor.front_end().pre_emphasis.is_some());
        self.end().saturating_sub(lost)
    }

    /// Computes the next frames.
    fn take(&mut self, count: usize) -> Result<Features, FeatureError> {
        let extractor = self.extractor;
        // Frames that begin with what is kept: the first of them is not the recording's.
        let first = self.frame - self.kept_from / extractor.checked.framing.hop;
        let mut emphasised = std::mem::take(&mut self.scratch.emphasised);
        let signal = extractor.emphasise(&self.kept, &mut emphasised);
        let mut data = extractor.energies(signal, first..first + count, &mut self.scratch);
        self.scratch.emphasised = emphasised;
        let (levels, angles) = data.split_at_mut(extractor.bands() * count);
        extractor.scale(levels, count, &mut self.averages);
        self.loudest = self.loudest.max(extractor.loudest(levels));
        if let Some(floor) = self.floor {
            extractor.raise_to(floor, levels);
        }
        self.least_level = levels.iter().copied().fold(self.least_level, f32::min);
        self.least_angle = angles.iter().copied().fold(self.least_angle, f32::min);
        self.frame += count;
        Features::new(extractor.log_mel_channels(), extractor.bands(), count, data)
    }

    /// Drops the samples that no frame to come sees, when they are most of those that are kept.
    fn forget(&mut self) {
        let framing = &self.extractor.checked.framing;
        let next = (self.frame * framing.hop).saturating_sub(framing.padding());
        // The last frames may see what is before the end mirrored.
        let mirrored = self.end().saturating_sub(2 * framing.fft + 2);
        let needed = next.min(mirrored) / framing.hop * framing.hop;
        let dropped = needed.saturating_sub(self.kept_from);
        if dropped > self.kept.len() / 2 {
            self.kept.drain(..dropped);
            self.kept_from += dropped;
        }
    }
}
