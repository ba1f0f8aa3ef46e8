//! Logs that are damaged, and logs of processes that died.

use super::*;

/// Recordings of 2 and 3 windows, one without and one that failed; returns the bytes.
fn small(dir: &Path) -> (PathBuf, Vec<u8>) {
    let path = dir.join("t.log");
    let mut log = ResumeLog::open(&path, &settings("0.3"), true).unwrap();
    for (k, entry) in small_entries().iter().enumerate() {
        log.begin(entry.outcome.file(), entry.stamp, false).unwrap();
        log.add(entry, &mut windows(dir, WINDOWS[k])).unwrap();
    }
    drop(log);
    let bytes = std::fs::read(&path).unwrap();
    (path, bytes)
}

const WINDOWS: [usize; 4] = [2, 0, 3, 0];

fn small_entries() -> [TagLogEntry; 4] {
    [entry("a", 1), failed("bad"), entry("b", 2), entry("c", 3)]
}

/// What is lost, by number; everything else must be as it was.
fn lost(log: &ResumeLog) -> Vec<usize> {
    let mut lost = Vec::new();
    for (k, entry) in small_entries().iter().enumerate() {
        match text(log, entry.outcome.file()) {
            None => lost.push(k),
            Some((found, lines)) => assert_eq!((&found, lines.lines().count()), (entry, WINDOWS[k])),
        }
    }
    lost
}

/// Each single bit: at most two recordings are lost (a line break joins them), never without a word, and the log is
/// resumed.
#[test]
fn a_flipped_bit_costs_what_it_hits_and_is_reported() {
    let dir = tempfile::tempdir().unwrap();
    let (path, whole) = small(dir.path());
    let header = whole.iter().position(|b| *b == b'\n').unwrap() + 1;
    for bit in 8 * header..8 * whole.len() {
        let mut damaged = whole.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(&path, &damaged).unwrap();
        let mut log = ResumeLog::open(&path, &settings("0.3"), false).unwrap();
        let lost = lost(&log);
        // Without its line break, the last line looks torn off by a kill, and is.
        let torn = bit / 8 + 1 == whole.len();
        assert!(
            lost.len() <= 2 && (lost.is_empty() || torn || log.damage().is_some()),
            "bit {bit}"
        );
        for k in lost {
            let entry = &small_entries()[k];
            log.add(entry, &mut windows(dir.path(), WINDOWS[k])).unwrap();
        }
        drop(log);
        let log = ResumeLog::open(&path, &settings("0.3"), false).unwrap();
        assert_eq!(
            (log.len(), log.damage()),
            (4, None),
            "bit {bit}: it is reported once"
        );
    }
}

#[test]
fn a_damaged_first_line_starts_over_and_is_reported() {
    let dir = tempfile::tempdir().unwrap();
    let (path, whole) = small(dir.path());
    let header = whole.iter().position(|b| *b == b'\n').unwrap() + 1;
    let (mut foreign, mut restarted) = (0, 0);
    for bit in 0..8 * header {
        let mut damaged = whole.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(&path, &damaged).unwrap();
        match ResumeLog::open(&path, &settings("0.3"), false) {
            Ok(log) if log.damage().is_some() => {
                assert!(log.is_empty());
                restarted += 1;
            }
            // The bit has no effect.
            Ok(log) => assert!(lost(&log).is_empty()),
            Err(TagError::Foreign(_)) => foreign += 1,
            Err(error) => panic!("bit {bit}: {error}"),
        }
    }
    assert!(
        restarted > 5 * header && foreign < 8 * 16,
        "{restarted}, {foreign} of {}",
        8 * header
    );
}

/// Logs of earlier versions have no checksums; what is added to them has.
#[test]
fn a_log_of_format_1_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.log");
    let header = r#"{"earmark-tag":1,"settings":[["--window","2"],["--threshold","0.3"]]}"#;
    let json = |entry: &TagLogEntry| serde_json::to_string(entry).unwrap();
    let window = |k: u32| format!("{{\"start\":{k}.0,\"end\":{}.0,\"scores\":[0.5]}}\n", k + 1);
    let lines = [
        format!("{header}\n"),
        window(0) + &window(1),
        json(&entry("a", 1)) + "\n",
        json(&failed("bad")) + "\n",
        window(0),
    ];
    std::fs::write(&path, lines.concat()).unwrap();
    let mut log = ResumeLog::open(&path, &settings("0.3"), false).unwrap();
    assert_eq!(
        (log.len(), log.damage()),
        (2, None),
        "the windows of a killed process are cut off"
    );
    assert_eq!(text(&log, "a").unwrap().1.lines().count(), 2);
    log.add(&entry("b", 2), &mut windows(dir.path(), 3)).unwrap();
    drop(log);
    let log = ResumeLog::open(&path, &settings("0.3"), false).unwrap();
    assert_eq!((log.len(), log.damage()), (3, None));
    assert_eq!(text(&log, "b").unwrap().1.lines().count(), 3);
    drop(log);
    let newer = lines.concat().replacen(":1,", ":9,", 1);
    std::fs::write(&path, newer).unwrap();
    let error = ResumeLog::open(&path, &settings("0.3"), false)
        .unwrap_err()
        .to_string();
    assert!(error.contains("was started with log format 9, not 3"), "{error}");
}

const STAMP: FileStamp = FileStamp { size: 1, changed: 7 };

fn open(path: &Path) -> ResumeLog {
    ResumeLog::open(path, &settings("0.3"), false).unwrap()
}

/// What is known of recordings when the log is opened again: deaths among others and alone.
fn deaths(path: &Path, files: &[&str]) -> Vec<(usize, Vec<u64>)> {
    let log = open(path);
    let of = |file: &&str| log.deaths(file, Some(STAMP));
    let deaths = files.iter().map(of);
    deaths.map(|deaths| (deaths.among_others, deaths.alone)).collect()
}

/// Deaths among others, and those alone.
fn died(among_others: usize, alone: &[u64]) -> (usize, Vec<u64>) {
    (among_others, alone.to_vec())
}

/// A process that dies leaves what it was at; one that ends leaves nothing, whatever it was at.
#[test]
fn what_was_in_work_when_a_process_died_is_known() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.log");
    let none = || died(0, &[]);
    let once = || died(1, &[]);
    let mut log = open(&path);
    for file in ["a", "b", "c"] {
        log.begin(file, STAMP, false).unwrap();
    }
    log.add(&entry("a", 1), &mut windows(dir.path(), 2)).unwrap();
    drop(log); // as a kill does: nothing is said of b and c
    assert_eq!(deaths(&path, &["a", "b", "c"]), [none(), once(), once()]);
    // An interrupted process comes to the same two, and to one more.
    let mut log = open(&path);
    log.begin("d", STAMP, false).unwrap();
    log.begin("b", STAMP, true).unwrap();
    log.reached("b", 640).unwrap();
    log.leave().unwrap();
    drop(log);
    assert_eq!(deaths(&path, &["b", "c", "d"]), [once(), once(), none()]);
    // One that is asked to end, but ended before it does, is not counted either; what it still finished is kept.
    let mut log = open(&path);
    for file in ["c", "d"] {
        log.begin(file, STAMP, false).unwrap();
    }
    log.leave().unwrap();
    log.add(&entry("d", 1), &mut windows(dir.path(), 1)).unwrap();
    drop(log);
    assert_eq!(deaths(&path, &["c", "d"]), [once(), none()]);
    assert!(open(&path).has("d", Some(STAMP)));
    let mut log = open(&path);
    log.begin("b", STAMP, true).unwrap();
    for windows in [64, 128] {
        log.reached("b", windows).unwrap();
    }
    drop(log);
    assert_eq!(deaths(&path, &["b", "c"]), [died(1, &[128]), once()]);
    let other = FileStamp { size: 2, changed: 7 };
    assert!(
        open(&path).deaths("b", Some(other)).is_empty(),
        "another file by now"
    );
    let mut log = open(&path);
    log.add(&entry("b", 1), &mut windows(dir.path(), 0)).unwrap();
    assert!(log.deaths("b", Some(STAMP)).is_empty());
    drop(log);
    assert_eq!(deaths(&path, &["b"]), [none()]);
}

/// Who ends processes from outside hits another place each time; what is wrong with a recording is always at the same
/// one.
#[test]
fn a_recording_is_given_up_after_deaths_alone_at_one_place_or_many() {
    let of = |alone: &[u64]| Deaths {
        among_others: 1,
        alone: alone.to_vec(),
    };
    for too_few in [&[][..], &[0], &[640], &[640, 1280], &[0, 128, 0, 128]] {
        assert!(!of(too_few).are_too_many(), "{too_few:?}");
    }
    let often = Deaths {
        among_others: 9,
        alone: vec![],
    };
    assert!(!often.are_too_many(), "it was never alone");
    for enough in [&[0, 0][..], &[640, 704], &[0, 640, 576], &[0, 640, 1280, 64, 320]] {
        assert!(of(enough).are_too_many(), "{enough:?}");
    }
}

/// While a run is not at its end, what was given up stays so, rather than end the next process.
#[test]
fn what_was_given_up_stays_so() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.log");
    for alone in [false, true, true] {
        let mut log = open(&path);
        log.begin("bad", STAMP, alone).unwrap();
    }
    for _ in 0..2 {
        let mut log = open(&path);
        assert!(log.deaths("bad", Some(STAMP)).are_too_many());
        log.give_up(&failed("bad")).unwrap();
    }
    assert_eq!(text(&open(&path), "bad").unwrap().0, failed("bad"));
    // Read after all, it is like any other.
    let mut log = open(&path);
    log.begin("bad", STAMP, true).unwrap();
    log.add(&failed("bad"), &mut windows(dir.path(), 0)).unwrap();
    drop(log);
    assert_eq!(deaths(&path, &["bad"]), [died(0, &[])]);
}

/// A log of format 2 says of no recording whether it was alone.
#[test]
fn deaths_in_a_log_of_format_2_were_among_others() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.log");
    let header = r#"{"earmark-tag":2,"settings":[["--window","2"],["--threshold","0.3"]]}"#;
    let begun = r#"{"begun":"a","size":1,"changed":7}"#;
    let lines = [header, begun, begun].map(|line| seal(line.to_owned()) + "\n");
    std::fs::write(&path, lines.concat()).unwrap();
    assert_eq!(deaths(&path, &["a"]), [died(2, &[])]);
    assert_eq!(open(&path).damage(), None);
}
