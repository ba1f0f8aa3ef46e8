//! What event metrics count as right.

use earmark_core::{Check, ConfigError};
use serde::Serialize;

use super::intersection::IntersectionCriteria;
use crate::Bootstrap;

/// What event metrics count as right.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct EventMetricOptions {
    /// How far the onset of a predicted event may be from the true one, and its offset at least, in seconds.
    pub collar_seconds: f64,
    /// The offset may be off by this share of the true event's length, where that is more than the collar.
    pub offset_share: f64,
    /// Length of the segments of segment-based metrics, in seconds.
    pub segment_seconds: f64,
    /// What counts as right in intersection-based metrics.
    #[serde(flatten)]
    pub intersection: IntersectionCriteria,
    /// Bootstrap over recordings for intervals of F1 and error rate; none by default.
    #[serde(skip)]
    pub bootstrap: Option<Bootstrap>,
}

impl Default for EventMetricOptions {
    fn default() -> Self {
        Self {
            collar_seconds: 0.2,
            offset_share: 0.5,
            segment_seconds: 1.0,
            intersection: IntersectionCriteria::default(),
            bootstrap: None,
        }
    }
}

impl Check for EventMetricOptions {
    fn check(&self) -> Result<(), ConfigError> {
        let is_collar = self.collar_seconds >= 0.0 && self.collar_seconds.is_finite();
        let remedy = "must be 0 or more seconds; 0.2 is usual";
        ConfigError::unless(is_collar, "collar", self.collar_seconds, remedy)?;
        ConfigError::check_share("offset-share", self.offset_share)?;
        let remedy = "must be at least 0.001 s; 1 is usual";
        ConfigError::check_range("segment", self.segment_seconds, 0.001..=1e9, remedy)?;
        self.intersection.check()?;
        self.bootstrap.check()
    }
}
