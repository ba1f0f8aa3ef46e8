//! What is known of when and where recordings were made.

use super::timestamp::Timestamp;
use std::collections::HashMap;

/// When and where a recording was made, as far as that is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TimeAndPlace {
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// The site's name.
    pub site: Option<String>,
    /// Latitude and longitude in degrees (WGS 84).
    pub position: Option<[f64; 2]>,
}

impl TimeAndPlace {
    /// The moment that is these seconds into the recording.
    pub fn at(&self, seconds: f64) -> Option<Timestamp> {
        self.started_at.map(|start| start.plus_seconds(seconds))
    }
}

/// The same of many recordings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TimesAndPlaces {
    pub(super) by_name: HashMap<String, TimeAndPlace>,
    /// Contradictions, times that can't be, and what was not found: names of files (or of the table of sites), and
    /// words.
    pub remarks: Vec<(String, String)>,
    /// The settings that it depends on, in one word.
    pub(crate) settings: String,
}

/// A recording of which nothing is known.
static UNKNOWN: TimeAndPlace = TimeAndPlace {
    started_at: None,
    site: None,
    position: None,
};

impl TimesAndPlaces {
    /// What is known of a recording, by its name in tables.
    pub fn of(&self, name: &str) -> &TimeAndPlace {
        self.by_name.get(name).unwrap_or(&UNKNOWN)
    }

    /// Recordings whose start is known, recordings whose start has no known offset from UTC, and recordings whose site
    /// or position is known.
    pub fn counts(&self) -> [usize; 3] {
        let count =
            |is: &dyn Fn(&TimeAndPlace) -> bool| self.by_name.values().filter(|known| is(known)).count();
        [
            count(&|known: &TimeAndPlace| known.started_at.is_some()),
            count(&|known: &TimeAndPlace| known.started_at.is_some_and(|start| start.offset().is_none())),
            count(&|known: &TimeAndPlace| known.site.is_some() || known.position.is_some()),
        ]
    }
}
