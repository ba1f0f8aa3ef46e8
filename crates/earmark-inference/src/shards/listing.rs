//! Which recordings of an archive are in a shard, and what all shards of one archive agree on.

use super::Shard;
use earmark_core::checksum::Checksum;
use earmark_core::remote;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::Path;

/// Recordings of which the beginning is in the checksum of an archive's content, and how many bytes of each.
const SAMPLED: usize = 16;
const SAMPLE_BYTES: u64 = 1 << 16;

/// What is known of the recordings of a whole archive: shards with the same are of the same archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchiveDigest {
    /// How many there are.
    pub files: usize,
    /// The checksum of their paths below the archive, sorted, each with a zero byte behind it.
    pub paths: String,
    /// The checksum of their sizes in the order of the paths, with the beginnings of some: archives of the same paths
    /// differ in it, as those of two recorders may be. Empty in files of earlier versions.
    #[serde(default)]
    pub content: String,
}

/// The recordings of a shard among those of the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardListing {
    /// The shard.
    pub shard: Shard,
    /// The archive.
    pub archive: ArchiveDigest,
    /// Place in the order of an unsharded run, from 0, and name of each recording of the shard.
    pub files: Vec<(usize, String)>,
}

impl ShardListing {
    /// The recordings of a shard. `archive` has path below the archive, name and file of each recording, in the order
    /// of an unsharded run.
    pub fn new<'a>(shard: Shard, archive: impl Iterator<Item = (&'a str, &'a str, &'a Path)>) -> Self {
        let (mut all, mut files) = (Vec::new(), Vec::new());
        for (place, (path, name, file)) in archive.enumerate() {
            if shard.has(path) {
                files.push((place, name.to_owned()));
            }
            all.push((path, size_of(file), file));
        }
        all.sort_unstable();
        let mut paths = Checksum::default();
        for (path, ..) in &all {
            paths.update(path.as_bytes());
            paths.update(b"\0");
        }
        Self {
            shard,
            archive: ArchiveDigest {
                files: all.len(),
                paths: paths.hex(),
                content: content(&all),
            },
            files,
        }
    }

    /// How many of its recordings are not among the skipped ones. Those may have more: what no table can name is in no
    /// listing.
    pub(crate) fn count_without(&self, skipped: &[(String, String)]) -> usize {
        let skipped: HashSet<&str> = skipped.iter().map(|(file, _)| file.as_str()).collect();
        let names = self.files.iter().map(|(_, name)| name.as_str());
        names.filter(|name| !skipped.contains(name)).count()
    }
}

/// Bytes of a file; `None` without such a file. At an address, only where a listing said it.
fn size_of(file: &Path) -> Option<u64> {
    match remote::address(file) {
        Some(address) => Some(remote::files().ok()?.known(address)?.size),
        None => {
            let found = fs::metadata(file).ok().filter(Metadata::is_file);
            found.map(|found| found.len())
        }
    }
}

/// Adds the beginning of a file; of one at an address, the number of its stamp.
fn add_sample(file: &Path, digest: &mut Checksum) -> io::Result<()> {
    if let Some(address) = remote::address(file) {
        let stamp = remote::files()?.stamp(address)?;
        digest.update(&stamp.number().to_le_bytes());
        return Ok(());
    }
    io::copy(&mut File::open(file)?.take(SAMPLE_BYTES), digest).map(drop)
}

/// The checksum of the sizes of recordings, each with its path and file, and of the beginnings of some that are spread
/// over them.
fn content(all: &[(&str, Option<u64>, &Path)]) -> String {
    let mut digest = Checksum::default();
    let every = all.len().div_ceil(SAMPLED).max(1);
    for (k, (_, size, file)) in all.iter().enumerate() {
        digest.update(&size.unwrap_or(u64::MAX).to_le_bytes());
        if size.is_some() && k.is_multiple_of(every) {
            // What can't be read counts as empty; that is said where it is scored.
            let _ = add_sample(file, &mut digest);
        }
    }
    digest.hex()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Archives of the same paths are distinguished by the sizes of recordings, and where these are the same, too, by
    /// what is in them; one that was copied elsewhere is the same.
    #[test]
    fn archives_of_the_same_paths_differ_by_their_content() {
        let folder = tempfile::tempdir().unwrap();
        let digest = |name: &str, contents: [&[u8]; 3]| {
            let root = folder.path().join(name);
            fs::create_dir(&root).unwrap();
            let files = ["a.wav", "b.wav", "c.wav"].map(|file| (file, root.join(file)));
            for ((_, path), content) in files.iter().zip(contents) {
                fs::write(path, content).unwrap();
            }
            let all = files.iter().map(|(file, path)| (*file, *file, path.as_path()));
            ShardListing::new(Shard::new(1, 1).unwrap(), all).archive
        };
        let first = digest("first", [b"one", b"two", b"three"]);
        assert_eq!(first, digest("copy", [b"one", b"two", b"three"]));
        for (name, contents) in [
            ("longer", [&b"one"[..], b"two", b"three "]),
            ("other", [&b"one"[..], b"TWO", b"three"]),
        ] {
            let other = digest(name, contents);
            assert_eq!((other.files, &other.paths), (first.files, &first.paths));
            assert_ne!(other.content, first.content, "{name}");
        }
    }
}
