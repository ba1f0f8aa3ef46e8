//! The layout `events`: labels with a start and an end, in one table of all recordings or in one table next to each.
//!
//! Recordings are cut into windows; a window has the labels that sound in it, and is an item as a clip is.

mod annotated;
pub(super) mod config;
mod cut_windows;
mod event_table;
mod labelled_event;
mod next_to_recordings;
mod odd_times;
mod one_table;
mod read_events;
mod read_rows;
mod recordings;
mod rule;
mod window_starts;

pub use config::{EventOptions, EventOverlap, UnlabelledWindows};
pub use event_table::EventTable;
pub use labelled_event::LabelledEvent;
pub(super) use next_to_recordings::results_next_to_recordings;
pub(super) use one_table::is_one_table;
pub(super) use read_events::Events;
