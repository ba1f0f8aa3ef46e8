//! Rows whose audio file does not exist: refused, or left out with `missing-files = "skip"`.

use std::path::Path;

use earmark_core::human::human_amount;

use super::find_misplaced_files::FileIndex;
use super::interface::{Row, Rows};
use super::options::{DataOptions, MissingFiles};
use crate::dataset::description::below;
use crate::dataset::error::DataError;
use crate::dataset::item::{SkipReason, Skipped};

/// How many missing files an error names.
const NAMED: usize = 3;

/// Refuses or skips the rows whose audio file is missing.
pub(super) fn skip_missing(root: &Path, rows: &mut Rows, options: &DataOptions) -> Result<(), DataError> {
    let all = std::mem::take(&mut rows.rows);
    let (present, missing): (Vec<Row>, Vec<Row>) = all.into_iter().partition(|r| r.item.path.is_file());
    if let (MissingFiles::Refuse, Some(first)) = (options.missing_files, missing.first()) {
        let of_subset = |row: &&Row| row.item.subset == first.item.subset;
        let count = missing.iter().filter(of_subset).count();
        let name =
            |Row { item, .. }: &Row| format!("{:?} (line {})", item.file, item.line.unwrap_or_default());
        let named: Vec<String> = missing.iter().filter(of_subset).take(NAMED).map(name).collect();
        return Err(DataError::MissingFiles {
            table: rows.tables.get(&first.item.subset).cloned().unwrap_or_default(),
            count,
            total: count + present.iter().filter(of_subset).count(),
            first: named.join(", "),
            looked_for: first.item.path.clone(),
            cause: cause(root, first, rows.search),
        });
    }
    if present.is_empty() {
        return Err(nothing_left(root, missing.first(), missing.len(), rows, options));
    }
    rows.rows = present;
    rows.skipped.extend(missing.into_iter().map(|row| Skipped {
        file: row.item.file,
        reason: SkipReason::Missing { line: row.item.line },
    }));
    Ok(())
}

/// Why the file of a row is probably not there.
fn cause(root: &Path, row: &Row, searched: bool) -> String {
    FileIndex::new(root).cause(&row.item.file, searched)
}

/// The error of a set without any recording.
fn nothing_left(
    root: &Path,
    first: Option<&Row>,
    missing: usize,
    rows: &Rows,
    options: &DataOptions,
) -> DataError {
    let remedy = match (first, &options.subsets) {
        (Some(row), _) => format!(
            "the table lists {} that {} missing, first {:?} (line {}); looked for {:?}, but {}",
            human_amount(missing, "file", "files"),
            if missing == 1 { "is" } else { "are" },
            row.item.file,
            row.item.line.unwrap_or_default(),
            below(root, &row.item.path),
            cause(root, row, rows.search)
        ),
        (None, Some(subsets)) => format!("check `subsets` ({})", subsets.join(", ")),
        (None, None) => "check that the audio files are where the tables say".to_owned(),
    };
    DataError::NoItems {
        root: root.into(),
        remedy,
    }
}
