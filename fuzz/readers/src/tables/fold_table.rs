//! Fold tables.

use std::path::Path;

use earmark_data::FoldTable;

use super::are_single_lines;
use crate::check_message;

/// A fold table is refused, or the same after it was written and read again.
pub fn fold_table(data: &[u8]) {
    let path = Path::new("folds.csv");
    let table = match FoldTable::parse(data, path) {
        Ok(table) => table,
        Err(error) => return check_message(&error),
    };
    assert!(!table.folds.is_empty());
    if are_single_lines(table.folds.keys()) {
        let mut written = Vec::new();
        table.write(&mut written).expect("writing to memory");
        assert_eq!(FoldTable::parse(&written, path).expect("what was written"), table);
    }
}
