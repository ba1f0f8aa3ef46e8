//! The true labels of scored clips: of a table, or of a data folder, matched by file name.

mod name_index;

use crate::{PipelineError, Skips};
use earmark_core::human::human_amount;
use earmark_data::{DataOptions, DataSet, FoldTable, Item, ReadAs};
use earmark_inference::data::open_for_scoring;
use earmark_metrics::TruthTable;
use name_index::{NameIndex, stem};
use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;

/// File names that a message lists.
const NAMED: usize = 5;

/// Where true labels come from.
#[derive(Clone, Debug)]
pub enum TruthSource {
    /// A table of them.
    Table(PathBuf),
    /// The labels of a data folder.
    Data(Box<DataLabels>),
}

/// The labelled clips of a data folder that are evaluated.
#[derive(Clone, Debug, Default)]
pub struct DataLabels {
    /// The data folder.
    pub root: PathBuf,
    /// How it is read. Default: as recognised; in [`calibrate`](crate::calibrate()) as the model's recipe reads it.
    pub options: Option<DataOptions>,
    /// What is said about that in addition.
    pub read: ReadAs,
    /// The subset. Default: every subset with a scored clip.
    pub subset: Option<String>,
    /// The fold. Default: all clips.
    pub fold: Option<u32>,
    /// A table of folds, if the data has none.
    pub fold_table: Option<PathBuf>,
}

/// The truth of scored clips.
#[derive(Clone, Debug)]
pub struct ScoredTruth {
    /// The labels of the clips that are evaluated, named as the scores name them. A table's truth as it is.
    pub truth: TruthTable,
    /// Of a data folder: the clips of the truth, in the same order. Empty for a table.
    pub items: Vec<Item>,
    /// Of a data folder: labelled clips without scores, which are left out.
    pub missing: Vec<String>,
    /// Of a data folder: scored files that it does not list, which are left out.
    pub extra: Vec<String>,
    /// Of a data folder: how it was read and what else was left out, for the user to read.
    pub notes: Vec<String>,
}

impl TruthSource {
    /// The truth of the scored files.
    ///
    /// # Errors
    /// A table or folder that can't be read; a folder without any of the files, or where it is not clear which of its
    /// clips one is.
    pub fn read(&self, scored: &[String]) -> Result<ScoredTruth, PipelineError> {
        match self {
            Self::Table(path) => Ok(ScoredTruth {
                truth: TruthTable::read(path)?,
                items: Vec::new(),
                missing: Vec::new(),
                extra: Vec::new(),
                notes: Vec::new(),
            }),
            Self::Data(labels) => labels.truth_of(scored),
        }
    }
}

impl ScoredTruth {
    /// What is left out, in a few words with a reason that names the first files.
    pub fn left_out(&self) -> Skips {
        let missing = human_amount(self.missing.len(), "clip", "clips");
        let extra = human_amount(self.extra.len(), "scored file", "scored files");
        let both = [
            (missing, "no scores for", &self.missing),
            (extra, "not in the data folder:", &self.extra),
        ];
        let present = both.into_iter().filter(|(.., names)| !names.is_empty());
        present
            .map(|(what, why, names)| (what, format!("{why} {}", listed(names))))
            .collect()
    }
}

/// What a scored file is in a data folder.
enum Found {
    /// A labelled clip that is evaluated.
    Clip(usize),
    /// A clip that is evaluated, but has no label.
    Unlabelled,
    /// A clip of another subset or fold.
    Elsewhere,
    /// No clip.
    Unknown,
}

impl DataLabels {
    /// The labels of the scored files, in their order.
    fn truth_of(&self, scored: &[String]) -> Result<ScoredTruth, PipelineError> {
        let data = self.open()?;
        let wanted = self.wanted(&data)?;
        let index = NameIndex::of(&data.items);
        let (mut files, mut clips, mut extra) = (Vec::new(), Vec::new(), Vec::new());
        let mut scored_as: HashMap<usize, &String> = HashMap::new();
        let (mut unlabelled, mut elsewhere) = (0, 0);
        for name in scored {
            match self.find(name, &data, &index, &wanted)? {
                Found::Clip(clip) => {
                    if let Some(first) = scored_as.insert(clip, name) {
                        let file = &data.items[clip].file;
                        return Err(self.refusal(format!(
                            "`{first}` and `{name}` are both scores of `{file}`; keep one of them"
                        )));
                    }
                    files.push(name.clone());
                    clips.push(clip);
                }
                Found::Unlabelled => unlabelled += 1,
                Found::Elsewhere => elsewhere += 1,
                Found::Unknown => extra.push(name.clone()),
            }
        }
        if clips.is_empty() {
            return Err(self.nothing_in_common(scored, &data, [unlabelled, elsewhere]));
        }
        let subset_of = |clip: &usize| data.items[*clip].subset.as_str();
        let subsets: BTreeSet<&str> = clips.iter().map(subset_of).collect();
        let is_missing = |clip: &usize| {
            let item = &data.items[*clip];
            let is_meant = self.subset.is_some() || subsets.contains(item.subset.as_str());
            is_meant && wanted[*clip] && item.is_labelled() && !scored_as.contains_key(clip)
        };
        let missing = (0..data.items.len()).filter(is_missing);
        let labels_of = |&clip: &usize| -> Vec<String> {
            let labels = data.labels_of(&data.items[clip]);
            labels.map(str::to_owned).collect()
        };
        let labels = clips.iter().map(labels_of);
        Ok(ScoredTruth {
            truth: TruthTable::with_classes(files, data.classes.names().to_vec(), labels.collect())?,
            items: clips.iter().map(|&clip| data.items[clip].clone()).collect(),
            missing: missing.map(|clip| data.items[clip].file.clone()).collect(),
            extra,
            notes: notes(&data, &subsets, [unlabelled, elsewhere]),
        })
    }

    /// The data folder with folds; of other subsets as much as can be read, so that their clips are known.
    fn open(&self) -> Result<DataSet, PipelineError> {
        let options = self.read.over(&self.options.clone().unwrap_or_default());
        let all = open_for_scoring(&options, &self.root, None);
        let mut data = match (&self.subset, all) {
            (Some(subset), Ok(all)) if all.subsets().contains(&subset.as_str()) => all,
            (Some(subset), _) => open_for_scoring(&options, &self.root, Some(subset.as_str()))?,
            (None, all) => all?,
        };
        if let Some(table) = &self.fold_table {
            FoldTable::read(table)?.apply(&mut data.items)?;
        }
        Ok(data)
    }

    /// Whether each clip is in the wanted subset and fold.
    fn wanted(&self, data: &DataSet) -> Result<Vec<bool>, PipelineError> {
        if let Some(fold) = self.fold {
            data.split_fold(fold)?; // refuses a fold that no clip is in
        }
        let in_subset = |item: &Item| self.subset.as_ref().is_none_or(|subset| *subset == item.subset);
        let in_fold = |item: &Item| self.fold.is_none_or(|fold| item.fold == Some(fold));
        let wanted = data.items.iter().map(|item| in_subset(item) && in_fold(item));
        Ok(wanted.collect())
    }

    /// What a scored file is; of clips that share its name the wanted one.
    fn find(
        &self,
        name: &str,
        data: &DataSet,
        index: &NameIndex,
        wanted: &[bool],
    ) -> Result<Found, PipelineError> {
        let all = index.clips_of(name);
        let meant: Vec<usize> = all.iter().copied().filter(|&clip| wanted[clip]).collect();
        match meant.as_slice() {
            [] if all.is_empty() => Ok(Found::Unknown),
            [] => Ok(Found::Elsewhere),
            &[clip] if !data.items[clip].is_labelled() => Ok(Found::Unlabelled),
            &[clip] => Ok(Found::Clip(clip)),
            &[first, second, ..] => {
                let named = |clip: usize| {
                    let item = &data.items[clip];
                    format!("`{}` of the subset {}", item.file, item.subset)
                };
                Err(self.refusal(format!(
                    "the scored file `{name}` may be {} or {}; name files in the scores as the data folder does, or \
                     choose one subset with --subset",
                    named(first),
                    named(second)
                )))
            }
        }
    }

    fn nothing_in_common(&self, scored: &[String], data: &DataSet, counts: [usize; 2]) -> PipelineError {
        let [unlabelled, elsewhere] = counts;
        if unlabelled > 0 {
            let clips = human_amount(unlabelled, "scored clip has", "scored clips have");
            return self.refusal(format!(
                "{clips} no label there; choose labelled ones with --subset"
            ));
        }
        if elsewhere > 0 {
            return self.refusal("the scored clips are of other subsets or folds; choose theirs".into());
        }
        let like = |name: &String| {
            let item = data.items.iter().find(|item| stem(&item.file) == stem(name))?;
            Some(format!("it has `{}` for `{name}`", item.file))
        };
        let example = scored.iter().take(NAMED).find_map(like).unwrap_or_else(|| {
            let own: Vec<String> = data.items.iter().take(1).map(|item| item.file.clone()).collect();
            let other = &scored[..scored.len().min(1)];
            format!("it has {}, the scores have {}", listed(&own), listed(other))
        });
        self.refusal(format!(
            "none of the {} is in this data folder: {example}; use the same names in both",
            human_amount(scored.len(), "scored file", "scored files")
        ))
    }

    fn refusal(&self, problem: String) -> PipelineError {
        PipelineError::Request(format!("{}: {problem}", self.root.display()))
    }
}

/// What the user should know of the clips that are evaluated.
fn notes(data: &DataSet, subsets: &BTreeSet<&str>, [unlabelled, elsewhere]: [usize; 2]) -> Vec<String> {
    let mut notes = vec![data.describe()];
    notes.extend(data.notes.iter().cloned());
    if data.subsets().len() > 1 {
        let names: Vec<&str> = subsets.iter().copied().collect();
        let word = if names.len() == 1 { "subset" } else { "subsets" };
        notes.push(format!("evaluated on clips of the {word} {}", names.join(", ")));
    }
    if unlabelled > 0 {
        let clips = human_amount(unlabelled, "scored clip has", "scored clips have");
        notes.push(format!("{clips} no label and count nowhere"));
    }
    if elsewhere > 0 {
        let clips = human_amount(elsewhere, "scored clip is", "scored clips are");
        notes.push(format!("{clips} of other subsets or folds and left out"));
    }
    notes
}

/// The first names, and how many more there are.
fn listed(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(NAMED).map(|name| format!("`{name}`")).collect();
    let more = match names.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    shown.join(", ") + &more
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    /// A table of clips with subsets and folds, one without a label, and their (empty) files.
    fn folder() -> TempDir {
        let dir = tempfile::tempdir().unwrap();
        let table = "file,label,subset,fold\na/1.wav,dog,train,1\na/2.wav,cat,train,2\na/3.wav,cat,train,2\n\
                     b/1.wav,dog,test,\nb/4.wav,,test,\n";
        std::fs::write(dir.path().join("table.csv"), table).unwrap();
        for file in ["a/1.wav", "a/2.wav", "a/3.wav", "b/1.wav", "b/4.wav"] {
            let path = dir.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        dir
    }

    fn labels(dir: &TempDir) -> DataLabels {
        DataLabels {
            root: dir.path().into(),
            ..DataLabels::default()
        }
    }

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(|name| (*name).to_owned()).collect()
    }

    fn class_of(found: &ScoredTruth, row: usize) -> &str {
        let label = found.truth.labels(row).unwrap()[0];
        &found.truth.classes()[label]
    }

    #[test]
    fn clips_are_matched_and_differences_named() {
        let dir = folder();
        let source = TruthSource::Data(Box::new(labels(&dir)));
        let found = source.read(&names(&["2.wav", "set/a/1.wav", "x.wav"])).unwrap();
        assert_eq!(
            found.truth.files(),
            ["2.wav", "set/a/1.wav"],
            "as the scores name them"
        );
        assert_eq!((class_of(&found, 0), class_of(&found, 1)), ("cat", "dog"));
        assert_eq!(found.items[0].file, "a/2.wav");
        // Of the subset test nothing is scored, so it is not missing.
        assert_eq!(
            (found.missing.as_slice(), found.extra.as_slice()),
            (&names(&["a/3.wav"])[..], &names(&["x.wav"])[..])
        );
        let left_out = found.left_out();
        assert_eq!(left_out[0], ("1 clip".into(), "no scores for `a/3.wav`".into()));
        assert_eq!(
            left_out[1],
            ("1 scored file".into(), "not in the data folder: `x.wav`".into())
        );
        assert!(
            found.notes.iter().any(|note| note.contains("the subset train")),
            "{:?}",
            found.notes
        );
    }

    #[test]
    fn subsets_and_folds_choose() {
        let dir = folder();
        let scored = names(&["a/1.wav", "a/2.wav", "a/3.wav", "b/1.wav", "b/4.wav"]);
        let subset = DataLabels {
            subset: Some("test".into()),
            ..labels(&dir)
        };
        let found = subset.truth_of(&scored).unwrap();
        assert_eq!(found.truth.files(), ["b/1.wav"], "the other one has no label");
        assert!(found.left_out().is_empty(), "{found:?}");
        let fold = DataLabels {
            fold: Some(2),
            ..labels(&dir)
        };
        assert_eq!(
            fold.truth_of(&scored).unwrap().truth.files(),
            ["a/2.wav", "a/3.wav"]
        );
        let elsewhere = tempfile::tempdir().unwrap();
        let table = elsewhere.path().join("folds.csv");
        std::fs::write(&table, "file,fold\na/1.wav,7\nb/1.wav,7\na/2.wav,8\n").unwrap();
        let other = DataLabels {
            fold: Some(7),
            fold_table: Some(table),
            ..labels(&dir)
        };
        let found = other.truth_of(&scored).unwrap();
        assert_eq!(found.truth.files(), ["a/1.wav", "b/1.wav"]);
        assert_eq!(found.items[0].fold, Some(7));
        let none = DataLabels {
            fold: Some(9),
            ..labels(&dir)
        };
        assert!(
            none.truth_of(&scored)
                .unwrap_err()
                .to_string()
                .contains("no fold 9")
        );
    }

    #[test]
    fn what_is_not_clear_is_refused() {
        let dir = folder();
        let refused = |scored: &[&str]| labels(&dir).truth_of(&names(scored)).unwrap_err().to_string();
        let message = refused(&["1.wav"]);
        assert!(
            message.contains("`a/1.wav` of the subset train or `b/1.wav` of the subset test"),
            "{message}"
        );
        let chosen = DataLabels {
            subset: Some("test".into()),
            ..labels(&dir)
        };
        assert_eq!(
            chosen.truth_of(&names(&["1.wav"])).unwrap().items[0].file,
            "b/1.wav"
        );
        let message = refused(&["a/2.wav", "2.wav"]);
        assert!(
            message.contains("`a/2.wav` and `2.wav` are both scores of `a/2.wav`"),
            "{message}"
        );
        let message = refused(&["2.mp3", "y.mp3"]);
        assert!(
            message.ends_with(
                "none of the 2 scored files is in this data folder: it has `a/2.wav` for `2.mp3`; use \
                 the same names in both"
            ),
            "{message}"
        );
        assert!(refused(&["b/4.wav"]).contains("1 scored clip has no label there"));
    }
}
