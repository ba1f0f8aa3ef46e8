//! Audacity's label tracks.

use earmark_core::event_tables::track_labels;

use super::source::Source;
use crate::events::event_set::{EventSet, TableEvent};
use crate::{MetricsError, Result};

/// Adds the labels of one recording.
pub(super) fn add(text: &str, source: &Source, table: &mut EventSet) -> Result<()> {
    table.list(&source.recording);
    for found in track_labels(text) {
        let place = || format!("{}, line {}", source.place, found.line);
        let [Ok(onset), Ok(offset)] = found.times.map(str::parse) else {
            let [start, end] = found.times;
            let problem = format!("`{start}` and `{end}` are not a start and an end, in seconds");
            let place = place();
            return Err(MetricsError::Table { place, problem });
        };
        let class = found.label.clone();
        table.add(&source.recording, TableEvent { class, onset, offset }, &place)?;
    }
    Ok(())
}
