//! Recordings with their events, before they are cut into windows.

use std::collections::HashMap;

use super::event_table::EventTable;
use crate::layout::interface::Rows;

/// The recordings of a folder, a row each, and their events by the file of the row.
#[derive(Default)]
pub(super) struct UncutRecordings {
    pub rows: Rows,
    pub events: HashMap<String, EventTable>,
    /// Whether all events are from one table, whose lines the rows have.
    pub is_one_table: bool,
}
