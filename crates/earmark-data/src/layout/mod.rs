//! From a data folder to a [`DataSet`](crate::DataSet): eight layouts, recognised or named.
//!
//! Loading reads tables and checks that the files exist; it opens no audio. Every layout is a file that implements the
//! trait in `interface` and a line in `recognise_layout`; all give the same plain rows, which `load` checks.

mod apply_class_changes;
mod apply_corrections;
mod assemble;
mod audio_files;
mod birdnet_segments;
mod choose_table;
mod class_folders;
mod csv;
mod csv_columns;
mod cut_outs;
mod esc50;
mod events;
mod file_pattern;
mod find_corrections;
mod find_misplaced_files;
mod folders;
mod fsd50k;
mod fsdkaggle;
mod group_columns;
mod group_pattern;
mod interface;
pub(crate) mod kind;
mod linked_twice;
mod load;
mod one_class;
mod one_table;
mod options;
mod other_table;
mod read_as;
mod recognise_layout;
mod refuse_or_skip_missing;
mod result_columns;
mod result_tables;
mod select_rows;
mod similar_classes;
mod table_files;
mod unlisted_recordings;
mod urbansound8k;

pub use audio_files::{AUDIO_EXTENSIONS, is_audio_name};
pub use cut_outs::CutOuts;
pub use events::{EventOptions, EventOverlap, EventTable, LabelledEvent, UnlabelledWindows};
pub use group_columns::GroupColumn;
pub use kind::LayoutKind;
pub use load::load;
pub(crate) use one_class::likely_remedy;
pub use options::{DamagedFiles, DataOptions, MissingFiles};
pub use read_as::ReadAs;
pub use recognise_layout::recognise;
pub use table_files::{has_recordings_or_tables, is_table_name};
