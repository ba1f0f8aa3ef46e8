//! What is said of the data before a training: clips that are left out, classes without clips.

use crate::DataSplit;
use crate::usable_clips::UsableClips;
use earmark_core::human::human_amount;
use earmark_data::{DataSet, Item};
use earmark_recipe::Recipe;

/// Classes named in a note.
const NAMED: usize = 5;

/// Which clips nothing is trained on, and which classes have none, one line each.
pub(super) fn data_notes(recipe: &Recipe, data: &DataSet, split: &DataSplit) -> Vec<String> {
    let left_out = UsableClips::of(recipe, data).notes();
    let untrained = untrained_classes(data.classes.names(), &split.train);
    left_out.into_iter().chain(untrained).collect()
}

/// The classes that no training clip carries.
fn untrained_classes(classes: &[String], train: &[Item]) -> Option<String> {
    let mut is_trained = vec![false; classes.len()];
    for &label in train.iter().flat_map(|item| &item.labels) {
        is_trained[label] = true;
    }
    let missing = classes.iter().zip(&is_trained).filter(|(_, trained)| !**trained);
    let missing: Vec<&str> = missing.map(|(class, _)| class.as_str()).collect();
    let more = match missing.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    (!missing.is_empty()).then(|| {
        format!(
            "{} of {} without a clip to train on, so that nothing will be recognised as such: {}{more}",
            missing.len(),
            human_amount(classes.len(), "class is", "classes are"),
            missing[..missing.len().min(NAMED)].join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_that_no_clip_trains_are_named() {
        let names: Vec<String> = ["a", "b", "c"].map(str::to_owned).to_vec();
        let item = |labels: &[usize]| Item {
            labels: labels.to_vec(),
            ..Item::default()
        };
        assert_eq!(untrained_classes(&names, &[item(&[0, 2]), item(&[1])]), None);
        assert_eq!(
            untrained_classes(&names, &[item(&[0]), item(&[0])]).unwrap(),
            "2 of 3 classes are without a clip to train on, so that nothing will be recognised as such: b, c"
        );
        let many: Vec<String> = (0..8).map(|i| i.to_string()).collect();
        let note = untrained_classes(&many, &[]).unwrap();
        assert!(note.ends_with(": 0, 1, 2, 3, 4 and 3 more"), "{note}");
    }
}
