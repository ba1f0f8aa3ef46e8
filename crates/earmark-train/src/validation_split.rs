//! Splitting data into training, validation and test clips.

use crate::usable_clips::UsableClips;
use crate::{DataSplit, PipelineError};
use earmark_data::split::FoldError;
use earmark_data::{DataSet, FoldTable, Item, Splitter, Stratify};
use earmark_engine::ValidationSplit;
use earmark_recipe::Recipe;
use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};
use std::path::Path;

/// Splits `data`: `fold` is the test fold and used for nothing else; the recipe says how validation clips are split off
/// the rest. Clips of subsets for testing that are not named, and clips without labels, are in none of the three.
///
/// Folds come from the table given with `--fold-table`, else from the data, else from the recipe's `[folds]`.
///
/// # Errors
/// Folds that there are not, or that can't be made of this data; nothing to train on or to validate with.
pub fn split(
    recipe: &Recipe,
    data: &DataSet,
    fold: Option<u32>,
    folds: Option<&Path>,
) -> Result<DataSplit, PipelineError> {
    let data = with_folds(recipe, data, fold.is_some(), folds)?;
    if let Some(fold) = fold {
        // Refuses one that there is not.
        data.split_fold(fold)?;
    }
    let is_test = |item: &Item| fold.is_some() && item.fold == fold;
    let removed = data.removed.iter().map(|(_, item)| item);
    let removed: Vec<Item> = removed.filter(|item| is_test(item)).cloned().collect();
    let splitter = ValidationSplitter {
        split: recipe.validation.split,
        seed: recipe.train.seed,
        stratify: stratify(&data),
        has_fold: fold.is_some(),
    };
    let (test, rest) = data.items.into_iter().partition(is_test);
    let split = splitter.split(rest, test)?;
    Ok(DataSplit { removed, ..split })
}

fn pick(items: &[Item], indices: &[usize]) -> Vec<Item> {
    indices.iter().map(|&i| items[i].clone()).collect()
}

/// How validation clips are split off the training clips.
pub(super) struct ValidationSplitter {
    /// The recipe's `validation.split`.
    pub split: ValidationSplit,
    /// Seed of the draw.
    pub seed: u64,
    /// How the shares of classes are kept equal.
    pub stratify: Stratify,
    /// Whether there is a test fold.
    pub has_fold: bool,
}

impl ValidationSplitter {
    /// Splits the clips outside the test fold.
    pub(super) fn split(&self, rest: Vec<Item>, test: Vec<Item>) -> Result<DataSplit, PipelineError> {
        let pick = |indices: &[usize]| pick(&rest, indices);
        let splitter = Splitter {
            stratify: self.stratify,
            group: rest.iter().any(|i| i.group.is_some()),
            seed: self.seed,
        };
        let (train, validation, optimistic) = match self.split {
            ValidationSplit::None => (rest, Vec::new(), false),
            ValidationSplit::HoldOut {
                fraction,
                verified,
                min_clips,
            } if !verified => match hold_out(&splitter, &rest, fraction, min_clips)? {
                Some((train, held)) => (pick(&train), pick(&held), false),
                None => (rest, Vec::new(), false),
            },
            ValidationSplit::HoldOut {
                fraction, min_clips, ..
            } => {
                let is_sure = |&i: &usize| rest[i].verified == Some(true);
                let sure: Vec<usize> = (0..rest.len()).filter(is_sure).collect();
                if sure.is_empty() {
                    let message = "validation.split.verified = true: no clip of this data is marked as verified \
                                   (a column manually_verified with a 1); leave it out";
                    return Err(PipelineError::Request(message.into()));
                }
                let held = hold_out(&splitter, &pick(&sure), fraction, min_clips)?;
                let held = held.map_or_else(Vec::new, |(_, held)| held);
                let held: BTreeSet<usize> = held.into_iter().map(|k| sure[k]).collect();
                let groups: BTreeSet<&String> = held.iter().filter_map(|&i| rest[i].group.as_ref()).collect();
                let apart = |i: &usize| {
                    !held.contains(i) && rest[*i].group.as_ref().is_none_or(|g| !groups.contains(g))
                };
                let train: Vec<usize> = (0..rest.len()).filter(apart).collect();
                let held: Vec<usize> = held.into_iter().collect();
                (pick(&train), pick(&held), false)
            }
            ValidationSplit::InnerFold { count, index } => {
                let numbers = splitter.k_fold(&rest, count)?;
                let (held, train): (Vec<usize>, Vec<usize>) =
                    (0..rest.len()).partition(|&i| numbers[i] == index);
                (pick(&train), pick(&held), false)
            }
            ValidationSplit::TestFold if !self.has_fold => {
                let message = "validation.split = { kind = \"test-fold\" } needs a test fold: add --fold K, or choose \
                               { kind = \"hold-out\", fraction = 0.1 }";
                return Err(PipelineError::Request(message.into()));
            }
            ValidationSplit::TestFold => (rest, test.clone(), true),
        };
        Ok(DataSplit {
            train,
            validation,
            test,
            removed: Vec::new(),
            optimistic,
        })
    }
}

/// Indices of clips to train on, and of clips held out.
type HeldOut = (Vec<usize>, Vec<usize>);

/// The division of clips by a splitter; `None` where fewer than `min_clips` would be held out.
fn hold_out(
    splitter: &Splitter,
    items: &[Item],
    fraction: f64,
    min_clips: usize,
) -> Result<Option<HeldOut>, FoldError> {
    match splitter.hold_out(items, fraction) {
        Ok((_, held)) if held.len() < min_clips => Ok(None),
        // Too few to hold out any at all.
        Err(FoldError::NothingToHold(_) | FoldError::TooFewUnits { .. }) if min_clips > 0 => Ok(None),
        both => both.map(Some),
    }
}

/// The distinct folds, ascending.
pub(super) fn distinct(folds: &[u32]) -> Vec<u32> {
    let folds: BTreeSet<u32> = folds.iter().copied().collect();
    folds.into_iter().collect()
}

/// How clips of this set are stratified: by their label, or iteratively where one may have several.
pub(super) fn stratify(data: &DataSet) -> Stratify {
    match data.multi_label {
        true => Stratify::Iterative,
        false => Stratify::Label,
    }
}

/// The clips that may train ([`UsableClips`]), with folds: those of the table, else their own, else those of the recipe
/// if folds are `wanted`. Clips that corrections remove but keep in folds have folds as well, in `removed`.
pub(super) fn with_folds(
    recipe: &Recipe,
    data: &DataSet,
    wanted: bool,
    table: Option<&Path>,
) -> Result<DataSet, PipelineError> {
    let all = match data.removed.is_empty() {
        true => Cow::Borrowed(data),
        false => Cow::Owned(data.with_removed()),
    };
    let all = &*all;
    let mut data = UsableClips::some_of(recipe, all)?.data;
    if let Some(table) = table {
        fold_table(table, all, &data)?.apply(&mut data.items)?;
    } else if wanted && data.folds().is_empty() {
        let Some(f) = &recipe.folds else {
            let message = "--fold: this data has no folds; make a table with `earmark data folds DIR -o folds.csv` and \
                           give it with --fold-table, or set folds.count in the recipe";
            return Err(PipelineError::Request(message.into()));
        };
        let subsets = f.subsets.as_ref();
        let in_folds = |item: &Item| subsets.is_none_or(|subsets| subsets.contains(&item.subset));
        let is_missing = |subset: &&String| all.items.iter().all(|i| i.subset != **subset);
        if let Some(subset) = subsets.into_iter().flatten().find(is_missing) {
            return Err(PipelineError::Request(format!(
                "folds.subsets: this data has no subset {subset:?}; there are {}",
                all.subsets().join(", ")
            )));
        }
        let items: Vec<Item> = data.items.iter().filter(|i| in_folds(i)).cloned().collect();
        let splitter = Splitter {
            stratify: f.stratify.unwrap_or(stratify(&data)),
            group: items.iter().any(|i| i.group.is_some()),
            seed: f.seed,
        };
        let numbers = splitter.k_fold(&items, f.count)?;
        let items = data.items.iter_mut().filter(|i| in_folds(i));
        items.zip(numbers).for_each(|(item, n)| item.fold = Some(n));
    }
    data.take_removed();
    Ok(data)
}

/// A fold table without the rows of clips that are in `all` but not `used`: they are in no fold.
fn fold_table(path: &Path, all: &DataSet, used: &DataSet) -> Result<FoldTable, PipelineError> {
    let mut table = FoldTable::read(path)?;
    let used: HashSet<&str> = used.items.iter().map(Item::recording).collect();
    let unused = all.items.iter().map(Item::recording);
    let unused: HashSet<&str> = unused.filter(|file| !used.contains(file)).collect();
    table.folds.retain(|file, _| !unused.contains(file.as_str()));
    Ok(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Forty clips of two classes in turn, every third verified.
    fn clips(group: impl Fn(usize) -> Option<String>) -> Vec<Item> {
        let clip = |i: usize| Item {
            file: format!("{i}.wav"),
            path: format!("{i}.wav").into(),
            labels: vec![i % 2],
            subset: "train".into(),
            fold: None,
            group: group(i),
            verified: Some(i.is_multiple_of(3)),
            ..Item::default()
        };
        (0..40).map(clip).collect()
    }

    fn split_of(rest: Vec<Item>) -> Result<DataSplit, PipelineError> {
        let splitter = ValidationSplitter {
            split: ValidationSplit::HoldOut {
                fraction: 0.5,
                verified: true,
                min_clips: 0,
            },
            seed: 3,
            stratify: Stratify::Label,
            has_fold: false,
        };
        splitter.split(rest, Vec::new())
    }

    #[test]
    fn verified_clips_alone_are_held_out() {
        let split = split_of(clips(|_| None)).unwrap();
        // Fourteen are verified, seven of each class, of which a half is four and three or the other way round.
        assert!(
            (6..=8).contains(&split.validation.len()),
            "{}",
            split.validation.len()
        );
        assert!(split.validation.iter().all(|i| i.verified == Some(true)));
        assert_eq!(split.train.len() + split.validation.len(), 40);
        assert!(split.train.iter().all(|i| !split.validation.contains(i)));
        assert!(split.train.iter().any(|i| i.verified == Some(true)));
    }

    #[test]
    fn what_was_recorded_with_them_is_not_trained_on() {
        let split = split_of(clips(|i| Some(format!("g{}", i / 4)))).unwrap();
        let groups: BTreeSet<&Option<String>> = split.validation.iter().map(|i| &i.group).collect();
        assert!(!groups.is_empty() && split.train.iter().all(|i| !groups.contains(&i.group)));
        assert!(split.validation.iter().all(|i| i.verified == Some(true)));
    }

    /// Fewer clips than would decide anything: all are trained on, also where none can be held out at all.
    #[test]
    fn few_clips_are_all_trained_on() {
        let split = |items: Vec<Item>, min_clips: usize| {
            let splitter = ValidationSplitter {
                split: ValidationSplit::HoldOut {
                    fraction: 0.2,
                    verified: false,
                    min_clips,
                },
                seed: 3,
                stratify: Stratify::Label,
                has_fold: false,
            };
            let split = splitter.split(items, Vec::new())?;
            Ok::<_, PipelineError>((split.train.len(), split.validation.len()))
        };
        assert_eq!(split(clips(|_| None), 8).unwrap(), (32, 8));
        assert_eq!(split(clips(|_| None), 9).unwrap(), (40, 0));
        // One group per class, of which none may be missing in training.
        let grouped = || clips(|i| Some(format!("g{}", i % 2)));
        assert_eq!(split(grouped(), 9).unwrap(), (40, 0));
        assert!(split(grouped(), 0).is_err());
    }

    /// A clip that corrections remove but keep in folds changes no fold; it is in none of the three, and scored with
    /// one.
    #[test]
    fn folds_are_drawn_before_corrections() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
        let mut table = String::from("file,label\n");
        for i in 0..12 {
            table += &format!("{i}.wav,{}\n", ["a", "b"][i % 2]);
            // Nothing opens it.
            write(&format!("{i}.wav"), "");
        }
        write("table.csv", &table);
        write("fix.json", r#"{"3.wav": "remove"}"#);
        let of = |more: &str, fold: u32| {
            let folds = "folds={count=3,stratify=\"none\"}";
            let overrides = [folds, "data.layout=csv", more].map(str::to_owned);
            let recipe = Recipe::load("summary-baseline/any", &overrides).unwrap();
            let data = earmark_data::load(dir.path(), &recipe.data).unwrap();
            split(&recipe, &data, Some(fold), None).unwrap()
        };
        let files = |items: &[Item]| -> Vec<String> { items.iter().map(|i| i.file.clone()).collect() };
        let mut removed = Vec::new();
        for fold in 1..=3 {
            let plain = of("train.seed=1", fold);
            let fix = "data.corrections=[{file=\"fix.json\",subset=\"train\",keep-in-folds=true}]";
            let corrected = of(fix, fold);
            let (mut test, mut train) = (files(&plain.test), files(&plain.train));
            let here = test.iter().filter(|file| *file == "3.wav").cloned();
            assert_eq!(files(&corrected.removed), here.collect::<Vec<_>>());
            removed.extend(files(&corrected.removed));
            test.retain(|file| file != "3.wav");
            train.retain(|file| file != "3.wav");
            assert_eq!(files(&corrected.test), test, "fold {fold}");
            assert_eq!(files(&corrected.train), train, "fold {fold}");
        }
        assert_eq!(removed, ["3.wav"]);
    }

    #[test]
    fn data_without_the_flag_is_refused() {
        let mut rest = clips(|_| None);
        rest.iter_mut().for_each(|i| i.verified = None);
        let message = split_of(rest).unwrap_err().to_string();
        assert!(
            message.starts_with("validation.split.verified = true: no clip"),
            "{message}"
        );
    }
}
