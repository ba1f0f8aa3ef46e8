//! Tags many recordings at a time.

use super::TagError;
use super::error::TagFailure;
use super::inputs::InputFile;
use super::resume_log::{FileStamp, TagLogEntry, TagOutcome};
use super::scratch_file::ScratchFile;
use super::tagger::Tagger;
use earmark_core::caught_panics::catch_panic;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;

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
}

/// A file that is done.
pub(super) struct FinishedRecording {
    /// Its index.
    pub index: usize,
    /// Its results.
    pub entry: TagLogEntry,
    /// Scores of its windows, if they are kept.
    pub lines: ScratchFile,
}

/// Progress in bytes, shared by all workers.
struct ProgressMeter<'a> {
    job: &'a TagJob<'a>,
    files: AtomicUsize,
    of: usize,
    bytes: AtomicU64,
    of_bytes: u64,
}

impl ProgressMeter<'_> {
    fn report(&self) {
        (self.job.observer)(TagEvent::Progress {
            files: self.files.load(Ordering::Relaxed),
            of: self.of,
            bytes: self.bytes.load(Ordering::Relaxed),
            of_bytes: self.of_bytes,
        });
    }
}

/// Tags `files[i]` for each i of `todo` and passes results to `take` as they come, on the calling thread. False when stopped.
/// Scratch files are made in `scratch_folder`. `begin` is called with each file before it is read, by the thread that reads it.
///
/// With at least as many files as threads, each file has one thread, so that nothing is shared; with fewer, each has several.
pub(super) fn tag_all(
    job: &TagJob,
    files: &[InputFile],
    todo: &[usize],
    scratch_folder: &Path,
    begin: &(dyn Fn(usize) -> Result<(), TagError> + Sync),
    mut take: impl FnMut(FinishedRecording) -> Result<(), TagError>,
) -> Result<bool, TagError> {
    let threads = match job.threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        n => n,
    };
    let workers = if job.workers == 0 { threads } else { job.workers };
    let workers = workers.min(todo.len()).max(1);
    let pools = (0..workers)
        .map(|_| pool(threads.div_ceil(workers)))
        .collect::<Result<Vec<_>, _>>()?;
    let size = |i: &usize| std::fs::metadata(&files[*i].path).map_or(0, |m| m.len());
    let meter = ProgressMeter {
        job,
        files: AtomicUsize::new(files.len() - todo.len()),
        of: files.len(),
        bytes: AtomicU64::new(0),
        of_bytes: todo.iter().map(size).sum(),
    };
    let next = AtomicUsize::new(0);
    let failed = AtomicBool::new(false);
    let stopped = || job.stop.load(Ordering::Relaxed) || failed.load(Ordering::Relaxed);
    let (send, receive) = sync_channel::<Result<FinishedRecording, TagError>>(workers);
    std::thread::scope(|s| {
        for pool in &pools {
            let (send, next, meter, stopped) = (send.clone(), &next, &meter, &stopped);
            s.spawn(move || {
                while let Some(&index) = todo.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if stopped() {
                        return;
                    }
                    if let Err(error) = begin(index) {
                        // Without a receiver, it has failed already.
                        let _ = send.send(Err(error));
                        return;
                    }
                    let mut lines = ScratchFile::new(scratch_folder);
                    let result = match pool.install(|| tag_one(meter, &files[index], &mut lines)) {
                        Ok(entry) => Ok(FinishedRecording { index, entry, lines }),
                        Err(TagFailure::Fatal(error)) => Err(error),
                        Err(TagFailure::Stopped | TagFailure::Recording(_)) => return,
                    };
                    if send.send(result).is_err() {
                        return;
                    }
                }
            });
        }
        drop(send);
        let mut taken = 0;
        for done in receive {
            let result = done.and_then(|done| {
                if let TagOutcome::Failed { file, reason } = &done.entry.outcome {
                    (job.observer)(TagEvent::Skipped { file, reason });
                }
                take(done)
            });
            failed.store(result.is_err(), Ordering::Relaxed);
            result?;
            taken += 1;
            meter.files.fetch_add(1, Ordering::Relaxed);
            meter.report();
        }
        Ok(taken == todo.len())
    })
}

fn pool(threads: usize) -> Result<rayon::ThreadPool, TagError> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.map_err(|e| {
        TagError::Request(format!(
            "--workers: can't start {threads} more threads ({e}); use fewer workers or --threads"
        ))
    })
}

/// Tags one file; a file that can't be read, or that changes meanwhile, fails as a whole.
fn tag_one(
    meter: &ProgressMeter,
    input: &InputFile,
    lines: &mut ScratchFile,
) -> Result<TagLogEntry, TagFailure> {
    let before = FileStamp::of(&input.path);
    let size = before.map_or(0, |stamp| stamp.size);
    let mut counted = 0;
    let mut advance_to = |bytes: u64| {
        if bytes > counted {
            meter.bytes.fetch_add(bytes - counted, Ordering::Relaxed);
            counted = bytes;
        }
    };
    let progress = |share: f64| {
        advance_to((share.clamp(0.0, 1.0) * size as f64) as u64);
        meter.report();
    };
    let TagJob { tagger, stop, .. } = *meter.job;
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
