//! `front-end.stft.more-window-samples`: spectrograms with other windows as further channels, so that a network sees
//! both when something happens (short windows) and at which frequency (long ones).

use super::FrontEnd;
use crate::{
    postprocess::Postprocess,
    stft::{Centre, Framing, Stft},
};
use earmark_core::ConfigError;

const KEY: &str = "stft.more-window-samples";

/// Most of them. Usual are one to three.
const MOST: usize = 7;

impl FrontEnd {
    /// For each of these windows, the front end that computes its channel alone.
    pub(crate) fn of_more_windows(&self, framing: &Framing) -> Vec<Self> {
        let of = |&samples: &u32| Self {
            trim: None,
            stft: Stft {
                window_seconds: None,
                window_samples: Some(samples),
                // Long enough that low bands, which are narrow, have bins.
                fft_samples: Some(samples.next_power_of_two().max(framing.fft as u32)),
                more_window_samples: Vec::new(),
                ..self.stft.clone()
            },
            clip_features: None,
            segments: None,
            postprocess: Postprocess::default(),
            ..self.clone()
        };
        self.stft.more_window_samples.iter().map(of).collect()
    }

    /// Refuses windows that can't be channels next to the first.
    pub(super) fn check_more_windows(&self, framing: &Framing) -> Result<(), ConfigError> {
        let windows = &self.stft.more_window_samples;
        if windows.is_empty() {
            return Ok(());
        }
        let unless = |ok: bool, reason: &str, remedy: &str| {
            let checked = ConfigError::unless(ok, KEY, format!("{windows:?}"), remedy);
            checked.map_err(|error| error.because(reason))
        };
        let reason =
            "can't be combined with front-end.handcrafted and front-end.waveform, which take no spectrogram";
        unless(!self.handcrafted && !self.waveform, reason, "leave it out")?;
        let reason = "needs bands, as transforms of other lengths have other bins";
        unless(self.mel.is_some(), reason, "give front-end.mel")?;
        let reason = "needs frames that are centred at the same samples, whatever their window";
        let remedy = "set front-end.stft.centre = \"reflect\" or \"zero\"";
        unless(self.stft.centre != Centre::None, reason, remedy)?;
        let reason = "needs a transform of even length, as odd ones have other frames";
        let remedy = "give an even front-end.stft.fft-samples";
        unless(framing.fft.is_multiple_of(2), reason, remedy)?;
        let reason =
            "can't be combined with front-end.postprocess.bands, whose numbers are those of one window";
        let remedy = "leave out one of the two";
        unless(self.postprocess.bands.is_none(), reason, remedy)?;
        let remedy = format!("give at most {MOST}");
        unless(windows.len() <= MOST, "makes too many channels", &remedy)?;
        for (at, &window) in windows.iter().enumerate() {
            let is_new = window as usize != framing.window && !windows[..at].contains(&window);
            let reason = format!("would add the channel of {window} samples twice");
            unless(is_new, &reason, "leave out what is there already")?;
            let fits = (2..=1 << 20).contains(&window);
            let reason = format!("{window} samples are no window");
            unless(fits, &reason, "give 2 to 1048576; usual are 256 to 8192")?;
        }
        // The other keys are the same: only a transform that is too long for hop or bands is left.
        for other in self.of_more_windows(framing) {
            let refused = |error: ConfigError| {
                let error = ConfigError {
                    key: KEY.into(),
                    value: format!("{windows:?}"),
                    ..error
                };
                error.because("one of these windows is too long")
            };
            other.checked().map(|_| ()).map_err(refused)?;
        }
        Ok(())
    }
}
