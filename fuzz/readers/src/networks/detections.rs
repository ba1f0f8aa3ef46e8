//! Detections, as `earmark tag` or another program wrote them.

use std::fs;

use earmark_inference::activity::read_activity;
use earmark_metrics::{EventColumns, EventSet};

use crate::check_message;

/// A file is refused by both of its readers, or its events end after they begin, and there are not more of them than it
/// has room for.
pub fn detections(data: &[u8]) {
    match EventSet::parse(data, "a.wav.txt", &EventColumns::default()) {
        Ok(set) => {
            let recordings = set.recordings().values();
            for event in recordings.flat_map(|recording| &recording.events) {
                assert!(!event.class.is_empty());
                assert!(0.0 <= event.onset && event.onset <= event.offset);
            }
        }
        Err(error) => check_message(&error),
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("tags");
    fs::write(&path, data).expect("a written file");
    match read_activity(&[path]) {
        Ok(activity) => assert!(activity.len() <= 8 * data.len()),
        Err(error) => check_message(&error),
    }
}
