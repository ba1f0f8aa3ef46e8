//! CSV tables with a header, read by [`earmark_core::csv_table`].

pub(crate) mod cells;
pub(crate) mod columns;
