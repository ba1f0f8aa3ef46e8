//! Files of events (labels with a start and an end): which recording one is about, Audacity's label tracks, and AOEF.

mod aoef;
mod label_track;
mod recording_name;

pub use aoef::{AoefEvent, AoefRecording, AoefSet};
pub use label_track::{TrackLabel, is_label_track, track_labels};
pub use recording_name::recording_name;
