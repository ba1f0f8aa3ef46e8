//! Whether scores are of clips that had a part in making the model, so that other clips will score lower.

use crate::split_table::{ClipUse, SplitTable};
use earmark_core::human::human_amount;
use earmark_data::Item;
use serde::{Deserialize, Serialize};

/// What is wrong with scores of clips that had a part in making the model: a key of every JSON that holds such scores.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Optimism {
    /// Clips evaluated.
    pub clips: usize,
    /// Of these, clips that the model was trained on.
    pub trained_on: usize,
    /// Of these, other clips that drove its training: they chose the best checkpoint, the learning rate or the end.
    pub chosen_by: usize,
    /// The same as a sentence.
    pub note: String,
}

impl Optimism {
    /// What is wrong with scores of `items`, given what the run used its clips for, and whether its test clips drove
    /// its training as well; `None` where none of them had a part in it.
    pub fn of(table: &SplitTable, test_clips_drive: bool, items: &[Item]) -> Option<Self> {
        let count = |wanted: &dyn Fn(ClipUse) -> bool| {
            let uses = items.iter().filter_map(|item| table.used_as(item));
            uses.filter(|what| wanted(*what)).count()
        };
        let trained_on = count(&|what| what == ClipUse::Train);
        let validated = count(&|what| what == ClipUse::Validation);
        let tested = count(&|what| test_clips_drive && what == ClipUse::Test);
        (trained_on + validated + tested > 0).then(|| Self {
            clips: items.len(),
            trained_on,
            chosen_by: validated + tested,
            note: note(items.len(), trained_on, validated, tested),
        })
    }
}

fn note(clips: usize, trained_on: usize, validated: usize, tested: usize) -> String {
    let trained = (trained_on > 0).then(|| format!("trained on {trained_on}"));
    let chosen_by = validated + tested;
    let chosen = (chosen_by > 0).then(|| format!("chosen by {chosen_by}"));
    let parts: Vec<String> = trained.into_iter().chain(chosen).collect();
    let of = human_amount(clips, "clip", "clips");
    let how = match tested {
        0 => "",
        _ => " (validation.split = test-fold)",
    };
    format!(
        "OPTIMISTIC: the model was {} of the {of} evaluated{how}; other recordings will score lower, so evaluate it on \
         clips that had no part in it",
        parts.join(" and ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::split_table::DataSplit;

    fn items(names: &[&str]) -> Vec<Item> {
        let item = |name: &&str| Item {
            file: (*name).to_owned(),
            subset: "train".into(),
            ..Item::default()
        };
        names.iter().map(item).collect()
    }

    fn table() -> SplitTable {
        SplitTable::of(&DataSplit {
            train: items(&["a", "b", "c"]),
            validation: items(&["d"]),
            test: items(&["e", "f"]),
            removed: items(&["g"]),
            optimistic: false,
        })
    }

    #[test]
    fn clips_that_had_a_part_in_the_model_are_counted() {
        let of = |names: &[&str], drive| Optimism::of(&table(), drive, &items(names));
        assert_eq!(of(&["e", "f", "g", "new"], false), None);
        assert!(!table().is_trained_on(&items(&["g"])[0]));
        let mixed = of(&["a", "b", "d", "e", "new"], false).unwrap();
        assert_eq!((mixed.clips, mixed.trained_on, mixed.chosen_by), (5, 2, 1));
        let start = "OPTIMISTIC: the model was trained on 2 and chosen by 1 of the 5 clips evaluated; ";
        assert!(mixed.note.starts_with(start), "{}", mixed.note);
        let driven = of(&["e", "f"], true).unwrap();
        assert_eq!((driven.trained_on, driven.chosen_by), (0, 2));
        let start =
            "OPTIMISTIC: the model was chosen by 2 of the 2 clips evaluated (validation.split = test-fold); ";
        assert!(driven.note.starts_with(start), "{}", driven.note);
    }

    #[test]
    fn the_same_name_in_another_subset_is_another_clip() {
        let mut other = items(&["a"]);
        other[0].subset = "test".into();
        assert_eq!(Optimism::of(&table(), false, &other), None);
    }
}
