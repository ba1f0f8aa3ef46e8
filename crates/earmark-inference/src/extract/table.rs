//! The table of cut-outs, `extracts.csv`: where each is from.

use crate::PipelineError;
use crate::tag::tables::{ColumnKind, TableReader, TableRow};
use earmark_core::atomic;
use std::collections::BTreeMap;
use std::path::{Component, Path};

const NAME: &str = "extracts.csv";

/// Its columns. Times are in the recording; those of the cut-out include what is around the detection. None is named
/// like a column of times of labels in `file`: each file is of one class from its start to its end.
const COLUMNS: [&str; 8] = [
    "file",
    "class",
    "score",
    "recording",
    "detected_from_seconds",
    "detected_to_seconds",
    "cut_from_seconds",
    "cut_to_seconds",
];

const KINDS: [ColumnKind; 8] = [
    ColumnKind::Text,
    ColumnKind::Text,
    ColumnKind::Score,
    ColumnKind::Text,
    ColumnKind::Seconds,
    ColumnKind::Seconds,
    ColumnKind::Seconds,
    ColumnKind::Seconds,
];

/// A cut-out.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ExtractRow {
    /// Its path in the folder, with `/`.
    pub file: String,
    pub class: String,
    pub score: f32,
    pub recording: String,
    /// From where to where the class was detected, in seconds.
    pub detected: (f64, f64),
    /// From where to where the cut-out goes, in seconds.
    pub cut: (f64, f64),
}

/// Reads the table of a folder; without one there are no rows.
///
/// # Errors
/// For another table of that name, one that can't be read, and one that names files elsewhere: cut-outs are written
/// where the table says.
pub(super) fn read(folder: &Path) -> Result<Vec<ExtractRow>, PipelineError> {
    let path = folder.join(NAME);
    if !path.exists() {
        return Ok(Vec::new());
    }
    let mut table = TableReader::open(&path)?;
    if table.columns() != COLUMNS {
        return Err(PipelineError::Request(format!(
            "{}: is not a table of `earmark extract`; choose another folder, or move it elsewhere",
            table.name()
        )));
    }
    let (mut rows, mut row) = (Vec::new(), TableRow::default());
    while table.read(&KINDS, &mut row)? {
        if !is_in_class_folder(&row.texts[0]) {
            let problem =
                "its file is not CLASS/NAME in this folder; remove the row, or choose another folder";
            return Err(table.fault(&row, problem));
        }
        rows.push(ExtractRow {
            file: row.texts[0].clone(),
            class: row.texts[1].clone(),
            score: row.numbers[2] as f32,
            recording: row.texts[3].clone(),
            detected: (row.numbers[4], row.numbers[5]),
            cut: (row.numbers[6], row.numbers[7]),
        });
    }
    Ok(rows)
}

fn is_in_class_folder(file: &str) -> bool {
    let mut parts = Path::new(file).components();
    let mut is_name = || matches!(parts.next(), Some(Component::Normal(_)));
    is_name() && is_name() && parts.next().is_none()
}

/// Writes the table of a folder, by file.
///
/// # Errors
/// When the disk fails.
pub(super) fn write(folder: &Path, rows: &BTreeMap<String, ExtractRow>) -> Result<(), PipelineError> {
    let time = |seconds: f64| format!("{seconds:.3}");
    atomic::write(&folder.join(NAME), |out| {
        let mut csv = csv::Writer::from_writer(out);
        csv.write_record(COLUMNS)?;
        for row in rows.values() {
            csv.write_record([
                row.file.as_str(),
                &row.class,
                &row.score.to_string(),
                &row.recording,
                &time(row.detected.0),
                &time(row.detected.1),
                &time(row.cut.0),
                &time(row.cut.1),
            ])?;
        }
        csv.flush()
    })?;
    Ok(())
}
