//! What every augmentation of waveforms does: its settings are checked, a change is drawn, the change is applied.

use std::any::Any;
use std::fmt;

use earmark_core::Check;
use earmark_core::random::ChaCha8Rng;

/// One kind of augmentation: its settings, as a recipe has them.
pub trait WaveformAugmentation: Check {
    /// What is drawn.
    type Change: WaveformChange;

    /// Draws what happens to a clip of `samples` samples; `None` where nothing does.
    fn draw(&self, rng: &mut ChaCha8Rng, samples: usize, sample_rate_hz: u32) -> Option<Self::Change>;

    /// Refuses settings that cannot work at a sample rate; by default all can.
    ///
    /// # Errors
    /// The first such setting, by its key.
    fn check_rate(&self, _sample_rate_hz: u32) -> Result<(), earmark_core::ConfigError> {
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

/// The energy of a signal: the sum of its squares.
pub(super) fn energy(values: impl Iterator<Item = f64>) -> f64 {
    values.map(|value| value * value).sum()
}
