//! Which format a file name's ending means, which ending a format gets, and what a format can hold.

use super::Format;
use crate::tag::TagError;
use std::path::Path;

impl Format {
    /// The format of a file name's ending.
    pub fn of_name(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_string_lossy().to_lowercase();
        let ends = |end: &str| name.ends_with(end);
        match () {
            () if ends(".csv") => Some(Self::Csv),
            () if ends(".ndjson") || ends(".jsonl") => Some(Self::Ndjson),
            () if ends(".aoef.json") => Some(Self::Aoef),
            () if ends(".json") => Some(Self::Json),
            () if ends(".parquet") => Some(Self::Parquet),
            () if ends(".selections.txt") => Some(Self::Raven),
            () => None,
        }
    }

    /// The same, or a refusal that names the endings.
    ///
    /// # Errors
    ///
    /// For an ending of no format.
    pub fn named_by(path: &Path) -> Result<Self, TagError> {
        let refused = || {
            TagError::Request(format!(
                "{}: its ending names no known format; end it in .csv, .json, .ndjson, .parquet, .aoef.json \
                 (soundevent) or .selections.txt (Raven), or give --format",
                path.display()
            ))
        };
        Self::of_name(path).ok_or_else(refused)
    }

    /// The ending that a recording's name gets in a folder of results.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Table | Self::Audacity => ".txt",
            Self::Csv | Self::Birdnet => ".csv",
            Self::Json => ".json",
            Self::Ndjson => ".ndjson",
            Self::Raven => ".selections.txt",
            Self::Parquet => ".parquet",
            Self::Aoef => ".aoef.json",
        }
    }

    /// Whether one file can hold several recordings.
    pub fn holds_several(self) -> bool {
        self != Self::Audacity
    }

    /// Whether it can hold when and where recordings were made.
    pub fn holds_time_and_place(self) -> bool {
        !matches!(self, Self::Birdnet | Self::Audacity | Self::Raven | Self::Aoef)
    }

    /// Whether it can hold scores of windows.
    pub fn holds_windows(self) -> bool {
        !matches!(self, Self::Birdnet | Self::Audacity | Self::Raven | Self::Aoef)
    }
}
