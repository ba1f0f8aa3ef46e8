//! Shards that differ in what all of them must have in common, and which ones those are in words.

use super::{ShardManifest, request};
use crate::PipelineError;
use crate::error::shortened;
use std::fmt::Write;
use std::path::Path;

/// Everything that shards must have in common, by name.
fn common(manifest: &ShardManifest) -> impl Iterator<Item = (&str, String)> {
    let archive = &manifest.archive;
    let archive = format!("{} recordings, paths {}", archive.files, archive.paths);
    let settings = manifest.settings.iter();
    settings.map(|(key, value)| (key.as_str(), value.clone())).chain([
        ("the archive", archive),
        ("the content of the archive", manifest.archive.content.clone()),
    ])
}

/// Refuses shards that differ, key by key.
pub(super) fn refuse_differences(out: &Path, manifests: &[ShardManifest]) -> Result<(), PipelineError> {
    let Some(first) = manifests.first() else {
        return Ok(());
    };
    let value = |manifest: &ShardManifest, key: &str| {
        let found = common(manifest).find(|(other, _)| *other == key);
        found.map_or_else(|| "not given".to_owned(), |(_, value)| value)
    };
    let mut keys: Vec<&str> = Vec::new();
    for (key, _) in manifests.iter().flat_map(common) {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let mut differences = Vec::new();
    for key in keys {
        let then = value(first, key);
        let others: Vec<&ShardManifest> = manifests.iter().filter(|&m| value(m, key) != then).collect();
        let Some(other) = others.first() else { continue };
        let numbers: Vec<u32> = others.iter().map(|manifest| manifest.shard).collect();
        differences.push(format!(
            "{key} is {} in shard {} and {} in {}",
            shortened(&then),
            first.shard,
            shortened(&value(other, key)),
            ranges(&numbers)
        ));
    }
    match differences.is_empty() {
        true => Ok(()),
        false => Err(request(format!(
            "{}: its shards differ: {}; run those that are wrong again",
            out.display(),
            differences.join("; ")
        ))),
    }
}

/// Numbers in order as job arrays take them: `1,3-5`.
pub(super) fn ranges(numbers: &[u32]) -> String {
    let mut text = String::new();
    for run in numbers.chunk_by(|a, b| a + 1 == *b) {
        let (Some(first), Some(last)) = (run.first(), run.last()) else {
            continue;
        };
        let comma = if text.is_empty() { "" } else { "," };
        // Writing to a String cannot fail.
        let _ = match first == last {
            true => write!(text, "{comma}{first}"),
            false => write!(text, "{comma}{first}-{last}"),
        };
    }
    text
}
