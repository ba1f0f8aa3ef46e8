//! The folds that layer and strength are chosen by: of training clips alone, with what was recorded together in one
//! fold.

use super::examples::Examples;
use crate::PipelineError;
use earmark_data::{Item, Splitter, Stratify};
use std::collections::{BTreeMap, BTreeSet};

/// Folds that are drawn where the data's own would not do.
const DRAWN: usize = 5;

/// Some of the examples, divided into folds.
pub(super) struct InnerFolds {
    /// For each fold the examples to train on and those to test on.
    splits: Vec<(Vec<usize>, Vec<usize>)>,
}

impl InnerFolds {
    /// The data's own folds, where these examples are in several and none shares a group with another; else folds that
    /// are drawn from their groups, with each class spread over them. What has no fold is trained on in all of them.
    /// `None` where there are fewer than two groups. `rows` are originals: their copies are on their side of each
    /// split, or in neither.
    pub fn of(examples: &Examples, rows: &[usize]) -> Result<Option<Self>, PipelineError> {
        let own: Vec<Option<u32>> = rows.iter().map(|&i| examples.items[i].fold).collect();
        let known: BTreeSet<u32> = own.iter().flatten().copied().collect();
        if known.len() > 1 && !share_groups(examples, rows) {
            return Ok(Some(Self::new(examples, rows, &own)));
        }
        // Clips without a fold stay in training.
        let folded: Vec<usize> = (0..rows.len()).filter(|&k| own[k].is_some()).collect();
        let items: Vec<Item> = folded.iter().map(|&k| examples.items[rows[k]].clone()).collect();
        let groups: BTreeSet<&String> = items.iter().filter_map(|item| item.group.as_ref()).collect();
        let alone = items.iter().filter(|item| item.group.is_none()).count();
        let count = DRAWN.min(groups.len() + alone);
        if count < 2 {
            return Ok(None);
        }
        let splitter = Splitter {
            stratify: match items.iter().any(|item| item.labels.len() > 1) {
                true => Stratify::Iterative,
                false => Stratify::Label,
            },
            group: !groups.is_empty(),
            seed: 0,
        };
        let drawn = splitter.k_fold(&items, u32::try_from(count).unwrap_or(u32::MAX))?;
        let mut folds = vec![None; rows.len()];
        for (k, fold) in folded.into_iter().zip(drawn) {
            folds[k] = Some(fold);
        }
        Ok(Some(Self::new(examples, rows, &folds)))
    }

    /// Each fold against the others.
    fn new(examples: &Examples, rows: &[usize], folds: &[Option<u32>]) -> Self {
        let known: BTreeSet<u32> = folds.iter().flatten().copied().collect();
        let split = |fold: u32| {
            let parts = rows.iter().zip(folds);
            let (test, train): (Vec<_>, Vec<_>) = parts.partition(|(_, own)| **own == Some(fold));
            let originals = |part: Vec<(&usize, &Option<u32>)>| -> Vec<usize> {
                part.into_iter().map(|(row, _)| *row).collect()
            };
            let (train, test) = (examples.with_copies(&originals(train)), originals(test));
            // Crops are for training alone; copies with background are what recordings contain.
            match examples.single_label {
                true => (train, test),
                false => (train, examples.with_copies(&test)),
            }
        };
        Self {
            splits: known.into_iter().map(split).collect(),
        }
    }

    /// For each fold the examples to train on, with copies, and those to test on, with copies that have background.
    pub fn splits(&self) -> &[(Vec<usize>, Vec<usize>)] {
        &self.splits
    }
}

/// Whether a group is in several folds.
fn share_groups(examples: &Examples, rows: &[usize]) -> bool {
    let mut fold_of: BTreeMap<&str, u32> = BTreeMap::new();
    rows.iter().any(|&i| {
        let item = &examples.items[i];
        match (&item.group, item.fold) {
            (Some(group), Some(fold)) => *fold_of.entry(group).or_insert(fold) != fold,
            _ => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::examples::ExampleCopy;
    use super::super::examples::tests::{clips, clips_with_copies};
    use super::*;

    fn all(count: usize) -> Vec<usize> {
        (0..count).collect()
    }

    #[test]
    fn the_other_folds_are_the_inner_ones() {
        let examples = clips(18, true);
        let rest: Vec<usize> = (0..18).filter(|&i| examples.items[i].fold != Some(2)).collect();
        let inner = InnerFolds::of(&examples, &rest).unwrap().unwrap();
        let splits = inner.splits();
        assert_eq!(splits.len(), 2);
        for (train, test) in splits {
            let mut both: Vec<usize> = train.iter().chain(test).copied().collect();
            both.sort_unstable();
            assert_eq!(both, rest);
            assert!(
                test.iter()
                    .all(|&i| examples.items[i].fold == examples.items[test[0]].fold)
            );
        }
    }

    /// Folds that share recordings would choose a strength that is too weak: others are drawn, which keep them
    /// together.
    #[test]
    fn what_was_recorded_together_is_never_apart() {
        let mut examples = clips(36, true);
        for (i, item) in examples.items.iter_mut().enumerate() {
            item.group = Some(format!("{}", i % 12));
        }
        assert!(share_groups(&examples, &[0, 12, 24, 3, 15]));
        let inner = InnerFolds::of(&examples, &all(36)).unwrap().unwrap();
        let splits = inner.splits();
        assert_eq!(splits.len(), 5);
        for (train, test) in splits {
            let group = |i: &usize| examples.items[*i].group.clone();
            let tested: BTreeSet<_> = test.iter().map(group).collect();
            assert!(!test.is_empty() && train.iter().all(|i| !tested.contains(&group(i))));
            let classes: BTreeSet<_> = train.iter().map(|&i| examples.items[i].labels[0]).collect();
            assert_eq!(classes.len(), 3, "each class is trained on");
        }
    }

    /// Copies are in the fold of their clip, whatever it is, and in no training that what they are mixed with is held
    /// out of.
    #[test]
    fn copies_follow_what_they_are_made_of() {
        let mut examples = clips_with_copies(18);
        examples.push_copy(
            ExampleCopy {
                origin: 0,
                mixed_with: Some(19),
            },
            &[&[0.0; 5]],
        );
        let check = |examples: &Examples, folds: usize| {
            let inner = InnerFolds::of(examples, &all(21)).unwrap().unwrap();
            assert_eq!(inner.splits().len(), folds);
            let mut used = BTreeSet::new();
            for (train, test) in inner.splits() {
                for side in [train, test] {
                    let copies = side.iter().filter(|&&i| i >= 21);
                    for copy in copies.map(|i| examples.copies()[i - 21]) {
                        assert!(side.contains(&copy.origin));
                        assert!(copy.mixed_with.is_none_or(|piece| side.contains(&piece)));
                    }
                }
                assert!(train.iter().all(|i| !test.contains(i)));
                used.extend(train.iter().chain(test).copied());
            }
            used
        };
        // The last copy is of a clip of fold 1 and of background of fold 2: it is trained on where fold 3 is held out.
        assert_eq!(check(&examples, 3).len(), 40);
        let inner = InnerFolds::of(&examples, &all(21)).unwrap().unwrap();
        let holds: Vec<bool> = inner
            .splits()
            .iter()
            .map(|(train, _)| train.contains(&39))
            .collect();
        assert_eq!(holds, [false, false, true]);
        assert!(inner.splits().iter().all(|(_, test)| !test.contains(&39)));
        // Drawn folds, as groups are in several: a clip and its piece of background may be apart.
        for (i, item) in examples.items.iter_mut().take(21).enumerate() {
            item.group = Some(format!("{}", i % 12));
        }
        check(&examples, 5);
    }

    /// Copies of clips without background are trained on and never tested on.
    #[test]
    fn crops_are_for_training_alone() {
        let mut examples = clips(18, true);
        for origin in 0..18 {
            let copy = ExampleCopy {
                origin,
                mixed_with: None,
            };
            examples.push_copy(copy, &[&[0.0; 5]]);
        }
        let inner = InnerFolds::of(&examples, &all(18)).unwrap().unwrap();
        for (train, test) in inner.splits() {
            assert_eq!((train.len(), test.len()), (24, 6));
            assert!(test.iter().all(|&i| i < 18));
            let copies = train.iter().filter(|&&i| i >= 18);
            assert!(copies.clone().all(|i| train.contains(&(i - 18))));
            assert_eq!(copies.count(), 12);
        }
    }

    #[test]
    fn clips_without_a_fold_are_always_trained_on() {
        let mut examples = clips(18, true);
        examples.items[4].fold = None;
        let inner = InnerFolds::of(&examples, &all(18)).unwrap().unwrap();
        assert!(inner.splits().iter().all(|(train, _)| train.contains(&4)));
    }

    #[test]
    fn one_recording_can_not_be_divided() {
        let mut examples = clips(9, true);
        examples
            .items
            .iter_mut()
            .for_each(|item| item.group = Some("x".into()));
        assert!(InnerFolds::of(&examples, &all(9)).unwrap().is_none());
    }
}
