//! The folds that ways are compared on, of clips that may train.

use crate::PipelineError;
use crate::validation_split::stratify;
use earmark_data::{DataSet, Splitter};
use std::collections::{BTreeMap, BTreeSet};

/// Folds that are drawn, and the most that are kept: each costs a training.
const FOLDS: usize = 5;

/// Draws folds for all items of a set: each class is spread over them, and groups stay together.
pub(super) fn draw(set: &mut DataSet) -> Result<(), PipelineError> {
    let groups: BTreeSet<&String> = set.items.iter().filter_map(|item| item.group.as_ref()).collect();
    let alone = set.items.iter().filter(|item| item.group.is_none()).count();
    let count = FOLDS.min(groups.len() + alone);
    if count < 2 {
        return Err(PipelineError::Request(format!(
            "{}: its clips are of one recording, so that none can be held out to compare models on; add recordings",
            set.root.display()
        )));
    }
    let splitter = Splitter {
        stratify: stratify(set),
        group: !groups.is_empty(),
        seed: 0,
    };
    let folds = splitter.k_fold(&set.items, u32::try_from(count).unwrap_or(u32::MAX))?;
    for (item, fold) in set.items.iter_mut().zip(folds) {
        item.fold = Some(fold);
    }
    Ok(())
}

/// Merges more folds than are kept, the first with the sixth and so on; whether that was needed.
pub(super) fn merge(set: &mut DataSet) -> bool {
    let known = set.folds();
    if known.len() <= FOLDS {
        return false;
    }
    let numbers = (1..).take(FOLDS).cycle();
    let merged: BTreeMap<u32, u32> = known.into_iter().zip(numbers).collect();
    for item in &mut set.items {
        item.fold = item.fold.map(|fold| merged[&fold]);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use earmark_data::{DataOptions, load};

    /// A folder of folders; nothing opens the recordings.
    fn data(clips: usize) -> DataSet {
        let dir = tempfile::tempdir().unwrap();
        for class in ["dog", "owl"] {
            std::fs::create_dir(dir.path().join(class)).unwrap();
            for k in 0..clips {
                std::fs::write(dir.path().join(class).join(format!("{k}.wav")), "").unwrap();
            }
        }
        load(dir.path(), &DataOptions::default()).unwrap()
    }

    #[test]
    fn folds_keep_recordings_together() {
        let mut set = data(10);
        for (k, item) in set.items.iter_mut().enumerate() {
            item.group = Some(format!("{}", k / 2));
        }
        draw(&mut set).unwrap();
        assert_eq!(set.folds(), [1, 2, 3, 4, 5]);
        assert!(set.items.chunks(2).all(|pair| pair[0].fold == pair[1].fold));
        let mut few = data(1);
        draw(&mut few).unwrap();
        assert_eq!(few.folds(), [1, 2]);
        few.items
            .iter_mut()
            .for_each(|item| item.group = Some("x".into()));
        let refused = draw(&mut few).unwrap_err().to_string();
        assert!(refused.contains("its clips are of one recording"), "{refused}");
    }

    #[test]
    fn many_folds_become_five() {
        let mut set = data(4);
        for (k, item) in (0..).zip(&mut set.items) {
            item.fold = Some(10 * k);
        }
        assert!(merge(&mut set));
        let folds: Vec<Option<u32>> = set.items.iter().map(|item| item.fold).collect();
        assert_eq!(folds, [1, 2, 3, 4, 5, 1, 2, 3].map(Some));
        assert!(!merge(&mut set));
    }
}
