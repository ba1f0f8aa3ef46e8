//! `split.csv`: which clips a run trains on, validates with and is tested on, so that nothing later has to split them again.

use crate::run_dir::{RunDir, RunError};
use earmark_core::atomic::{self, WriteError};
use earmark_data::{DataSet, Item};
use std::collections::BTreeMap;
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
}

/// What each clip is used for, by subset and file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SplitTable(BTreeMap<(String, String), ClipUse>);

fn path(run: &Path) -> PathBuf {
    run.join("split.csv")
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
        Self(train.into_iter().chain(validation).chain(test).collect())
    }

    /// Writes it into a run directory: `part,file,role`.
    pub fn write(&self, run: &Path) -> Result<(), WriteError> {
        atomic::write(&path(run), |w| {
            let mut csv = csv::Writer::from_writer(w);
            csv.write_record("part,file,role".split(','))?;
            for ((subset, file), what) in &self.0 {
                csv.serialize((subset, file, what))?;
            }
            csv.flush()
        })
    }

    /// Reads it; `None` for a run that has none.
    pub fn read(run: &Path) -> Result<Option<Self>, RunError> {
        let path = path(run);
        let bad =
            |e: &dyn std::fmt::Display| RunError::Split(format!("{}: cannot be read: {e}", path.display()));
        let text = match std::fs::read_to_string(&path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            text => text.map_err(|e| bad(&e))?,
        };
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let clips: Result<BTreeMap<_, _>, csv::Error> = reader.deserialize().collect();
        Ok(Some(Self(clips.map_err(|e| bad(&e))?)))
    }

    /// The table of the run whose folder holds a model file, as its best model or a checkpoint. `None` for a file elsewhere, for a run
    /// on data other than that in `data`, and where it can't be read: a prediction does not need it.
    pub fn of_model(model: &Path, data: &Path) -> Option<Self> {
        // A link to a model, or a path from inside its folder, still belongs to its run.
        let model = model.canonicalize().ok()?;
        let is_run = |folder: &&Path| folder.join("run.json").is_file();
        let folder = model.ancestors().skip(1).take(2).find(is_run)?;
        let root = RunDir::open(folder).ok()?.info.data.root;
        if root.canonicalize().ok()? != data.canonicalize().ok()? {
            return None;
        }
        Self::read(folder).ok()?
    }

    /// Whether the run holds out clips for testing.
    pub fn has_test_clips(&self) -> bool {
        self.0.values().any(|what| *what == ClipUse::Test)
    }

    /// The test clips among `items`; an error if one of them is missing.
    pub fn test_clips(&self, mut items: Vec<Item>) -> Result<Vec<Item>, RunError> {
        let wanted = self.0.values().filter(|what| **what == ClipUse::Test).count();
        items.retain(|i| self.0.get(&key(i)) == Some(&ClipUse::Test));
        if items.len() < wanted {
            return Err(RunError::Split(format!(
                "{} of the {wanted} test clips of this run (split.csv) are missing from this data; put them back, or evaluate other clips with --subset",
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
        self.used_as(item).is_some_and(|what| what != ClipUse::Test)
    }

    /// How many of `items` the run was trained on or validated with.
    pub fn count_trained_on(&self, items: &[Item]) -> usize {
        items.iter().filter(|i| self.is_trained_on(i)).count()
    }
}

/// The test clips of a run.
pub fn test_clips(run: &Path, data: &DataSet) -> Result<Vec<Item>, RunError> {
    let (path, missing) = (run.into(), "split.csv");
    let table = SplitTable::read(run)?.ok_or(RunError::NoRun { path, missing })?;
    table.test_clips(data.items.clone())
}
