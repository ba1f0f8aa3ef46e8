//! Subsets whose clips test a model and train none.

/// Names of subsets that are for testing, in lower case.
const TEST_SUBSETS: [&str; 4] = ["test", "testing", "eval", "evaluation"];

/// Whether a subset is for testing by its name, in any letter case: `test`, `testing`, `eval` or `evaluation`. Nothing is trained on its
/// clips, folded or calibrated with them unless a recipe or command names it.
pub fn is_test_subset(name: &str) -> bool {
    TEST_SUBSETS
        .iter()
        .any(|test| name.trim().eq_ignore_ascii_case(test))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subsets_for_testing_are_known_in_any_letter_case() {
        for name in ["test", "Test", "TESTING", "eval", "evaluation", " test "] {
            assert!(is_test_subset(name), "{name}");
        }
        for name in ["train", "validation", "val", "curated", "latest", "tested", ""] {
            assert!(!is_test_subset(name), "{name}");
        }
    }
}
