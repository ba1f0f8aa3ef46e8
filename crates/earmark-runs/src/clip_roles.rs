//! `split.csv`: which clips a run trains on, validates with and is tested on, so that nothing later has to split them again.

use crate::run_dir::{RunDir, RunError};
use earmark_core::atomic::{self, WriteError};
use earmark_data::{DataSet, Item};
use earmark_recipe::Recipe;
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
pub enum ClipRole {
    /// Trained on.
    Train,
    /// Validates the training.
    Validation,
    /// Held out for testing, even if it also validates (validation.split = test-fold).
    #[serde(rename = "judged")]
    Test,
}

/// The role of each clip, by subset and file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClipRoles(BTreeMap<(String, String), ClipRole>);

fn path(run: &Path) -> PathBuf {
    run.join("split.csv")
}

fn key(item: &Item) -> (String, String) {
    (item.subset.clone(), item.file.clone())
}

impl ClipRoles {
    /// The roles in a split.
    pub fn of(split: &DataSplit) -> Self {
        let lists = [
            (&split.train, ClipRole::Train),
            (&split.validation, ClipRole::Validation),
            (&split.test, ClipRole::Test),
        ];
        Self(
            lists
                .into_iter()
                .flat_map(|(items, role)| items.iter().map(move |i| (key(i), role)))
                .collect(),
        )
    }

    /// Writes them into a run directory: `part,file,role`.
    pub fn write(&self, run: &Path) -> Result<(), WriteError> {
        atomic::write(&path(run), |w| {
            let mut csv = csv::Writer::from_writer(w);
            csv.write_record(["part", "file", "role"])?;
            for ((subset, file), role) in &self.0 {
                csv.serialize((subset, file, role))?;
            }
            csv.flush()
        })
    }

    /// Reads them; `None` for a run that has none.
    pub fn read(run: &Path) -> Result<Option<Self>, RunError> {
        let path = path(run);
        let bad =
            |e: &dyn std::fmt::Display| RunError::Split(format!("{}: cannot be read: {e}", path.display()));
        let text = match std::fs::read_to_string(&path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            text => text.map_err(|e| bad(&e))?,
        };
        let mut roles = BTreeMap::new();
        for row in csv::Reader::from_reader(text.as_bytes()).deserialize::<(String, String, ClipRole)>() {
            let (subset, file, role) = row.map_err(|e| bad(&e))?;
            roles.insert((subset, file), role);
        }
        Ok(Some(Self(roles)))
    }

    /// The roles of the run whose folder holds a model file, as its best model or a checkpoint. `None` for a file elsewhere, for a run
    /// on data other than that in `data`, and where they can't be read: a prediction does not need them.
    pub fn of_model(model: &Path, data: &Path) -> Option<Self> {
        // A link to a model, or a path from inside its folder, still belongs to its run.
        let model = model.canonicalize().ok()?;
        let is_run = |folder: &&Path| folder.join("run.json").is_file();
        let folder = model.ancestors().skip(1).take(2).find(is_run)?;
        let run = RunDir::<Recipe>::open(folder).ok()?;
        let (root, data) = (run.info.data.root.canonicalize().ok()?, data.canonicalize().ok()?);
        if root != data {
            return None;
        }
        Self::read(&run.path).ok()?
    }

    /// Whether the run holds out clips for testing.
    pub fn has_test_clips(&self) -> bool {
        self.0.values().any(|role| *role == ClipRole::Test)
    }

    /// The test clips among `items`; an error if one of them is missing.
    pub fn test_clips(&self, items: Vec<Item>) -> Result<Vec<Item>, RunError> {
        let wanted = self.0.values().filter(|r| **r == ClipRole::Test).count();
        let found: Vec<Item> = items
            .into_iter()
            .filter(|i| self.0.get(&key(i)) == Some(&ClipRole::Test))
            .collect();
        if found.len() < wanted {
            return Err(RunError::Split(format!(
                "{} of the {wanted} test clips of this run (split.csv) are missing from this data; put them back, or evaluate other clips with --subset",
                wanted - found.len()
            )));
        }
        Ok(found)
    }

    /// Whether the run was trained on a clip, or validated with it.
    pub fn is_trained_on(&self, item: &Item) -> bool {
        matches!(
            self.0.get(&key(item)),
            Some(ClipRole::Train | ClipRole::Validation)
        )
    }

    /// How many of `items` the run was trained on or validated with.
    pub fn count_trained_on(&self, items: &[Item]) -> usize {
        items.iter().filter(|i| self.is_trained_on(i)).count()
    }
}

/// The test clips of a run.
pub fn test_clips(run: &Path, data: &DataSet) -> Result<Vec<Item>, RunError> {
    match ClipRoles::read(run)? {
        Some(roles) => roles.test_clips(data.items.clone()),
        None => Err(RunError::NoRun {
            path: run.into(),
            missing: "split.csv",
        }),
    }
}
