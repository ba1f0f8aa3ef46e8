//! A fold table is refused, or the same after it was written and read again.
#![no_main]

use std::path::Path;

use earmark_data::FoldTable;
use earmark_fuzz::check_message;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let path = Path::new("folds.csv");
    let table = match FoldTable::parse(data, path) {
        Ok(table) => table,
        Err(error) => return check_message(&error),
    };
    assert!(!table.folds.is_empty());
    let mut written = Vec::new();
    table.write(&mut written).expect("writing to memory");
    assert_eq!(FoldTable::parse(&written, path).expect("what was written"), table);
});
