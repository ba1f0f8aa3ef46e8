//! JSON as `tag` writes it: an object per recording, in an array or one per line.

use serde_json::Value;

use super::source::Source;
use crate::events::event_set::{EventSet, TableEvent};
use crate::{MetricsError, Result};

/// Adds the recordings of a JSON text.
pub(super) fn add(bytes: &[u8], source: &Source, table: &mut EventSet) -> Result<()> {
    let error = |place: String, problem: String| MetricsError::Table { place, problem };
    if bytes.trim_ascii_start().starts_with(b"[") {
        let values: Vec<Value> = serde_json::from_slice(bytes).map_err(|e| {
            let place = format!("{}, line {}", source.place, e.line());
            error(place, format!("is not JSON: {e}"))
        })?;
        for (number, value) in (1..).zip(&values) {
            recording(value, &|| format!("{}, entry {number}", source.place), table)?;
        }
        return Ok(());
    }
    for (number, line) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
        let place = || format!("{}, line {number}", source.place);
        if !line.trim_ascii().is_empty() {
            let value: Value = serde_json::from_slice(line)
                .map_err(|e| error(place(), format!("is not JSON, an object per line: {e}")))?;
            recording(&value, &place, table)?;
        }
    }
    Ok(())
}

/// Adds what an object says of a recording.
fn recording(value: &Value, place: &dyn Fn() -> String, table: &mut EventSet) -> Result<()> {
    let refuse = |problem: &str| MetricsError::Table {
        place: place(),
        problem: problem.to_owned(),
    };
    let text = |value: &Value, keys: &[&str]| {
        let found = keys.iter().find_map(|key| value.get(key)?.as_str());
        found.map(str::to_owned)
    };
    let time = |value: &Value, keys: &[&str]| keys.iter().find_map(|key| value.get(key)?.as_f64());
    let Some(file) = text(value, &["file"]) else {
        return Err(refuse(
            "has no `file`; each recording is an object with `file` and `events`",
        ));
    };
    if let Some(reason) = text(value, &["error"]) {
        table.fail(&file, &reason);
        return Ok(());
    }
    let Some(events) = value.get("events").and_then(Value::as_array) else {
        return Err(refuse("has no list `events`; scores of windows are not events"));
    };
    table.list(&file);
    if let Some(seconds) = time(value, &["seconds"]).filter(|seconds| *seconds >= 0.0) {
        table.set_seconds(&file, seconds);
    }
    for event in events {
        let class = text(event, &["class", "label"]);
        let (onset, offset) = (
            time(event, &["start_seconds", "onset", "start"]),
            time(event, &["end_seconds", "offset", "end"]),
        );
        let (Some(class), Some(onset), Some(offset)) = (class, onset, offset) else {
            return Err(refuse(
                "has an event without `class`, `start_seconds` or `end_seconds`",
            ));
        };
        table.add(&file, TableEvent { class, onset, offset }, place)?;
    }
    Ok(())
}
