//! The manifest of an index: what made it, and which shards there are.

use crate::EmbeddingsError;
use earmark_core::atomic;
use earmark_core::checksum::{Seal, check_seal, seal};
use serde::{Deserialize, Serialize};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Version of the layout of the folder.
const FORMAT: u32 = 1;

/// Numbers per window and samples of a window at most: with these, sizes of what is read do not overflow.
const MOST_NUMBERS: usize = 1 << 24;
const MOST_SAMPLES: usize = 1 << 32;

/// What made an index, and what it consists of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IndexManifest {
    /// Version of the layout of the folder.
    pub format: u32,
    /// Version of the program that wrote it.
    pub earmark: String,
    /// The model.
    pub model: IndexModel,
    /// The windows.
    pub windows: IndexWindows,
    /// Numbers per window.
    pub width: usize,
    /// Number of the next shard.
    pub next_shard: u64,
    /// The shards, in the order of their rows.
    pub shards: Vec<IndexShard>,
}

/// The model of an index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexModel {
    /// Its name as it was given: where it is looked for.
    pub name: String,
    /// BLAKE3 hash of its file; where it computed in a reduced precision, with ` in bf16` or ` in int8` behind it.
    pub hash: String,
}

impl IndexModel {
    /// In a message: its name, the start of its hash, and in what precision it computed, if not in single.
    pub fn short(&self) -> String {
        let (content, precision) = self.hash.split_at(self.hash.find(' ').unwrap_or(self.hash.len()));
        let start = content.get(..12).unwrap_or(content);
        format!("{} ({start}{precision})", self.name)
    }
}

/// The windows of an index, in samples of the model's rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexWindows {
    /// The model's rate, in hertz.
    pub sample_rate_hz: u32,
    /// Samples of a window.
    pub window_samples: usize,
    /// Samples from one start to the next.
    pub hop_samples: usize,
}

/// A shard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IndexShard {
    /// Its number, in the names of its files.
    pub number: u64,
    /// Windows.
    pub rows: usize,
    /// Recordings.
    pub recordings: usize,
    /// Checksum of its table.
    pub table: String,
    /// Checksum of its float32 vectors.
    pub float32: String,
    /// Checksum of its vectors as bytes.
    pub int8: String,
    /// Rows of recordings that have changed since, as first row and number of rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaced: Vec<(usize, usize)>,
}

impl IndexShard {
    /// The path of one of its files.
    pub(super) fn path(&self, folder: &Path, ending: &str) -> PathBuf {
        folder.join(format!("shard-{:06}.{ending}", self.number))
    }

    /// Whether the rows that begin at this one are of a recording that has changed.
    pub(super) fn is_replaced(&self, first_row: usize) -> bool {
        self.replaced.iter().any(|(first, _)| *first == first_row)
    }

    /// Rows of recordings that have changed.
    pub(super) fn replaced_rows(&self) -> usize {
        self.replaced.iter().map(|(_, rows)| rows).sum()
    }
}

impl IndexWindows {
    /// Start of a window of a recording, in seconds.
    pub fn start_seconds(&self, window: usize) -> f64 {
        milliseconds((window * self.hop_samples) as f64 / f64::from(self.sample_rate_hz))
    }

    /// End of a window of a recording of this many samples, in seconds.
    pub fn end_seconds(&self, window: usize, samples: u64) -> f64 {
        let end = (window * self.hop_samples + self.window_samples) as u64;
        milliseconds(end.min(samples) as f64 / f64::from(self.sample_rate_hz))
    }

    /// From one window to the next, in seconds.
    pub fn hop_seconds(&self) -> f64 {
        self.hop_samples as f64 / f64::from(self.sample_rate_hz)
    }
}

/// Seconds to milliseconds, finer than any hop.
fn milliseconds(seconds: f64) -> f64 {
    (seconds * 1e3).round() / 1e3
}

impl IndexManifest {
    /// Of an index without shards.
    pub fn new(model: IndexModel, windows: IndexWindows, width: usize) -> Self {
        Self {
            format: FORMAT,
            earmark: earmark_core::VERSION.to_owned(),
            model,
            windows,
            width,
            next_shard: 1,
            shards: Vec::new(),
        }
    }

    /// The path of the manifest of an index.
    pub fn path(folder: &Path) -> PathBuf {
        folder.join("index.json")
    }

    /// Recordings and windows that count.
    pub fn recordings_and_windows(&self) -> (usize, usize) {
        let counts = self.shards.iter().map(|shard| {
            let recordings = shard.recordings - shard.replaced.len();
            (recordings, shard.rows - shard.replaced_rows())
        });
        counts.fold((0, 0), |(a, b), (recordings, rows)| (a + recordings, b + rows))
    }

    /// Reads the manifest of an index.
    ///
    /// # Errors
    ///
    /// Where there is none, or it is damaged or of a later version.
    pub fn read(folder: &Path) -> Result<Self, EmbeddingsError> {
        let path = Self::path(folder);
        let bad = |problem: String| EmbeddingsError::new(&path, problem);
        let json = std::fs::read(&path).map_err(|e| match e.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => EmbeddingsError::new(
                folder,
                "is not an index; make one with `earmark index add ARCHIVE --model M --to X`",
            ),
            _ => bad(format!("cannot be read: {e}")),
        })?;
        if check_seal(&json) != Seal::Whole {
            return Err(bad(
                "is damaged: its checksum differs, or is missing; restore it from a copy, or make the index again"
                    .into(),
            ));
        }
        let found: Self = serde_json::from_slice(&json).map_err(|e| {
            bad(format!(
                "is not a manifest of an index ({e}); restore it from a copy"
            ))
        })?;
        if found.format > FORMAT {
            return Err(bad(format!(
                "has format {}, and this version reads formats up to {FORMAT}; take a later version of earmark",
                found.format
            )));
        }
        found.check().map_err(|problem| {
            bad(format!(
                "{problem}; restore it from a copy, or make the index again"
            ))
        })?;
        Ok(found)
    }

    fn check(&self) -> Result<(), &'static str> {
        let IndexWindows {
            sample_rate_hz,
            window_samples,
            hop_samples,
        } = self.windows;
        let wrong = [
            (
                !(1..=MOST_NUMBERS).contains(&self.width),
                "says that vectors have no numbers, or far too many",
            ),
            (
                sample_rate_hz == 0
                    || window_samples > MOST_SAMPLES
                    || !(1..=window_samples).contains(&hop_samples),
                "says that windows have no length, rate or distance, or far too long ones",
            ),
            (
                self.shards.iter().any(|shard| shard.number >= self.next_shard),
                "has a shard with a number that is still to come",
            ),
            (
                self.shards.iter().any(|shard| {
                    shard.replaced_rows() > shard.rows || shard.replaced.len() > shard.recordings
                }),
                "has a shard with more replaced windows than it has",
            ),
        ];
        match wrong.into_iter().find(|(is_wrong, _)| *is_wrong) {
            Some((_, what)) => Err(what),
            None => Ok(()),
        }
    }

    /// Writes the manifest, in one step.
    pub(super) fn write(&self, folder: &Path) -> Result<(), EmbeddingsError> {
        let path = Self::path(folder);
        let json = serde_json::to_string_pretty(self)
            .map_err(|e| EmbeddingsError::new(&path, format!("cannot be written: {e}")))?;
        let json = seal(json) + "\n";
        atomic::write(&path, |out| out.write_all(json.as_bytes())).map_err(|e| write_failed(&e))
    }

    /// Refuses another model, other windows or another width, and names the difference.
    ///
    /// # Errors
    ///
    /// For the first difference.
    pub fn refuse_other(
        &self,
        folder: &Path,
        model: &IndexModel,
        windows: IndexWindows,
        width: usize,
    ) -> Result<(), EmbeddingsError> {
        let seconds = |samples: usize, rate: u32| milliseconds(samples as f64 / f64::from(rate));
        let (ours, theirs) = (self.windows, windows);
        let pairs = [
            (
                "model",
                self.model.short(),
                model.short(),
                self.model.hash == model.hash,
            ),
            (
                "sample rate",
                format!("{} Hz", ours.sample_rate_hz),
                format!("{} Hz", theirs.sample_rate_hz),
                ours.sample_rate_hz == theirs.sample_rate_hz,
            ),
            (
                "window",
                format!("{} s", seconds(ours.window_samples, ours.sample_rate_hz)),
                format!("{} s", seconds(theirs.window_samples, theirs.sample_rate_hz)),
                ours.window_samples == theirs.window_samples,
            ),
            (
                "hop",
                format!("{} s", seconds(ours.hop_samples, ours.sample_rate_hz)),
                format!("{} s", seconds(theirs.hop_samples, theirs.sample_rate_hz)),
                ours.hop_samples == theirs.hop_samples,
            ),
            (
                "width",
                self.width.to_string(),
                width.to_string(),
                self.width == width,
            ),
        ];
        match pairs.into_iter().find(|(.., is_same)| !is_same) {
            None => Ok(()),
            Some((what, have, asked, _)) => Err(EmbeddingsError::new(
                folder,
                format!(
                    "is an index of another {what}: {have}, and not {asked}; give what made it, or choose another \
                     folder"
                ),
            )),
        }
    }
}

/// A failed write as an error of embeddings.
pub(super) fn write_failed(error: &atomic::WriteError) -> EmbeddingsError {
    EmbeddingsError::new(
        &error.path,
        format!(
            "cannot be written: {}; check the disk and the folder",
            error.cause
        ),
    )
}
