//! Indices of the parts of an archive, put into one.

use super::index::ArchiveIndex;
use super::known_paths::normal_name;
use super::labels::{TornLabel, append_labels, read_labels};
use super::manifest::IndexManifest;
use super::writer::IndexWriter;
use crate::EmbeddingsError;
use earmark_core::human::human_amount;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// What a merge has done.
#[derive(Clone, Debug, PartialEq)]
pub struct MergedIndex {
    /// The index that was made.
    pub manifest: IndexManifest,
    /// Recordings that were added.
    pub added: usize,
    /// Recordings that were there already, with the same content.
    pub same: usize,
    /// Labels that were added.
    pub labels: usize,
    /// Last lines of labels that are cut off: of the parts, where they stay, and of the index, from which it was removed
    /// if labels were added.
    pub torn: Vec<TornLabel>,
}

/// Puts the recordings and labels of indices into another one, which may be there already; `None` when stopped. The
/// parts stay as they are. Run again after a kill, it does what is left to do.
///
/// # Errors
///
/// For parts of other models or windows, unfinished parts, and recordings of one name and two contents.
pub fn merge_indices(
    parts: &[PathBuf],
    to: &Path,
    rows_per_shard: usize,
    stop: &AtomicBool,
) -> Result<Option<MergedIndex>, EmbeddingsError> {
    let indices = parts.iter().map(|part| ArchiveIndex::open(part));
    let indices = indices.collect::<Result<Vec<_>, _>>()?;
    let Some(first) = indices.first().map(ArchiveIndex::manifest) else {
        return Err(EmbeddingsError::new(
            to,
            "no part is named; name the indices to merge",
        ));
    };
    for index in &indices {
        let manifest = index.manifest();
        manifest.refuse_other(index.folder(), &first.model, first.windows, first.width)?;
        let waiting = index.waiting()?;
        if waiting > 0 {
            return Err(EmbeddingsError::new(
                index.folder(),
                format!(
                    "is not finished: {} in its log; run its `index add` again",
                    human_amount(waiting, "recording waits", "recordings wait")
                ),
            ));
        }
    }
    let mut writer = IndexWriter::open(
        to,
        first.model.clone(),
        first.windows,
        first.width,
        rows_per_shard,
    )?;
    let (mut added, mut same) = (0, 0);
    let known = writer.names().map(|name| (normal_name(name), name.to_owned()));
    let mut known: HashMap<String, String> = known.collect();
    for index in &indices {
        for placed in index.recordings() {
            if stop.load(Ordering::Relaxed) {
                return Ok(None);
            }
            let recording = &placed.recording;
            let normal = normal_name(&recording.file);
            let name = known.get(&normal).unwrap_or(&recording.file);
            match writer.version_of(name) {
                None => {
                    let rows: Vec<usize> = placed.rows().collect();
                    writer.add(recording.clone(), index.vectors(&rows)?)?;
                    known.insert(normal, recording.file.clone());
                    added += 1;
                }
                Some(version) if version.is_same_content(&recording.version) => same += 1,
                Some(_) => {
                    let problem = format!(
                        "{} is in {} with another content; remove one of the two, or add the archive to one index",
                        recording.file,
                        to.display()
                    );
                    return Err(EmbeddingsError::new(index.folder(), problem));
                }
            }
        }
    }
    let manifest = writer.finish()?;
    let (labels, torn) = merge_labels(&indices, to)?;
    Ok(Some(MergedIndex {
        manifest,
        added,
        same,
        labels,
        torn,
    }))
}

/// Appends the labels that are not there yet; gives their number, and the last lines that are cut off.
fn merge_labels(indices: &[ArchiveIndex], to: &Path) -> Result<(usize, Vec<TornLabel>), EmbeddingsError> {
    let known = read_labels(to)?;
    let mut torn = Vec::from_iter(known.torn);
    let mut new = Vec::new();
    for index in indices {
        let part = read_labels(index.folder())?;
        torn.extend(part.torn);
        new.extend(
            part.labels
                .into_iter()
                .filter(|label| !known.labels.contains(label)),
        );
    }
    if !new.is_empty() {
        append_labels(&ArchiveIndex::open(to)?, &new)?;
    }
    Ok((new.len(), torn))
}
