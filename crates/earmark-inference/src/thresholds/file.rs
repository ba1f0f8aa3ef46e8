//! Files of thresholds: CSV and JSON.

use super::GivenThreshold;
use crate::PipelineError;
use earmark_core::atomic;
use earmark_core::csv_table::{Record, read_records};
use serde_json::Value;
use std::path::Path;

/// The columns of a table; its first line may name them.
const COLUMNS: [&str; 2] = ["class", "threshold"];

/// Reads a file: JSON where it begins with a brace, else CSV.
pub(super) fn read_thresholds(path: &Path) -> Result<Vec<GivenThreshold>, PipelineError> {
    let place = path.display().to_string();
    // The labels of an exported model are replaced with it.
    atomic::finish_pending(path)?;
    let bytes = std::fs::read(path).map_err(|e| {
        let problem = format!("cannot be read: {e}; check the file, or give thresholds as CLASS=NUMBER");
        fault(&place, &problem)
    })?;
    let text = bytes
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(&bytes)
        .trim_ascii_start();
    let found = match text.starts_with(b"{") {
        true => of_json(text, &place)?,
        false => of_csv(&bytes, &place)?,
    };
    match found.is_empty() {
        true => Err(fault(
            &place,
            "has no thresholds; give a line CLASS,NUMBER per class",
        )),
        false => Ok(found),
    }
}

fn fault(place: &str, problem: &str) -> PipelineError {
    PipelineError::Request(format!("{place}: {problem}"))
}

/// Rows of class and threshold, below a line that names the columns or without one.
fn of_csv(bytes: &[u8], file: &str) -> Result<Vec<GivenThreshold>, PipelineError> {
    let mut columns = [0, 1];
    let mut found = Vec::new();
    let records = read_records(bytes, None).map_err(|e| fault(&format!("{file}:{}", e.line), &e.problem))?;
    for (k, record) in records.iter().enumerate() {
        let place = format!("{file}:{}", record.line);
        if k == 0 && record.cell(1).parse::<f32>().is_err() {
            columns = header(record).ok_or_else(|| {
                fault(
                    &place,
                    "expected the columns `class` and `threshold`, or a line CLASS,NUMBER per class",
                )
            })?;
            continue;
        }
        let [class, number] = columns.map(|column| record.cell(column));
        let value = number.parse::<f32>().map_err(|_| {
            let problem =
                format!("{number:?} is not a number; write CLASS,NUMBER, with the number from 0 to 1");
            fault(&place, &problem)
        })?;
        found.push(GivenThreshold {
            class: class.to_owned(),
            value,
            place,
        });
    }
    Ok(found)
}

/// Where the columns are, by the names in the first line.
fn header(record: &Record) -> Option<[usize; 2]> {
    let column = |name: &str| record.iter().position(|cell| cell.eq_ignore_ascii_case(name));
    Some([column(COLUMNS[0])?, column(COLUMNS[1])?])
}

/// Numbers by class; or, as in the `labels.json` of an export, a list `thresholds` in the order of a list `classes`.
fn of_json(text: &[u8], file: &str) -> Result<Vec<GivenThreshold>, PipelineError> {
    let value: Value = serde_json::from_slice(text).map_err(|e| {
        fault(
            file,
            &format!("not JSON: {e}; write an object of numbers by class, such as {{\"Dog\": 0.2}}"),
        )
    })?;
    let pairs: Vec<(String, &Value)> = match (&value["classes"], &value["thresholds"]) {
        (Value::Array(classes), Value::Array(thresholds)) if classes.len() == thresholds.len() => {
            let names = classes
                .iter()
                .map(|name| name.as_str().unwrap_or_default().to_owned());
            names.zip(thresholds).collect()
        }
        (Value::Array(_), _) => {
            return Err(fault(
                file,
                "has a list `classes`, but no list `thresholds` of the same length; give a threshold per class",
            ));
        }
        _ => {
            let pairs = value.as_object().into_iter().flatten();
            pairs.map(|(class, value)| (class.clone(), value)).collect()
        }
    };
    let given = |(class, value): (String, &Value)| {
        let place = format!("{file}, {class}");
        match value.as_f64() {
            Some(number) => Ok(GivenThreshold {
                class,
                value: number as f32,
                place,
            }),
            None => Err(fault(
                &place,
                &format!("{value} is not a number; give one from 0 to 1"),
            )),
        }
    };
    pairs.into_iter().map(given).collect()
}
