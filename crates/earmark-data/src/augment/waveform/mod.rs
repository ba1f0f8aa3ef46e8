//! Changes of the sound itself, before the front end.
//!
//! With any of them a recipe's clips are kept as samples and not as features, and the workers make features anew for each
//! example: slower, and the same for any number of workers, as everything is drawn from the example's own stream.

mod between_class;
mod crop;
mod equalise;
mod fourier;
mod noise;
mod pitch;
mod reverb;
mod stretch;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use between_class::{BetweenClass, mix_by_pressure, pressure_db};
pub use crop::{Cut, SoundCrop};
pub use equalise::{Equalise, Equaliser, Peak};
pub use noise::{Colour, SoundNoise, Static};
pub use pitch::{Pitch, PitchShift};
pub use reverb::{Reverb, Room};
pub use stretch::{Stretch, TimeStretch};

use super::gain;
use crate::setting::{SettingError, check_share};
use earmark_core::random::{self, ChaCha8Rng};

/// One entry of `augment.waveform`, by its `kind`. They are taken in the order of the list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Sound {
    /// A stretch from anywhere in the clip.
    Crop(SoundCrop),
    /// Louder or softer.
    Gain(SoundGain),
    /// Slower or faster at the same pitch.
    TimeStretch(TimeStretch),
    /// Higher or lower at the same pace.
    PitchShift(PitchShift),
    /// Noise at a ratio to the signal.
    Noise(SoundNoise),
    /// Some frequencies louder or softer.
    Equalise(Equalise),
    /// In a room.
    Reverb(Reverb),
}

/// Multiplies the samples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct SoundGain {
    /// Probability that a clip is changed.
    pub prob: f64,
    /// Lowest gain in decibels.
    pub min_db: f64,
    /// Highest gain in decibels.
    pub max_db: f64,
}

impl Default for SoundGain {
    fn default() -> Self {
        Self {
            prob: 0.5,
            min_db: -6.0,
            max_db: 6.0,
        }
    }
}

/// One change of a sound, as drawn.
#[derive(Clone, Debug, PartialEq)]
pub enum SoundChange {
    /// A stretch of it.
    Cut(Cut),
    /// A factor on all samples.
    Gain(f32),
    /// Another pace.
    Stretch(Stretch),
    /// Another pitch.
    Pitch(Pitch),
    /// Noise on it.
    Noise(Static),
    /// Peaks and dips of its spectrum.
    Equalise(Equaliser),
    /// The echoes of a room.
    Reverb(Room),
}

impl Sound {
    pub(super) fn check(&self, section: &str) -> Result<(), SettingError> {
        match self {
            Self::Crop(sound) => sound.check(section),
            Self::Gain(sound) => {
                check_share(section, "prob", sound.prob)?;
                gain::check_range(section, sound.min_db, sound.max_db)?;
                check_between(section, "max-db", sound.max_db, -60.0, 60.0)
            }
            Self::TimeStretch(sound) => sound.check(section),
            Self::PitchShift(sound) => sound.check(section),
            Self::Noise(sound) => sound.check(section),
            Self::Equalise(sound) => sound.check(section),
            Self::Reverb(sound) => sound.check(section),
        }
    }

    /// Draws what happens to a clip of `samples` samples; `None` where nothing does.
    pub fn draw(&self, rng: &mut ChaCha8Rng, samples: usize, sample_rate_hz: u32) -> Option<SoundChange> {
        match self {
            Self::Crop(sound) => Some(SoundChange::Cut(sound.draw(rng, samples, sample_rate_hz))),
            Self::Gain(sound) => {
                let drawn = random::chance(rng, sound.prob);
                let db = random::uniform(rng, sound.min_db, sound.max_db);
                drawn.then(|| SoundChange::Gain(libm::pow(10.0, db / 20.0) as f32))
            }
            Self::TimeStretch(sound) => sound.draw(rng).map(SoundChange::Stretch),
            Self::PitchShift(sound) => sound.draw(rng).map(SoundChange::Pitch),
            Self::Noise(sound) => sound.draw(rng).map(SoundChange::Noise),
            Self::Equalise(sound) => sound.draw(rng, sample_rate_hz).map(SoundChange::Equalise),
            Self::Reverb(sound) => sound.draw(rng).map(SoundChange::Reverb),
        }
    }
}

impl SoundChange {
    /// The samples after the change. Silence and clips without samples come through unharmed.
    pub fn apply(&self, samples: Vec<f32>, sample_rate_hz: u32) -> Vec<f32> {
        match self {
            Self::Cut(cut) => cut.apply(&samples),
            Self::Gain(factor) => samples.into_iter().map(|sample| sample * factor).collect(),
            Self::Stretch(stretch) => stretch.apply(&samples),
            Self::Pitch(pitch) => pitch.apply(&samples, sample_rate_hz),
            Self::Noise(noise) => noise.apply(samples),
            Self::Equalise(equaliser) => equaliser.apply(samples, sample_rate_hz),
            Self::Reverb(room) => room.apply(samples, sample_rate_hz),
        }
    }
}

/// Draws and applies a list of changes.
pub(super) fn change(
    list: &[Sound],
    samples: &[f32],
    sample_rate_hz: u32,
    rng: &mut ChaCha8Rng,
) -> (Vec<f32>, Vec<SoundChange>) {
    let (mut sound, mut changes) = (samples.to_vec(), Vec::new());
    for step in list {
        if let Some(change) = step.draw(rng, sound.len(), sample_rate_hz) {
            sound = change.apply(sound, sample_rate_hz);
            changes.push(change);
        }
    }
    (sound, changes)
}

/// In a few words, for the caption of a picture.
impl fmt::Display for SoundChange {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Cut(cut) => write!(f, "{} samples from {}", cut.samples, cut.start),
            Self::Gain(factor) => write!(f, "{:+.1} dB", 20.0 * factor.log10()),
            Self::Stretch(stretch) => write!(f, "pace x {:.3}", stretch.rate),
            Self::Pitch(pitch) => write!(f, "pitch {:+.2} semitones", pitch.semitones),
            Self::Noise(noise) => match noise.colour {
                Colour::Pink => write!(f, "pink noise at {:.1} dB", noise.snr_db),
                Colour::White | Colour::Any => write!(f, "white noise at {:.1} dB", noise.snr_db),
            },
            Self::Equalise(equaliser) => {
                f.write_str("equalised:")?;
                equaliser
                    .peaks
                    .iter()
                    .try_for_each(|peak| write!(f, " {:+.1} dB at {:.0} Hz", peak.gain_db, peak.centre_hz))
            }
            Self::Reverb(room) => write!(f, "room of {:.2} s, {:+.1} dB", room.t60_seconds, room.wet_db),
        }
    }
}

/// Refuses a value outside of its bounds.
fn check_between(section: &str, key: &str, value: f64, least: f64, most: f64) -> Result<(), SettingError> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    let remedy = format!("must be between {least} and {most}");
    Err(SettingError::new(section, key, value, remedy))
}

/// Refuses two bounds of a draw that lie outside of theirs or are the wrong way round.
fn check_bounds(
    section: &str,
    (low_key, low): (&str, f64),
    (high_key, high): (&str, f64),
    (least, most): (f64, f64),
) -> Result<(), SettingError> {
    check_between(section, high_key, high, least, most)?;
    check_between(section, low_key, low, least, most)?;
    if low > high {
        let remedy = format!("must not be above {high_key} = {high}");
        return Err(SettingError::new(section, low_key, low, remedy));
    }
    Ok(())
}
