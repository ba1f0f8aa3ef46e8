//! Which clips of a data set may train, be folded and calibrate: not those of subsets for testing, unless they are
//! named, and none without labels.

use crate::PipelineError;
use earmark_core::human::human_amount;
use earmark_data::{DataSet, is_test_subset};
use earmark_recipe::Recipe;
use std::collections::BTreeMap;

/// The clips of a data set that may train, and how many others there are.
pub(super) struct UsableClips {
    /// The data without the others.
    pub data: DataSet,
    /// Clips of each subset for testing.
    test: BTreeMap<String, usize>,
    /// Clips of other subsets that have no label.
    unlabelled: usize,
}

impl UsableClips {
    /// Those of `data`. A subset for testing is named by `data.subsets`, `train.noisy-subsets` or `folds.subsets`.
    pub fn of(recipe: &Recipe, data: &DataSet) -> Self {
        let (mut test, mut unlabelled) = (BTreeMap::new(), 0);
        let mut items = Vec::with_capacity(data.items.len());
        for item in &data.items {
            if is_test_subset(&item.subset) && !is_named(recipe, &item.subset) {
                *test.entry(item.subset.clone()).or_default() += 1;
            } else if !item.is_labelled() {
                unlabelled += 1;
            } else {
                items.push(item.clone());
            }
        }
        let data = data.with_items(items);
        Self {
            data,
            test,
            unlabelled,
        }
    }

    /// The same; refused if there is no clip to train on.
    pub fn some_of(recipe: &Recipe, data: &DataSet) -> Result<Self, PipelineError> {
        let usable = Self::of(recipe, data);
        if usable.data.items.is_empty() {
            return Err(PipelineError::Request(format!(
                "{}: there is nothing to train on: {}",
                data.root.display(),
                usable.notes().join("; ")
            )));
        }
        Ok(usable)
    }

    /// What is left out and how to change that, one line each.
    pub fn notes(&self) -> Vec<String> {
        let are = |n: usize| if n == 1 { "is" } else { "are" };
        let test = self.test.iter().map(|(subset, &n)| {
            let clips = human_amount(n, "clip", "clips");
            format!(
                "{clips} of the subset {subset} {} not trained on (to train on it, name it in data.subsets)",
                are(n)
            )
        });
        let unlabelled = (self.unlabelled > 0).then(|| {
            let clips = human_amount(self.unlabelled, "clip", "clips");
            format!("{clips} without a label {} not trained on", are(self.unlabelled))
        });
        test.chain(unlabelled).collect()
    }
}

fn is_named(recipe: &Recipe, subset: &str) -> bool {
    let of_folds = recipe.folds.as_ref().and_then(|folds| folds.subsets.as_ref());
    let lists = [
        recipe.data.subsets.as_ref(),
        of_folds,
        Some(&recipe.train.noisy_subsets),
    ];
    lists.into_iter().flatten().flatten().any(|name| name == subset)
}

#[cfg(test)]
mod tests {
    use super::*;
    use earmark_data::{DataOptions, LayoutKind, load};

    fn recipe(overrides: &[&str]) -> Recipe {
        let overrides: Vec<String> = overrides.iter().map(|text| (*text).to_owned()).collect();
        Recipe::load("summary-baseline/any", &overrides).unwrap()
    }

    /// Clips with their subset and label; "" means no label.
    fn data(clips: &[(&str, &str)]) -> DataSet {
        let dir = tempfile::tempdir().unwrap();
        let mut table = String::from("file,label,subset\n");
        for (i, (subset, label)) in clips.iter().enumerate() {
            table += &format!("{i}.wav,{label},{subset}\n");
            // Nothing opens it.
            std::fs::write(dir.path().join(format!("{i}.wav")), "").unwrap();
        }
        std::fs::write(dir.path().join("table.csv"), table).unwrap();
        let options = DataOptions {
            layout: Some(LayoutKind::Csv),
            ..DataOptions::default()
        };
        load(dir.path(), &options).unwrap()
    }

    fn files(usable: &UsableClips) -> Vec<&str> {
        usable.data.items.iter().map(|item| item.file.as_str()).collect()
    }

    const CLIPS: [(&str, &str); 6] = [
        ("train", "a"),
        ("eval", "b"),
        ("test", "b"),
        ("train", ""),
        ("test", ""),
        ("noisy", "b"),
    ];

    #[test]
    fn test_clips_and_clips_without_labels_are_left_out() {
        let usable = UsableClips::of(&recipe(&[]), &data(&CLIPS));
        assert_eq!(files(&usable), ["0.wav", "5.wav"]);
        assert_eq!(
            usable.notes(),
            [
                "1 clip of the subset eval is not trained on (to train on it, name it in data.subsets)",
                "2 clips of the subset test are not trained on (to train on it, name it in data.subsets)",
                "1 clip without a label is not trained on"
            ]
        );
        let all = UsableClips::of(&recipe(&[]), &data(&[("train", "a"), ("val", "b")]));
        assert_eq!((all.data.items.len(), all.notes().len()), (2, 0));
    }

    #[test]
    fn a_named_subset_is_used_except_for_clips_without_labels() {
        for (name, subsets) in [
            ("data.subsets", "data.subsets=[\"train\",\"test\",\"noisy\"]"),
            ("folds.subsets", "folds={count=2,subsets=[\"test\"]}"),
        ] {
            let usable = UsableClips::of(&recipe(&[subsets]), &data(&CLIPS));
            assert_eq!(files(&usable), ["0.wav", "2.wav", "5.wav"], "{name}");
        }
    }

    #[test]
    fn nothing_to_train_on_is_refused_with_the_reason() {
        let clips = [("test", "a"), ("test", "b"), ("train", "")];
        let refused = UsableClips::some_of(&recipe(&[]), &data(&clips)).err();
        let message = refused.unwrap().to_string();
        let start = "there is nothing to train on: 2 clips of the subset test are not trained on";
        assert!(message.contains(start), "{message}");
        assert!(
            message.ends_with("1 clip without a label is not trained on"),
            "{message}"
        );
    }
}
