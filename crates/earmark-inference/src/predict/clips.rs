//! Which clips are scored.

use super::PredictJob;
use crate::data::open_for_scoring;
use crate::progress::skip;
use crate::shards::ShardListing;
use crate::tag::inputs::{self, Repeated, real_path};
use crate::{Event, Observer, PipelineError, Skips};
use earmark_core::human::human_amount;
use earmark_core::remote::{self, is_address};
use earmark_data::layout::recognise;
use earmark_data::{DamagedFiles, DataError, DataOptions, DataSet, Item, LayoutKind, MissingFiles, load};
use earmark_recipe::Recipe;
use std::borrow::Cow;
use std::collections::HashSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// How many missing files an error names.
const NAMED: usize = 3;

/// The clips of a job.
pub(crate) struct ClipList {
    /// Sorted by name, without labels.
    pub items: Vec<Item>,
    /// Which of all clips these are, where they are those of a shard.
    pub listing: Option<ShardListing>,
    /// Those whose names no table can contain, and entries of the folder that can't be read at all.
    unnamed: Skips,
    /// What the folder was taken for.
    read: Vec<String>,
    /// What is to be said about how the folder was read.
    note: Option<String>,
    /// Names of recordings that are there already.
    repeated: Repeated,
}

impl ClipList {
    /// Says how the folder was read, and reports clips without a row, which are added to `skipped`.
    pub fn report(&self, observer: Observer, skipped: &mut Skips) {
        if !self.read.is_empty() {
            observer(Event::Data(&self.read));
        }
        if let Some(note) = &self.note {
            observer(Event::Note(note.clone()));
        }
        if let Some(note) = self.repeated.note() {
            observer(Event::Note(note));
        }
        for (file, reason) in &self.unnamed {
            skip(observer, skipped, file, reason.clone());
        }
    }
}

/// The clips of a job, for the model of a recipe.
pub(crate) fn find_clips(job: &PredictJob, recipe: &Recipe) -> Result<ClipList, PipelineError> {
    let NamedClips {
        mut found,
        left_out,
        repeated,
    } = named_clips(&job.files)?;
    let mut clips = ClipList {
        items: Vec::new(),
        listing: None,
        unnamed: left_out,
        read: Vec::new(),
        note: None,
        repeated,
    };
    if let Some(root) = &job.data {
        if is_address(root) {
            return Err(PipelineError::Request(format!(
                "--data {0}: data folders are read from disks; give the recordings below it with --files {0}",
                root.display()
            )));
        }
        let (mut data, note) = open_folder(job, recipe, root)?;
        clips.note = note;
        clips.read = data.lines();
        if job.subset.is_none() && data.subsets().contains(&"test") {
            data = data.select_subsets(&["test"])?;
        }
        found.extend(data.items.into_iter().map(|item| (item.file.clone(), item)));
        let unnamed = data.skipped.into_iter();
        let unnamed = unnamed.filter(|s| s.reason.is_unusable());
        clips
            .unnamed
            .extend(unnamed.map(|s| (s.file, s.reason.to_string())));
    }
    if found.is_empty() {
        return Err(PipelineError::Request(
            "nothing to predict: give audio files, or a folder with --data DIR".into(),
        ));
    }
    found.sort_by(|(_, a), (_, b)| a.file.cmp(&b.file));
    if let Some(shard) = job.shard {
        let all = found
            .iter()
            .map(|(below, item)| (below.as_str(), item.file.as_str(), item.path.as_path()));
        clips.listing = Some(ShardListing::new(shard, all));
        found.retain(|(below, _)| shard.has(below));
        clips.unnamed.retain(|(file, _)| shard.has(file));
    }
    clips.items = found.into_iter().map(|(_, item)| item).collect();
    // What is whole of a damaged recording is scored, whatever the training did with such ones: nothing is trained on
    // it.
    let damaged = job.read.damaged.unwrap_or(DamagedFiles::Salvage).into();
    clips.items.iter_mut().for_each(|item| item.damaged = damaged);
    Ok(clips)
}

/// Opens the data folder as the job or the model's recipe says; a folder without any table, which is just recordings,
/// as those. Labels are not read.
fn open_folder(
    job: &PredictJob,
    recipe: &Recipe,
    root: &Path,
) -> Result<(DataSet, Option<String>), PipelineError> {
    let mut options = job.read.over(&recipe.data);
    options.read_labels = false;
    options.class_map = None;
    options.missing_files = MissingFiles::Refuse;
    let refusal = match open_for_scoring(&options, root, job.subset.as_deref()) {
        Ok(data) => return Ok((data, None)),
        Err(refusal) => refusal,
    };
    if !lacks_table(&refusal) || !job.read.is_empty() || job.subset.is_some() || !is_plain(root) {
        return Err(refusal);
    }
    let recordings = DataOptions {
        layout: Some(LayoutKind::Folders),
        read_labels: false,
        ..DataOptions::default()
    };
    // Without recordings, either: the first message says what was expected.
    let data = load(root, &recordings).map_err(|_| refusal)?;
    let amount = human_amount(data.items.len(), "recording", "recordings");
    let note = format!("{}: has no table; all of it is scored, {amount}", root.display());
    Ok((data, Some(note)))
}

/// Whether it was refused for want of a table, rather than for what is in one.
fn lacks_table(refusal: &PipelineError) -> bool {
    match refusal {
        PipelineError::Data(DataError::NoTable { .. } | DataError::Unrecognised { .. }) => true,
        PipelineError::Data(DataError::Read { source, .. }) => source.kind() == ErrorKind::NotFound,
        _ => false,
    }
}

/// Whether a folder has no table that another layout would read.
fn is_plain(root: &Path) -> bool {
    matches!(
        recognise(root, &DataOptions::default()),
        Ok(LayoutKind::Folders) | Err(DataError::Unrecognised { .. })
    )
}

/// The clips that `--files` names.
struct NamedClips {
    /// Path below the folder that was named, or the file name of a file, and the clip.
    found: Vec<(String, Item)>,
    /// What of folders has no row: names that no table can contain, folders that can't be listed.
    left_out: Skips,
    repeated: Repeated,
}

/// The files of `--files`, as [`file_items`], and those of its folders, as `tag` lists them. Each recording is there
/// once, whatever names lead to it.
fn named_clips(words: &[PathBuf]) -> Result<NamedClips, PipelineError> {
    let refused = |e: String| PipelineError::Request(format!("--files {e}"));
    let words = named_paths(words).map_err(|e| refused(e.to_string()))?;
    let (folders, files): (Vec<PathBuf>, Vec<PathBuf>) = words
        .into_iter()
        .partition(|word| word.is_dir() || inputs::is_listed(word));
    let (files, repeated) = inputs::once(files);
    let items = file_items(&files).map_err(|e| refused(e.to_string()))?;
    let name = |item: &Item| {
        let name = item.path.file_name().unwrap_or(item.path.as_os_str());
        name.to_string_lossy().into_owned()
    };
    let mut named: HashSet<PathBuf> = items.iter().map(|item| real_path(&item.path)).collect();
    let mut clips = NamedClips {
        found: items.into_iter().map(|item| (name(&item), item)).collect(),
        left_out: Vec::new(),
        repeated,
    };
    if folders.is_empty() {
        return Ok(clips);
    }
    let listed = inputs::find(&folders).map_err(|e| refused(e.to_string()))?;
    clips.left_out = listed.left_out;
    clips.repeated.extend(listed.repeated);
    for file in listed.files {
        // A file that is named itself as well keeps that name.
        if named.insert(real_path(&file.path)) {
            let below = file.path_below();
            clips.found.push((below, item(file.name, file.path)));
        } else {
            clips.repeated.add(&file.path);
        }
    }
    Ok(clips)
}

/// Refuses names of `--files` that are not there, before any work.
pub(crate) fn check_named(files: &[PathBuf]) -> Result<(), PipelineError> {
    let found = named_paths(files).and_then(|files| refuse_missing(&files));
    found.map_err(|e| PipelineError::Request(format!("--files {e}")))
}

/// The paths and addresses that words name, as `file://` does.
fn named_paths(words: &[PathBuf]) -> Result<Vec<PathBuf>, PipelineError> {
    let named = words.iter().map(|word| {
        let path = remote::named_by(word).map(Cow::into_owned);
        path.map_err(|e| PipelineError::Request(format!("{}: {e}", word.display())))
    });
    named.collect()
}

/// Single files as clips, named as they were given.
///
/// # Errors
///
/// For a folder, and for files that do not exist: a mistyped name is not a recording that can't be read.
pub fn file_items(files: &[PathBuf]) -> Result<Vec<Item>, PipelineError> {
    let files = named_paths(files)?;
    refuse_missing(&files)?;
    let of = |path: &PathBuf| {
        if path.is_dir() {
            return Err(PipelineError::Request(format!(
                "{0}: is a folder; give it with --data {0}, or name the files in it",
                path.display()
            )));
        }
        Ok(item(path.to_string_lossy().into_owned(), path.clone()))
    };
    files.iter().map(of).collect()
}

fn item(file: String, path: PathBuf) -> Item {
    Item {
        file,
        path,
        subset: "files".into(),
        ..Item::default()
    }
}

fn refuse_missing(files: &[PathBuf]) -> Result<(), PipelineError> {
    let address = files.iter().find(|path| is_address(path));
    if let (Some(address), Err(e)) = (address, remote::files()) {
        return Err(PipelineError::Request(format!("{}: {e}", address.display())));
    }
    let missing = files.iter().filter(|path| is_missing(path));
    let missing: Vec<String> = missing.map(|path| path.display().to_string()).collect();
    match missing.is_empty() {
        true => Ok(()),
        false => Err(PipelineError::Request(missing_files(&missing))),
    }
}

/// What is at an address shows when it is read: it may be one of many, at a store that is slow to ask.
fn is_missing(path: &Path) -> bool {
    if is_address(path) {
        return false;
    }
    let absent = |e: std::io::Error| matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory);
    // Not where a link leads: one that leads nowhere costs its own recording alone.
    std::fs::symlink_metadata(path).is_err_and(absent)
}

fn missing_files(missing: &[String]) -> String {
    let named = missing[..missing.len().min(NAMED)].join(", ");
    match missing.len() {
        1 => format!("{named}: no such file; check the path"),
        n if n > NAMED => format!("{named} and {} more: no such files; check the paths", n - NAMED),
        _ => format!("{named}: no such files; check the paths"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Folders are listed as `tag` lists them; a file that is named twice so is there once.
    #[test]
    fn folders_are_listed() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("in");
        std::fs::create_dir_all(folder.join("deep")).unwrap();
        for name in ["b.wav", "deep/a.flac", "notes.txt"] {
            std::fs::write(folder.join(name), "").unwrap();
        }
        let (file, name) = (folder.join("b.wav"), |path: &str| {
            folder.join(path).to_string_lossy().into_owned()
        });
        let again = folder.join("deep/../b.wav");
        let clips = named_clips(&[folder.clone(), file, again.clone()]).unwrap();
        // The folder leads to the file as well.
        assert_eq!((clips.repeated.count, clips.repeated.first), (2, Some(again)));
        let found: Vec<(String, String)> = clips
            .found
            .into_iter()
            .map(|(below, item)| (below, item.file))
            .collect();
        assert_eq!(
            found,
            [
                ("b.wav".to_owned(), name("b.wav")),
                ("deep/a.flac".to_owned(), name("deep/a.flac"))
            ]
        );
        std::fs::remove_dir_all(folder.join("deep")).unwrap();
        std::fs::remove_file(folder.join("b.wav")).unwrap();
        let refused = named_clips(&[folder]).err().unwrap().to_string();
        assert!(
            refused.starts_with("--files ") && refused.contains("no audio found"),
            "{refused}"
        );
    }

    #[test]
    fn missing_files_are_named() {
        let here = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let of = |names: &[&str]| {
            let files: Vec<PathBuf> = names.iter().map(PathBuf::from).chain([here.clone()]).collect();
            file_items(&files)
                .map(|items| items.len())
                .map_err(|e| e.to_string())
        };
        assert_eq!(of(&[]), Ok(1));
        assert_eq!(
            of(&["no.wav"]),
            Err("no.wav: no such file; check the path".into())
        );
        assert_eq!(
            of(&["no.wav", "b/no.wav"]),
            Err("no.wav, b/no.wav: no such files; check the paths".into())
        );
        assert_eq!(
            of(&["a", "b", "c", "d", "e"]),
            Err("a, b, c and 2 more: no such files; check the paths".into())
        );
        let refused = of(&["ftp://h/a.wav"]).unwrap_err();
        assert!(
            refused.starts_with("ftp://h/a.wav: addresses that begin with ftp:// "),
            "{refused}"
        );
        let address = format!("file://{}", here.display());
        let found = file_items(&[PathBuf::from(address)]).unwrap();
        assert_eq!(found[0].path, here);
        let below = here.join("x.wav");
        let message = of(&[&below.to_string_lossy()]).unwrap_err();
        assert!(
            message.ends_with("x.wav: no such file; check the path"),
            "{message}"
        );
    }
}
