//! CSV tables: one reader for data tables, class maps and fold tables, with the line of every row.

pub(crate) mod columns;
pub(crate) mod label_cell;
pub(crate) mod records;
