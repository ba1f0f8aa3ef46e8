mod damage_and_deaths;

use super::*;
use crate::tag::result::TagResult;

fn settings(threshold: &str) -> Vec<(String, String)> {
    [("--window", "2"), ("--threshold", threshold)]
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .to_vec()
}

fn entry(file: &str, size: u64) -> TagLogEntry {
    TagLogEntry {
        stamp: FileStamp { size, changed: 7 },
        outcome: TagOutcome::Tagged(TagResult {
            file: file.into(),
            seconds: 1.5,
            sample_rate_hz: 8000,
            top: vec![],
            events: vec![],
            note: None,
            damaged: false,
            samples: None,
        }),
    }
}

fn failed(file: &str) -> TagLogEntry {
    TagLogEntry {
        stamp: FileStamp { size: 1, changed: 7 },
        outcome: TagOutcome::Failed {
            file: file.into(),
            reason: "broken".into(),
        },
    }
}

fn windows(dir: &Path, n: usize) -> ScratchFile {
    let mut lines = ScratchFile::new(dir);
    for k in 0..n {
        writeln!(lines, "{{\"start\":{k}.0,\"end\":{}.0,\"scores\":[0.5]}}", k + 1).unwrap();
    }
    lines
}

fn text(log: &ResumeLog, file: &str) -> Option<(TagLogEntry, String)> {
    log.read(file, |entry, lines| {
        let mut text = String::new();
        lines.read_to_string(&mut text)?;
        Ok((entry.clone(), text))
    })
    .unwrap()
}

/// Three recordings of 0, 3 and many windows, and one that failed.
fn write(dir: &Path) -> PathBuf {
    let path = dir.join("t.log");
    let mut log = ResumeLog::open(&path, &settings("0.3"), false).unwrap();
    log.add(&entry("a", 1), &mut windows(dir, 0)).unwrap();
    log.add(&entry("b", 2), &mut windows(dir, 3)).unwrap();
    log.add(&failed("bad"), &mut windows(dir, 0)).unwrap();
    log.add(&entry("c", 3), &mut windows(dir, 5_000)).unwrap();
    path
}

#[test]
fn what_is_written_is_read_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = write(dir.path());
    let log = ResumeLog::open(&path, &settings("0.3"), false).unwrap();
    assert_eq!(log.len(), 4);
    let stamp = |size| Some(FileStamp { size, changed: 7 });
    assert!(log.has("a", stamp(1)) && log.has("c", stamp(3)));
    assert!(
        !log.has("a", stamp(2)) && !log.has("a", None),
        "another file by now"
    );
    assert!(!log.has("bad", stamp(1)), "failures are tried again");
    assert_eq!(text(&log, "a"), Some((entry("a", 1), String::new())));
    let (b, lines) = text(&log, "b").unwrap();
    assert_eq!((b, lines.lines().count()), (entry("b", 2), 3));
    let (c, lines) = text(&log, "c").unwrap();
    assert_eq!((c, lines.lines().count()), (entry("c", 3), 5_000));
    assert_eq!(
        lines.lines().next_back().unwrap(),
        "{\"start\":4999.0,\"end\":5000.0,\"scores\":[0.5]}"
    );
    assert_eq!(text(&log, "d"), None);
    // The newest entry counts.
    let mut log = log;
    log.add(&entry("bad", 9), &mut windows(dir.path(), 1)).unwrap();
    assert!(log.has("bad", stamp(9)));
    assert_eq!(text(&log, "bad").unwrap().1.lines().count(), 1);
}

/// Cut at any byte, it resumes from what was whole, and ends with the same bytes.
#[test]
fn cut_anywhere_it_keeps_what_is_whole() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.log");
    let all = {
        let mut log = ResumeLog::open(&path, &settings("0.3"), false).unwrap();
        log.add(&entry("a", 1), &mut windows(dir.path(), 2)).unwrap();
        log.add(&entry("b", 2), &mut windows(dir.path(), 3)).unwrap();
        std::fs::read(&path).unwrap()
    };
    let mut kept = BTreeSet::new();
    for length in 0..=all.len() {
        for garbage in [&b""[..], b"\0\0\0\0\n\0\0", b"{\"start\":9"] {
            std::fs::write(&path, [&all[..length], garbage].concat()).unwrap();
            let Ok(mut log) = ResumeLog::open(&path, &settings("0.3"), false) else {
                // Garbage within the first line could be anybody's file.
                assert!(
                    !garbage.is_empty() && !all[..length].contains(&b'\n'),
                    "cut at {length}"
                );
                continue;
            };
            let n = log.len();
            kept.insert(n);
            let stamp = |size| Some(FileStamp { size, changed: 7 });
            assert_eq!(log.has("a", stamp(1)), n > 0);
            assert_eq!(log.has("b", stamp(2)), n > 1);
            if n < 1 {
                log.add(&entry("a", 1), &mut windows(dir.path(), 2)).unwrap();
            }
            if n < 2 {
                log.add(&entry("b", 2), &mut windows(dir.path(), 3)).unwrap();
            }
            assert!(
                std::fs::read(&path).unwrap() == all,
                "cut at {length} with {garbage:?}"
            );
        }
    }
    assert_eq!(kept.into_iter().collect::<Vec<_>>(), [0, 1, 2]);
}

#[test]
fn other_settings_are_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let path = write(dir.path());
    let error = ResumeLog::open(&path, &settings("0.5"), false)
        .unwrap_err()
        .to_string();
    assert!(
        error.ends_with(
            "t.log: was started with --threshold 0.3, not 0.5; give the same, or add --fresh to start over (its \
             results are then lost)"
        ),
        "{error}"
    );
    assert_eq!(ResumeLog::open(&path, &settings("0.3"), false).unwrap().len(), 4);
    assert_eq!(ResumeLog::open(&path, &settings("0.5"), true).unwrap().len(), 0);
    assert_eq!(ResumeLog::open(&path, &settings("0.5"), false).unwrap().len(), 0);
}

#[test]
fn other_files_and_logs_in_use_are_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.log");
    for text in ["notes\n", "notes", "{\"other\": 1}\n"] {
        std::fs::write(&path, text).unwrap();
        for fresh in [false, true] {
            let error = ResumeLog::open(&path, &settings("0.3"), fresh).unwrap_err();
            assert!(matches!(error, TagError::Foreign(_)), "{error}");
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }
    std::fs::remove_file(&path).unwrap();
    let first = ResumeLog::open(&path, &settings("0.3"), false).unwrap();
    assert!(matches!(
        ResumeLog::open(&path, &settings("0.3"), false),
        Err(TagError::Locked(_))
    ));
    first.remove().unwrap();
    assert!(!path.exists());
}
