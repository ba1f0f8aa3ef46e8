//! The first pass over a data set: every file is decoded or found in the cache; broken ones are reported.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use earmark_audio::ClipNote;
use rayon::prelude::*;

use super::cache_key::CachedForm;
use super::config::DiskCache;
use super::content_hash::ContentHash;
use super::error::ItemError;
use super::look_up_or_compute::FeatureStore;
use crate::damaged_recordings::ClipDamage;
use crate::dataset::item::Item;
use crate::scan::OnProgress;

/// What the first pass finds out about a readable clip.
#[derive(Clone, Debug, PartialEq)]
pub struct PreparedClip {
    /// Frames of its features; 0 for a clip without samples.
    pub frames: usize,
    /// Number of its segments, at least one.
    pub segments: usize,
    /// The hash of its file.
    pub content: ContentHash,
    /// What decoding noted: resampled, mixed down, empty.
    pub notes: Vec<ClipNote>,
    /// What is missing of it, where damaged recordings are used.
    pub damage: Option<ClipDamage>,
}

/// What the first pass found. The order is that of the items.
#[derive(Debug)]
pub struct Prepared {
    /// One for each item; `None` where it failed.
    pub clips: Vec<Option<PreparedClip>>,
    /// The items that have no features: index and reason. They must be left out, and named to the user.
    pub failed: Vec<(usize, ItemError)>,
    /// What the user should know about the cache.
    pub notes: Vec<CacheNote>,
}

/// Something about the cache that costs time but changes no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CacheNote {
    /// The set does not fit in memory.
    #[error(
        "the features need {needed_mib} MiB, but cache.memory-mib is {memory_mib}: the rest is read from disk each time; raise it if there is memory"
    )]
    Memory {
        /// What the set needs.
        needed_mib: u64,
        /// The budget.
        memory_mib: u64,
    },
    /// The set does not fit on disk either.
    #[error(
        "the features need {needed_mib} MiB, more than memory ({memory_mib} MiB) and the disk cache ({disk_mib} MiB): they are computed again in each epoch; raise cache.disk-mib"
    )]
    Disk {
        /// What the set needs.
        needed_mib: u64,
        /// The memory budget.
        memory_mib: u64,
        /// The disk budget; 0 without a disk cache.
        disk_mib: u64,
    },
    /// The folder cannot be written to.
    #[error("features are not cached between runs: {reason}; or set cache.disk = \"off\"")]
    NotKept {
        /// The path, what is wrong and what to do.
        reason: String,
    },
    /// There is no folder to write to.
    #[error(
        "features are not cached between runs, as no cache folder is known: set EARMARK_CACHE or cache.disk.dir"
    )]
    NoFolder,
}

/// The first pass was stopped before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "stopped after {done} of {total} files; run the command again to continue, finished files are cached"
)]
pub struct Interrupted {
    /// Files done.
    pub done: usize,
    /// Files in total.
    pub total: usize,
}

impl FeatureStore {
    /// Computes the features of all `items`, or finds them in the cache, in parallel.
    ///
    /// `progress` is called with the items done and the items in total, from any thread; once `stop` is true, no further
    /// item is started.
    ///
    /// # Errors
    ///
    /// Only when stopped. Files that fail are in [`Prepared::failed`].
    pub fn prepare(
        &self,
        items: &[Item],
        progress: &OnProgress<'_>,
        stop: &AtomicBool,
    ) -> Result<Prepared, Interrupted> {
        self.prepare_as(CachedForm::Features, items, progress, stop)
    }

    /// As [`prepare`](Self::prepare), with what is to be cached: samples for a recipe that augments the waveform.
    ///
    /// # Errors
    ///
    /// As [`prepare`](Self::prepare).
    pub fn prepare_as(
        &self,
        form: CachedForm,
        items: &[Item],
        progress: &OnProgress<'_>,
        stop: &AtomicBool,
    ) -> Result<Prepared, Interrupted> {
        let done = AtomicUsize::new(0);
        let outcomes: Vec<Option<Result<(PreparedClip, u64), ItemError>>> = self.workers.run(|| {
            items
                .par_iter()
                .map(|item| {
                    if stop.load(Ordering::Relaxed) {
                        return None;
                    }
                    let outcome = self.prepare_one(item, form);
                    progress(done.fetch_add(1, Ordering::Relaxed) + 1, items.len());
                    Some(outcome)
                })
                .collect()
        });
        let total = items.len();
        let (mut clips, mut failed, mut bytes) = (Vec::with_capacity(total), Vec::new(), 0);
        for (index, outcome) in outcomes.into_iter().enumerate() {
            match outcome {
                Some(Ok((clip, size))) => {
                    bytes += size;
                    clips.push(Some(clip));
                }
                Some(Err(error)) => {
                    failed.push((index, error));
                    clips.push(None);
                }
                None => {
                    return Err(Interrupted {
                        done: done.into_inner(),
                        total,
                    });
                }
            }
        }
        Ok(Prepared {
            clips,
            failed,
            notes: self.notes(bytes),
        })
    }

    fn prepare_one(&self, item: &Item, form: CachedForm) -> Result<(PreparedClip, u64), ItemError> {
        let looked = self.look_up(item, form)?;
        // What has no clip-level features is found out now, too.
        self.clip_features(item, Some(looked.content))?;
        let frames = match form {
            CachedForm::Features => looked.entry.features.frames,
            CachedForm::Samples => self.extractor.frames(looked.entry.features.frames),
        };
        let clip = PreparedClip {
            frames,
            segments: self.extractor.segment_count(frames),
            content: looked.content,
            notes: looked.entry.notes.clone(),
            damage: looked.entry.damage.clone(),
        };
        Ok((clip, looked.entry.bytes()))
    }

    fn notes(&self, bytes: u64) -> Vec<CacheNote> {
        let needed_mib = bytes.div_ceil(1 << 20);
        let memory_mib = self.config.memory_mib;
        let failure = self.disk.as_ref().and_then(|disk| disk.failure());
        let disk_mib = if self.disk.is_some() && failure.is_none() {
            self.config.disk_mib
        } else {
            0
        };
        let mut notes = Vec::new();
        if needed_mib > memory_mib && needed_mib > disk_mib {
            notes.push(CacheNote::Disk {
                needed_mib,
                memory_mib,
                disk_mib,
            });
        } else if needed_mib > memory_mib {
            notes.push(CacheNote::Memory {
                needed_mib,
                memory_mib,
            });
        }
        if let Some(error) = failure {
            notes.push(CacheNote::NotKept {
                reason: error.to_string(),
            });
        }
        if self.disk.is_none() && self.config.disk == DiskCache::Auto && self.config.disk_mib > 0 {
            notes.push(CacheNote::NoFolder);
        }
        notes
    }
}
