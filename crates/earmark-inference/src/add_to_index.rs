//! Adds an archive to an index.

use crate::progress::skip;
use crate::tag::InputFiles;
use crate::tag::inputs::InputFile;
use crate::window_embeddings::{WindowEmbedder, WindowVectors};
use crate::{Event, Observer, PipelineError, Remarks, Skips};
use earmark_core::human::human_amount;
use earmark_index::archive::{
    IndexManifest, IndexWriter, IndexedRecording, KnownPaths, RecordingVersion, normal_name,
};
use rayon::prelude::*;
use std::cell::LazyCell;
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// Recordings in work at a time, per thread: their embeddings are in memory until those before them are done.
const AHEAD: usize = 2;

/// What to add to which index.
pub struct AddJob<'a> {
    /// The opened model with its windows.
    pub embedder: &'a WindowEmbedder,
    /// What the model is called.
    pub model_name: &'a str,
    /// The recordings.
    pub inputs: &'a InputFiles,
    /// The folders and files that they were found in: recordings of the index that were there once, and are not now, are
    /// said.
    pub archives: &'a [PathBuf],
    /// The index.
    pub to: &'a Path,
    /// Windows per shard.
    pub rows_per_shard: usize,
    /// Receives progress and skipped recordings.
    pub observer: Observer<'a>,
    /// Ends the work early.
    pub stop: &'a AtomicBool,
}

/// What was added.
#[derive(Clone, Debug)]
pub struct AddResult {
    /// The index.
    pub manifest: IndexManifest,
    /// Recordings that are new.
    pub added: usize,
    /// Recordings whose content had changed.
    pub replaced: usize,
    /// Recordings that were there.
    pub same: usize,
    /// Those of them and of the replaced ones that the index knows by another path, with it.
    pub other_paths: Vec<(String, String)>,
    /// Recordings of the index that are not in the archives any more, sorted.
    pub gone: Vec<String>,
    /// Recordings that earlier versions have added twice, each with its other name.
    pub twice: Vec<(String, String)>,
    /// Recordings that an interrupted run had embedded.
    pub taken_up: usize,
    /// Windows of what was added and replaced.
    pub windows: usize,
    /// Recordings that can't be used.
    pub skipped: Skips,
    /// What is missing of the others, and what is odd about them.
    pub remarks: Remarks,
}

/// Embeds the recordings that are new or have changed. `None` when stopped; what was done until then is in the index.
/// Killed at any moment, the same job does what is left to do.
///
/// # Errors
///
/// For an index of another model or other windows, one that another process changes, and when the disk fails.
/// Recordings that can't be read are not errors but skipped.
pub fn add_to_index(job: &AddJob) -> Result<Option<AddResult>, PipelineError> {
    let model = job.embedder.index_model(job.model_name);
    let (windows, width) = (job.embedder.index_windows(), job.embedder.width());
    let mut writer = IndexWriter::open(job.to, model, windows, width, job.rows_per_shard)?;
    let known = KnownPaths::of(writer.names());
    let mut result = Progress::begin(job, &writer, &known);
    let new = result.take_new(&writer, &known);
    let total = new.len();
    let at_a_time = AHEAD * rayon::current_num_threads();
    let mut done = 0;
    for files in new.chunks(at_a_time.max(1)) {
        let embedded: Vec<Embedded> = files.par_iter().map(|file| embed(job, file.path)).collect();
        for (file, embedded) in files.iter().zip(embedded) {
            result.take(file, embedded, &mut writer)?;
            done += 1;
            (job.observer)(Event::Scoring { done, total });
        }
        if job.stop.load(Ordering::Relaxed) {
            writer.finish()?;
            return Ok(None);
        }
    }
    result.finish(writer).map(Some)
}

/// What came of a recording.
enum Embedded {
    Done(RecordingVersion, WindowVectors),
    Failed(String),
    Stopped,
}

fn embed(job: &AddJob, path: &Path) -> Embedded {
    let bad = |e: std::io::Error| Embedded::Failed(format!("cannot be read: {e}"));
    if job.stop.load(Ordering::Relaxed) {
        return Embedded::Stopped;
    }
    let version = match RecordingVersion::of(path) {
        Ok(version) => version,
        Err(e) => return bad(e),
    };
    match job.embedder.embed(path, job.stop) {
        Ok(Some(vectors)) => match version.is_still(path) {
            Ok(true) => Embedded::Done(version, vectors),
            Ok(false) => Embedded::Failed(
                "changed while it was read; run the command again when nothing writes to it any more".into(),
            ),
            Err(e) => bad(e),
        },
        Ok(None) => Embedded::Stopped,
        Err(reason) => Embedded::Failed(reason),
    }
}

/// A recording to embed.
struct NewFile<'a> {
    /// Its name in the index.
    name: String,
    path: &'a Path,
}

/// What was done so far.
struct Progress<'a> {
    job: &'a AddJob<'a>,
    added: usize,
    replaced: usize,
    same: usize,
    other_paths: Vec<(String, String)>,
    gone: Vec<String>,
    twice: Vec<(String, String)>,
    taken_up: usize,
    windows: usize,
    skipped: Skips,
    remarks: Remarks,
}

impl<'a> Progress<'a> {
    fn begin(job: &'a AddJob<'a>, writer: &IndexWriter, known: &KnownPaths) -> Self {
        if writer.torn_bytes() > 0 {
            (job.observer)(Event::Note(format!(
                "{}: the last {} of its log are not whole; the recordings in them are embedded again",
                job.to.display(),
                human_amount(writer.torn_bytes() as usize, "byte", "bytes")
            )));
        }
        let mut begun = Self {
            job,
            added: 0,
            replaced: 0,
            same: 0,
            other_paths: Vec::new(),
            gone: Vec::new(),
            twice: known.twice().to_vec(),
            taken_up: writer.waiting(),
            windows: 0,
            skipped: Skips::new(),
            remarks: Remarks::default(),
        };
        for (file, reason) in &job.inputs.left_out {
            skip(job.observer, &mut begun.skipped, file, reason.clone());
        }
        begun
    }

    /// The recordings that are new or have changed. One that the index knows by another path keeps its name.
    fn take_new(&mut self, writer: &IndexWriter, known: &KnownPaths) -> Vec<NewFile<'a>> {
        let mut moved: HashSet<String> = HashSet::new();
        let mut new = Vec::new();
        for file in &self.job.inputs.files {
            let name = normal_name(&file.name);
            let found = match writer.version_of(&name) {
                Some(_) => None,
                None => known_as(file, (writer, known), &moved),
            };
            if let Some(found) = &found {
                if normal_name(found) != name {
                    self.other_paths.push((name.clone(), found.clone()));
                }
                moved.insert(found.clone());
            }
            let name = found.unwrap_or(name);
            // What can't be read is said when it is embedded.
            let version = writer.version_of(&name);
            match version.is_some_and(|version| version.is_still(&file.path).unwrap_or(false)) {
                true => self.same += 1,
                false => new.push(NewFile {
                    name,
                    path: &file.path,
                }),
            }
        }
        let gone: HashSet<&str> = self
            .job
            .archives
            .iter()
            .flat_map(|archive| known.gone_below(archive))
            .collect();
        let gone = gone.into_iter().filter(|name| !moved.contains(*name));
        self.gone = gone.map(str::to_owned).collect();
        self.gone.sort_unstable();
        new
    }

    fn take(
        &mut self,
        file: &NewFile,
        embedded: Embedded,
        writer: &mut IndexWriter,
    ) -> Result<(), PipelineError> {
        let (version, found) = match embedded {
            Embedded::Done(version, found) => (version, found),
            Embedded::Failed(reason) => {
                skip(self.job.observer, &mut self.skipped, &file.name, reason);
                return Ok(());
            }
            Embedded::Stopped => return Ok(()),
        };
        match writer.version_of(&file.name) {
            Some(_) => self.replaced += 1,
            None => self.added += 1,
        }
        self.windows += found.windows;
        let recording = IndexedRecording {
            file: file.name.clone(),
            version,
            seconds: found.seconds,
            sample_rate_hz: found.sample_rate_hz,
            samples: found.samples,
            windows: found.windows,
            note: found.remarks.as_ref().map(ToString::to_string),
            damaged: found
                .remarks
                .as_ref()
                .is_some_and(|remarks| remarks.damage.is_some()),
        };
        if let Some(remarks) = found.remarks {
            self.remarks.say(&file.name, remarks);
        }
        Ok(writer.add(recording, found.vectors)?)
    }

    fn finish(self, writer: IndexWriter) -> Result<AddResult, PipelineError> {
        Ok(AddResult {
            manifest: writer.finish()?,
            added: self.added,
            replaced: self.replaced,
            same: self.same,
            other_paths: self.other_paths,
            gone: self.gone,
            twice: self.twice,
            taken_up: self.taken_up,
            windows: self.windows,
            skipped: self.skipped,
            remarks: self.remarks,
        })
    }
}

/// The name that the index has for a file by another path: one that leads to the same file, or one that leads nowhere
/// from here, of the same file name and content, as where the archive was moved, or the index was made in another
/// folder.
fn known_as(
    file: &InputFile,
    (writer, known): (&IndexWriter, &KnownPaths),
    moved: &HashSet<String>,
) -> Option<String> {
    match known.name_of(&file.path) {
        Some(name) => Some(name.to_owned()),
        None => moved_from(file, (writer, known), |name| moved.contains(name)),
    }
}

/// Recordings of an index that are gone from where they were, and are among these files: of the same file name and
/// content, by a path that the index does not know. Each with the name of its file.
pub fn moved_recordings(
    files: &[InputFile],
    writer: &IndexWriter,
    known: &KnownPaths,
) -> BTreeMap<String, String> {
    let mut moved = BTreeMap::new();
    for file in files {
        let is_named = writer.version_of(&normal_name(&file.name)).is_some();
        if is_named || known.name_of(&file.path).is_some() {
            continue;
        }
        let found = moved_from(file, (writer, known), |name| moved.contains_key(name));
        if let Some(name) = found {
            moved.insert(name, file.name.clone());
        }
    }
    moved
}

/// The recording whose path leads nowhere from here, of the file name and content of this file; each is the one of a
/// single file, which is then taken.
fn moved_from(
    file: &InputFile,
    (writer, known): (&IndexWriter, &KnownPaths),
    is_taken: impl Fn(&str) -> bool,
) -> Option<String> {
    let size = std::fs::metadata(&file.path).ok()?.len();
    // Read once, and only where a size fits: recorders with one schedule write files of one name, size and time.
    let own = LazyCell::new(|| RecordingVersion::of(&file.path).ok());
    let is_it = |name: &&str| {
        let version = writer.version_of(name).filter(|version| version.size == size);
        let same = |version: &RecordingVersion| own.as_ref().is_some_and(|own| version.is_same_content(own));
        !is_taken(name) && version.is_some_and(same)
    };
    let mut gone = known.gone_with_name(file.path.file_name()?);
    gone.find(is_it).map(str::to_owned)
}
