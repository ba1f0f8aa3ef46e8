//! Names that tables and terminals have trouble with.

use earmark_core::human::human_amount;

use super::findings_and_remedies::{Finding, FindingKind};
use crate::dataset::data_set::DataSet;

/// Recordings with a line break, a carriage return or another control character in their names or those of their
/// folders.
pub(super) fn odd_names(set: &DataSet) -> Option<Finding> {
    let items = set.items.iter();
    let odd = items.filter(|item| item.file.contains(char::is_control));
    Finding::any(FindingKind::OddName, odd, |n| {
        let what = human_amount(n, "recording", "recordings");
        format!("{what} with a line break or another control character in the name or that of a folder")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::{DataOptions, load};

    #[test]
    fn control_characters_in_names_are_found() {
        let dir = tempfile::tempdir().unwrap();
        for class in ["dog", "owl", "sea gull"] {
            std::fs::create_dir(dir.path().join(class)).unwrap();
            std::fs::write(dir.path().join(class).join("Käuzchen 1.wav"), "").unwrap();
        }
        let mut set = load(dir.path(), &DataOptions::default()).unwrap();
        assert_eq!(odd_names(&set), None);
        // Not every system has files of such names.
        set.items[0].file = "dog\r/1.wav".into();
        set.items[2].file = "sea\ngull/1.wav".into();
        let found = odd_names(&set).unwrap();
        assert_eq!(
            found.message,
            "2 recordings with a line break or another control character in the name or that of a folder"
        );
        assert_eq!(found.places.len(), 2);
        assert!(
            found.places[0].to_string().starts_with("dog\\r/1.wav"),
            "{found:?}"
        );
    }
}
