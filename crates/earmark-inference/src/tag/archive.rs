//! Many recordings at a time.

use super::inputs::Input;
use super::resume_log::{Entry, Outcome, Stamp};
use super::scratch::ScratchFile;
use super::tagger::{Failed, Tagger};
use super::{TagError, TagResult};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;

/// What a hearing tells while it works; from any thread.
#[derive(Debug)]
pub enum TagEvent<'a> {
    /// It goes on.
    Progress {
        /// Recordings done, those of before a resumption among them.
        files: usize,
        /// Recordings in all.
        of: usize,
        /// Bytes done, parts of recordings among them: time is told by these.
        bytes: u64,
        /// Bytes in all.
        of_bytes: u64,
    },
    /// A recording can't be heard.
    Skipped {
        /// Its name.
        file: &'a str,
        /// Why.
        reason: &'a str,
    },
    /// A line worth telling.
    Note(String),
}

/// How files are heard.
#[derive(Clone, Copy)]
pub struct TagJob<'a> {
    /// With what.
    pub tagger: &'a Tagger,
    /// Threads in all; 0 is one a core.
    pub threads: usize,
    /// Files at a time; 0 is as many as there are threads. Results do not depend on it.
    pub workers: usize,
    /// Hears what happens.
    pub observer: &'a (dyn Fn(TagEvent) + Sync),
    /// Ends the work where it is.
    pub stop: &'a AtomicBool,
}

/// What came of one file.
pub(super) struct Done {
    /// Its index.
    pub index: usize,
    /// What is said of it.
    pub entry: Entry,
    /// Scores of its windows, where they are kept.
    pub lines: ScratchFile,
}

/// Progress in bytes, shared by all workers.
struct Meter<'a> {
    hearing: &'a TagJob<'a>,
    files: AtomicUsize,
    of: usize,
    bytes: AtomicU64,
    of_bytes: u64,
}

impl Meter<'_> {
    fn tell(&self) {
        (self.hearing.observer)(TagEvent::Progress {
            files: self.files.load(Ordering::Relaxed),
            of: self.of,
            bytes: self.bytes.load(Ordering::Relaxed),
            of_bytes: self.of_bytes,
        });
    }
}

/// Hears `files[i]` for each i of `todo`, and hands results to `take` as they come, on the calling thread. Says whether it came to the
/// end. `folder` and `stem` are for scratch files.
///
/// Each file is heard on one thread where there are as many files as threads: nothing is shared, nobody waits. Where there are
/// fewer, each has several.
pub(super) fn hear_all(
    hearing: &TagJob,
    files: &[Input],
    todo: &[usize],
    scratch: &(PathBuf, String),
    mut take: impl FnMut(Done) -> Result<(), TagError>,
) -> Result<bool, TagError> {
    let threads = match hearing.threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        n => n,
    };
    let workers = match hearing.workers {
        0 => threads,
        n => n,
    }
    .min(todo.len())
    .max(1);
    let pools = (0..workers)
        .map(|_| pool(threads.div_ceil(workers)))
        .collect::<Result<Vec<_>, _>>()?;
    let size = |i: &usize| std::fs::metadata(&files[*i].path).map_or(0, |m| m.len());
    let meter = Meter {
        hearing,
        files: AtomicUsize::new(files.len() - todo.len()),
        of: files.len(),
        bytes: AtomicU64::new(0),
        of_bytes: todo.iter().map(size).sum(),
    };
    let next = AtomicUsize::new(0);
    let given_up = AtomicBool::new(false);
    let stopped = || hearing.stop.load(Ordering::Relaxed) || given_up.load(Ordering::Relaxed);
    let (send, receive) = sync_channel::<Result<Done, TagError>>(workers);
    std::thread::scope(|scope| {
        for pool in &pools {
            let (send, next, meter, stopped) = (send.clone(), &next, &meter, &stopped);
            scope.spawn(move || {
                while let Some(&index) = todo.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if stopped() {
                        return;
                    }
                    let mut lines = ScratchFile::new(&scratch.0, &scratch.1);
                    let result = match pool.install(|| hear_one(meter, &files[index], &mut lines)) {
                        Ok(entry) => Ok(Done { index, entry, lines }),
                        Err(Failed::Everything(error)) => Err(error),
                        Err(Failed::Stopped | Failed::Recording(_)) => return,
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
            let told = done.and_then(|done| {
                if let Outcome::Failed { file, reason } = &done.entry.outcome {
                    (hearing.observer)(TagEvent::Skipped { file, reason });
                }
                take(done)
            });
            if let Err(error) = told {
                given_up.store(true, Ordering::Relaxed);
                return Err(error);
            }
            taken += 1;
            meter.files.fetch_add(1, Ordering::Relaxed);
            meter.tell();
        }
        Ok(taken == todo.len())
    })
}

fn pool(threads: usize) -> Result<rayon::ThreadPool, TagError> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|e| {
            TagError::Request(format!(
                "--workers: {threads} more threads can't be had ({e}); use fewer workers or --threads"
            ))
        })
}

/// Hears one file; a file that can't be heard, or that changes meanwhile, is told of and never half of a result.
fn hear_one(meter: &Meter, input: &Input, lines: &mut ScratchFile) -> Result<Entry, Failed> {
    let before = Stamp::of(&input.path);
    let size = before.map_or(0, |stamp| stamp.size);
    let mut told = 0;
    let mut at = |bytes: u64| {
        if bytes > told {
            meter.bytes.fetch_add(bytes - told, Ordering::Relaxed);
            told = bytes;
        }
    };
    let heard =
        meter
            .hearing
            .tagger
            .decode_and_score(&input.path, &input.name, lines, meter.hearing.stop, |share| {
                at((share.clamp(0.0, 1.0) * size as f64) as u64);
                meter.tell();
            });
    let result: Result<TagResult, String> = match heard {
        Ok(_) if Stamp::of(&input.path) != before => Err(
            "changed while it was read; let it be written to its end and run the same command again".into(),
        ),
        Ok(heard) => Ok(heard),
        Err(Failed::Recording(reason)) => Err(reason),
        Err(other) => return Err(other),
    };
    at(size);
    if result.is_err() {
        lines.clear();
    }
    Ok(Entry {
        stamp: before.unwrap_or_default(),
        outcome: match result {
            Ok(heard) => Outcome::Tagged(heard),
            Err(reason) => Outcome::Failed {
                file: input.name.clone(),
                reason,
            },
        },
    })
}
