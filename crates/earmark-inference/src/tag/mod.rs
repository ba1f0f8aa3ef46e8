//! Detects sounds in recordings, with start and end times: any number of files of any length, in constant memory.
//!
//! ```text
//! arguments -> InputFiles -> AudioStream -> Windower -> Ensemble -> EventFinder -> TagResult -> ResumeLog -> Format
//!              inputs        earmark-audio  windows     model       events         result       resume_log   formats
//! ```
//!
//! A window is scored as [`predict`](crate::predict()) would score a clip of its samples: its features do not depend on
//! what came before it. So scores do not depend on how a recording was read, and a window that was cut out and saved
//! scores the same.
//!
//! Several files are tagged at a time ([`TagJob`]). The results of each go to a resume log, one write per file, and the
//! output is made from it: if the process is killed, only the files in progress are lost ([`resume_log`]).

mod batches;
pub mod classes;
mod config;
pub mod default_model;
mod detected_events;
mod error;
mod event_output;
pub mod events;
pub mod formats;
mod index_events;
pub mod inputs;
mod job;
mod many_recordings;
mod one_recording;
pub mod output;
mod recording_facts;
pub mod result;
pub mod resume_log;
mod score_files;
mod scoring_threads;
mod scratch_file;
pub(crate) mod tables;
mod tagged_recording;
pub mod tagger;
pub mod windows;
mod workers;

pub use crate::window_rule::WindowHop;
pub use config::TagConfig;
pub use detected_events::{TaggedEvent, TaggedEvents};
pub use error::TagError;
pub use event_output::EventSummary;
pub use events::EventScore;
pub use formats::Format;
pub use index_events::IndexEvents;
pub use inputs::{InputFile, InputFiles};
pub use job::{TagEvent, TagJob};
pub use output::{
    OutputTarget, TagSummary, check_archive, merge_tags, to_file, to_folder, to_memory, to_shard, to_stream,
};
pub use recording_facts::ScoreGrid;
pub use result::{ClassScore, SoundEvent, TagResult, WindowScores};
pub use score_files::ScoreFile;
pub use tagged_recording::TaggedRecording;
pub use tagger::Tagger;

#[cfg(test)]
mod tests;
