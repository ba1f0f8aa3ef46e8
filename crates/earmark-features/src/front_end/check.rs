//! Checks every key of a front end, and how they go together.

use super::{FrontEnd, handcrafted_check, waveform_check};
use crate::{
    mel::Mel,
    segments::{Segmenter, Segments},
    stft::Framing,
};
use earmark_audio::{MAX_SAMPLE_RATE_HZ, MIN_SAMPLE_RATE_HZ};
use earmark_core::{Check, ConfigError, Within};

/// A checked front end in samples and frames.
#[derive(Debug, Clone)]
pub(crate) struct CheckedFrontEnd {
    pub framing: Framing,
    pub segmenter: Option<Segmenter>,
    pub frames_per_second: f64,
}

impl Check for FrontEnd {
    fn check(&self) -> Result<(), ConfigError> {
        self.checked().map(|_| ())
    }
}

impl FrontEnd {
    pub(crate) fn checked(&self) -> Result<CheckedFrontEnd, ConfigError> {
        let rate = self.sample_rate_hz;
        let remedy =
            format!("must be {MIN_SAMPLE_RATE_HZ} to {MAX_SAMPLE_RATE_HZ}; usual are 16000 to 48000");
        let range = MIN_SAMPLE_RATE_HZ..=MAX_SAMPLE_RATE_HZ;
        ConfigError::check_range("sample-rate-hz", rate, range, &remedy)?;
        self.trim.iter().try_for_each(Check::check).within("trim")?;
        if let Some(c) = self.pre_emphasis {
            let remedy = "must be above 0 and below 1; usual is 0.97; leave it out for none";
            ConfigError::unless(c > 0.0 && c < 1.0, "pre-emphasis", c, remedy)?;
        }
        let framing = self.stft.framing(rate).within("stft")?;
        if self.stft.phase && self.mel.is_some() {
            let reason = "can't be combined with front-end.mel, because angles can't be summed";
            return Err(ConfigError::new("stft.phase", true, "leave out one of the two").because(reason));
        }
        let check_mel = |mel: &Mel| mel.check(rate);
        self.mel.iter().try_for_each(check_mel).within("mel")?;
        self.amplitude.check().within("amplitude")?;
        self.check_more_windows(&framing)?;
        if self.handcrafted {
            handcrafted_check::check(self, &framing)?;
        }
        if self.waveform {
            waveform_check::check(self, &framing)?;
        }
        let frames_per_second = f64::from(rate) / framing.hop as f64;
        let segmenter = |segments: &Segments| segments.segmenter(frames_per_second).within("segments");
        let segmenter = self.segments.as_ref().map(segmenter).transpose()?;
        let (bands, length) = (self.bands(&framing), segmenter.as_ref().map(|s| s.length));
        self.postprocess.check(bands, length).within("postprocess")?;
        self.check_sizes(&framing, segmenter.as_ref(), frames_per_second)?;
        Ok(CheckedFrontEnd {
            framing,
            segmenter,
            frames_per_second,
        })
    }

    /// Mel bands, or bins of the spectrum; 1 for samples.
    pub(crate) fn bands(&self, framing: &Framing) -> usize {
        if self.waveform {
            return 1;
        }
        self.mel.as_ref().map_or(framing.bins(), |mel| mel.bands as usize)
    }

    /// Channels of the spectrogram: those of its first window, and one for each of the others.
    pub(crate) fn spectrogram_channels(&self) -> usize {
        self.first_window_channels() + self.stft.more_window_samples.len()
    }

    /// Channels of the first window: 2 with angles, else 1.
    pub(crate) fn first_window_channels(&self) -> usize {
        if self.stft.phase { 2 } else { 1 }
    }
}
