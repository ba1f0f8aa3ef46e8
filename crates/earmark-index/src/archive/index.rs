//! An index that is read: which recordings and windows it has, and their vectors.

use super::add_log;
use super::known_paths::normal_name;
use super::manifest::{IndexManifest, IndexShard};
use super::recording::IndexedRecording;
use super::shard_files::{FLOAT32, FloatRows, check_sizes, check_vectors, read_floats, read_table};
use crate::EmbeddingsError;
use rayon::prelude::*;
use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// An open index. Rows are the windows of all shards, in order.
#[derive(Debug)]
pub struct ArchiveIndex {
    folder: PathBuf,
    manifest: IndexManifest,
    /// In the order of their rows.
    recordings: Vec<PlacedRecording>,
    /// Places of those that are still true, by name, and by its usual form.
    by_name: HashMap<String, usize>,
    /// First row of each shard, and the number of rows.
    starts: Vec<usize>,
    /// Rows of recordings that have changed since.
    replaced: Vec<Range<usize>>,
}

/// A recording and its rows.
#[derive(Clone, Debug, PartialEq)]
pub struct PlacedRecording {
    /// The recording.
    pub recording: IndexedRecording,
    /// Its first row.
    pub first_row: usize,
    /// Whether it has changed since, so that its rows no longer count.
    pub is_replaced: bool,
}

/// A window of an index.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct IndexedWindow {
    /// The recording.
    pub file: String,
    /// Start of the window in it, in seconds.
    pub start_seconds: f64,
    /// Its end.
    pub end_seconds: f64,
}

/// Bytes of vectors that are read at a time.
pub(super) const BLOCK: usize = 1 << 21;

impl PlacedRecording {
    /// Its rows.
    pub fn rows(&self) -> Range<usize> {
        self.first_row..self.first_row + self.recording.windows
    }
}

impl ArchiveIndex {
    /// Opens an index. Names and times are read and checked, of the vectors only how many there are.
    ///
    /// # Errors
    ///
    /// Where there is no index, or a file of it is missing or damaged.
    pub fn open(folder: &Path) -> Result<Self, EmbeddingsError> {
        let manifest = IndexManifest::read(folder)?;
        let (mut recordings, mut starts, mut row) = (Vec::new(), vec![0], 0);
        for shard in &manifest.shards {
            check_sizes(folder, shard, manifest.width)?;
            let first = row;
            for recording in read_table(folder, shard)? {
                let windows = recording.windows;
                recordings.push(PlacedRecording {
                    recording,
                    first_row: row,
                    is_replaced: shard.is_replaced(row - first),
                });
                row += windows;
            }
            starts.push(row);
        }
        let valid = recordings
            .iter()
            .enumerate()
            .filter(|(_, placed)| !placed.is_replaced);
        // Names of earlier versions may have parts such as `./`: they are found in the usual form, too, unless another
        // recording has that name.
        let (mut by_name, mut others) = (HashMap::new(), Vec::new());
        for (place, placed) in valid {
            let file = &placed.recording.file;
            by_name.insert(file.clone(), place);
            let normal = normal_name(file);
            if normal != *file {
                others.push((normal, place));
            }
        }
        for (name, place) in others {
            by_name.entry(name).or_insert(place);
        }
        let replaced = recordings.iter().filter(|placed| placed.is_replaced);
        Ok(Self {
            folder: folder.to_path_buf(),
            replaced: replaced.map(PlacedRecording::rows).collect(),
            by_name,
            manifest,
            recordings,
            starts,
        })
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What made it, and which shards there are.
    pub fn manifest(&self) -> &IndexManifest {
        &self.manifest
    }

    /// Rows, those of changed recordings included.
    pub fn rows(&self) -> usize {
        self.starts.last().copied().unwrap_or(0)
    }

    /// Rows that count.
    pub fn valid_rows(&self) -> usize {
        self.recordings().map(|placed| placed.recording.windows).sum()
    }

    /// The recordings that count, in the order of their rows.
    pub fn recordings(&self) -> impl Iterator<Item = &PlacedRecording> {
        self.recordings.iter().filter(|placed| !placed.is_replaced)
    }

    /// The recording of a name, which may have parts such as `./`.
    pub fn recording(&self, file: &str) -> Option<&PlacedRecording> {
        let place = self.by_name.get(file);
        let place = place.or_else(|| self.by_name.get(&normal_name(file)))?;
        Some(&self.recordings[*place])
    }

    /// Whether a row counts.
    pub fn is_valid(&self, row: usize) -> bool {
        let after = self.replaced.partition_point(|rows| rows.start <= row);
        after == 0 || row >= self.replaced[after - 1].end
    }

    /// The recording of a row.
    pub fn placed(&self, row: usize) -> &PlacedRecording {
        let after = self.recordings.partition_point(|placed| placed.first_row <= row);
        &self.recordings[after - 1]
    }

    /// The window of a row.
    pub fn window(&self, row: usize) -> IndexedWindow {
        let placed = self.placed(row);
        let (window, windows) = (row - placed.first_row, self.manifest.windows);
        IndexedWindow {
            file: placed.recording.file.clone(),
            start_seconds: windows.start_seconds(window),
            end_seconds: windows.end_seconds(window, placed.recording.samples),
        }
    }

    /// The row of the window of a recording that begins nearest to this time, if it is no further than half a hop.
    pub fn row_at(&self, file: &str, start_seconds: f64) -> Option<usize> {
        let placed = self.recording(file)?;
        let place = (start_seconds / self.manifest.windows.hop_seconds()).round();
        // Half a hop, and half a millisecond for times that were rounded.
        let is_there = start_seconds > -0.0005 && place >= 0.0 && place < placed.recording.windows as f64;
        is_there.then(|| placed.first_row + place as usize)
    }

    /// The vectors of rows, one after the other.
    ///
    /// # Errors
    ///
    /// When they can't be read.
    pub fn vectors(&self, rows: &[usize]) -> Result<Vec<f32>, EmbeddingsError> {
        let width = self.manifest.width;
        let mut found = Vec::with_capacity(rows.len() * width);
        let mut open: Option<FloatRows> = None;
        for row in rows {
            let (shard, at) = self.shard_of(*row);
            let path = shard.path(&self.folder, FLOAT32);
            let file = match open.take().filter(|file| file.path() == path) {
                Some(file) => open.insert(file),
                None => open.insert(FloatRows::open(&path)?),
            };
            file.read(at, width, &mut found)?;
        }
        Ok(found)
    }

    /// What a function makes of each block of vectors, `[rows, width]` from a row on, in the order of the rows. Blocks
    /// are read by the threads of the pool.
    ///
    /// # Errors
    ///
    /// When they can't be read.
    pub fn map_vectors<T: Send>(
        &self,
        make: impl Fn(usize, &[f32]) -> T + Sync,
    ) -> Result<Vec<T>, EmbeddingsError> {
        let width = self.manifest.width;
        let read = |part: VectorPart| -> Result<T, EmbeddingsError> {
            let path = self.manifest.shards[part.shard].path(&self.folder, FLOAT32);
            let values = read_floats(&path, part.first, part.rows, width)?;
            Ok(make(self.starts[part.shard] + part.first, &values))
        };
        let parts = self.parts(4 * width);
        parts.into_par_iter().map(read).collect()
    }

    /// The shard of a row, and the row in it.
    pub(super) fn shard_of(&self, row: usize) -> (&IndexShard, usize) {
        let after = self.starts.partition_point(|start| *start <= row);
        (&self.manifest.shards[after - 1], row - self.starts[after - 1])
    }

    /// First row of a shard.
    pub(super) fn start_of(&self, shard: usize) -> usize {
        self.starts[shard]
    }

    /// All rows in parts of about [`BLOCK`] bytes, where a row has this many.
    pub(super) fn parts(&self, row_bytes: usize) -> Vec<VectorPart> {
        let most = (BLOCK / row_bytes).max(1);
        let shards = self.manifest.shards.iter().enumerate();
        let of_shard = |(number, shard): (usize, &IndexShard)| {
            let rows = shard.rows;
            let part = move |first: usize| VectorPart {
                shard: number,
                first,
                rows: most.min(rows - first),
            };
            (0..rows).step_by(most).map(part)
        };
        shards.flat_map(of_shard).collect()
    }

    /// Reads all vectors and compares them with their checksums.
    ///
    /// # Errors
    ///
    /// For the first file that is not what was written.
    pub fn check(&self) -> Result<(), EmbeddingsError> {
        let mut shards = self.manifest.shards.iter();
        shards.try_for_each(|shard| check_vectors(&self.folder, shard))
    }

    /// Recordings that were embedded and are in no shard yet, as a process was killed.
    ///
    /// # Errors
    ///
    /// When that can't be read.
    pub fn waiting(&self) -> Result<usize, EmbeddingsError> {
        let found = add_log::read(&self.folder, self.manifest.width)?.recordings;
        let is_new = |recording: &IndexedRecording| {
            let known = self.recording(&recording.file);
            known.is_none_or(|known| !known.recording.version.is_same_content(&recording.version))
        };
        Ok(found.iter().filter(|(recording, _)| is_new(recording)).count())
    }
}

/// Rows of a shard that are read together.
#[derive(Clone, Copy, Debug)]
pub(super) struct VectorPart {
    /// Place of the shard in the manifest.
    pub shard: usize,
    /// First row in it.
    pub first: usize,
    /// Rows.
    pub rows: usize,
}
