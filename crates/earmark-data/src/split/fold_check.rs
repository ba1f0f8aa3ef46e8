//! What makes folds a poor measure: sizes that differ much, and groups that several folds share.

use std::collections::{BTreeMap, BTreeSet};

use earmark_core::human::human_amount;

/// The largest fold may have this many times the clips of the smallest before that is said.
const UNEQUAL: f64 = 1.5;

/// How the sentences about sizes begin, and what those about groups have in common.
const SIZES: &str = "the folds differ in size";
const SHARED: &str = "clips in several folds";

/// Whether a sentence is one of [`fold_warnings`]: those about some of the folds say nothing that those about all have
/// not said.
pub fn is_fold_warning(text: &str) -> bool {
    text.starts_with(SIZES) || text.contains(SHARED)
}

/// What to know about folds before believing a cross-validation with them, a sentence each; none where all is well.
/// `clips` are the fold and, where it is known, the group of each clip.
pub fn fold_warnings<'a>(clips: impl IntoIterator<Item = (u32, Option<&'a str>)>) -> Vec<String> {
    let mut sizes: BTreeMap<u32, usize> = BTreeMap::new();
    let mut folds_of: BTreeMap<&str, BTreeSet<u32>> = BTreeMap::new();
    for (fold, group) in clips {
        *sizes.entry(fold).or_default() += 1;
        if let Some(group) = group {
            folds_of.entry(group).or_default().insert(fold);
        }
    }
    let shared = shared_groups(&folds_of);
    unequal_sizes(&sizes).into_iter().chain(shared).collect()
}

fn unequal_sizes(sizes: &BTreeMap<u32, usize>) -> Option<String> {
    // Ascending folds: of equal sizes the first fold is named.
    let smallest = sizes.iter().min_by_key(|(fold, clips)| (**clips, **fold))?;
    let largest = sizes
        .iter()
        .max_by_key(|(fold, clips)| (**clips, u32::MAX - **fold))?;
    let is_unequal = *largest.1 as f64 > UNEQUAL * *smallest.1 as f64;
    is_unequal.then(|| {
        format!(
            "{SIZES}: fold {} has {}, fold {} has {}; a mean over folds weighs them alike, so read the pooled \
             results",
            smallest.0,
            human_amount(*smallest.1, "clip", "clips"),
            largest.0,
            largest.1
        )
    })
}

fn shared_groups(folds_of: &BTreeMap<&str, BTreeSet<u32>>) -> Option<String> {
    let mut shared = folds_of.iter().filter(|(_, folds)| folds.len() > 1);
    let (group, folds) = shared.next()?;
    let folds: Vec<String> = folds.iter().map(u32::to_string).collect();
    let groups = match shared.count() {
        0 => "1 group has".to_owned(),
        more => format!("{} groups have", more + 1),
    };
    Some(format!(
        "{groups} {SHARED}, such as {group:?} in folds {}: models are tested on what was recorded together with \
         their training clips, so the scores are too high; make new folds with `earmark data folds` and give them with \
         --fold-table",
        folds.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clips<'a>(sizes: &[(u32, usize)]) -> Vec<(u32, Option<&'a str>)> {
        let fold = |&(fold, n): &(u32, usize)| vec![(fold, None); n];
        sizes.iter().flat_map(fold).collect()
    }

    #[test]
    fn folds_of_about_one_size_are_fine() {
        assert!(fold_warnings(clips(&[])).is_empty());
        assert!(fold_warnings(clips(&[(1, 7)])).is_empty());
        assert!(
            fold_warnings(clips(&[(1, 20), (2, 30), (5, 24)])).is_empty(),
            "1.5 times is not more than that"
        );
    }

    #[test]
    fn the_smallest_and_the_largest_fold_are_named() {
        let found = fold_warnings(clips(&[(0, 31), (3, 20), (4, 20), (7, 31)]));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].starts_with("the folds differ in size: fold 3 has 20 clips, fold 0 has 31; "),
            "{found:?}"
        );
    }

    #[test]
    fn groups_in_several_folds_are_counted_and_one_is_named() {
        let apart = [(1, Some("a")), (1, Some("a")), (2, Some("b")), (2, None)];
        assert!(fold_warnings(apart).is_empty());
        let shared = [(1, Some("a")), (2, Some("b")), (2, Some("a")), (1, None)];
        let found = fold_warnings(shared);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].starts_with("1 group has clips in several folds, such as \"a\" in folds 1, 2: "),
            "{found:?}"
        );
        let both = fold_warnings(shared.into_iter().chain([(1, Some("b")), (1, None)]));
        assert!(both[0].contains("fold 2 has 2 clips, fold 1 has 4"), "{both:?}");
        assert!(
            both[1].starts_with("2 groups have clips in several folds"),
            "{both:?}"
        );
        assert!(both.iter().all(|text| is_fold_warning(text)), "{both:?}");
        assert!(!is_fold_warning("the loss was still falling"));
    }
}
