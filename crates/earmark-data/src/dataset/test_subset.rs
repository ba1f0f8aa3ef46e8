//! Subsets whose clips test a model and train none.

use earmark_core::text::letters_and_digits;

/// Names of subsets that are for testing, in lower case.
const TEST_SUBSETS: [&str; 4] = ["test", "testing", "eval", "evaluation"];

/// Usual names of subsets, in lower case.
const SUBSETS: [&str; 11] = [
    "train",
    "training",
    "valid",
    "validation",
    "val",
    "dev",
    "development",
    "test",
    "testing",
    "eval",
    "evaluation",
];

/// What people add to them: `test set`, `train_data`.
const ADDED: [&str; 8] = [
    "set",
    "split",
    "subset",
    "data",
    "audio",
    "clips",
    "files",
    "recordings",
];

/// The usual name of the subset that a name means: in any letter case, with any of the usual additions.
pub(crate) fn usual_subset(name: &str) -> Option<&'static str> {
    let plain = letters_and_digits(name);
    let known = |plain: &str| SUBSETS.iter().copied().find(|subset| *subset == plain);
    let shorter = || ADDED.iter().find_map(|added| known(plain.strip_suffix(*added)?));
    known(&plain).or_else(shorter)
}

/// Whether a subset is for testing by its name, in any letter case: `test`, `testing`, `eval` or `evaluation`, also
/// with `set` and the like behind it. Nothing is trained on its clips, folded or calibrated with them unless a recipe
/// or command names it.
pub fn is_test_subset(name: &str) -> bool {
    usual_subset(name).is_some_and(|subset| TEST_SUBSETS.contains(&subset))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subsets_for_testing_are_known_in_any_letter_case() {
        for name in [
            "test",
            "Test",
            "TESTING",
            "eval",
            "evaluation",
            " test ",
            "Test Set",
            "test_data",
        ] {
            assert!(is_test_subset(name), "{name}");
        }
        for name in [
            "train",
            "validation",
            "val",
            "curated",
            "latest",
            "tested",
            "set",
            "",
        ] {
            assert!(!is_test_subset(name), "{name}");
        }
    }

    #[test]
    fn names_mean_usual_ones() {
        for (name, usual) in [
            ("Training Set", "training"),
            ("train-audio", "train"),
            ("VAL", "val"),
            ("dev_set", "dev"),
        ] {
            assert_eq!(usual_subset(name), Some(usual), "{name}");
        }
        for name in ["trains", "dataset", "testing ground", "offset", ""] {
            assert_eq!(usual_subset(name), None, "{name}");
        }
    }
}
