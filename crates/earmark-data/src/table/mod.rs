//! CSV tables with a header, read by [`earmark_core::records`].

pub(crate) mod cells;
pub(crate) mod columns;
