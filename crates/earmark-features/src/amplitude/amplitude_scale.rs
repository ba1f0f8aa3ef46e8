//! The amplitude scales and their settings.

use super::decibels::to_decibels;
use super::natural_log::ln;
use super::pcen::Pcen;
use crate::stft::BinValue;
use earmark_core::{Check, ConfigError, Within};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the energies of bands or bins are compressed. In a recipe: `amplitude = "linear"`, or a table such as
/// `[front-end.amplitude.log]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AmplitudeScale {
    /// Unchanged.
    Linear,
    /// Logarithm, `ln(x + offset)`: the DCASE baseline uses 0.001, `log1p` is an offset of 1.
    #[serde(rename_all = "kebab-case")]
    Log {
        /// Added before the logarithm; sets its floor. Above 0.
        offset: f64,
    },
    /// Decibels relative to `reference`: `10 log10` of powers or `20 log10` of magnitudes, depending on `stft.value`
    /// (librosa's `power_to_db` and `amplitude_to_db`).
    #[serde(rename_all = "kebab-case")]
    Db {
        /// The value that is 0 dB. Default: 1.
        #[serde(default = "default_reference")]
        reference: f64,
        /// Smaller values are raised to this. Default: 1e-10.
        #[serde(default = "default_amin")]
        amin: f64,
        /// Values further below the clip's loudest one, in decibels, are raised to this distance; left out, no limit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        top_db: Option<f64>,
    },
    /// Per-channel energy normalisation (PCEN).
    Pcen(Pcen),
}

fn default_reference() -> f64 {
    1.0
}

fn default_amin() -> f64 {
    1e-10
}

impl Default for AmplitudeScale {
    /// The DCASE 2019 baseline's `ln(x + 0.001)`.
    fn default() -> Self {
        Self::Log { offset: 0.001 }
    }
}

impl Check for AmplitudeScale {
    fn check(&self) -> Result<(), ConfigError> {
        // Bounded so that single precision holds it as a normal number.
        let above_zero = |key: &str, value: f64, usual: &str| {
            let remedy = format!("must be between 1e-30 and 1e30; {usual}");
            ConfigError::check_range(key, value, 1e-30..=1e30, &remedy)
        };
        match self {
            Self::Linear => Ok(()),
            Self::Log { offset } => above_zero("log.offset", *offset, "for example 0.001, or 1 for log1p"),
            Self::Db {
                reference,
                amin,
                top_db,
            } => {
                above_zero("db.reference", *reference, "usual is 1")?;
                above_zero("db.amin", *amin, "usual is 1e-10")?;
                top_db.map_or(Ok(()), |top_db| {
                    above_zero("db.top-db", top_db, "usual is 80; leave it out for no limit")
                })
            }
            Self::Pcen(pcen) => pcen.check().within("pcen"),
        }
    }
}

impl AmplitudeScale {
    /// How far below a clip's loudest value the others are raised to, in decibels; `None` without such a limit.
    pub(crate) fn top_db(&self) -> Option<f32> {
        match self {
            Self::Db { top_db, .. } => top_db.map(|top_db| top_db as f32),
            _ => None,
        }
    }

    /// The averages before the first frame of a clip, for [`apply`](Self::apply): one per band, or none.
    pub(crate) fn first_averages(&self, bands: usize) -> Vec<f64> {
        match self {
            Self::Pcen(_) => vec![1.0; bands],
            _ => Vec::new(),
        }
    }

    /// Applies it in place to the `[bands, frames]` of a clip, or of its next frames: all but
    /// [`top_db`](Self::top_db). The averages continue those of the frames before.
    #[inline(always)]
    pub(crate) fn apply(
        &self,
        data: &mut [f32],
        frames: usize,
        value: BinValue,
        frames_per_second: f64,
        averages: &mut [f64],
    ) {
        match self {
            Self::Linear => {}
            Self::Log { offset } => {
                let offset = *offset as f32;
                for x in data {
                    *x = ln(*x + offset);
                }
            }
            Self::Db { reference, amin, .. } => to_decibels(data, value, *reference, *amin),
            Self::Pcen(pcen) => pcen.apply(data, frames, frames_per_second, averages),
        }
    }
}
