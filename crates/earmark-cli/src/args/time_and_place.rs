//! `--time-and-place`: when and where recordings were made.

use clap::Args;
use earmark::inference::PipelineError;
use earmark::inference::time_and_place::{SiteTable, TimeAndPlaceConfig, TimePattern, UtcOffset};
use std::path::PathBuf;

/// Heading of these arguments.
const TIME_AND_PLACE: &str = "Time and place";

/// When and where recordings were made.
#[derive(Args, Clone, Debug, Default)]
pub struct TimeAndPlaceArgs {
    /// Add when and where: the columns recorded_at (of the event), site, latitude and longitude, from the metadata of
    /// recordings (GUANO, AudioMoth, bext) and their names; also given by the flags below
    #[arg(long, help_heading = TIME_AND_PLACE)]
    pub time_and_place: bool,
    /// Offset from UTC of clocks of which none is known, such as +02:00 or UTC; default: these times have no offset
    #[arg(long, value_name = "OFFSET", allow_hyphen_values = true, help_heading = TIME_AND_PLACE)]
    pub time_zone: Option<UtcOffset>,
    /// Where the time is in file names, such as '%d.%m.%Y_%H-%M'; %Y %y %m %d %H %M %S %f %z %s, and * for any text;
    /// default: the names of known recorders
    #[arg(long, value_name = "PATTERN", help_heading = TIME_AND_PLACE)]
    pub time_pattern: Option<TimePattern>,
    /// Table of sites: CSV with the columns folder or prefix (how file names begin), site, latitude and longitude
    #[arg(long, value_name = "FILE", help_heading = TIME_AND_PLACE)]
    pub sites: Option<PathBuf>,
}

impl TimeAndPlaceArgs {
    /// How times and places are found; `None` where nobody asks for them.
    pub fn config(&self) -> Result<Option<TimeAndPlaceConfig>, PipelineError> {
        let is_asked_for = self.time_and_place
            || self.time_zone.is_some()
            || self.time_pattern.is_some()
            || self.sites.is_some();
        if !is_asked_for {
            return Ok(None);
        }
        let sites = self.sites.as_deref().map(SiteTable::read).transpose()?;
        Ok(Some(TimeAndPlaceConfig {
            time_zone: self.time_zone,
            pattern: self.time_pattern.clone(),
            sites,
            ..TimeAndPlaceConfig::default()
        }))
    }
}
