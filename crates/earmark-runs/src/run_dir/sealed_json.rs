//! JSON files that can't be made again: their last key is a checksum, which is compared when they are read.

use super::RunError;
use earmark_core::atomic::{self, WriteError};
use earmark_core::checksum::{Seal, check_seal, seal};
use serde_json::Value;
use std::io::ErrorKind;
use std::path::Path;

/// Writes a JSON object for programs and people, with its checksum.
///
/// # Errors
///
/// When the file can't be written.
pub fn write_sealed_json(path: &Path, value: &impl serde::Serialize) -> Result<(), WriteError> {
    let text = serde_json::to_string_pretty(value);
    let text = text.map_err(|e| WriteError::new(path, e.into()))?;
    atomic::write(path, |w| w.write_all((seal(text) + "\n").as_bytes()))
}

/// The JSON of a file's text, if it is what [`write_sealed_json`] wrote; files of earlier versions have no checksum.
///
/// # Errors
///
/// What is wrong, in words.
pub fn parse_sealed_json(text: &str) -> Result<Value, String> {
    let value: Value = serde_json::from_str(text).map_err(|e| e.to_string())?;
    match check_seal(text.as_bytes()) {
        Seal::Broken => Err(
            "its checksum differs, so that it was damaged or changed by hand (then remove its key \"checksum\")".into(),
        ),
        Seal::Whole | Seal::Missing => Ok(value),
    }
}

/// The checksum of a run's `split.csv`, from its `run.json`; `None` where that says nothing, or is not written yet.
pub(crate) fn split_checksum(run: &Path) -> Result<Option<String>, RunError> {
    let file = run.join("run.json");
    let text = match std::fs::read_to_string(&file) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        text => text.map_err(|e| RunError::read(&file, e))?,
    };
    let info = parse_at(&file, &text)?;
    Ok(info["data"]["split_checksum"].as_str().map(str::to_owned))
}

/// As [`parse_sealed_json`], of the file at `path`.
pub(crate) fn parse_at(path: &Path, text: &str) -> Result<Value, RunError> {
    parse_sealed_json(text).map_err(|message| {
        let path = path.into();
        RunError::Info { path, message }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_changed_file_is_refused_with_a_way_out() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run.json");
        write_sealed_json(&path, &json!({ "seed": 17, "device": "cpu" })).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.ends_with("\"\n}\n"), "{text}");
        let read = parse_at(&path, &text).unwrap();
        assert_eq!((&read["seed"], &read["device"]), (&json!(17), &json!("cpu")));
        let changed = text.replace("17", "18");
        let error = parse_at(&path, &changed).unwrap_err().to_string();
        assert!(
            error.contains("run.json: does not describe a run: its checksum differs"),
            "{error}"
        );
        // By hand, without the checksum, as the message says; and a file of an earlier version.
        let lines = changed.lines().filter(|line| !line.contains("checksum"));
        let by_hand = lines.collect::<String>().replace(",}", "}");
        assert_eq!(parse_at(&path, &by_hand).unwrap()["seed"], 18);
    }
}
