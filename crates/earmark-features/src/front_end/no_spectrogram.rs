//! What a front end that computes no spectrogram leaves out, whatever it computes instead.

use super::FrontEnd;
use crate::{
    amplitude::AmplitudeScale,
    stft::{Framing, Stft},
};
use earmark_core::ConfigError;

/// A front end that computes something else than a spectrogram.
pub(super) struct NoSpectrogram<'a> {
    pub front_end: &'a FrontEnd,
    pub framing: &'a Framing,
    /// Why other keys can't be what they are.
    pub reason: &'static str,
}

impl NoSpectrogram<'_> {
    /// Refuses `value` of `key` unless it is `ok`, for the reason that all refusals have.
    pub fn unless(&self, ok: bool, key: &str, value: &str, remedy: &str) -> Result<(), ConfigError> {
        ConfigError::unless(ok, key, value, remedy).map_err(|error| error.because(self.reason))
    }

    /// Refuses every step from samples to the amplitudes of bands; `own` is the only transform that can be given.
    pub fn check_steps(&self, own: &Stft, own_in_words: &str) -> Result<(), ConfigError> {
        let front_end = self.front_end;
        let stft = &front_end.stft;
        let plain = (stft.window, stft.value, stft.phase) == (own.window, own.value, own.phase);
        let same = plain && *self.framing == own.framing(front_end.sample_rate_hz)?;
        let given = match plain {
            true => format!("{:?}", self.framing),
            false => format!("{stft:?}"),
        };
        self.unless(same, "stft", &given, own_in_words)?;
        self.unless(front_end.mel.is_none(), "mel", "(set)", "leave out front-end.mel")?;
        let amplitude = &front_end.amplitude;
        let linear = *amplitude == AmplitudeScale::Linear;
        self.unless(linear, "amplitude", &format!("{amplitude:?}"), "give \"linear\"")?;
        let remedy = "leave out front-end.pre-emphasis";
        self.unless(front_end.pre_emphasis.is_none(), "pre-emphasis", "(set)", remedy)
    }
}
