//! Shards: an archive in N parts, each for a process of its own, on machines that share nothing but the disk.
//!
//! ```text
//! archive -> ShardListing -> rows or resume log + ShardManifest   (N times, at any time, anywhere)
//!                            ShardSet -> the output that one process would have written
//! ```
//!
//! Which shard a recording is in follows from its path below the archive alone ([`Shard::has`]). A shard writes next to
//! the output `OUT`, under names that begin with `OUT.shard-K-of-N`, and nothing that another shard writes: there are
//! no locks. What it writes is lossless and not yet in the format of `OUT`, which the merge makes by the same code as
//! an unsharded run. The [`ShardManifest`] comes last and says what the shard is of; a [`ShardSet`] is complete and of
//! one kind, or refused.

mod differences;
mod job_array;
mod listing;
mod manifest;
mod rows;
mod set;

pub use listing::{ArchiveDigest, ShardListing};
pub use manifest::{PredictShard, ShardCounts, ShardManifest, ShardOutput, ShardRun, TagShard};
pub(crate) use rows::{merged_rows, save_rows};
pub use set::{ShardSet, refuse_other_shards};

use crate::PipelineError;
use earmark_core::checksum::Checksum;
use earmark_runs::run_dir::find_models;
use std::fmt;
use std::path::{Path, PathBuf};

/// More shards than this are a mistake.
const MOST: u32 = 1_000_000;

/// One of the parts of an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    number: u32,
    of: u32,
}

impl Shard {
    /// Shard `number` of `of`, from 1.
    ///
    /// # Errors
    ///
    /// For a number that is not among them.
    pub fn new(number: u32, of: u32) -> Result<Self, PipelineError> {
        if of > MOST {
            return Err(request(format!("--shard {number}/{of}: at most {MOST} shards")));
        }
        if number == 0 || number > of {
            return Err(request(format!(
                "--shard {number}/{of}: shards are numbered from 1 to N; give K/N, such as 3/50"
            )));
        }
        Ok(Self { number, of })
    }

    /// What `--shard` says: `K/N`, or `auto` for a job array, whose environment variables `get` gives.
    ///
    /// # Errors
    ///
    /// For anything else, and where there is no job array.
    pub fn parse(text: &str, get: &dyn Fn(&str) -> Option<String>) -> Result<Self, PipelineError> {
        if text == "auto" {
            return job_array::shard(get);
        }
        let numbers = text.split_once('/');
        match numbers.map(|(number, of)| (number.parse::<u32>(), of.parse::<u32>())) {
            Some((Ok(number), Ok(of))) => Self::new(number, of),
            _ => Err(request(format!(
                "--shard {text}: give K/N, such as 3/50 for the third of fifty shards, or auto in a job array"
            ))),
        }
    }

    /// Its number, from 1.
    pub fn number(self) -> u32 {
        self.number
    }

    /// How many there are.
    pub fn of(self) -> u32 {
        self.of
    }

    /// Whether a recording is in it, by its path below the archive with `/` between folders: the first 8 bytes of the
    /// path's BLAKE3 hash, as a big-endian number, modulo the number of shards, count from 0.
    pub fn has(self, path: &str) -> bool {
        let hash = u64::from_str_radix(&Checksum::of(path.as_bytes()), 16);
        let hash = hash.expect("a checksum is 16 hexadecimal digits");
        hash % u64::from(self.of) == u64::from(self.number - 1)
    }

    /// Whether a fold or trial is in it, by its place in their list from 0: they are dealt out in turn.
    pub fn has_nth(self, place: usize) -> bool {
        place % self.of as usize == self.number as usize - 1
    }

    /// Where a file of it is, by its ending: next to the output, or in it where that is a folder.
    pub fn path(self, out: &Path, in_folder: bool, ending: &str) -> PathBuf {
        let name = format!("{}{}-of-{}{ending}", stem(out, in_folder), self.number, self.of);
        match in_folder {
            true => out.join(name),
            false => out.with_file_name(name),
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

/// How the names of files of shards begin, before `K-of-N`. Of an output with a name that is not UTF-8, as it is shown.
fn stem(out: &Path, in_folder: bool) -> String {
    let name = out.file_name().unwrap_or_default().to_string_lossy();
    let name = if in_folder { ".earmark-tag".into() } else { name };
    format!("{name}.shard-")
}

/// How the file with the rows of a model ends, counted from 0.
fn rows_ending(table: usize) -> String {
    match table {
        0 => ".npy".to_owned(),
        more => format!(".{}.npy", more + 1),
    }
}

/// The hashes of the files of all models that the names mean, as a setting that shards share.
///
/// # Errors
///
/// When there is no such model, or a file can't be read.
pub fn model_hashes(names: &[String]) -> Result<String, PipelineError> {
    let mut hashes = Vec::new();
    for name in names {
        for path in find_models(name)? {
            let bytes = std::fs::read(&path);
            let bytes = bytes.map_err(|e| request(format!("{}: cannot be read: {e}", path.display())))?;
            hashes.push(blake3::hash(&bytes).to_hex().to_string());
        }
    }
    Ok(hashes.join(", "))
}

/// A refusal.
fn request(text: impl Into<String>) -> PipelineError {
    PipelineError::Request(text.into())
}

#[cfg(test)]
mod tests;
