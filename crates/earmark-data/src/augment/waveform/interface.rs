//! What every augmentation of waveforms does: its settings are checked, a change is drawn, the change is applied.

use std::any::Any;
use std::fmt;

use earmark_core::random::ChaCha8Rng;
use earmark_core::{Check, ConfigError};

/// One kind of augmentation: its settings, as a recipe has them.
pub(crate) trait WaveformAugmentation: Check {
    /// Draws what happens to a clip of `samples` samples; `None` where nothing does.
    fn draw(&self, rng: &mut ChaCha8Rng, samples: usize, rate_hz: u32) -> Option<Box<dyn WaveformChange>>;

    /// Refuses settings that cannot work at a sample rate; by default all can.
    fn check_rate(&self, _sample_rate_hz: u32) -> Result<(), ConfigError> {
        Ok(())
    }

    /// Whether clips are cut at random places.
    fn crops(&self) -> bool {
        false
    }
}

/// A change of a waveform, as drawn: a plain value that can be printed, tested and repeated. It displays as a few words for the
/// caption of a picture.
pub trait WaveformChange: Any + fmt::Debug + fmt::Display + Send + Sync {
    /// The samples after the change. Silence and clips without samples pass through unharmed.
    fn apply(&self, samples: Vec<f32>, sample_rate_hz: u32) -> Vec<f32>;
}

/// The change where one was drawn.
pub(super) fn when(drawn: bool, change: impl WaveformChange) -> Option<Box<dyn WaveformChange>> {
    drawn.then(|| Box::new(change) as Box<dyn WaveformChange>)
}

/// The energy of a signal: the sum of its squares.
pub(super) fn energy(values: impl Iterator<Item = f64>) -> f64 {
    values.map(|value| value * value).sum()
}
