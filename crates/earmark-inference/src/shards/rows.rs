//! Rows of numbers of shards: embeddings, or the scores of a model. Kept as `.npy` with names and checksums, which
//! loses no bit.

use super::{ShardRun, ShardSet, rows_ending};
use crate::PipelineError;
use earmark_index::{Embeddings, EmbeddingsError};

/// Writes the rows of a model.
pub(crate) fn save_rows(run: &ShardRun, table: usize, rows: &Embeddings) -> Result<(), EmbeddingsError> {
    rows.save(&run.path(&rows_ending(table))).map(drop)
}

/// The rows of a model of all shards in the order of the archive, and the place in it of each.
///
/// # Errors
///
/// For files that are missing or damaged, or not those that the manifests speak of.
pub(crate) fn merged_rows(
    set: &ShardSet,
    table: usize,
    segments: bool,
) -> Result<(Embeddings, Vec<usize>), PipelineError> {
    let (mut parts, mut found, mut width) = (Vec::new(), Vec::new(), 0);
    for manifest in &set.manifests {
        let Some(&(rows, numbers)) = manifest.output.tables().get(table) else {
            return Err(set.again(manifest, "its manifest lacks a model"));
        };
        width = numbers;
        let part = match rows {
            0 => Embeddings::new(width, segments),
            _ => Embeddings::read(&set.path(manifest, &rows_ending(table)))
                .map_err(|error| set.again(manifest, &error.to_string()))?,
        };
        let places = places_of(&part.files, &manifest.files);
        let is_whole = part.files.len() == rows && part.width == width && part.starts.is_some() == segments;
        let Some(places) = places.filter(|_| is_whole) else {
            return Err(set.again(manifest, "its rows are not those that its manifest speaks of"));
        };
        let number = parts.len();
        let places = places.into_iter().enumerate();
        found.extend(places.map(|(row, place)| (place, number, row)));
        parts.push(part);
    }
    set.refuse_changed()?;
    // Stable by place: rows of one recording keep their order.
    found.sort_unstable();
    let mut merged = Embeddings::new(width, segments);
    for &(_, number, row) in &found {
        let part: &Embeddings = &parts[number];
        let start = part.starts.as_ref().map(|starts| starts[row]);
        merged.push(&part.files[row], start, part.row(row));
    }
    Ok((merged, found.into_iter().map(|(place, ..)| place).collect()))
}

/// The place of each row's recording: rows are in the order of the shard's recordings, of which some have none.
fn places_of(rows: &[String], files: &[(usize, String)]) -> Option<Vec<usize>> {
    let mut files = files.iter();
    let mut current: Option<&(usize, String)> = None;
    let place = |row: &String| {
        while current.is_none_or(|(_, name)| name != row) {
            current = Some(files.next()?);
        }
        current.map(|(place, _)| *place)
    };
    rows.iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_have_the_places_of_their_recordings() {
        let files = [(1, "a"), (4, "b"), (5, "c")].map(|(place, name)| (place, name.to_owned()));
        let places = |rows: &[&str]| {
            let rows: Vec<String> = rows.iter().map(|row| (*row).to_owned()).collect();
            places_of(&rows, &files)
        };
        assert_eq!(places(&["a", "a", "c"]), Some(vec![1, 1, 5]));
        assert_eq!(places(&[]), Some(vec![]));
        assert_eq!(places(&["b", "a"]), None, "another order");
        assert_eq!(places(&["x"]), None);
    }
}
