//! The second half of a front end, after augmentation: scaling and deltas.

mod band_scale;
mod deltas;
mod global_scale;

pub use band_scale::BandScale;
pub use deltas::Deltas;
pub(crate) use deltas::derivative_taps;
pub use global_scale::GlobalScale;

use crate::{error::FeatureError, features::Features};
use earmark_core::{Check, ConfigError, Within};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is done to features after augmentation and before mixing. Steps that are left out are skipped.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Postprocess {
    /// Shifts and scales each band of the log-mel; left out, bands stay as they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bands: Option<BandScale>,
    /// Adds first and second derivatives over time as channels, values first: `[c, ...]` becomes `[3 c, ...]`; left
    /// out, none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deltas: Option<Deltas>,
    /// Shifts and scales all channels; left out, they stay as they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale: Option<GlobalScale>,
}

impl Postprocess {
    /// Checks all keys; `segment_frames` is the length of segments where they have one length.
    pub(crate) fn check(&self, bands: usize, segment_frames: Option<usize>) -> Result<(), ConfigError> {
        let check_bands = |scale: &BandScale| scale.check(bands);
        self.bands.iter().try_for_each(check_bands).within("bands")?;
        let check_deltas = |deltas: &Deltas| deltas.check(segment_frames);
        self.deltas.iter().try_for_each(check_deltas).within("deltas")?;
        self.scale.iter().try_for_each(Check::check).within("scale")
    }

    /// Channels after postprocessing, of `channels` before.
    pub(crate) fn channels(&self, channels: usize) -> usize {
        channels * if self.deltas.is_some() { 3 } else { 1 }
    }

    /// Postprocesses features of any length.
    pub(crate) fn apply(&self, features: &Features) -> Result<Features, FeatureError> {
        let mut data = features.data.clone();
        if let Some(bands) = &self.bands {
            bands.apply(&mut data[..features.bands * features.frames], features.frames);
        }
        if let Some(deltas) = &self.deltas {
            deltas.append(&mut data, features.frames)?;
        }
        if let Some(scale) = &self.scale {
            scale.apply(&mut data);
        }
        let channels = self.channels(features.channels);
        Features::new(channels, features.bands, features.frames, data)
    }
}
