//! An archive whose tagging is killed at any moment: the same command resumes it and ends with the same bytes.

use super::common::{Lab, Mmix, files};
use std::collections::BTreeMap;

/// How many recordings the archive has; one of them is broken.
const FILES: usize = 12;

fn lab() -> Lab {
    let lab = Lab::trained();
    for k in 0..FILES - 1 {
        let hz = 250.0 * (1.0 + k as f64);
        lab.long_tone(&format!("in/{k:02}.wav"), hz, 1 + (k as u32 * 7) % 5);
    }
    let whole = lab.bytes("in/03.wav");
    // Cut within its header, so that nothing of it can be saved.
    lab.write("in/broken.wav", &whole[..30]);
    lab
}

/// Everything that must be the same in the end.
fn results(lab: &Lab, name: &str) -> BTreeMap<String, Vec<u8>> {
    let path = lab.path(name);
    if path.is_dir() {
        return files(&path);
    }
    BTreeMap::from([(name.to_owned(), lab.bytes(name))])
}

/// No file of a killed process is left next to the results.
fn assert_clean(lab: &Lab) {
    let left: Vec<String> = files(&lab.path(""))
        .into_keys()
        .filter(|name| name.contains(".tmp-") || name.contains(".journal"))
        .collect();
    assert_eq!(left, Vec::<String>::new());
}

/// Killed at drawn passes of each point, with one worker and with several, for one file of events, for scores of
/// windows and for a folder of label tracks.
#[test]
fn a_killed_tagging_ends_as_one_that_was_not() {
    let lab = lab();
    let mut random = Mmix(6);
    let mut draw = |count: u64| 1 + random.draw() % count;
    let n = FILES as u64;
    for (kind, out, writes) in [
        ("-o", "events.csv", 1),
        ("--windows -o", "windows.ndjson", 1),
        ("--format audacity --out-dir", "labels", n - 1),
    ] {
        let tag = |name: &str, workers: u64| {
            format!("tag in --model runs/a --threshold 0.2 --workers {workers} {kind} {name}")
        };
        lab.earmark(&tag(&format!("whole-{out}"), 1)).exit(2);
        let wanted: Vec<Vec<u8>> = results(&lab, &format!("whole-{out}")).into_values().collect();
        assert!(wanted.iter().map(Vec::len).sum::<usize>() > 100);
        let mut points: Vec<String> = Vec::new();
        for (point, passes) in [
            ("tag-heard", n),
            ("tag-half", n),
            ("tag-journaled", n),
            ("write-half", writes),
            ("written", writes),
            ("renamed", writes),
        ] {
            points.push(format!("{point}:{}", draw(passes)));
        }
        for (k, point) in points.into_iter().enumerate() {
            let name = format!("killed-{k}-{out}");
            lab.crash(&tag(&name, 1 + k as u64 % 3), &point).killed();
            let ended = lab.earmark(&tag(&name, 1 + (k as u64 + 1) % 3)).exit(2);
            assert!(ended.err.contains("skipped in/broken.wav: is cut off"), "{ended}");
            let got: Vec<Vec<u8>> = results(&lab, &name).into_values().collect();
            assert!(got == wanted, "{point}: {name} differs");
        }
    }
    assert_clean(&lab);
}

/// Killed again and again, at every second recording, it gets there, and tags nothing twice that is in the resume log.
#[test]
fn a_tagging_that_is_killed_again_and_again_gets_there() {
    let lab = lab();
    let tag = |name: &str| format!("tag in --model runs/a --threshold 0.2 --workers 1 -o {name}");
    lab.earmark(&tag("whole.ndjson")).exit(2);
    let mut kills = 0;
    while lab.crash(&tag("often.ndjson"), "tag-journaled:2").code.is_none() {
        kills += 1;
        assert!(kills < 20, "it makes no headway");
        let log = lab.read("often.ndjson.journal");
        let is_entry = |line: &&str| line.contains("\"heard\"") || line.contains("\"failed\"");
        assert_eq!(log.lines().filter(is_entry).count(), 2 * kills);
    }
    // The broken one is tried again in every round; those that were in work at a kill come one by one at the end.
    assert!(kills >= FILES / 2 - 1, "{kills}");
    assert!(lab.bytes("often.ndjson") == lab.bytes("whole.ndjson"));
    assert_clean(&lab);
}

/// Bits of the log that flip between the kill and the resumption cost what they hit, which is said.
#[test]
fn a_damaged_log_keeps_what_is_whole() {
    let lab = lab();
    let tag = |name: &str| format!("tag in --model runs/a --threshold 0.2 --workers 1 --windows -o {name}");
    lab.earmark(&tag("whole.csv")).exit(2);
    lab.crash(&tag("cut.csv"), "tag-journaled:9").killed();
    let log = lab.bytes("cut.csv.journal");
    let header = log.iter().position(|b| *b == b'\n').expect("a line");
    for k in 1..12 {
        let mut damaged = log.clone();
        let at = header + (log.len() - header) * k / 13;
        damaged[at] ^= 1 << (k % 8);
        lab.write("cut.csv.journal", &damaged);
        let ended = lab.earmark(&tag("cut.csv")).exit(2);
        let resumed = ended.err.lines().find_map(|line| line.strip_prefix("resuming: "));
        let resumed: usize = resumed
            .and_then(|rest| rest.split(' ').next()?.parse().ok())
            .unwrap_or_else(|| panic!("{ended}"));
        assert!((7..=9).contains(&resumed), "{ended}");
        assert!(
            resumed == 9
                || ended
                    .err
                    .contains("cut.csv.journal is damaged, as its checksums say"),
            "{ended}"
        );
        assert!(lab.bytes("cut.csv") == lab.bytes("whole.csv"), "{at}");
    }
    assert_clean(&lab);
}

/// A recording at which the process dies, and dies twice at the same place where it is alone, is named, and the others
/// are not lost with it.
#[test]
fn a_recording_that_ends_the_program_at_the_same_place_is_skipped() {
    let lab = Lab::trained();
    lab.long_tone("in/a.wav", 300.0, 2);
    lab.long_tone("in/b.wav", 900.0, 2);
    let tag = "tag in --model runs/a --threshold 0.2 --workers 1 -o t.ndjson";
    lab.crash(tag, "tag-heard:2").killed();
    for _ in 0..2 {
        let killed = lab.crash(tag, "tag-heard:1").killed();
        let note = "an earlier run died with 1 recording in work: tried again, alone, at the end";
        assert!(killed.err.contains(note), "{killed}");
    }
    let ended = lab.earmark(tag).exit(2);
    let blame = "skipped in/b.wav: ended the program 2 times while nothing else was in work, at the same place of it; ";
    assert!(
        ended.err.contains(blame) && ended.err.contains("start over with --fresh"),
        "{ended}"
    );
    let table = lab.read("t.ndjson");
    assert!(
        table.lines().count() == 2 && table.contains("in/a.wav"),
        "{table}"
    );
    // The file is whole, and the next run knows nothing of this.
    lab.earmark(tag).done();
    assert_clean(&lab);
}

/// A good recording that takes long is killed from outside wherever it is at the moment: it is not to blame, however
/// often that is.
#[test]
fn a_long_recording_that_is_killed_from_outside_is_tagged() {
    let lab = Lab::trained();
    lab.long_tone("in/long.wav", 300.0, 900);
    let tag = |name: &str| format!("tag in --model runs/a --threshold 0.2 -o {name}");
    lab.earmark(&tag("whole.csv")).done();
    for at in [
        "tag-heard:1",
        "tag-reached:2",
        "tag-reached:8",
        "tag-reached:5",
        "tag-heard:1",
    ] {
        // The last one comes when all of it is scored.
        lab.crash(&tag("often.csv"), at).killed();
    }
    lab.earmark(&tag("often.csv")).done();
    assert!(lab.bytes("often.csv") == lab.bytes("whole.csv"));
    assert_clean(&lab);
}

/// The system ends the process, or Ctrl-C does, at whatever moment it is.
#[cfg(unix)]
#[test]
fn signals_at_any_moment() {
    let lab = lab();
    for k in 0..6 {
        lab.long_tone(&format!("in/long-{k}.wav"), 400.0, 300);
    }
    let tag = |name: &str| format!("tag in --model runs/a --threshold 0.2 --workers 2 --windows -o {name}");
    lab.earmark(&tag("whole.csv")).exit(2);
    for (name, wanted) in [("KILL", None), ("INT", Some(130)), ("TERM", Some(130))] {
        let out = format!("{name}.csv");
        let mut started = lab.start(&tag(&out));
        let log = lab.path(&format!("{out}.journal"));
        // After the first recordings, before the last ones.
        while std::fs::read_to_string(&log).map_or(true, |text| text.matches("\"heard\"").count() < 3) {
            if let Some(status) = started.child.try_wait().expect("a child to ask") {
                panic!("it ended before it was signalled: {status}");
            }
            std::thread::yield_now();
        }
        started.signal(name);
        let ended = started.end();
        assert_eq!(ended.code, wanted, "{ended}");
        if wanted.is_some() {
            assert!(
                ended
                    .err
                    .contains("recordings processed; run the same command again to resume"),
                "{ended}"
            );
        }
        assert!(!lab.path(&out).exists(), "half a result");
        let ended = lab.earmark(&tag(&out)).exit(2);
        assert!(ended.err.contains("resuming: "), "{ended}");
        assert!(lab.bytes(&out) == lab.bytes("whole.csv"), "{name}");
    }
    assert_clean(&lab);
}
