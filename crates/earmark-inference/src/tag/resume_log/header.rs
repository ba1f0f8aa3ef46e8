//! The first line of a resume log: the settings that results depend on.

use crate::error::shortened;
use crate::tag::TagError;
use earmark_core::checksum::{Seal, check_seal};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Version of the resume log's format: since 2, lines have checksums, and recordings that are begun are noted; since 3,
/// also how far those are that are tried alone, and which were given up.
pub(super) const FORMAT: u32 = 3;

/// A setting that logs have only where it is not the default.
pub(in crate::tag) const TIME_AND_PLACE: &str = "--time-and-place";

#[derive(Serialize, Deserialize)]
pub(super) struct LogHeader {
    #[serde(rename = "earmark-tag")]
    pub format: u32,
    pub settings: Vec<(String, String)>,
}

/// Whether these bytes are the start of a resume log's first line, possibly empty.
pub(super) fn starts_as_header(bytes: &[u8]) -> bool {
    const START: &[u8] = b"{\"earmark-tag\":";
    let n = bytes.len().min(START.len());
    bytes[..n] == START[..n]
}

impl LogHeader {
    /// Whether every line of the log has a checksum.
    pub fn is_sealed(&self) -> bool {
        self.format >= 2
    }
}

/// Whether this first line is that of a resume log and damaged.
pub(super) fn is_damaged(line: &[u8], header: Option<&LogHeader>) -> bool {
    if !line.ends_with(b"\n") || !starts_as_header(line) {
        return false;
    }
    match (check_seal(line), header) {
        (_, None) | (Seal::Broken, _) => true,
        // A later format may have other checksums.
        (Seal::Missing, Some(header)) => header.is_sealed() && header.format <= FORMAT,
        (Seal::Whole, Some(_)) => false,
    }
}

/// Refuses a resume log of a later format or other settings.
pub(super) fn check_settings(
    path: &Path,
    header: &LogHeader,
    now: &[(String, String)],
) -> Result<(), TagError> {
    let other = |key: &str, then: &str, now: &str| TagError::OtherSettings {
        path: path.to_path_buf(),
        key: key.to_owned(),
        then: shortened(then),
        now: shortened(now),
    };
    if header.format > FORMAT {
        return Err(other(
            "log format",
            &header.format.to_string(),
            &FORMAT.to_string(),
        ));
    }
    for (key, value) in now {
        let mut settings = header.settings.iter();
        let then = settings.find(|(k, _)| k == key).map(|(_, v)| v.as_str());
        if then != Some(value) {
            return Err(other(key, then.unwrap_or("nothing"), value));
        }
    }
    let is_left_out = |key: &str| now.iter().all(|(other, _)| other != key);
    let mut then = header.settings.iter();
    match then.find(|(key, _)| key == TIME_AND_PLACE && is_left_out(key)) {
        Some((key, value)) => Err(other(key, value, "nothing")),
        None => Ok(()),
    }
}
