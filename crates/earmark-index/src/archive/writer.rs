//! Adding to an index.

use super::add_log::{AddLog, LoggedRecording};
use super::index::ArchiveIndex;
use super::locks::{ADDING, lock};
use super::manifest::{IndexManifest, IndexModel, IndexShard, IndexWindows, write_failed};
use super::recording::{IndexedRecording, RecordingVersion};
use super::shard_files::{FLOAT32, INT8, ShardContent, TABLE, read_table};
use crate::EmbeddingsError;
use earmark_core::atomic::{self, crash_point};
use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};

/// Windows per shard: with 960 numbers each, 250 MB of float32. As much is held in memory while a shard is filled.
pub const ROWS_PER_SHARD: usize = 1 << 16;

/// An index that is added to, by one process at a time.
#[derive(Debug)]
pub struct IndexWriter {
    folder: PathBuf,
    manifest: IndexManifest,
    /// The recordings in shards, by name.
    known: HashMap<String, KnownRecording>,
    log: AddLog,
    /// What is in the log.
    waiting: Vec<LoggedRecording>,
    waiting_versions: HashMap<String, RecordingVersion>,
    waiting_rows: usize,
    torn_bytes: u64,
    rows_per_shard: usize,
    _lock: File,
}

impl IndexWriter {
    /// Opens an index to add to it, or begins one, and takes up what a killed process left.
    ///
    /// # Errors
    ///
    /// Where another process adds to it, it is of another model or of other windows, or a file of it is damaged.
    pub fn open(
        folder: &Path,
        model: IndexModel,
        windows: IndexWindows,
        width: usize,
        rows_per_shard: usize,
    ) -> Result<Self, EmbeddingsError> {
        std::fs::create_dir_all(folder).map_err(|e| {
            EmbeddingsError::new(folder, format!("cannot be made: {e}; choose another folder"))
        })?;
        let is_new = || !IndexManifest::path(folder).exists();
        if is_new() {
            refuse_foreign(folder)?;
        }
        let held = lock(folder, ADDING)?;
        if is_new() {
            IndexManifest::new(model.clone(), windows, width).write(folder)?;
        }
        let index = ArchiveIndex::open(folder)?;
        index.manifest().refuse_other(folder, &model, windows, width)?;
        remove_unlisted(folder, index.manifest())?;
        let (log, found) = AddLog::open(folder, width)?;
        let mut writer = Self {
            folder: folder.to_path_buf(),
            manifest: index.manifest().clone(),
            known: HashMap::new(),
            log,
            waiting: Vec::new(),
            waiting_versions: HashMap::new(),
            waiting_rows: 0,
            torn_bytes: found.torn_bytes,
            rows_per_shard: rows_per_shard.max(1),
            _lock: held,
        };
        for (place, shard) in index.manifest().shards.iter().enumerate() {
            writer.know(read_table(folder, shard)?, place);
        }
        for (recording, vectors) in found.recordings {
            // It was written to a shard before the process was killed.
            if !writer.has(&recording.file, &recording.version) {
                writer.wait(recording, vectors);
            }
        }
        Ok(writer)
    }

    /// Notes where the recordings of a shard are.
    fn know(&mut self, recordings: Vec<IndexedRecording>, shard: usize) {
        let replaced = self
            .manifest
            .shards
            .get(shard)
            .map(|shard| shard.replaced.clone());
        let replaced = replaced.unwrap_or_default();
        let mut row = 0;
        for recording in recordings {
            let rows = (row, recording.windows);
            row += recording.windows;
            if !replaced.contains(&rows) {
                let version = recording.version;
                let known = KnownRecording { version, shard, rows };
                self.known.insert(recording.file, known);
            }
        }
    }

    /// Bytes of the log that were not whole: recordings that must be embedded again.
    pub fn torn_bytes(&self) -> u64 {
        self.torn_bytes
    }

    /// Recordings that a killed process had embedded, and that are taken up.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Which content of a recording is in the index; `None` for one that is new.
    pub fn version_of(&self, file: &str) -> Option<&RecordingVersion> {
        let waiting = self.waiting_versions.get(file);
        waiting.or_else(|| self.known.get(file).map(|known| &known.version))
    }

    /// The names of all recordings, in no order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let waiting = self.waiting_versions.keys();
        let known = self
            .known
            .keys()
            .filter(move |name| !self.waiting_versions.contains_key(*name));
        waiting.chain(known).map(String::as_str)
    }

    fn has(&self, file: &str, version: &RecordingVersion) -> bool {
        let known = self.known.get(file);
        known.is_some_and(|known| known.version.is_same_content(version))
    }

    /// Adds a recording, `vectors` being those of its windows. One of the same name with another content is replaced.
    ///
    /// # Errors
    ///
    /// When the disk fails, and for vectors that are not `[windows, width]`.
    pub fn add(&mut self, recording: IndexedRecording, vectors: Vec<f32>) -> Result<(), EmbeddingsError> {
        if recording.windows == 0 || vectors.len() != recording.windows * self.manifest.width {
            let problem = format!(
                "{}: {} numbers are not {} windows of {}",
                recording.file,
                vectors.len(),
                recording.windows,
                self.manifest.width
            );
            return Err(EmbeddingsError::new(&self.folder, problem));
        }
        self.log.append(&recording, &vectors)?;
        self.wait(recording, vectors);
        let unfilled = self.unfilled().map_or(0, |shard| shard.rows);
        match unfilled + self.waiting_rows >= self.rows_per_shard {
            true => self.commit(),
            false => Ok(()),
        }
    }

    /// A recording is there once.
    fn wait(&mut self, recording: IndexedRecording, vectors: Vec<f32>) {
        let version = recording.version.clone();
        if self
            .waiting_versions
            .insert(recording.file.clone(), version)
            .is_some()
        {
            self.waiting.retain(|(other, _)| other.file != recording.file);
            self.waiting_rows = self.waiting.iter().map(|(other, _)| other.windows).sum();
        }
        self.waiting_rows += recording.windows;
        self.waiting.push((recording, vectors));
    }

    /// The last shard, if there is room in it.
    fn unfilled(&self) -> Option<&IndexShard> {
        self.manifest
            .shards
            .last()
            .filter(|shard| shard.rows - shard.replaced_rows() < self.rows_per_shard)
    }

    /// Writes all that was added to shards and gives what is then there.
    ///
    /// # Errors
    ///
    /// When the disk fails.
    pub fn finish(mut self) -> Result<IndexManifest, EmbeddingsError> {
        if !self.waiting.is_empty() {
            self.commit()?;
        }
        self.log.clear()?;
        Ok(self.manifest)
    }

    /// Takes recordings out, and gives what is then there with the names of what was taken out, sorted. It is done with
    /// the manifest, in one step: killed before, nothing is taken out, and after it, all is. Files of shards of which
    /// nothing is left are removed; other rows stay in their shards, and nothing uses them.
    ///
    /// # Errors
    ///
    /// When the disk fails.
    pub fn remove(
        mut self,
        is_removed: impl Fn(&str) -> bool,
    ) -> Result<(IndexManifest, Vec<String>), EmbeddingsError> {
        // What waits is in no shard yet, so that nothing could be listed as removed.
        if !self.waiting.is_empty() {
            self.commit()?;
        }
        let mut manifest = self.manifest.clone();
        let mut removed = Vec::new();
        for (name, known) in self.known.iter().filter(|(name, _)| is_removed(name)) {
            manifest.shards[known.shard].replaced.push(known.rows);
            removed.push(name.clone());
        }
        removed.sort_unstable();
        if removed.is_empty() {
            self.log.clear()?;
            return Ok((self.manifest, removed));
        }
        for shard in &mut manifest.shards {
            shard.replaced.sort_unstable();
        }
        let is_empty = |shard: &IndexShard| shard.replaced_rows() == shard.rows;
        let (empty, left) = manifest.shards.into_iter().partition(is_empty);
        let empty: Vec<IndexShard> = empty;
        manifest.shards = left;
        manifest.earmark = earmark_core::VERSION.to_owned();
        manifest.write(&self.folder)?;
        crash_point("index-manifest");
        self.log.clear()?;
        for shard in &empty {
            remove_files(&self.folder, shard)?;
        }
        Ok((manifest, removed))
    }

    /// Writes what waits to shards, the last one filled up, and then the manifest, in one step.
    fn commit(&mut self) -> Result<(), EmbeddingsError> {
        self.log.sync()?;
        let mut manifest = self.manifest.clone();
        // Rows of recordings that have changed no longer count.
        for (recording, _) in &self.waiting {
            if let Some(known) = self.known.get(&recording.file) {
                manifest.shards[known.shard].replaced.push(known.rows);
            }
        }
        let mut old = Vec::new();
        let mut open = ShardContent::default();
        if self.unfilled().is_some()
            && let Some(shard) = manifest.shards.pop()
        {
            open = ShardContent::read(&self.folder, &shard, manifest.width)?;
            old.push(shard);
        }
        let mut written = Vec::new();
        for (recording, vectors) in std::mem::take(&mut self.waiting) {
            open.recordings.push(recording);
            open.vectors.extend(vectors);
            if open.rows() >= self.rows_per_shard {
                written.push(self.write_shard(&mut manifest, std::mem::take(&mut open))?);
            }
        }
        if open.rows() > 0 {
            written.push(self.write_shard(&mut manifest, open)?);
        }
        crash_point("index-shards");
        manifest.earmark = earmark_core::VERSION.to_owned();
        manifest.write(&self.folder)?;
        crash_point("index-manifest");
        self.manifest = manifest;
        self.waiting_versions.clear();
        self.waiting_rows = 0;
        self.log.clear()?;
        for shard in old {
            remove_files(&self.folder, &shard)?;
        }
        let first = self.manifest.shards.len() - written.len();
        for (place, recordings) in written.into_iter().enumerate() {
            self.know(recordings, first + place);
        }
        Ok(())
    }

    /// Writes the files of a shard and lists it; gives its recordings.
    fn write_shard(
        &self,
        manifest: &mut IndexManifest,
        content: ShardContent,
    ) -> Result<Vec<IndexedRecording>, EmbeddingsError> {
        let number = manifest.next_shard;
        let shard = content.write(&self.folder, number, manifest.windows, manifest.width)?;
        manifest.shards.push(shard);
        manifest.next_shard = number + 1;
        Ok(content.recordings)
    }
}

/// Where a recording is.
#[derive(Debug)]
struct KnownRecording {
    version: RecordingVersion,
    /// Place of its shard in the manifest.
    shard: usize,
    /// Its first row there, and the number of its rows.
    rows: (usize, usize),
}

/// Refuses to begin an index in a folder with something else in it.
fn refuse_foreign(folder: &Path) -> Result<(), EmbeddingsError> {
    let entries = std::fs::read_dir(folder)
        .map_err(|e| EmbeddingsError::new(folder, format!("cannot be listed: {e}")))?;
    let mut names = entries.filter_map(|entry| Some(entry.ok()?.file_name()));
    let foreign = names.find(|name| {
        let ours = atomic::is_leftover_of(name, std::ffi::OsStr::new("index.json"));
        name != ADDING && !ours
    });
    match foreign {
        None => Ok(()),
        Some(name) => Err(EmbeddingsError::new(
            folder,
            format!(
                "is not an index, and has other files in it ({}); choose a new folder",
                name.display()
            ),
        )),
    }
}

/// Removes the files of shards that no manifest names: a process was killed before it wrote one.
fn remove_unlisted(folder: &Path, manifest: &IndexManifest) -> Result<(), EmbeddingsError> {
    let failed = |e: std::io::Error| EmbeddingsError::new(folder, format!("cannot be cleaned up: {e}"));
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        let number = name.to_str().and_then(number_of);
        let is_listed = |number: u64| manifest.shards.iter().any(|shard| shard.number == number);
        if number.is_some_and(|number| !is_listed(number)) {
            std::fs::remove_file(entry.path()).map_err(failed)?;
        }
    }
    Ok(())
}

/// The number of the shard that a file of this name belongs to.
fn number_of(name: &str) -> Option<u64> {
    let (number, ending) = name.strip_prefix("shard-")?.split_once('.')?;
    match [TABLE, FLOAT32, INT8].contains(&ending) {
        true => number.parse().ok(),
        false => None,
    }
}

fn remove_files(folder: &Path, shard: &IndexShard) -> Result<(), EmbeddingsError> {
    for ending in [TABLE, FLOAT32, INT8] {
        let path = shard.path(folder, ending);
        std::fs::remove_file(&path).map_err(|cause| write_failed(&atomic::WriteError::new(&path, cause)))?;
    }
    Ok(())
}
