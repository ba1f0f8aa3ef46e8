//! What is tagged how, and what is reported meanwhile.

use super::tagger::Tagger;
use crate::time_and_place::TimesAndPlaces;
use std::sync::atomic::AtomicBool;

/// What a tagging job reports while it runs; called from any thread.
#[derive(Debug)]
pub enum TagEvent<'a> {
    /// More is done.
    Progress {
        /// Recordings done, including those of earlier runs.
        files: usize,
        /// Recordings in all.
        of: usize,
        /// Bytes done, including those of recordings in progress: time is estimated from these.
        bytes: u64,
        /// Bytes in all.
        of_bytes: u64,
    },
    /// A recording can't be tagged.
    Skipped {
        /// Its name.
        file: &'a str,
        /// Why.
        reason: &'a str,
    },
    /// A line for the user.
    Note(String),
    /// The same about something that went wrong: it is to be shown even where notes are not.
    Warning(String),
}

/// How files are tagged.
#[derive(Clone, Copy)]
pub struct TagJob<'a> {
    /// What tags them.
    pub tagger: &'a Tagger,
    /// Number of threads in all (0 = one per core).
    pub threads: usize,
    /// Number of files at a time (0 = one per thread). Results do not depend on it.
    pub workers: usize,
    /// Receives progress and skipped recordings.
    pub observer: &'a (dyn Fn(TagEvent) + Sync),
    /// Ends the work early.
    pub stop: &'a AtomicBool,
    /// When and where the recordings were made, to be written with their results; `None` to leave that out.
    pub times_and_places: Option<&'a TimesAndPlaces>,
}
