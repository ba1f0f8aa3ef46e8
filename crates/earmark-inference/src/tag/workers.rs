//! What each worker does: it takes one recording after the other and tags it.

use super::TagError;
use super::error::TagFailure;
use super::inputs::InputFile;
use super::job::{TagEvent, TagJob};
use super::resume_log::{FileStamp, NOTE_EVERY, TagLogEntry, TagOutcome};
use super::scratch_file::ScratchFile;
use earmark_core::caught_panics::catch_panic;
use earmark_core::remote;
use rayon::ThreadPool;
use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

/// A file that is done.
pub(super) struct FinishedRecording {
    /// Its index.
    pub index: usize,
    /// Its results.
    pub entry: TagLogEntry,
    /// Scores of its windows, if they are kept.
    pub lines: ScratchFile,
}

/// A moment of the work that is noted, so that the next process knows it if this one dies.
pub(super) enum Milestone {
    /// The file of this index is about to be read, by the thread that reads it.
    Begun(usize),
    /// Windows of a file that are scored, every [`NOTE_EVERY`].
    Reached {
        /// Its index.
        index: usize,
        /// How many.
        windows: u64,
    },
    /// The work is to end early. What is in work may still end in a result.
    Stopping,
}

/// What notes milestones.
pub(super) type Note<'a> = &'a (dyn Fn(Milestone) -> Result<(), TagError> + Sync);

/// Progress in bytes, shared by all workers.
struct ProgressMeter {
    files: AtomicUsize,
    of: usize,
    bytes: AtomicU64,
    of_bytes: u64,
}

/// What all workers share.
pub(super) struct SharedWork<'a> {
    pub job: &'a TagJob<'a>,
    files: &'a [InputFile],
    /// The files that are left, by index, and which of them is the next.
    todo: &'a [usize],
    next: AtomicUsize,
    /// Whether something failed that ends the work.
    failed: AtomicBool,
    /// Where scratch files are made.
    scratch_folder: &'a Path,
    pub note: Note<'a>,
    meter: ProgressMeter,
    /// Bytes of the files that are left, by index.
    sizes: HashMap<usize, u64>,
}

/// Bytes of a file. At an address, only where a listing said it: to ask for each would take long.
fn size_of(path: &Path) -> u64 {
    match remote::address(path) {
        Some(address) => {
            let known = remote::files().ok().and_then(|files| files.known(address));
            known.map_or(0, |stamp| stamp.size)
        }
        None => std::fs::metadata(path).map_or(0, |found| found.len()),
    }
}

impl<'a> SharedWork<'a> {
    /// The work on `files[i]` for each i of `todo`.
    pub fn new(
        job: &'a TagJob<'a>,
        files: &'a [InputFile],
        todo: &'a [usize],
        scratch_folder: &'a Path,
        note: Note<'a>,
    ) -> Self {
        let sizes: HashMap<usize, u64> = todo.iter().map(|i| (*i, size_of(&files[*i].path))).collect();
        Self {
            job,
            files,
            todo,
            next: AtomicUsize::new(0),
            failed: AtomicBool::new(false),
            scratch_folder,
            note,
            meter: ProgressMeter {
                files: AtomicUsize::new(files.len() - todo.len()),
                of: files.len(),
                bytes: AtomicU64::new(0),
                of_bytes: sizes.values().sum(),
            },
            sizes,
        }
    }

    /// Whether the job is to end early.
    pub fn is_stopping(&self) -> bool {
        self.job.stop.load(Ordering::Relaxed)
    }

    /// No more files are begun.
    pub fn fail(&self) {
        self.failed.store(true, Ordering::Relaxed);
    }

    /// One more file is done and its results are kept.
    pub fn count_one(&self) {
        self.meter.files.fetch_add(1, Ordering::Relaxed);
        self.report();
    }

    /// Tags one file after the other, on the threads of a pool or on this one, and passes each to `deliver`; until none
    /// is left, the work is to end, or `deliver` returns false.
    pub fn run(
        &self,
        pool: Option<&ThreadPool>,
        mut deliver: impl FnMut(Result<FinishedRecording, TagError>) -> bool,
    ) {
        while let Some(&index) = self.todo.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            if self.is_stopping() || self.failed.load(Ordering::Relaxed) {
                return;
            }
            let begun = (self.note)(Milestone::Begun(index)).map_err(TagFailure::Fatal);
            let result = match begun.and_then(|()| self.file(pool, index)) {
                Ok(done) => Ok(done),
                Err(TagFailure::Fatal(error)) => Err(error),
                Err(TagFailure::Stopped | TagFailure::Recording(_)) => return,
            };
            if !deliver(result) {
                return;
            }
        }
    }

    /// Tags one file; one that can't be read, or that changes meanwhile, fails as a whole.
    fn file(&self, pool: Option<&ThreadPool>, index: usize) -> Result<FinishedRecording, TagFailure> {
        let mut lines = ScratchFile::new(self.scratch_folder);
        let entry = match pool {
            Some(pool) => pool.install(|| self.entry(index, &mut lines)),
            None => self.entry(index, &mut lines),
        };
        let entry = entry?;
        Ok(FinishedRecording { index, entry, lines })
    }

    fn entry(&self, index: usize, lines: &mut ScratchFile) -> Result<TagLogEntry, TagFailure> {
        let input = &self.files[index];
        let before = FileStamp::of(&input.path);
        let size = self.sizes.get(&index).copied().unwrap_or(0);
        let (mut counted, mut noted) = (0, 0);
        let mut advance_to = |bytes: u64| {
            if bytes > counted {
                self.meter.bytes.fetch_add(bytes - counted, Ordering::Relaxed);
                counted = bytes;
            }
        };
        let progress = |share: f64, windows: u64| {
            advance_to((share.clamp(0.0, 1.0) * size as f64) as u64);
            self.report();
            if windows >= noted + NOTE_EVERY {
                noted = windows;
                // What keeps this note from being written keeps the results from it as well, and is reported then.
                let _ = (self.note)(Milestone::Reached { index, windows });
            }
        };
        let TagJob { tagger, stop, .. } = *self.job;
        let tagged = catch_panic(|| tagger.decode_and_score(&input.path, &input.name, lines, stop, progress));
        let tagged = tagged.unwrap_or_else(|what| Err(TagFailure::Recording(what)));
        let failed = |reason: String| TagOutcome::Failed {
            file: input.name.clone(),
            reason,
        };
        let outcome = match tagged {
            Ok(result) if FileStamp::of(&input.path) == before => TagOutcome::Tagged(result),
            Ok(_) => failed(
                "changed while it was read; wait until it is complete and run the same command again".into(),
            ),
            Err(TagFailure::Recording(reason)) => failed(reason),
            Err(other) => return Err(other),
        };
        advance_to(size);
        if matches!(outcome, TagOutcome::Failed { .. }) {
            lines.clear();
        }
        Ok(TagLogEntry {
            stamp: before.unwrap_or_default(),
            outcome,
        })
    }

    fn report(&self) {
        let meter = &self.meter;
        (self.job.observer)(TagEvent::Progress {
            files: meter.files.load(Ordering::Relaxed),
            of: meter.of,
            bytes: meter.bytes.load(Ordering::Relaxed),
            of_bytes: meter.of_bytes,
        });
    }
}
