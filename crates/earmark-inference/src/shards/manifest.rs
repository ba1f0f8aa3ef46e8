//! What a shard says of itself, in a small JSON file with a checksum.

use super::{ArchiveDigest, Shard, ShardListing, request};
use crate::tag::Format;
use crate::{PipelineError, Skips};
use earmark_core::atomic::{self, WriteError};
use earmark_core::checksum::{Seal, check_seal, seal};
use earmark_metrics::BlendMean;
use serde::{Deserialize, Serialize};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Version of the manifest.
const FORMAT: u32 = 1;

/// What a shard says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShardManifest {
    /// Version of this file.
    #[serde(rename = "earmark-shard")]
    pub format: u32,
    /// Number of the shard, from 1.
    pub shard: u32,
    /// Number of shards.
    pub of: u32,
    /// Whether all of its recordings are done.
    pub finished: bool,
    /// The command line that makes this shard and the others, without `--shard`.
    pub command: Vec<String>,
    /// Everything that results depend on apart from the recordings, by the name of its flag.
    pub settings: Vec<(String, String)>,
    /// The archive.
    pub archive: ArchiveDigest,
    /// What the merge needs.
    pub output: ShardOutput,
    /// What became of the recordings.
    pub counts: ShardCounts,
    /// Place in the archive and name of each recording of the shard.
    pub files: Vec<(usize, String)>,
}

/// What became of the recordings of a shard.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ShardCounts {
    /// Those that could not be read, and why.
    pub skipped: Skips,
    /// Those of which a part is missing, and what.
    pub damaged: Skips,
    /// Those that contradict their sound, and how.
    pub notes: Skips,
    /// Recordings with results.
    pub done: usize,
    /// Events found in them.
    pub events: usize,
    /// Their length in all, in seconds.
    pub seconds: f64,
}

/// What the merge needs to know of a shard's files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ShardOutput {
    /// A resume log with events or scores of windows, or a file per recording.
    Tag(TagShard),
    /// Rows of embeddings.
    Embed {
        /// Numbers per row.
        width: usize,
        /// Whether rows are segments.
        segments: bool,
        /// Number of rows.
        rows: usize,
    },
    /// Rows of scores.
    Predict(PredictShard),
}

/// What the merge needs to know of a shard of `tag`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TagShard {
    /// Format of the output.
    pub format: Format,
    /// Whether there is a file per recording, so that nothing is left to merge.
    pub in_folder: bool,
    /// The detected classes.
    pub classes: Vec<String>,
    /// Whether scores of windows are written.
    pub windows: bool,
    /// Only the best classes of each window.
    pub top: Option<usize>,
    /// Rate of the samples that windows are cut from in hertz, length of a window and distance to the next, in samples.
    pub grid: (u32, usize, usize),
}

/// What the merge needs to know of a shard of `predict`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PredictShard {
    /// Format of the output, by its name.
    pub format: String,
    /// Whether rows are segments.
    pub segments: bool,
    /// Classes and number of rows of each model; of segments, of the blend.
    pub tables: Vec<(Vec<String>, usize)>,
    /// How models are blended.
    pub mean: BlendMean,
    /// Weight of each model, as text: JSON does not keep every bit of a number.
    pub weights: Option<Vec<String>>,
    /// Number of recordings that a model was trained on.
    pub trained_on: usize,
}

impl ShardOutput {
    /// Rows of numbers in the shard by model, with the numbers per row; of `tag`, none.
    pub(super) fn tables(&self) -> Vec<(usize, usize)> {
        match self {
            Self::Tag(_) => Vec::new(),
            Self::Embed { width, rows, .. } => vec![(*rows, *width)],
            Self::Predict(scores) => {
                let tables = scores.tables.iter();
                tables.map(|(classes, rows)| (*rows, classes.len())).collect()
            }
        }
    }
}

/// A shard that is made: where its files are, and what its manifest says of it.
#[derive(Clone, Debug)]
pub struct ShardRun {
    /// The output that the merge writes.
    pub out: PathBuf,
    /// Whether that is a folder with a file per recording.
    pub in_folder: bool,
    /// The recordings.
    pub listing: ShardListing,
    /// As in [`ShardManifest`].
    pub command: Vec<String>,
    /// As in [`ShardManifest`].
    pub settings: Vec<(String, String)>,
}

impl ShardRun {
    /// Where a file of the shard is.
    pub fn path(&self, ending: &str) -> PathBuf {
        self.listing.shard.path(&self.out, self.in_folder, ending)
    }

    /// Writes the manifest: `counts` of a shard that is finished, or none of one that is begun.
    ///
    /// # Errors
    ///
    /// When it can't be written.
    pub fn write(&self, output: ShardOutput, counts: Option<ShardCounts>) -> Result<(), WriteError> {
        let shard = self.listing.shard;
        let manifest = ShardManifest {
            format: FORMAT,
            shard: shard.number(),
            of: shard.of(),
            finished: counts.is_some(),
            command: self.command.clone(),
            settings: self.settings.clone(),
            archive: self.listing.archive.clone(),
            output,
            counts: counts.unwrap_or_default(),
            files: self.listing.files.clone(),
        };
        let path = self.path(".json");
        let json = serde_json::to_string(&manifest).map_err(|e| WriteError::new(&path, e.into()))?;
        atomic::write(&path, |w| w.write_all((seal(json) + "\n").as_bytes()))
    }

    /// Removes the manifest of an earlier run: what it speaks of is about to be replaced.
    ///
    /// # Errors
    ///
    /// When it can't be removed.
    pub fn forget(&self) -> Result<(), WriteError> {
        remove(&self.path(".json"))
    }
}

/// Removes a file, if it is there.
pub(super) fn remove(path: &Path) -> Result<(), WriteError> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(WriteError::new(path, e)),
        _ => Ok(()),
    }
}

/// Why a manifest is of no use: the shard has to be run again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Incomplete {
    Missing,
    Damaged,
    Unfinished,
}

impl Incomplete {
    pub fn word(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Damaged => "damaged",
            Self::Unfinished => "not finished",
        }
    }
}

impl ShardManifest {
    /// Reads the manifest of a shard. That it is missing or damaged is for the caller to report.
    pub(super) fn read(path: &Path, shard: Shard) -> Result<Result<Self, Incomplete>, PipelineError> {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Err(Incomplete::Missing)),
            Err(e) => return Err(unreadable(path, &e)),
        };
        if check_seal(&bytes) != Seal::Whole {
            return Ok(Err(Incomplete::Damaged));
        }
        match serde_json::from_slice::<Self>(&bytes)
            .ok()
            .filter(|found| found.format == FORMAT)
        {
            Some(manifest) if (manifest.shard, manifest.of) == (shard.number(), shard.of()) => {
                Ok(Ok(manifest))
            }
            // It was renamed.
            Some(_) => Ok(Err(Incomplete::Damaged)),
            None => Err(request(format!(
                "{}: is of another version of earmark; merge with that one, or run all shards again",
                path.display()
            ))),
        }
    }
}

pub(super) fn unreadable(path: &Path, error: &io::Error) -> PipelineError {
    request(format!(
        "{}: cannot be read: {error}; check the disk and the path, then try again",
        path.display()
    ))
}
