//! Event metrics: against other programs, what must hold for any events, how tables of events are read, and
//! thresholds.

mod properties;
mod reading;
mod reference;
mod thresholds;

use earmark_metrics::{EventSet, TableEvent};

fn add(table: &mut EventSet, file: &str, class: &str, times: (f64, f64)) {
    let event = TableEvent {
        class: class.to_owned(),
        onset: times.0,
        offset: times.1,
    };
    table.add(file, event, &|| "a test".to_owned()).expect("an event");
}
