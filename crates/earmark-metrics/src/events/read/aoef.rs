//! AOEF, the format of the Python package soundevent.

use earmark_core::event_tables::AoefSet;

use super::columns::EventColumns;
use super::source::Source;
use crate::events::event_set::{EventSet, TableEvent};
use crate::{MetricsError, Result};

/// Adds the recordings of a set. Each tag is a class, or those with the key that is given in place of a column.
pub(super) fn add(bytes: &[u8], source: &Source, columns: &EventColumns, table: &mut EventSet) -> Result<()> {
    let set = AoefSet::parse(bytes).map_err(|problem| {
        let place = source.place.clone();
        MetricsError::Table { place, problem }
    })?;
    // In others, nothing is known.
    for recording in set.recordings.iter().filter(|r| !r.annotated.is_empty()) {
        table.list(&recording.file);
        if recording.seconds > 0.0 {
            table.set_seconds(&recording.file, recording.seconds);
        }
    }
    let given = columns.class.as_ref().filter(|_| !columns.or_usual);
    for event in set.events {
        let place = || format!("{}, annotation {}", source.place, event.number);
        let [onset, offset] = event.seconds;
        for [key, class] in &event.tags {
            if given.is_none_or(|given| given == key) {
                let class = class.clone();
                let file = &set.recordings[event.recording].file;
                table.add(file, TableEvent { class, onset, offset }, &place)?;
            }
        }
    }
    Ok(())
}
