//! `split.csv`: which clips a run trains on, validates with and is tested on, so that nothing later has to split them
//! again.

use crate::run_dir::{RunDir, RunError, split_checksum};
use earmark_core::atomic::{self, WriteError};
use earmark_core::checksum::Checksum;
use earmark_data::{DataSet, Item};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The clips of a data set, split for one training.
#[derive(Clone, Debug, PartialEq)]
pub struct DataSplit {
    /// Clips to train on.
    pub train: Vec<Item>,
    /// Clips that drive plateaus, early stopping and the choice of the best checkpoint.
    pub validation: Vec<Item>,
    /// Clips of the test fold.
    pub test: Vec<Item>,
    /// Clips of the test fold that corrections remove (`keep-in-folds`): scored out of fold, and nothing else.
    pub removed: Vec<Item>,
    /// Whether the test fold also validates.
    pub optimistic: bool,
}

/// What a clip is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClipUse {
    /// Trained on.
    Train,
    /// Validates the training.
    Validation,
    /// Held out for testing, even if it also validates (validation.split = test-fold).
    #[serde(rename = "judged")]
    Test,
    /// Scored out of fold, and used for nothing: corrections remove it, but keep it in the folds.
    Removed,
}

/// What each clip is used for, by subset and file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SplitTable(BTreeMap<(String, String), ClipUse>);

fn path(run: &Path) -> PathBuf {
    run.join("split.csv")
}

/// The run on the data in `data` whose folder holds a model file.
fn run_of_model(model: &Path, data: &Path) -> Option<PathBuf> {
    // A link to a model, or a path from inside its folder, still belongs to its run.
    let model = model.canonicalize().ok()?;
    let is_run = |folder: &&Path| folder.join("run.json").is_file();
    let folder = model.ancestors().skip(1).take(2).find(is_run)?;
    let root = RunDir::open(folder).ok()?.info.data.root;
    (root.canonicalize().ok()? == data.canonicalize().ok()?).then(|| folder.to_path_buf())
}

fn key(item: &Item) -> (String, String) {
    (item.subset.clone(), item.file.clone())
}

impl SplitTable {
    /// The table of a split.
    pub fn of(split: &DataSplit) -> Self {
        let used_for = |items: &[Item], what| items.iter().map(|i| (key(i), what)).collect::<Vec<_>>();
        let train = used_for(&split.train, ClipUse::Train);
        let validation = used_for(&split.validation, ClipUse::Validation);
        let test = used_for(&split.test, ClipUse::Test);
        let removed = used_for(&split.removed, ClipUse::Removed);
        let all = train.into_iter().chain(validation).chain(test);
        Self(all.chain(removed).collect())
    }

    /// Writes it into a run directory: `part,file,role`.
    ///
    /// # Errors
    /// A file that can't be written.
    pub fn write(&self, run: &Path) -> Result<(), WriteError> {
        atomic::write(&path(run), |w| self.fill(w))
    }

    /// The checksum of what [`Self::write`] writes, which the run's `run.json` keeps.
    pub fn checksum(&self) -> String {
        let mut checksum = Checksum::default();
        self.fill(&mut checksum).expect("a checksum takes all bytes");
        checksum.hex()
    }

    fn fill(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut csv = csv::Writer::from_writer(out);
        csv.write_record("part,file,role".split(','))?;
        for ((subset, file), what) in &self.0 {
            csv.serialize((subset, file, what))?;
        }
        csv.flush()
    }

    /// Reads it; `None` for a run that has none.
    ///
    /// # Errors
    ///
    /// When it can't be read, or is not the one that `run.json` was written for.
    pub fn read(run: &Path) -> Result<Option<Self>, RunError> {
        let path = path(run);
        let bad =
            |e: &dyn std::fmt::Display| RunError::Split(format!("{}: cannot be read: {e}", path.display()));
        let text = match std::fs::read(&path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            text => text.map_err(|e| bad(&e))?,
        };
        if split_checksum(run)?.is_some_and(|written| written != Checksum::of(&text)) {
            return Err(RunError::Split(format!(
                "{}: is damaged: its checksum is not the one in run.json; restore it from a copy, or train again in \
                 another folder (where it was changed by hand, remove the keys \"split_checksum\" and \"checksum\" of \
                 run.json)",
                path.display()
            )));
        }
        let mut reader = csv::Reader::from_reader(text.as_slice());
        let clips: Result<BTreeMap<_, _>, csv::Error> = reader.deserialize().collect();
        Ok(Some(Self(clips.map_err(|e| bad(&e))?)))
    }

    /// The table of the run whose folder holds a model file, as its best model or a checkpoint. `None` for a file
    /// elsewhere, for a run on data other than that in `data`, and where the run can't be opened: a prediction does not
    /// need it.
    ///
    /// # Errors
    ///
    /// When the table is there and can't be read.
    pub fn of_model(model: &Path, data: &Path) -> Result<Option<Self>, RunError> {
        match run_of_model(model, data) {
            Some(run) => Self::read(&run),
            None => Ok(None),
        }
    }

    /// Whether the run holds out clips for testing.
    pub fn has_test_clips(&self) -> bool {
        self.0.values().any(|what| *what == ClipUse::Test)
    }

    /// The test clips among `items`.
    ///
    /// # Errors
    /// [`RunError::Split`] if one of them is missing.
    pub fn test_clips(&self, mut items: Vec<Item>) -> Result<Vec<Item>, RunError> {
        let wanted = self.0.values().filter(|what| **what == ClipUse::Test).count();
        items.retain(|i| self.0.get(&key(i)) == Some(&ClipUse::Test));
        if items.len() < wanted {
            return Err(RunError::Split(format!(
                "{} of the {wanted} test clips of this run (split.csv) are missing from this data; put them back, or \
                 evaluate other clips with --subset",
                wanted - items.len()
            )));
        }
        Ok(items)
    }

    /// What the run used a clip for; `None` for a clip that it has not seen.
    pub fn used_as(&self, item: &Item) -> Option<ClipUse> {
        self.0.get(&key(item)).copied()
    }

    /// Whether the run was trained on a clip, or validated with it.
    pub fn is_trained_on(&self, item: &Item) -> bool {
        let what = self.used_as(item);
        what.is_some_and(|what| matches!(what, ClipUse::Train | ClipUse::Validation))
    }

    /// How many of `items` the run was trained on or validated with.
    pub fn count_trained_on(&self, items: &[Item]) -> usize {
        items.iter().filter(|i| self.is_trained_on(i)).count()
    }
}

/// The test clips of a run, as they are in its data now.
///
/// # Errors
/// [`RunError::NoRun`] without `split.csv`; as [`SplitTable::read`] and [`SplitTable::test_clips`].
pub fn test_clips(run: &Path, data: &DataSet) -> Result<Vec<Item>, RunError> {
    let (path, missing) = (run.into(), "split.csv");
    let table = SplitTable::read(run)?.ok_or(RunError::NoRun { path, missing })?;
    table.test_clips(data.items.clone())
}

/// The clips of a run's test fold that corrections remove, but keep in the folds.
///
/// # Errors
/// As [`SplitTable::read`].
pub fn removed_clips(run: &Path, data: &DataSet) -> Result<Vec<Item>, RunError> {
    let table = SplitTable::read(run)?.unwrap_or_default();
    let removed = data.removed.iter().map(|(_, item)| item);
    let of_fold = removed.filter(|item| table.used_as(item) == Some(ClipUse::Removed));
    Ok(of_fold.cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run_dir::{RunInfo, write_sealed_json};

    #[test]
    fn a_split_notices_every_bit() {
        let dir = tempfile::tempdir().unwrap();
        let run = dir.path();
        let clip = |file: &str| Item {
            file: file.into(),
            subset: "train".into(),
            ..Item::default()
        };
        let table = SplitTable::of(&DataSplit {
            train: vec![clip("a, b.wav")],
            validation: vec![clip("c.wav")],
            test: vec![clip("d.wav")],
            removed: vec![clip("e.wav")],
            optimistic: false,
        });
        table.write(run).unwrap();
        let whole = std::fs::read(path(run)).unwrap();
        // One of an earlier version has no checksum, and is read as it is.
        assert_eq!(SplitTable::read(run).unwrap().as_ref(), Some(&table));
        let mut info = RunInfo::default();
        info.data.split_checksum = Some(table.checksum());
        write_sealed_json(&run.join("run.json"), &info).unwrap();
        for bit in 0..8 * whole.len() {
            let mut damaged = whole.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            std::fs::write(path(run), damaged).unwrap();
            let refused = SplitTable::read(run).unwrap_err().to_string();
            assert!(
                refused.contains("split.csv: is damaged: its checksum"),
                "{refused}"
            );
        }
        std::fs::write(path(run), &whole).unwrap();
        assert_eq!(SplitTable::read(run).unwrap(), Some(table));
    }
}
