//! Windows of a recording that overlap: frames that lie within two of them are computed once.

use crate::{
    error::FeatureError,
    extractor::{Extractor, ExtractorScratch},
    features::Features,
};

/// Log-mels of windows that follow each other, each a number of samples after the one before. They are the same bits as
/// those of [`Extractor::log_mel`]; only frames that reach beyond the end of a window, where a clip is mirrored or
/// followed by zeros, and those that the window before did not have are computed.
///
/// What two windows have in common must be the same samples, or the frames are wrong without a word. Frames are shared
/// where that number of samples is a whole number of frames, and the front end neither trims clips
/// nor takes their samples.
pub struct OverlappingWindows<'a> {
    extractor: &'a Extractor,
    hop_samples: usize,
    shares: bool,
    /// Of the window before, for each length of frame.
    before: Vec<WindowEnergies>,
}

/// Energies of one window.
struct WindowEnergies {
    /// `[channels, bands, frames]`
    data: Vec<f32>,
    frames: usize,
    /// Samples that frames were cut from.
    samples: usize,
}

impl Extractor {
    /// Log-mels of windows of which each begins `hop_samples` after the one before.
    pub fn overlapping_windows(&self, hop_samples: usize) -> OverlappingWindows<'_> {
        let front_end = self.front_end();
        OverlappingWindows {
            extractor: self,
            hop_samples,
            shares: hop_samples.is_multiple_of(self.checked.framing.hop)
                && front_end.trim.is_none()
                && !front_end.waveform,
            before: Vec::new(),
        }
    }

    /// Energies of all frames of a signal; what the window before it has is taken from there.
    fn energies_after(
        &self,
        signal: &[f32],
        frames: usize,
        before: Option<&WindowEnergies>,
        hop_samples: usize,
        scratch: &mut ExtractorScratch,
    ) -> Vec<f32> {
        let framing = &self.checked.framing;
        let shift = hop_samples / framing.hop;
        let shared = before.map(|before| {
            let samples = before.samples.min(hop_samples + signal.len());
            (before, framing.shared_frames(samples, hop_samples))
        });
        let Some((before, shared)) = shared.filter(|(_, shared)| !shared.is_empty()) else {
            return self.energies(signal, 0..frames, scratch);
        };
        let first = self.energies(signal, 0..shared.start, scratch);
        let last = self.energies(signal, shared.end..frames, scratch);
        let rows = before.data.len() / before.frames;
        let mut data = Vec::with_capacity(rows * frames);
        for row in 0..rows {
            data.extend(&first[row * shared.start..][..shared.start]);
            data.extend(&before.data[row * before.frames + shift..][shared.clone()]);
            data.extend(&last[row * (frames - shared.end)..][..frames - shared.end]);
        }
        data
    }
}

impl OverlappingWindows<'_> {
    /// The log-mel of the next window, `[log_mel_channels, bands, frames]`: as [`Extractor::log_mel`].
    ///
    /// # Errors
    ///
    /// As [`Extractor::log_mel`].
    pub fn log_mel(
        &mut self,
        samples: &[f32],
        scratch: &mut ExtractorScratch,
    ) -> Result<Features, FeatureError> {
        if !self.shares {
            return self.extractor.log_mel(samples, scratch);
        }
        let before = std::mem::take(&mut self.before);
        let (mut before, mut now) = (before.into_iter(), Vec::new());
        let hop_samples = self.hop_samples;
        let features =
            self.extractor
                .log_mel_by(samples, scratch, &mut |extractor, signal, frames, scratch| {
                    let before = before.next();
                    let data =
                        extractor.energies_after(signal, frames, before.as_ref(), hop_samples, scratch);
                    now.push(WindowEnergies {
                        data: data.clone(),
                        frames,
                        samples: signal.len(),
                    });
                    data
                })?;
        self.before = now;
        Ok(features)
    }
}
