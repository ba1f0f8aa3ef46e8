//! What is heard in recordings, and when: any number of files of any length, in flat memory.
//!
//! ```text
//! words -> Inputs -> AudioStream -> Windower -> Ear -> EventFinder -> TagResult -> ResumeLog -> Format
//!          inputs    earmark-audio  windows     ear    events         record   journal    formats
//! ```
//!
//! A window is scored as a clip of its samples would be by [`predict`](crate::predict()): its features know nothing of
//! what came before it. So scores do not depend on how a recording was read, and a window cut out and saved scores the same.
//!
//! Several files are heard at a time ([`archive`]). What was heard of each goes to a journal, one write a file, and the tables that
//! people read are made from it: a kill at any moment costs the files in hand and nothing else ([`resume_log`]).

pub mod archive;
pub mod classes;
pub mod default_model;
pub mod events;
pub mod formats;
pub mod inputs;
pub mod output;
pub mod result;
pub mod resume_log;
mod scratch;
pub mod tagger;
pub mod windows;

pub use archive::{TagEvent, TagJob};
pub use events::Summary;
pub use formats::Format;
pub use inputs::{Input, Inputs};
pub use output::{Target, Told, to_file, to_folder, to_stream};
pub use result::{ClassScore, SoundEvent, TagResult, WindowScores};
pub use tagger::{Step, TagConfig, Tagger};

use crate::PipelineError;
use earmark_core::atomic::WriteError;
use std::path::PathBuf;

/// Why nothing, or no more, can be heard. What is wrong with a single recording is no such error: it is told with the results.
#[derive(Debug, thiserror::Error)]
pub enum TagError {
    /// A model can't be used.
    #[error(transparent)]
    Model(#[from] PipelineError),
    /// Results can't be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The journal can't be read.
    #[error("{path}: cannot be read: {cause}; check the disk and the path, then try again")]
    Read {
        /// The journal.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// Another process writes there.
    #[error("{0}: another earmark writes there; wait for it, or choose another output")]
    Locked(PathBuf),
    /// Not a journal.
    #[error("{0}: is no journal of `earmark tag`; move it away, or choose another output")]
    Foreign(PathBuf),
    /// A journal of other settings.
    #[error(
        "{path}: was begun with {key} {then} and not with {now}; give the same, or add --fresh to begin again (what is in it is then lost)"
    )]
    OtherSettings {
        /// The journal.
        path: PathBuf,
        /// The setting.
        key: String,
        /// Its value in the journal.
        then: String,
        /// Its value now.
        now: String,
    },
    /// A pipe or stdout does not take results.
    #[error("cannot be written: {0}; name a file with -o instead")]
    Stream(#[from] std::io::Error),
    /// A request that can't be.
    #[error("{0}")]
    Request(String),
}

#[cfg(test)]
mod tests;
