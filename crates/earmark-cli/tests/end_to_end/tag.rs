//! `earmark tag`: the classes in tones, when they sound, and in which format.

use super::common::{CLASSES, LEARN_WELL, Lab, tone};
use std::fs;

/// A second of each of the classes' tones in turn, with a second of silence between them.
fn scene(lab: &Lab, name: &str) {
    let sounds = CLASSES.into_iter();
    lab.wav(name, sounds.flat_map(|(_, hz)| tone(hz, 1).chain([0; 8000])));
}

/// A lab whose model has learned the tones well, and two recordings to tag.
fn lab() -> Lab {
    let lab = Lab::new();
    lab.earmark(LEARN_WELL).done();
    scene(&lab, "in/scene.wav");
    lab.tone("in/deep/low.wav", 310.0);
    lab
}

#[test]
fn tones_are_tagged_where_they_are() {
    let lab = lab();
    let ended = lab
        .earmark("tag in/scene.wav --model runs/a --format csv --threshold 0.5")
        .done();
    let mut lines = ended.out.lines();
    assert_eq!(lines.next(), Some("Start (s),End (s),Class,Confidence,File"));
    let rows: Vec<Vec<&str>> = lines.map(|l| l.split(',').collect()).collect();
    for (k, (class, _)) in CLASSES.iter().enumerate() {
        let middle = 2.0 * k as f64 + 0.5;
        let found = rows.iter().any(|r| {
            let time = |i: usize| r[i].parse::<f64>().expect("a time");
            r[2] == *class && time(0) <= middle && middle <= time(1)
        });
        assert!(found, "{class} at {middle} s: {ended}");
    }
    assert!(
        ended
            .err
            .contains("runs/a/best.safetensors: 3 classes, windows of 1.01 s every 500 ms"),
        "{ended}"
    );
    // The same for people, and one class of the three.
    let table = lab
        .earmark("tag in/scene.wav --model runs/a --classes LOW --threshold 0.5")
        .done();
    assert!(table.out.starts_with("in/scene.wav (6 s, "), "{table}");
    assert!(table.out.contains("\n  low "), "{table}");
    assert!(
        !table.out.contains("high") && !table.out.contains("mid"),
        "{table}"
    );
    let line = table
        .out
        .lines()
        .find(|l| l.starts_with("  low "))
        .expect("a row");
    assert!(
        line.contains("█") && line.contains("·") && line.contains("━"),
        "{table}"
    );
}

#[test]
fn an_archive_with_everything_in_it() {
    let lab = lab();
    lab.write("in/notes.txt", "no audio");
    lab.write("in/broken.ogg", "OggS and nothing else");
    fs::create_dir_all(lab.path("models")).expect("a folder");
    fs::copy(
        lab.path("runs/a/best.safetensors"),
        lab.path("models/tones.safetensors"),
    )
    .expect("a copy");
    let ended = lab
        .command("tag in in/**/*.wav -o tags.ndjson --workers 3")
        .env("EARMARK_MODELS", lab.path("models"))
        .output()
        .expect("the command to start");
    let ended = super::common::Ended::of("tag in", ended).exit(2);
    assert!(ended.out.starts_with("2 recordings processed (7 s), "), "{ended}");
    assert!(ended.out.trim_end().ends_with(": tags.ndjson"), "{ended}");
    assert!(ended.err.contains("\nskipped in/broken.ogg: "), "{ended}");
    assert!(
        ended.err.contains("\n1 recording skipped, for the reasons above"),
        "{ended}"
    );
    assert!(
        ended
            .err
            .contains("ignored 1 file without an audio file name, such as in/notes.txt"),
        "{ended}"
    );
    let files: Vec<String> = lab
        .read("tags.ndjson")
        .lines()
        .map(|l| {
            let value: serde_json::Value = serde_json::from_str(l).expect("JSON");
            value["file"].as_str().expect("a name").to_owned()
        })
        .collect();
    assert_eq!(files, ["in/broken.ogg", "in/deep/low.wav", "in/scene.wav"]);
    assert!(!lab.path("tags.ndjson.journal").exists());
    // Named directly, a file that is not audio is reported like any broken one.
    let ended = lab
        .earmark("tag in/notes.txt in/scene.wav --model runs/a --quiet --format ndjson")
        .exit(2);
    assert!(ended.err.starts_with("skipped in/notes.txt: "), "{ended}");
    assert_eq!(ended.out.lines().count(), 2, "{ended}");
    // A folder of label tracks.
    let ended = lab
        .earmark("tag in --model runs/a --format audacity --out-dir labels")
        .exit(2);
    assert!(ended.out.contains("2 recordings processed"), "{ended}");
    assert!(
        lab.read("labels/scene.wav.txt")
            .lines()
            .all(|l| l.split('\t').count() == 3)
    );
    assert!(lab.path("labels/deep/low.wav.txt").exists());
    assert!(!lab.path("labels/.earmark-tag.journal").exists());
}

#[test]
fn impossible_requests_are_refused_with_a_remedy() {
    let lab = lab();
    let refused = |arguments: &str| {
        let output = lab
            .command(arguments)
            .env("EARMARK_MODELS", lab.path("models"))
            .output()
            .expect("the command to start");
        super::common::Ended::of(arguments, output).exit(1).err
    };
    let ends = |arguments: &str, wanted: &str| {
        let err = refused(arguments);
        assert!(err.trim_end().ends_with(wanted), "{arguments}: {err}");
    };
    let none = refused("tag in");
    assert!(
        none.starts_with("error: no model is named, and there is no model in "),
        "{none}"
    );
    ends(
        "tag nowhere.wav --model runs/a",
        "error: nowhere.wav: no such file or folder; check the path",
    );
    ends(
        "tag in/*.mp3 --model runs/a",
        "no file matches this pattern; check it (`**` matches folders at any depth)",
    );
    ends(
        "tag in --model runs/a --classes midd",
        "error: --classes midd: the model has no class of that name; did you mean mid?",
    );
    ends("tag in --model runs/a -o tags.txt", "or give --format");
    ends(
        "tag in --model runs/a --out-dir x",
        "error: --out-dir: give the format with --format",
    );
    ends(
        "tag in --model runs/a --format audacity",
        "a label track is for one recording, and 2 are given; write one track per recording with --out-dir DIR",
    );
    ends(
        "tag in --model runs/a --format raven --windows",
        "choose csv, json, ndjson, parquet or table for scores of windows",
    );
    ends("tag in --model runs/a --fresh", "give -o FILE or --out-dir DIR");
    ends(
        "tag in --model runs/a -o no/where.csv",
        "create its folder first, or correct the path",
    );
    // A resume log of other settings, and its remedy.
    lab.crash(
        "tag in --model runs/a -o t.csv --threshold 0.5",
        "tag-journaled:1",
    )
    .killed();
    ends(
        "tag in --model runs/a -o t.csv --threshold 0.4",
        "t.csv.journal: was started with --threshold 0.5, not 0.4; give the same, or add --fresh to start over (its \
         results are then lost)",
    );
    assert!(!lab.path("t.csv").exists());
    lab.earmark("tag in --model runs/a -o t.csv --threshold 0.4 --fresh")
        .done();
    assert!(!lab.path("t.csv.journal").exists());
}
