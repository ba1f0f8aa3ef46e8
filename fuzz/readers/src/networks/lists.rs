//! Thresholds and class names from files.

use std::collections::BTreeSet;
use std::fs;

use earmark_hub::read_labels;
use earmark_inference::ThresholdConfig;

use crate::check_message;

/// A file of thresholds is refused, or each of them is a score.
pub fn thresholds(data: &[u8]) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("thresholds");
    fs::write(&path, data).expect("a written file");
    let word = path.to_str().expect("a plain path").to_owned();
    match ThresholdConfig::parse(&[word]) {
        Ok(config) => assert!(config.check().is_ok()),
        Err(error) => check_message(&error),
    }
}

/// A table of class names is refused, or each name is there once.
pub fn label_table(data: &[u8]) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("labels.csv");
    fs::write(&path, data).expect("a written file");
    match read_labels(&path) {
        Ok(names) => {
            assert!(!names.is_empty() && names.iter().all(|name| !name.trim().is_empty()));
            assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
        }
        Err(error) => check_message(&error),
    }
}
