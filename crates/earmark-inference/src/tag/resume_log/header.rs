//! The first line of a resume log: the settings that results depend on.

use crate::tag::TagError;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Version of the resume log's format.
pub(super) const FORMAT: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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

/// Refuses a resume log of another format or other settings.
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
    let [then, written] = [header.format, FORMAT].map(|format| format.to_string());
    if then != written {
        return Err(other("log format", &then, &written));
    }
    for (key, value) in now {
        let mut settings = header.settings.iter();
        let then = settings.find(|(k, _)| k == key).map(|(_, v)| v.as_str());
        if then != Some(value) {
            return Err(other(key, then.unwrap_or("nothing"), value));
        }
    }
    Ok(())
}

/// Shortens hashes and lists of classes.
fn shortened(value: &str) -> String {
    const MAX_CHARS: usize = 60;
    match value.char_indices().nth(MAX_CHARS) {
        Some((at, _)) => format!("{}...", &value[..at]),
        None => value.to_owned(),
    }
}
