//! A data set: its recordings, its classes, and selections of them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use super::class_map::ClassMap;
use super::corrections::{Corrected, CorrectionsFile};
use super::error::DataError;
use super::item::{Item, Skipped};
use super::table_columns::TableColumns;
use crate::layout::LabelledEvent;
use crate::layout::kind::LayoutKind;

/// A data set as its layout describes it; no audio has been opened yet.
#[derive(Clone, Debug, PartialEq)]
pub struct DataSet {
    /// The data folder.
    pub root: PathBuf,
    /// How the folder is laid out.
    pub layout: LayoutKind,
    /// The classes.
    pub classes: ClassMap,
    /// The recordings, in table order (folders: sorted by name), one subset after the other.
    pub items: Vec<Item>,
    /// The recordings that corrections remove, except from folds (`keep-in-folds`), each with the number of items
    /// before it.
    pub removed: Vec<(usize, Item)>,
    /// Whether a recording may carry several labels (sigmoid outputs) or exactly one (softmax).
    pub multi_label: bool,
    /// What was left out: files that are not audio, and missing files where the options say to skip them.
    pub skipped: Vec<Skipped>,
    /// The table that each subset was read from; subsets without a table are not listed.
    pub tables: BTreeMap<String, PathBuf>,
    /// What each corrections file changed.
    pub corrected: Vec<Corrected>,
    /// The corrections files that were read.
    pub corrections: Vec<CorrectionsFile>,
    /// The columns of the tables; `None` without a table.
    pub columns: Option<TableColumns>,
    /// In the layout `events`, the events of each recording by its name; none where the file also says what was
    /// annotated (AOEF).
    pub events: Arc<BTreeMap<String, Vec<LabelledEvent>>>,
    /// What was taken differently from how it is written, is not used, or was corrected by which file: for the user to
    /// read.
    pub notes: Vec<String>,
}

impl DataSet {
    /// The names of the subsets present, sorted.
    pub fn subsets(&self) -> Vec<&str> {
        let set: BTreeSet<&str> = self.items.iter().map(|i| i.subset.as_str()).collect();
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

    /// The same set with only the named subsets; classes stay as they are.
    ///
    /// # Errors
    /// [`DataError::UnknownSubset`] if the set has no such subset.
    pub fn select_subsets<S: AsRef<str>>(&self, subsets: &[S]) -> Result<Self, DataError> {
        let present = self.subsets();
        let unknown = |subset: &&S| !present.contains(&subset.as_ref());
        if let Some(subset) = subsets.iter().find(unknown) {
            return Err(DataError::unknown_subset(&self.root, subset.as_ref(), present));
        }
        let wanted = |item: &&Item| subsets.iter().any(|p| p.as_ref() == item.subset);
        Ok(self.with_items(self.items.iter().filter(wanted).cloned().collect()))
    }

    /// The same set with other items (a selection, or with folds assigned).
    #[must_use]
    pub fn with_items(&self, items: Vec<Item>) -> Self {
        // Field by field: a copy of the set would have one of all its items.
        let mut set = Self {
            root: self.root.clone(),
            layout: self.layout,
            classes: self.classes.clone(),
            items,
            removed: self.removed.clone(),
            multi_label: self.multi_label,
            skipped: self.skipped.clone(),
            tables: self.tables.clone(),
            corrected: self.corrected.clone(),
            corrections: self.corrections.clone(),
            columns: self.columns.clone(),
            events: Arc::clone(&self.events),
            notes: self.notes.clone(),
        };
        set.tables
            .retain(|subset, _| set.items.iter().any(|i| &i.subset == subset));
        set
    }

    /// The same set with the removed recordings among its items, each at its place in the table, to draw folds of all.
    #[must_use]
    pub fn with_removed(&self) -> Self {
        let mut set = self.clone();
        for (before, (place, item)) in self.removed.iter().enumerate() {
            let place = (place + before).min(set.items.len());
            set.items.insert(place, item.clone());
        }
        set
    }

    /// Takes the removed recordings out of the items again, as they are there now: with their folds.
    pub fn take_removed(&mut self) {
        let old = std::mem::take(&mut self.removed);
        let keys: HashSet<(String, String)> = old.into_iter().map(|(_, i)| (i.subset, i.file)).collect();
        for item in std::mem::take(&mut self.items) {
            match keys.contains(&(item.subset.clone(), item.file.clone())) {
                true => self.removed.push((self.items.len(), item)),
                false => self.items.push(item),
            }
        }
    }

    /// The same set with whole recordings in the place of their windows, each with the labels of all its windows.
    #[must_use]
    pub fn recordings(&self) -> Self {
        let mut items: Vec<Item> = Vec::new();
        let mut known: HashMap<(&str, &str), usize> = HashMap::new();
        for item in &self.items {
            let recording = item.recording();
            match known.get(&(item.subset.as_str(), recording)).copied() {
                Some(at) if item.span.is_some() => {
                    items[at].labels.extend(&item.labels);
                    items[at].is_background &= item.is_background;
                }
                _ => {
                    known.insert((item.subset.as_str(), recording), items.len());
                    items.push(Item {
                        file: recording.to_owned(),
                        span: None,
                        // Of windows, the recording is the group where no other is known.
                        group: item
                            .group
                            .clone()
                            .filter(|group| item.span.is_none() || group != recording),
                        ..item.clone()
                    });
                }
            }
        }
        for item in &mut items {
            item.labels.sort_unstable();
            item.labels.dedup();
        }
        self.with_items(items)
    }

    /// Whether its items are windows of recordings.
    pub fn has_windows(&self) -> bool {
        self.items.iter().any(|item| item.span.is_some())
    }

    /// Splits by the assigned folds: `(rest, fold)`, indices into `items`. Items without a fold
    /// (noisy subsets, say) belong to the rest.
    ///
    /// # Errors
    /// [`DataError::UnknownFold`] if no item has this fold.
    pub fn split_fold(&self, fold: u32) -> Result<(Vec<usize>, Vec<usize>), DataError> {
        let (in_fold, rest): (Vec<usize>, Vec<usize>) =
            (0..self.items.len()).partition(|&i| self.items[i].fold == Some(fold));
        if in_fold.is_empty() {
            let present: Vec<String> = self.folds().iter().map(u32::to_string).collect();
            let root = self.root.clone();
            let present = match present.is_empty() {
                true => "no folds are assigned: create some with `earmark data folds`".to_owned(),
                false => format!("its folds are {}", present.join(", ")),
            };
            return Err(DataError::UnknownFold { root, fold, present });
        }
        Ok((rest, in_fold))
    }

    /// The same set with the label indices of another class map (a model's, say).
    ///
    /// # Errors
    /// [`DataError::NotInClassMap`] names the first class that items carry and `classes` lacks, how
    /// many items carry it, and the most similar class there.
    pub fn map_to(mut self, classes: &ClassMap) -> Result<Self, DataError> {
        let to: Vec<Option<usize>> = self.classes.names().iter().map(|n| classes.index(n)).collect();
        let to = |label: usize| to.get(label).copied().flatten();
        let lacking = |item: &Item| item.labels.iter().copied().find(|&label| to(label).is_none());
        let lacking = self.items.iter().find_map(|item| Some((item, lacking(item)?)));
        if let Some((item, label)) = lacking {
            let name = self.classes.name(label).unwrap_or_default();
            return Err(DataError::NotInClassMap {
                file: item.file.clone(),
                items: self.items.iter().filter(|i| i.labels.contains(&label)).count(),
                hint: classes.hint(name),
                label: name.to_owned(),
                classes: classes.len(),
            });
        }
        // Those that are removed may have labels that the other map lacks.
        let removed = self.removed.iter_mut().map(|(_, item)| item);
        for item in self.items.iter_mut().chain(removed) {
            item.labels = item.labels.iter().filter_map(|&label| to(label)).collect();
            item.labels.sort_unstable();
        }
        self.classes = classes.clone();
        Ok(self)
    }

    /// Number of items per class, in class-map order.
    pub fn class_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.classes.len()];
        for &label in self.items.iter().flat_map(|i| &i.labels) {
            if let Some(count) = counts.get_mut(label) {
                *count += 1;
            }
        }
        counts
    }

    /// A hexadecimal BLAKE3 of the classes, of every row (name, labels, subset, fold, group, verified)
    /// and of the size of every audio file. Neither contents nor paths count: a moved or copied
    /// data set keeps its fingerprint.
    ///
    /// # Errors
    /// [`DataError::Read`] if a file has vanished.
    pub fn fingerprint(&self) -> Result<String, DataError> {
        let mut hash = blake3::Hasher::new();
        // Every field is preceded by its length, so no two different sets give the same bytes.
        let mut field = |bytes: &[u8]| {
            hash.update(&(bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        };
        field(b"earmark data set 1");
        field(&(self.classes.len() as u64).to_le_bytes());
        self.classes.names().iter().for_each(|n| field(n.as_bytes()));
        let removed = self.removed.iter().map(|(_, item)| item);
        for (index, item) in self.items.iter().chain(removed).enumerate() {
            if index == self.items.len() {
                field(b"removed");
            }
            let size = std::fs::metadata(&item.path)
                .map_err(DataError::reading(&item.path))?
                .len();
            let labels: Vec<u8> = item
                .labels
                .iter()
                .flat_map(|&l| (l as u64).to_le_bytes())
                .collect();
            field(item.file.as_bytes());
            field(&labels);
            field(item.subset.as_bytes());
            field(&item.fold.map(|f| f.to_le_bytes().to_vec()).unwrap_or_default());
            // A group named "" cannot exist, so an empty field is unambiguous.
            field(item.group.as_deref().unwrap_or_default().as_bytes());
            field(&item.verified.map(|v| vec![u8::from(v)]).unwrap_or_default());
            if let Some(span) = item.span {
                field(&span.length_us.to_le_bytes());
                field(&[u8::from(item.is_background)]);
            }
            field(&size.to_le_bytes());
        }
        Ok(hash.finalize().to_hex().to_string())
    }
}
