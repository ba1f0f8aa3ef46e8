//! When and where recordings were made, and so the events in them.
//!
//! ```text
//! GUANO, AudioMoth's comment, bext -> metadata   \
//! SITE_20240517_043000.wav -> file_names         -> gather -> TimesAndPlaces -> columns of tables
//! sites.csv -> sites_table                       /
//! ```
//!
//! Nothing is guessed: a clock whose offset from UTC is not known gives times without an offset, a date that can't be
//! is not used, and where two sources contradict each other, that is said ([`TimesAndPlaces::remarks`]).

mod civil_dates;
mod file_names;
mod gather;
mod known;
mod metadata;
mod sites_table;
mod text_front;
mod time_pattern;
mod timestamp;
mod utc_offset;

pub use gather::{TimeAndPlaceConfig, times_and_places};
pub use known::{TimeAndPlace, TimesAndPlaces};
pub use sites_table::SiteTable;
pub use time_pattern::TimePattern;
pub use timestamp::Timestamp;
pub use utc_offset::UtcOffset;

#[cfg(test)]
mod tests;
