//! Level: from energies, which span twelve decades, to numbers that a network can learn from.

use crate::{error::ConfigError, fast_log::ln, pcen::Pcen, stft::Value};
use serde::{Deserialize, Serialize};

/// How the energies of bands or bins are compressed. In a recipe: `level = "linear"`, or a table such as
/// `[front-end.level.log]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// As they are.
    Linear,
    /// `ln(x + offset)`: DCASE's baseline has 0.001, `log1p` is an offset of 1.
    #[serde(rename_all = "kebab-case")]
    Log {
        /// Added before the logarithm; sets its floor.
        offset: f64,
    },
    /// Decibels over `reference`: `10 log10` of powers or `20 log10` of magnitudes, as `stft.value` says (librosa's
    /// `power_to_db` and `amplitude_to_db`).
    #[serde(rename_all = "kebab-case")]
    Db {
        /// The value that is 0 dB.
        #[serde(default = "one")]
        reference: f64,
        /// Smaller values count as this.
        #[serde(default = "ten_to_minus_ten")]
        amin: f64,
        /// What lies further below the clip's loudest value is lifted to there; left out, nothing is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        top_db: Option<f64>,
    },
    /// Per-channel energy normalisation.
    Pcen(Pcen),
}

fn one() -> f64 {
    1.0
}

fn ten_to_minus_ten() -> f64 {
    1e-10
}

impl Default for Level {
    /// The DCASE 2019 baseline's `ln(x + 0.001)`.
    fn default() -> Self {
        Level::Log { offset: 0.001 }
    }
}

impl Level {
    /// Checks all keys.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        match self {
            Level::Linear => Ok(()),
            Level::Log { offset } => {
                above_zero("level.log.offset", *offset, "for example 0.001, or 1 for log1p")
            }
            Level::Db {
                reference,
                amin,
                top_db,
            } => {
                above_zero("level.db.reference", *reference, "usual is 1")?;
                above_zero("level.db.amin", *amin, "usual is 1e-10")?;
                top_db.map_or(Ok(()), |top_db| {
                    above_zero(
                        "level.db.top-db",
                        top_db,
                        "usual is 80; leave it out for no limit",
                    )
                })
            }
            Level::Pcen(pcen) => pcen.check(),
        }
    }

    /// Applies it to one clip's `[bands, frames]` in place.
    #[inline(always)]
    pub(crate) fn apply(&self, data: &mut [f32], frames: usize, value: Value, frames_per_second: f64) {
        match self {
            Level::Linear => {}
            Level::Log { offset } => {
                let offset = *offset as f32;
                for x in data {
                    *x = ln(*x + offset);
                }
            }
            Level::Db {
                reference,
                amin,
                top_db,
            } => {
                let decibels = match value {
                    Value::Power => 10.0,
                    Value::Magnitude => 20.0,
                };
                let scale = (decibels / std::f64::consts::LN_10) as f32;
                let zero = (decibels * reference.max(*amin).log10()) as f32;
                let amin = *amin as f32;
                for x in data.iter_mut() {
                    *x = scale * ln(x.max(amin)) - zero;
                }
                if let Some(top_db) = top_db {
                    let floor = data.iter().copied().fold(f32::NEG_INFINITY, f32::max) - *top_db as f32;
                    for x in data {
                        *x = x.max(floor);
                    }
                }
            }
            Level::Pcen(pcen) => pcen.apply(data, frames, frames_per_second),
        }
    }
}

/// Also bounded so that single precision holds it as a normal number.
fn above_zero(key: &str, value: f64, remedy: &str) -> Result<(), ConfigError> {
    if (1e-30..=1e30).contains(&value) {
        Ok(())
    } else {
        Err(ConfigError::new(
            key,
            value,
            "is not between 1e-30 and 1e30",
            remedy,
        ))
    }
}
