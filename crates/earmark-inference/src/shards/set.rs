//! All shards of an output: there, finished, and of the same archive, model and settings; or refused by name.

use super::differences::{ranges, refuse_differences};
use super::manifest::{Incomplete, remove, unreadable};
use super::{Shard, ShardCounts, ShardManifest, request, rows_ending, stem};
use crate::PipelineError;
use crate::error::folder_of;
use earmark_core::atomic::WriteError;
use earmark_core::remote::is_address;
use earmark_core::text::command_line;
use std::path::{Path, PathBuf};

/// All shards of an output.
#[derive(Clone, Debug)]
pub struct ShardSet {
    /// The output that the merge writes.
    pub out: PathBuf,
    /// By number.
    pub manifests: Vec<ShardManifest>,
    in_folder: bool,
}

impl ShardSet {
    /// Reads the manifests of all shards of an output.
    ///
    /// # Errors
    ///
    /// For shards that are missing, damaged or not finished, with the command that completes them, and for shards that
    /// differ, with the keys in which they do.
    pub fn open(out: &Path) -> Result<Self, PipelineError> {
        let in_folder = out.is_dir();
        let found = shards_of(out, in_folder)?;
        let Some(&Shard { of, .. }) = found.first() else {
            return Err(none_found(out, in_folder));
        };
        if let Some(other) = found.iter().find(|shard| shard.of != of) {
            return Err(request(format!(
                "{}: there are files of {of} shards and of {}; remove those of one kind ({}*)",
                out.display(),
                other.of,
                stem(out, in_folder)
            )));
        }
        let (mut manifests, mut incomplete) = (Vec::new(), Vec::new());
        for number in 1..=of {
            let shard = Shard { number, of };
            match ShardManifest::read(&shard.path(out, in_folder, ".json"), shard)? {
                Ok(manifest) => {
                    if !manifest.finished {
                        incomplete.push((number, Incomplete::Unfinished));
                    }
                    manifests.push(manifest);
                }
                Err(why) => incomplete.push((number, why)),
            }
        }
        refuse_differences(out, &manifests)?;
        let set = Self {
            out: out.to_path_buf(),
            manifests,
            in_folder,
        };
        if let Some(&(first, _)) = incomplete.first() {
            let what = states(&incomplete, of);
            let shard = Shard { number: first, of };
            let others = if incomplete.len() > 1 { ", and so on" } else { "" };
            let command = set.command(shard);
            return Err(request(format!(
                "{}: {what}; complete with {command}{others}",
                out.display()
            )));
        }
        set.refuse_gaps()?;
        Ok(set)
    }

    /// Whether results are one file per recording, in a folder.
    pub fn is_folder(&self) -> bool {
        self.in_folder
    }

    /// Where a file of a shard is, by its ending.
    pub fn path(&self, manifest: &ShardManifest, ending: &str) -> PathBuf {
        shard_of(manifest).path(&self.out, self.in_folder, ending)
    }

    /// The names of all recordings, in the order of an unsharded run.
    pub fn files_in_order(&self) -> Vec<&str> {
        let files = self.manifests.iter().flat_map(|manifest| &manifest.files);
        let mut files: Vec<(usize, &str)> = files.map(|(place, name)| (*place, name.as_str())).collect();
        files.sort_unstable();
        files.into_iter().map(|(_, name)| name).collect()
    }

    /// What became of the recordings of all shards; those that are named are sorted by name.
    pub fn counts(&self) -> ShardCounts {
        let mut all = ShardCounts::default();
        for ShardManifest { counts, .. } in &self.manifests {
            all.skipped.extend(counts.skipped.iter().cloned());
            all.damaged.extend(counts.damaged.iter().cloned());
            all.notes.extend(counts.notes.iter().cloned());
            all.done += counts.done;
            all.events += counts.events;
            all.seconds += counts.seconds;
        }
        for named in [&mut all.skipped, &mut all.damaged, &mut all.notes] {
            named.sort();
        }
        all
    }

    /// Removes the files of all shards: what they hold is merged.
    ///
    /// # Errors
    ///
    /// When one can't be removed.
    pub fn remove(self) -> Result<(), WriteError> {
        for manifest in &self.manifests {
            remove(&self.path(manifest, ".json"))?;
        }
        for manifest in &self.manifests {
            remove(&self.path(manifest, ".journal"))?;
            for table in 0..manifest.output.tables().len() {
                let rows = rows_ending(table);
                for more in ["", ".csv", ".json"] {
                    remove(&self.path(manifest, &format!("{rows}{more}")))?;
                }
            }
        }
        Ok(())
    }

    /// A shard whose files are of no use, with the command that makes them again.
    pub(crate) fn again(&self, manifest: &ShardManifest, why: &str) -> PipelineError {
        let shard = shard_of(manifest);
        request(format!(
            "{}: shard {} of {}: {why}; run it again with {}",
            self.out.display(),
            shard.number,
            shard.of,
            self.command(shard)
        ))
    }

    /// Refuses shards that were run again since they were opened: what was read of them may be of either run.
    pub(crate) fn refuse_changed(&self) -> Result<(), PipelineError> {
        for manifest in &self.manifests {
            let shard = shard_of(manifest);
            let now = ShardManifest::read(&self.path(manifest, ".json"), shard)?;
            if now.as_ref() != Ok(manifest) {
                return Err(request(format!(
                    "{}: shard {} of {} was run again meanwhile; merge when it is finished",
                    self.out.display(),
                    shard.number,
                    shard.of
                )));
            }
        }
        Ok(())
    }

    /// Shards that another command than this one made.
    pub(crate) fn of_another_command(&self, wanted: &str) -> PipelineError {
        request(format!(
            "{}: its shards are not those of `earmark {wanted}`",
            self.out.display()
        ))
    }

    /// The command that makes a shard.
    fn command(&self, shard: Shard) -> String {
        match self.manifests.first() {
            Some(first) => {
                let words = first.command.iter().map(String::as_str);
                let text = shard.to_string();
                let words: Vec<&str> = words.chain(["--shard", &text]).collect();
                format!("`{}`", command_line(&words))
            }
            None => format!("the command of the shards and --shard {shard}"),
        }
    }

    /// Every recording of the archive is in one shard.
    fn refuse_gaps(&self) -> Result<(), PipelineError> {
        let places = self.manifests.iter().flat_map(|manifest| &manifest.files);
        let mut places: Vec<usize> = places.map(|(place, _)| *place).collect();
        places.sort_unstable();
        let files = self.manifests.first().map_or(0, |first| first.archive.files);
        match places.into_iter().eq(0..files) {
            true => Ok(()),
            false => Err(request(format!(
                "{}: its shards do not add up to the archive of {files} recordings; run all of them again",
                self.out.display()
            ))),
        }
    }
}

fn shard_of(manifest: &ShardManifest) -> Shard {
    Shard {
        number: manifest.shard,
        of: manifest.of,
    }
}

/// Refuses to make a shard of another number of shards than are there: a job array of which only some tasks are run
/// again says so little.
///
/// # Errors
///
/// For such a shard, a folder that can't be listed, and an address: shards meet in a folder.
pub fn refuse_other_shards(out: &Path, in_folder: bool, shard: Shard) -> Result<(), PipelineError> {
    if is_address(out) {
        return Err(request(format!(
            "{}: shards of an output meet in a folder that all machines share; write to such a folder, merge there, and \
             copy the output",
            out.display()
        )));
    }
    if in_folder && !out.exists() {
        return Ok(());
    }
    let found = shards_of(out, in_folder)?;
    match found.iter().find(|other| other.of != shard.of) {
        None => Ok(()),
        Some(other) => Err(request(format!(
            "--shard {shard}: {} is of {of} shards of the same output; give --shard K/{of}, remove the files of these \
             ({}*), or choose another output",
            other.path(out, in_folder, ".json").display(),
            stem(out, in_folder),
            of = other.of
        ))),
    }
}

/// The shards of an output that have a manifest.
fn shards_of(out: &Path, in_folder: bool) -> Result<Vec<Shard>, PipelineError> {
    let folder = if in_folder { out } else { folder_of(out) };
    let stem = stem(out, in_folder);
    let failed = |e| unreadable(folder, &e);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        found.extend(name.to_str().and_then(|name| of_name(name, &stem)));
    }
    found.sort_unstable_by_key(|shard| (shard.of, shard.number));
    Ok(found)
}

/// The shard whose manifest has this name.
fn of_name(name: &str, stem: &str) -> Option<Shard> {
    let numbers = name.strip_prefix(stem)?.strip_suffix(".json")?;
    let (number, of) = numbers.split_once("-of-")?;
    let shard = Shard::new(number.parse().ok()?, of.parse().ok()?).ok()?;
    (format!("{}-of-{}", shard.number, shard.of) == numbers).then_some(shard)
}

fn none_found(out: &Path, in_folder: bool) -> PipelineError {
    let merged = if out.exists() {
        ", unless it is merged already"
    } else {
        ""
    };
    request(format!(
        "{}: it has no shards ({}K-of-N.json); make them by --shard K/N of `earmark tag`, `earmark embed` or \
         `earmark predict`{merged}",
        out.display(),
        stem(out, in_folder)
    ))
}

/// Which shards can't be merged yet, in words.
fn states(incomplete: &[(u32, Incomplete)], of: u32) -> String {
    let mut parts = Vec::new();
    for state in [Incomplete::Missing, Incomplete::Damaged, Incomplete::Unfinished] {
        let these = incomplete.iter().filter(|(_, found)| *found == state);
        let numbers: Vec<u32> = these.map(|(number, _)| *number).collect();
        let (shards, are) = if numbers.len() == 1 {
            ("shard", "is")
        } else {
            ("shards", "are")
        };
        if !numbers.is_empty() {
            parts.push(format!(
                "{shards} {} of {of} {are} {}",
                ranges(&numbers),
                state.word()
            ));
        }
    }
    parts.join("; ")
}
