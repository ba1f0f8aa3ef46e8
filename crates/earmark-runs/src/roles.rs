//! `split.csv`: which clips of a run train, validate and are judged, so that nothing later has to divide them again.

use crate::run_dir::{RunDir, RunError};
use earmark_core::atomic::{self, WriteError};
use earmark_data::{DataSet, Item};
use earmark_recipe::Recipe;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A data set, divided.
#[derive(Clone, Debug, PartialEq)]
pub struct Parts {
    /// Clips to train on.
    pub train: Vec<Item>,
    /// Clips that steer plateaus, early stopping and the best checkpoint.
    pub validation: Vec<Item>,
    /// Clips of the judged fold.
    pub judged: Vec<Item>,
    /// Whether validation sees the judged fold.
    pub optimistic: bool,
}

/// What a clip is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Trained on.
    Train,
    /// Steers the training.
    Validation,
    /// Kept for judging. A judged clip that steers as well (validation.split = test-fold) stands here.
    Judged,
}

/// The role of each clip, by part and file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roles(BTreeMap<(String, String), Role>);

fn path(run: &Path) -> PathBuf {
    run.join("split.csv")
}

fn key(item: &Item) -> (String, String) {
    (item.subset.clone(), item.file.clone())
}

impl Roles {
    /// The roles that a division gives.
    pub fn of(parts: &Parts) -> Self {
        let lists = [
            (&parts.train, Role::Train),
            (&parts.validation, Role::Validation),
            (&parts.judged, Role::Judged),
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
            for ((part, file), role) in &self.0 {
                csv.serialize((part, file, role))?;
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
        for row in csv::Reader::from_reader(text.as_bytes()).deserialize::<(String, String, Role)>() {
            let (part, file, role) = row.map_err(|e| bad(&e))?;
            roles.insert((part, file), role);
        }
        Ok(Some(Self(roles)))
    }

    /// Those of the run that a model file lies in, as its best or a checkpoint; `None` for a file elsewhere, for a run on other data than
    /// that in `data`, and where they can't be read: a prediction does not need them.
    pub fn of_model(model: &Path, data: &Path) -> Option<Self> {
        // A link to a model, or one named from inside its folder, is still its run's.
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

    /// Whether the run keeps clips for judging.
    pub fn keep_some(&self) -> bool {
        self.0.values().any(|role| *role == Role::Judged)
    }

    /// The judged clips among `items`; an error if one of them is not there any more.
    pub fn judged(&self, items: Vec<Item>) -> Result<Vec<Item>, RunError> {
        let wanted = self.0.values().filter(|r| **r == Role::Judged).count();
        let found: Vec<Item> = items
            .into_iter()
            .filter(|i| self.0.get(&key(i)) == Some(&Role::Judged))
            .collect();
        if found.len() < wanted {
            return Err(RunError::Split(format!(
                "{} of the {wanted} clips that the run keeps for judging (split.csv) are not in this data; put them back, or judge other clips with --part",
                wanted - found.len()
            )));
        }
        Ok(found)
    }

    /// Whether the run has learnt from a clip.
    pub fn has_learnt(&self, item: &Item) -> bool {
        matches!(self.0.get(&key(item)), Some(Role::Train | Role::Validation))
    }

    /// How many of `items` the run has learnt from.
    pub fn learnt(&self, items: &[Item]) -> usize {
        items.iter().filter(|i| self.has_learnt(i)).count()
    }
}

/// The clips that a run keeps for judging.
pub fn own_fold(run: &Path, data: &DataSet) -> Result<Vec<Item>, RunError> {
    match Roles::read(run)? {
        Some(roles) => roles.judged(data.items.clone()),
        None => Err(RunError::NoRun {
            path: run.into(),
            missing: "split.csv",
        }),
    }
}
