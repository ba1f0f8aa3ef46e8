//! Logs of JSON lines: torn by a kill, damaged, foreign, of earlier versions.

use earmark_core::checksum::seal;
use earmark_core::json_lines::{JsonLines, log_lines, torn_line};
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

/// What `log_lines` leaves out at the end is what `torn_line` names.
#[test]
fn a_torn_line_is_named_by_its_number() {
    let line = |step: u64| seal(json!({"step": step}).to_string()) + "\n";
    let whole = line(1) + "\n" + &line(2);
    let first = line(1).len() + 1;
    for cut in 0..=whole.len() {
        let log = &whole.as_bytes()[..cut];
        let kept: usize = log_lines(log).map(|line| line.content.len()).sum();
        let torn = torn_line(log);
        let left = log.trim_ascii().iter().filter(|byte| **byte != b'\n').count();
        assert_eq!(
            kept + torn.map_or(0, |(_, content)| content.len()),
            left,
            "cut at {cut}"
        );
        let number = torn.map(|(number, _)| number);
        let wanted = if cut < first { 1 } else { 3 };
        assert!(
            number.is_none_or(|number| number == wanted),
            "cut at {cut}: {number:?}"
        );
    }
    assert_eq!(
        torn_line(b"{\"a\": 1}\n12"),
        Some((2, &b"12"[..])),
        "a number may have more digits"
    );
    assert_eq!(torn_line(b"{\"a\": 1}\n  "), None);
    assert_eq!(torn_line(b"{\"a\": 1}"), None);
    assert_eq!(torn_line(b""), None);
}

/// Each flipped bit names the line that it is in and costs no other, or costs nothing.
#[test]
fn every_flipped_bit_of_a_log_is_noticed_or_without_effect() {
    let line = |step: u64| seal(json!({"step": step, "loss": 0.5}).to_string()) + "\n";
    let whole: String = (1..=3).map(line).collect();
    let steps = |log: &[u8]| -> (Vec<u64>, usize) {
        let (values, faults): (Vec<_>, Vec<_>) =
            log_lines(log).map(|line| line.value).partition(Result::is_ok);
        let steps = values
            .into_iter()
            .flatten()
            .map(|value| value["step"].as_u64().unwrap());
        (steps.collect(), faults.len())
    };
    assert_eq!(steps(whole.as_bytes()), (vec![1, 2, 3], 0));
    for bit in 0..8 * whole.len() {
        let mut damaged = whole.clone().into_bytes();
        damaged[bit / 8] ^= 1 << (bit % 8);
        let (found, faults) = steps(&damaged);
        let (unharmed, is_named) = (found == [1, 2, 3], faults > 0);
        assert!(unharmed || is_named, "bit {bit}: {found:?}");
        assert!(
            !found.is_empty() && found.iter().all(|step| (1..=3).contains(step)),
            "bit {bit}: {found:?}"
        );
    }
}

#[test]
fn a_damaged_line_break_at_the_end_is_put_right() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("metrics.jsonl");
    let whole = seal(json!({"step": 1}).to_string()) + "\n";
    fs::write(&path, whole.replace('\n', "*")).unwrap();
    JsonLines::open_cut(&path, |_| true).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), whole);
    // A last line that lacks its line break alone, and is damaged, was not torn by a kill.
    fs::write(&path, whole.trim_end().replace("1,", "3,")).unwrap();
    let error = JsonLines::open_cut(&path, |_| true).unwrap_err().to_string();
    assert!(
        error.contains("line 1 is damaged: its checksum differs"),
        "{error}"
    );
}
