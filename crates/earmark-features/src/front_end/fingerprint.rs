//! What determines cached features, as one line of text.

use super::FrontEnd;
use earmark_core::ConfigError;

/// Raised whenever the same front end and samples would give another log-mel, so that cached ones are recomputed.
const LOG_MEL_VERSION: u32 = 1;

/// Appended where the features are handcrafted ones; its number is raised when they change.
const HANDCRAFTED_VERSION: &str = "; summary 2";

impl FrontEnd {
    /// What determines [`Extractor::log_mel_of_clip`](crate::Extractor::log_mel_of_clip), as one line: equal lines
    /// mean an equal log-mel of the same clip. Seconds and samples that come to the same length give the same line.
    ///
    /// # Errors
    ///
    /// What [`Check::check`](earmark_core::Check::check) refuses.
    pub fn fingerprint(&self) -> Result<String, ConfigError> {
        let framing = self.checked()?.framing;
        let (window, hop, fft, centre) = (framing.window, framing.hop, framing.fft, framing.centre);
        let (shape, value, phase) = (self.stft.window, self.stft.value, self.stft.phase);
        // Only where there is one: features cached before the key existed stay valid.
        let emphasis = |c| format!("; pre-emphasis {c:?}");
        let emphasis = self.pre_emphasis.map_or(String::new(), emphasis);
        let handcrafted = if self.handcrafted { HANDCRAFTED_VERSION } else { "" };
        let more = &self.stft.more_window_samples;
        let more = match more.is_empty() {
            true => String::new(),
            false => format!("; more windows {more:?}"),
        };
        let waveform = if self.waveform { "; waveform" } else { "" };
        Ok(format!(
            "base {LOG_MEL_VERSION}; {} Hz; {shape:?} {window}, hop {hop}, fft {fft}, centre {centre:?}, {value:?}, \
             phase {phase}; {:?}; {:?}{emphasis}{handcrafted}{waveform}{more}{}",
            self.sample_rate_hz,
            self.mel,
            self.amplitude,
            self.trim_fingerprint()
        ))
    }

    /// What determines [`Extractor::trim`](crate::Extractor::trim): the end of the fingerprint, empty without trimming.
    pub fn trim_fingerprint(&self) -> String {
        let trim = self.trim.as_ref();
        trim.map_or_else(String::new, |trim| format!("; {trim:?}"))
    }
}
