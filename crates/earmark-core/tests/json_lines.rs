//! Logs of JSON lines: torn by a kill, damaged, foreign, of earlier versions.

use earmark_core::checksum::seal;
use earmark_core::json_lines::JsonLines;
use serde_json::{Value, json};
use std::fs;

#[test]
fn a_log_torn_anywhere_is_cut_to_its_whole_lines() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("metrics.jsonl");
    let sealed = |value: Value| seal(value.to_string()) + "\n";
    let lines: Vec<String> = (1..=4)
        .map(|step| sealed(json!({"step": step, "loss": 0.5})))
        .collect();
    let whole = lines.concat();
    for length in 0..=whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        // The run resumes from the checkpoint of step 3.
        let mut log = JsonLines::open_cut(&path, |line| line["step"].as_u64() <= Some(3)).unwrap();
        log.append(&json!({"step": 9})).unwrap();
        log.sync().unwrap();
        let ends = |count: usize| lines[..count].iter().map(String::len).sum::<usize>();
        // A line that lacks only its line break is whole.
        let kept = (0..=3)
            .rev()
            .find(|&count| count == 0 || length + 1 >= ends(count))
            .unwrap();
        let expected = lines[..kept].concat() + &sealed(json!({"step": 9}));
        assert_eq!(fs::read_to_string(&path).unwrap(), expected, "torn at {length}");
    }
}

#[test]
fn a_log_with_a_foreign_line_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("metrics.jsonl");
    let content = "{\"step\":1}\nhello\n{\"step\":2}\n";
    fs::write(&path, content).unwrap();
    let error = JsonLines::open_cut(&path, |_| true).unwrap_err().to_string();
    assert!(error.contains("line 2 is not JSON"), "{error}");
    assert_eq!(fs::read_to_string(&path).unwrap(), content);
}

/// A log of an earlier version is continued; one with a flipped bit is refused with the line that has it.
#[test]
fn the_lines_of_a_log_are_checked_where_they_have_a_checksum() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("metrics.jsonl");
    let old = "{\"step\":1}\n{\"step\":2}\n";
    fs::write(&path, old).unwrap();
    let mut log = JsonLines::open_cut(&path, |_| true).unwrap();
    for step in 3..6 {
        log.append(&json!({"step": step})).unwrap();
    }
    drop(log);
    let whole = fs::read_to_string(&path).unwrap();
    assert!(whole.starts_with(old) && whole.lines().count() == 5, "{whole}");
    let kept = JsonLines::open_cut(&path, |line| line["step"].as_u64() < Some(5));
    assert!(kept.is_ok() && fs::read_to_string(&path).unwrap().lines().count() == 4);
    let damaged = whole.replace("{\"step\":4", "{\"step\":6");
    fs::write(&path, &damaged).unwrap();
    let error = JsonLines::open_cut(&path, |_| true).unwrap_err().to_string();
    assert!(
        error.contains("line 4 is damaged: its checksum differs"),
        "{error}"
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), damaged, "and left alone");
}
