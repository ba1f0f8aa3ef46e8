//! A labelled recording, and a set of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use crate::class_map::ClassMap;
use crate::layout::{Corrected, DataError, LayoutKind};

/// One recording of a data set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    /// The name as the table has it (for a folder of classes: the path below the root, with `/`).
    /// It is the identity of the recording in every output.
    pub file: String,
    /// Where the audio lies.
    pub path: PathBuf,
    /// Indices into the class map, ascending, without repetition; empty when nothing is known.
    pub labels: Vec<usize>,
    /// Which part of the set it belongs to: `curated`, `noisy`, `train`, `test`, ...
    pub part: String,
    /// The fold that the data set assigns, where it assigns one.
    pub fold: Option<u32>,
    /// What was recorded together (the same source recording, speaker, site): never to be split
    /// between training and judging.
    pub group: Option<String>,
    /// Whether a human verified the label, where the data set says so.
    pub verified: Option<bool>,
    /// Line of the table, counted from 1; `None` when there is no table.
    pub line: Option<usize>,
}

impl Item {
    /// 1.0 at the item's classes, 0.0 elsewhere: `[n_classes]`. Labels past the end (of another
    /// class map) are left out; map the set with [`DataSet::map_to`] first.
    pub fn multi_hot(&self, n_classes: usize) -> Vec<f32> {
        let mut target = vec![0.0; n_classes];
        for &label in self.labels.iter().filter(|&&l| l < n_classes) {
            target[label] = 1.0;
        }
        target
    }
}

/// Something that the folder or the tables name and that is not part of the set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// The file, named as an item would be.
    pub file: String,
    /// Why it is left out.
    pub reason: SkipReason,
}

/// Why a file is not part of the set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SkipReason {
    /// Its extension is none of [`AUDIO_EXTENSIONS`](crate::layout::AUDIO_EXTENSIONS).
    NotAudio,
    /// It lies beside the class folders, so that it has no class.
    NoClassFolder,
    /// Its name, or that of a folder around it, is not UTF-8, so that no table can name it.
    FileName,
    /// It is listed (on this line), but not there, and the options allow to go on without it.
    Missing {
        /// Line of the table, where there is one.
        line: Option<usize>,
    },
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAudio => f.write_str("is no audio file"),
            Self::NoClassFolder => f.write_str("lies in no class folder"),
            Self::FileName => {
                f.write_str("has a name that is not UTF-8 and cannot be written to tables; rename it")
            }
            Self::Missing { line: Some(line) } => write!(f, "is listed on line {line}, but is not there"),
            Self::Missing { line: None } => f.write_str("is not there"),
        }
    }
}

/// A data set as its layout describes it; no audio has been opened yet.
#[derive(Clone, Debug, PartialEq)]
pub struct DataSet {
    /// The data folder.
    pub root: PathBuf,
    /// How the folder is laid out.
    pub layout: LayoutKind,
    /// The classes.
    pub classes: ClassMap,
    /// The recordings, in table order (folders: sorted by name), one part after the other.
    pub items: Vec<Item>,
    /// Whether a recording may carry several labels (sigmoid outputs) or exactly one (softmax).
    pub multi_label: bool,
    /// What was left out: files that are no audio, or missing files that the options allow to skip.
    pub skipped: Vec<Skipped>,
    /// The table that each part was read from; parts without a table are not listed.
    pub tables: BTreeMap<String, PathBuf>,
    /// What corrections did, one for each file of them.
    pub corrected: Vec<Corrected>,
}

impl DataSet {
    /// The names of the parts present, sorted.
    pub fn parts(&self) -> Vec<&str> {
        let set: BTreeSet<&str> = self.items.iter().map(|i| i.part.as_str()).collect();
        set.into_iter().collect()
    }

    /// The fold numbers present, ascending; empty when the set assigns none.
    pub fn folds(&self) -> Vec<u32> {
        let set: BTreeSet<u32> = self.items.iter().filter_map(|i| i.fold).collect();
        set.into_iter().collect()
    }

    /// The class names of an item.
    pub fn labels_of<'a>(&'a self, item: &'a Item) -> impl Iterator<Item = &'a str> {
        item.labels.iter().filter_map(|&l| self.classes.name(l))
    }

    /// The same set with only the named parts; classes stay as they are.
    ///
    /// # Errors
    /// [`DataError::UnknownPart`] if the set has no such part.
    pub fn select_parts<S: AsRef<str>>(&self, parts: &[S]) -> Result<Self, DataError> {
        let present = self.parts();
        for part in parts {
            if !present.contains(&part.as_ref()) {
                return Err(DataError::UnknownPart {
                    root: self.root.clone(),
                    part: part.as_ref().to_owned(),
                    present: present.iter().map(|&p| p.to_owned()).collect(),
                });
            }
        }
        let wanted = |item: &Item| parts.iter().any(|p| p.as_ref() == item.part);
        Ok(self.with_items(self.items.iter().filter(|i| wanted(i)).cloned().collect()))
    }

    /// The same set with other items (a selection, or with folds assigned).
    #[must_use]
    pub fn with_items(&self, items: Vec<Item>) -> Self {
        let tables = self
            .tables
            .iter()
            .filter(|(part, _)| items.iter().any(|i| &i.part == *part));
        Self {
            root: self.root.clone(),
            layout: self.layout,
            classes: self.classes.clone(),
            multi_label: self.multi_label,
            skipped: self.skipped.clone(),
            tables: tables
                .map(|(part, table)| (part.clone(), table.clone()))
                .collect(),
            corrected: self.corrected.clone(),
            items,
        }
    }

    /// Splits by the assigned folds: `(rest, judged)`, indices into `items`. Items without a fold
    /// (noisy parts, say) belong to the rest.
    ///
    /// # Errors
    /// [`DataError::UnknownFold`] if no item has this fold.
    pub fn split_fold(&self, fold: u32) -> Result<(Vec<usize>, Vec<usize>), DataError> {
        let (judged, rest): (Vec<usize>, Vec<usize>) =
            (0..self.items.len()).partition(|&i| self.items[i].fold == Some(fold));
        if judged.is_empty() {
            return Err(DataError::UnknownFold {
                root: self.root.clone(),
                fold,
                present: self.folds(),
            });
        }
        Ok((rest, judged))
    }

    /// The same set with the label indices of another class map (a model's, say).
    ///
    /// # Errors
    /// [`DataError::NotInClassMap`] names the first class that items carry and `classes` lacks, how
    /// many items carry it, and the most similar class there.
    pub fn map_to(&self, classes: &ClassMap) -> Result<Self, DataError> {
        let to: Vec<Option<usize>> = self.classes.names().iter().map(|n| classes.index(n)).collect();
        let mut mapped = self.clone();
        for item in &mut mapped.items {
            let labels: Option<Vec<usize>> = item
                .labels
                .iter()
                .map(|&l| to.get(l).copied().flatten())
                .collect();
            let Some(mut labels) = labels else {
                let unknown = item
                    .labels
                    .iter()
                    .find(|&&l| to.get(l).copied().flatten().is_none());
                let label = unknown
                    .and_then(|&l| self.classes.name(l))
                    .unwrap_or_default()
                    .to_owned();
                let index = self.classes.index(&label);
                let carried = |i: &&Item| index.is_some_and(|l| i.labels.contains(&l));
                return Err(DataError::NotInClassMap {
                    file: item.file.clone(),
                    items: self.items.iter().filter(carried).count(),
                    suggestion: classes.suggest(&label),
                    label,
                    classes: classes.len(),
                });
            };
            labels.sort_unstable();
            item.labels = labels;
        }
        mapped.classes = classes.clone();
        Ok(mapped)
    }

    /// Number of items per class, in class-map order.
    pub fn class_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.classes.len()];
        for &label in self
            .items
            .iter()
            .flat_map(|i| &i.labels)
            .filter(|&&l| l < self.classes.len())
        {
            counts[label] += 1;
        }
        counts
    }

    /// A hexadecimal BLAKE3 of the classes, of every row (name, labels, part, fold, group, verified)
    /// and of the size of every audio file. Contents are not read, places do not matter: a moved or
    /// copied data set keeps its fingerprint.
    ///
    /// # Errors
    /// [`DataError::Read`] if a file has vanished.
    pub fn fingerprint(&self) -> Result<String, DataError> {
        let mut hash = blake3::Hasher::new();
        // Every field is preceded by its length, so that no two different sets give the same bytes.
        let mut field = |bytes: &[u8]| {
            hash.update(&(bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        };
        field(b"earmark data set 1");
        field(&(self.classes.len() as u64).to_le_bytes());
        self.classes.names().iter().for_each(|n| field(n.as_bytes()));
        for item in &self.items {
            let size = std::fs::metadata(&item.path)
                .map_err(|source| DataError::Read {
                    path: item.path.clone(),
                    source,
                })?
                .len();
            field(item.file.as_bytes());
            field(
                &item
                    .labels
                    .iter()
                    .flat_map(|&l| (l as u64).to_le_bytes())
                    .collect::<Vec<_>>(),
            );
            field(item.part.as_bytes());
            field(&item.fold.map(|f| f.to_le_bytes().to_vec()).unwrap_or_default());
            // A group named "" cannot exist, so that an empty field is unambiguous.
            field(item.group.as_deref().unwrap_or_default().as_bytes());
            field(&item.verified.map(|v| vec![u8::from(v)]).unwrap_or_default());
            field(&size.to_le_bytes());
        }
        Ok(hash.finalize().to_hex().to_string())
    }
}
