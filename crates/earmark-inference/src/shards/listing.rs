//! Which recordings of an archive are in a shard, and what all shards of one archive agree on.

use super::Shard;
use earmark_core::checksum::Checksum;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// What is known of the recordings of a whole archive: shards with the same are of the same archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchiveDigest {
    /// How many there are.
    pub files: usize,
    /// The checksum of their paths below the archive, sorted, each with a zero byte behind it.
    pub paths: String,
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
    /// The recordings of a shard. `archive` has path below the archive and name of each recording, in the order of an
    /// unsharded run.
    pub fn new<'a>(shard: Shard, archive: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let (mut paths, mut files) = (Vec::new(), Vec::new());
        for (place, (path, name)) in archive.enumerate() {
            if shard.has(path) {
                files.push((place, name.to_owned()));
            }
            paths.push(path);
        }
        paths.sort_unstable();
        let mut digest = Checksum::default();
        for path in &paths {
            digest.update(path.as_bytes());
            digest.update(b"\0");
        }
        Self {
            shard,
            archive: ArchiveDigest {
                files: paths.len(),
                paths: digest.hex(),
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
