//! Files of events (labels with a start and an end): which recording one is about, Audacity's label tracks, AOEF,
//! and the columns of earmark's own.

mod aoef;
mod label_track;
mod recording_name;
mod tag_columns;

pub use aoef::{AoefEvent, AoefRecording, AoefSet};
pub use label_track::{TrackLabel, is_label_track, track_labels};
pub use recording_name::recording_name;
pub use tag_columns::{
    CSV_EVENT_COLUMNS, CSV_WINDOW_COLUMNS, RECORDING_COLUMN, TIME_AND_PLACE_COLUMNS, is_tag_header,
    without_time_and_place,
};
