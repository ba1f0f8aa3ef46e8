//! Where results go: a stream as they come, one file for all, or a file for each recording in a folder.

use super::archive::{Done, hear_all};
use super::formats::{Shape, Writer};
use super::resume_log::{Entry, Outcome, ResumeLog, Stamp};
use super::{Format, Input, Inputs, TagError, TagEvent, TagJob};
use earmark_core::atomic::{self, WriteError};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

/// What a file's or folder's journal is called: `FILE.journal`, `FOLDER/.earmark-tag.journal`.
const JOURNAL: &str = ".journal";
const FOLDER_JOURNAL: &str = ".earmark-tag.journal";

/// How results are kept.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// In this format.
    pub format: Format,
    /// What an interrupted hearing left behind is thrown away.
    pub fresh: bool,
    /// The journal stays, so that a later hearing of the same archive hears what is new or changed.
    pub keep_journal: bool,
}

/// What was done.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    /// Whether everything is done; else it was interrupted.
    pub whole: bool,
    /// Recordings heard, now or before the interruption of an earlier hearing.
    pub heard: usize,
    /// Those of before.
    pub before: usize,
    /// Their length.
    pub seconds: f64,
    /// Events in them.
    pub events: usize,
    /// Recordings that can't be heard, and why.
    pub skipped: Vec<(String, String)>,
}

impl Told {
    fn count(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Tagged(heard) => {
                self.heard += 1;
                self.seconds += heard.seconds;
                self.events += heard.events.len();
            }
            Outcome::Failed { file, reason } => self.skipped.push((file.clone(), reason.clone())),
        }
    }

    /// The files that no table can name, ahead of all others.
    fn beginning(hearing: &TagJob, inputs: &Inputs) -> Self {
        for (file, reason) in &inputs.unnamed {
            (hearing.observer)(TagEvent::Skipped { file, reason });
        }
        Self {
            skipped: inputs.unnamed.clone(),
            ..Self::default()
        }
    }
}

/// Hears everything and writes results to `out` in the order of the inputs, each as soon as those before it are there. There is no
/// journal: what was written to a pipe can't be taken back.
///
/// # Errors
/// When `out` takes no more, or nothing can be heard at all.
pub fn to_stream(
    hearing: &TagJob,
    inputs: &Inputs,
    format: Format,
    out: &mut dyn Write,
) -> Result<Told, TagError> {
    check_format(hearing, inputs, format)?;
    let folder = std::env::temp_dir();
    let mut told = Told::beginning(hearing, inputs);
    let mut writer = Writer::new(format, shape(hearing, &folder), out)?;
    let mut waiting: BTreeMap<usize, Done> = BTreeMap::new();
    let mut next = 0;
    let todo: Vec<usize> = (0..inputs.files.len()).collect();
    let scratch = (folder.clone(), "earmark-tag".to_owned());
    told.whole = hear_all(hearing, &inputs.files, &todo, &scratch, |done| {
        waiting.insert(done.index, done);
        while let Some(mut done) = waiting.remove(&next) {
            told.count(&done.entry.outcome);
            writer.add(&done.entry.outcome, &mut BufReader::new(done.lines.reader()?))?;
            writer.flush()?;
            next += 1;
        }
        Ok(())
    })?;
    writer.finish()?;
    Ok(told)
}

/// Hears everything and writes one file, atomically, when all is done. Until then results are in the journal `PATH.journal`, from which
/// an interrupted hearing goes on: by itself, where the settings are the same.
///
/// # Errors
/// A journal of other settings or in use, a disk that fails, or nothing that can be heard at all.
pub fn to_file(hearing: &TagJob, inputs: &Inputs, target: Target, path: &Path) -> Result<Told, TagError> {
    check_format(hearing, inputs, target.format)?;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut journal_path = path.as_os_str().to_owned();
    journal_path.push(JOURNAL);
    let mut journal = ResumeLog::open(Path::new(&journal_path), &hearing.tagger.settings(), target.fresh)?;
    if let Some(name) = path.file_name() {
        clean(folder, &format!(".{}.tmp-", name.to_string_lossy()));
    }
    let mut told = Told::beginning(hearing, inputs);
    let todo = todo(hearing, inputs, &journal, &mut told);
    let scratch = (folder.to_path_buf(), "earmark-tag".to_owned());
    told.whole = hear_all(hearing, &inputs.files, &todo, &scratch, |mut done| {
        journal.add(&done.entry, &mut done.lines)
    })?;
    journal.sync()?;
    if !told.whole {
        count_all(inputs, &journal, &mut told)?;
        return Ok(told);
    }
    atomic::write(path, |out| {
        let mut writer = Writer::new(target.format, shape(hearing, folder), out)?;
        for file in &inputs.files {
            let added = journal.read(&file.name, |entry, lines| {
                told.count(&entry.outcome);
                writer.add(&entry.outcome, lines)
            });
            added.map_err(io::Error::other)?;
        }
        writer.finish()
    })?;
    end(journal, target)?;
    Ok(told)
}

/// Hears everything and writes a file for each recording into `folder`, named by the path below what was given. A recording's file
/// is there before its entry in the journal.
///
/// # Errors
/// As [`to_file`]; also two recordings whose results would have one name.
pub fn to_folder(hearing: &TagJob, inputs: &Inputs, target: Target, folder: &Path) -> Result<Told, TagError> {
    check_windows(hearing, target.format)?;
    let paths = result_paths(&inputs.files, target.format, folder)?;
    std::fs::create_dir_all(folder).map_err(|e| WriteError::new(folder, e))?;
    let mut settings = hearing.tagger.settings();
    settings.push(("--format".into(), format!("{:?}", target.format).to_lowercase()));
    let mut journal = ResumeLog::open(&folder.join(FOLDER_JOURNAL), &settings, target.fresh)?;
    let parents: HashSet<&Path> = paths.iter().filter_map(|path| path.parent()).collect();
    parents.into_iter().for_each(|parent| clean(parent, "."));
    let mut told = Told::beginning(hearing, inputs);
    let todo = todo(hearing, inputs, &journal, &mut told);
    let write = |index: usize, entry: &Entry, lines: &mut dyn BufRead| -> Result<(), TagError> {
        let path: &PathBuf = &paths[index];
        let Outcome::Tagged(_) = entry.outcome else {
            // Results of before are not those of a recording that can't be heard now.
            return match std::fs::remove_file(path) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => Err(WriteError::new(path, e).into()),
                _ => Ok(()),
            };
        };
        let parent = path.parent().unwrap_or(folder);
        std::fs::create_dir_all(parent).map_err(|e| WriteError::new(parent, e))?;
        Ok(atomic::write(path, |out| {
            let mut writer = Writer::new(target.format, shape(hearing, folder), out)?;
            writer.add(&entry.outcome, lines)?;
            writer.finish()
        })?)
    };
    // Files that somebody took away since are made again from the journal.
    let mut is_todo = vec![false; inputs.files.len()];
    todo.iter().for_each(|i| is_todo[*i] = true);
    for (index, file) in inputs.files.iter().enumerate() {
        if !is_todo[index] && !paths[index].exists() {
            let mut written = Ok(());
            journal.read(&file.name, |entry, lines| {
                written = write(index, entry, lines);
                Ok(())
            })?;
            written?;
        }
    }
    let scratch = (folder.to_path_buf(), "earmark-tag".to_owned());
    told.whole = hear_all(hearing, &inputs.files, &todo, &scratch, |mut done| {
        write(done.index, &done.entry, &mut BufReader::new(done.lines.reader()?))?;
        journal.add(&done.entry, &mut done.lines)
    })?;
    journal.sync()?;
    count_all(inputs, &journal, &mut told)?;
    if told.whole {
        end(journal, target)?;
    }
    Ok(told)
}

fn shape<'a>(hearing: &'a TagJob, scratch: &'a Path) -> Shape<'a> {
    Shape {
        classes: hearing.tagger.classes(),
        windows: hearing.tagger.keeps_windows(),
        top: hearing.tagger.top(),
        scratch: Some(scratch),
    }
}

fn check_windows(hearing: &TagJob, format: Format) -> Result<(), TagError> {
    if hearing.tagger.keeps_windows() && !format.holds_windows() {
        return Err(TagError::Request(
            "--windows: this format holds events; choose csv, json, ndjson, parquet or table for scores of windows".into(),
        ));
    }
    Ok(())
}

fn check_format(hearing: &TagJob, inputs: &Inputs, format: Format) -> Result<(), TagError> {
    check_windows(hearing, format)?;
    if inputs.files.len() > 1 && !format.holds_several() {
        return Err(TagError::Request(format!(
            "--format audacity: a label track is of one recording, and {} are given; give a folder with --out-dir for a track each",
            inputs.files.len()
        )));
    }
    Ok(())
}

/// The files that the journal does not have yet.
fn todo(hearing: &TagJob, inputs: &Inputs, journal: &ResumeLog, told: &mut Told) -> Vec<usize> {
    let todo: Vec<usize> = (0..inputs.files.len())
        .filter(|i| {
            let file = &inputs.files[*i];
            !journal.has(&file.name, Stamp::of(&file.path))
        })
        .collect();
    told.before = inputs.files.len() - todo.len();
    if told.before > 0 {
        (hearing.observer)(TagEvent::Note(format!(
            "going on: {} of {} recordings are in {} already",
            told.before,
            inputs.files.len(),
            journal.path().display()
        )));
    }
    todo
}

/// Counts what the journal has of the inputs.
fn count_all(inputs: &Inputs, journal: &ResumeLog, told: &mut Told) -> Result<(), TagError> {
    for file in &inputs.files {
        journal.read(&file.name, |entry, _| {
            told.count(&entry.outcome);
            Ok(())
        })?;
    }
    Ok(())
}

fn end(journal: ResumeLog, target: Target) -> Result<(), TagError> {
    if target.keep_journal {
        return Ok(());
    }
    journal.remove()
}

/// Removes what a killed process left half written, whose names begin like this; the journal is locked, so that no other is at work.
/// What can't be removed does no harm, and is told by its name.
fn clean(folder: &Path, start: &str) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        if atomic::is_leftover(&name) && name.to_string_lossy().starts_with(start) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Where the results of each file go.
fn result_paths(files: &[Input], format: Format, folder: &Path) -> Result<Vec<PathBuf>, TagError> {
    let mut first: HashMap<PathBuf, &str> = HashMap::new();
    files
        .iter()
        .map(|file| {
            let mut name = file.below.clone().into_os_string();
            name.push(format.extension());
            let path = folder.join(name);
            match first.insert(path.clone(), &file.name) {
                None => Ok(path),
                Some(other) => Err(TagError::Request(format!(
                    "--out-dir: the results of {other} and {} would both be {}; tag them into two folders, or give the folder above both",
                    file.name,
                    path.display()
                ))),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_named_by_the_path_below_what_was_given() {
        let input = |name: &str, below: &str| Input {
            path: name.into(),
            name: name.into(),
            below: below.into(),
        };
        let files = [input("x/a.wav", "a.wav"), input("x/d/a.wav", "d/a.wav")];
        let paths = result_paths(&files, Format::Raven, Path::new("out")).unwrap();
        assert_eq!(
            paths,
            [
                Path::new("out/a.wav.selections.txt"),
                Path::new("out/d/a.wav.selections.txt")
            ]
        );
        let files = [input("x/a.wav", "a.wav"), input("y/a.wav", "a.wav")];
        let error = result_paths(&files, Format::Audacity, Path::new("out")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "--out-dir: the results of x/a.wav and y/a.wav would both be out/a.wav.txt; tag them into two folders, or give the folder \
             above both"
        );
    }
}
