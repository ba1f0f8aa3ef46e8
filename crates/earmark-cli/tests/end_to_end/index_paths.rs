//! Recordings of an index by whatever path, those that are gone, and labels that were cut off.

use super::common::{Ended, Lab, files};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};

/// Four recordings in `arch` and a model.
fn archive() -> Lab {
    let lab = Lab::trained();
    for k in 0..4_u32 {
        lab.tone(&format!("arch/{}/{k}.wav", k % 2), 250.0 * f64::from(k + 1));
    }
    lab
}

const ADD: &str = "--model runs/a --rows-per-file 3 --threads 1";

fn summary(lab: &Lab, arguments: &str) -> Value {
    let ended = lab.earmark(&format!("{arguments} --json")).done();
    serde_json::from_str(&ended.out).expect("JSON")
}

/// The recordings of an index, by name.
fn names(lab: &Lab, index: &str) -> Vec<String> {
    let found = summary(lab, &format!("index search {index} tones/low/0.wav --top 1000"));
    let hits = found[0]["hits"].as_array().expect("hits");
    let names = hits
        .iter()
        .map(|hit| hit["file"].as_str().expect("a file").to_owned());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names.dedup();
    names
}

#[test]
fn an_archive_is_known_in_whatever_words() {
    let lab = archive();
    let added = summary(&lab, &format!("index add ./arch/ --to x {ADD}"));
    assert_eq!((&added["added"], &added["unchanged"]), (&json!(4), &json!(0)));
    let known = names(&lab, "x");
    assert_eq!(
        known,
        ["arch/0/0.wav", "arch/0/2.wav", "arch/1/1.wav", "arch/1/3.wav"]
    );
    let before = files(&lab.path("x"));
    let whole = lab.path("arch").to_string_lossy().into_owned();
    for (words, other) in [
        ("arch", 0),
        ("./arch", 0),
        ("arch//0 ./arch/./1", 0),
        ("arch/../arch", 4),
        (whole.as_str(), 4),
    ] {
        let again = summary(&lab, &format!("index add {words} --to x {ADD}"));
        assert_eq!(
            (&again["added"], &again["unchanged"]),
            (&json!(0), &json!(4)),
            "{words}: {again}"
        );
        let paths = again["other_paths"].as_array().map(Vec::len);
        assert_eq!(paths, Some(other), "{words}: {again}");
        assert_eq!(files(&lab.path("x")), before, "{words}");
    }
    // Another content replaces what was there, by whatever path.
    lab.tone("arch/0/0.wav", 3000.0);
    let changed = summary(&lab, &format!("index add {whole} --to x {ADD}"));
    assert_eq!(
        (&changed["added"], &changed["replaced"]),
        (&json!(0), &json!(1)),
        "{changed}"
    );
    assert_eq!(names(&lab, "x"), known);
    // Windows are named in other words, too.
    lab.earmark("index label x low ./arch/0/0.wav@0 --who Ada").done();
}

/// An archive that was moved is not embedded again, and keeps its names.
#[test]
fn a_moved_archive_is_known_by_its_content() {
    let lab = archive();
    lab.earmark(&format!("index add arch --to x {ADD}")).done();
    let known = names(&lab, "x");
    std::fs::rename(lab.path("arch"), lab.path("moved")).expect("to rename");
    lab.tone("moved/0/new.wav", 900.0);
    let ended = lab.earmark(&format!("index add moved --to x {ADD}")).done();
    assert!(ended.out.starts_with("1 recording added"), "{ended}");
    let said = "4 recordings are in the index by another path and keep it, first moved/0/0.wav, which is arch/0/0.wav";
    assert!(ended.err.contains(said), "{ended}");
    let mut wanted = known;
    wanted.push("moved/0/new.wav".into());
    assert_eq!(names(&lab, "x"), wanted);
}

/// Recorders with one schedule write files of one name, size and time: only the content says which one has moved.
#[test]
fn another_file_of_the_same_name_size_and_time_is_a_recording_of_its_own() {
    let lab = Lab::trained();
    lab.tone("arch/0/a.wav", 300.0);
    lab.tone("arch/1/a.wav", 900.0);
    for name in ["arch/0/a.wav", "arch/1/a.wav"] {
        let file = std::fs::File::options().write(true).open(lab.path(name));
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        file.expect("a file").set_modified(time).expect("a time to set");
    }
    lab.earmark(&format!("index add arch/0 --to x {ADD}")).done();
    std::fs::create_dir(lab.path("moved")).expect("a folder");
    std::fs::rename(lab.path("arch/0/a.wav"), lab.path("moved/a.wav")).expect("to move");
    let added = summary(&lab, &format!("index add arch/1 --to x {ADD}"));
    assert_eq!(
        (&added["added"], &added["unchanged"], &added["other_paths"]),
        (&json!(1), &json!(0), &json!([]))
    );
    assert_eq!(names(&lab, "x"), ["arch/0/a.wav", "arch/1/a.wav"]);
    let moved = summary(&lab, &format!("index add moved --to x {ADD}"));
    assert_eq!(
        (&moved["added"], &moved["other_paths"]),
        (&json!(0), &json!([["moved/a.wav", "arch/0/a.wav"]]))
    );
}

#[test]
fn recordings_that_are_gone_are_said_and_taken_out() {
    let lab = archive();
    lab.earmark(&format!("index add arch --to x {ADD}")).done();
    lab.earmark("index label x low arch/0/0.wav arch/1/1.wav --who Ada")
        .done();
    std::fs::remove_file(lab.path("arch/0/0.wav")).expect("to remove");
    std::fs::remove_file(lab.path("arch/1/3.wav")).expect("to remove");
    let ended = lab.earmark(&format!("index add ./arch --to x {ADD}")).done();
    let said = "2 recordings of the index are not there any more, first arch/0/0.wav; `earmark index remove x --gone \
                ./arch` takes them out";
    assert!(ended.err.contains(said), "{ended}");
    assert_eq!(names(&lab, "x").len(), 4, "nothing is taken out unasked");
    // Only what was below the folder counts.
    assert_eq!(summary(&lab, "index remove x --gone tones")["removed"], json!([]));
    let removed = summary(&lab, "index remove x --gone ./arch");
    assert_eq!(removed["removed"], json!(["arch/0/0.wav", "arch/1/3.wav"]));
    assert_eq!(
        (&removed["recordings"], &removed["stale_labels"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(names(&lab, "x"), ["arch/0/2.wav", "arch/1/1.wav"]);
    let again = lab.earmark(&format!("index add arch --to x {ADD}")).done();
    assert!(!again.err.contains("any more"), "{again}");
    let ended = lab.earmark("index remove x --gone arch").done();
    assert!(
        ended.out.starts_with("0 recordings taken out, 2 recordings left"),
        "{ended}"
    );
    summary(&lab, "index info x --check");
}

#[test]
fn recordings_are_taken_out_by_name_and_by_folder() {
    let lab = archive();
    lab.earmark(&format!("index add arch --to x {ADD}")).done();
    let refused = lab.earmark("index remove x arch/0/9.wav").refused();
    assert!(refused.contains("not a recording in x"), "{refused}");
    let refused = lab.earmark("index remove x arch/0/1").refused();
    assert!(
        refused.contains("not a recording in x"),
        "a beginning is not a name: {refused}"
    );
    let refused = lab.earmark("index remove x").refused();
    assert!(refused.contains("<FILES>"), "{refused}");
    let mut empty = lab.command("index remove x");
    let output = empty.arg("").output().expect("the command to start");
    let refused = Ended::of("index remove x \"\"", output).refused();
    assert_eq!(
        refused,
        "\"\": is not a name of a recording; name recordings, or folders of them such as archive/2019"
    );
    assert_eq!(names(&lab, "x").len(), 4, "nothing was taken out");
    let refused = lab.earmark("index remove tones arch").refused();
    assert!(refused.contains("tones: is not an index"), "{refused}");
    lab.earmark("index remove x ./arch/0/0.wav").done();
    assert_eq!(names(&lab, "x").len(), 3);
    let removed = summary(&lab, "index remove x arch/1/");
    assert_eq!(removed["removed"], json!(["arch/1/1.wav", "arch/1/3.wav"]));
    // What was taken out is added again.
    let added = summary(&lab, &format!("index add arch --to x {ADD}"));
    assert_eq!((&added["added"], &added["unchanged"]), (&json!(3), &json!(1)));
    // A folder that is not there, as where a disk is not, is not one that everything is gone from.
    let refused = lab.earmark("index remove x --gone nowhere").refused();
    assert!(refused.contains("--gone nowhere: no such folder"), "{refused}");
    std::fs::remove_dir_all(lab.path("arch")).expect("to remove");
    std::fs::create_dir(lab.path("arch")).expect("a folder");
    let refused = lab.earmark("index remove x --gone arch").refused();
    assert!(refused.contains("none of its 4 recordings is there"), "{refused}");
    let all = summary(&lab, "index remove x arch");
    assert_eq!((&all["recordings"], &all["shards"]), (&json!(0), &json!(0)));
}

/// A recording that is elsewhere below the archive has moved, and is not gone.
#[test]
fn recordings_that_have_moved_are_kept() {
    let lab = archive();
    lab.earmark(&format!("index add arch --to x {ADD}")).done();
    let known = names(&lab, "x");
    std::fs::create_dir(lab.path("arch/2")).expect("a folder");
    std::fs::rename(lab.path("arch/0/0.wav"), lab.path("arch/2/0.wav")).expect("to move");
    std::fs::remove_file(lab.path("arch/1/3.wav")).expect("to remove");
    // Of the name, and not of the content.
    lab.tone("arch/2/3.wav", 3000.0);
    let removed = lab.earmark("index remove x --gone arch --json").done();
    let note = "arch/0/0.wav: moved to arch/2/0.wav; keeps its path\n";
    assert!(removed.err.contains(note), "{removed}");
    let removed: Value = serde_json::from_str(&removed.out).expect("JSON");
    assert_eq!(removed["removed"], json!(["arch/1/3.wav"]));
    assert_eq!(removed["moved"], json!({ "arch/0/0.wav": "arch/2/0.wav" }));
    assert_eq!(names(&lab, "x"), known[..3]);
    // All of them may have moved, and then none is gone.
    std::fs::rename(lab.path("arch/0"), lab.path("arch/9")).expect("to move");
    std::fs::rename(lab.path("arch/1"), lab.path("arch/8")).expect("to move");
    let ended = lab.earmark("index remove x --gone arch").done();
    assert!(ended.err.contains("; keeps its path, as 2 more do"), "{ended}");
    assert_eq!(names(&lab, "x"), known[..3]);
    // Nothing is looked for outside of the folder that is named.
    std::fs::create_dir(lab.path("arch/0")).expect("a folder");
    let refused = lab.earmark("index remove x --gone arch/0").refused();
    assert!(refused.contains("none of its 2 recordings is there"), "{refused}");
    lab.earmark("index remove x arch/0/0.wav").done();
    assert_eq!(names(&lab, "x"), known[1..3]);
}

/// Killed at any place, a removal is done or not, and the same command completes it.
#[test]
fn a_killed_removal_ends_as_one_that_was_not() {
    let lab = archive();
    for index in ["whole", "x"] {
        lab.earmark(&format!("index add arch --to {index} {ADD}")).done();
    }
    let before = files(&lab.path("x"));
    std::fs::remove_file(lab.path("arch/0/0.wav")).expect("to remove");
    lab.earmark("index remove whole --gone arch").done();
    let wanted = names(&lab, "whole");
    assert_eq!(wanted.len(), 3);
    for point in ["write-half:1", "written:1", "renamed:1", "index-manifest:1"] {
        std::fs::remove_dir_all(lab.path("x")).expect("to remove");
        for (name, bytes) in &before {
            lab.write(&format!("x/{name}"), bytes);
        }
        lab.crash("index remove x --gone arch", point).killed();
        let left = names(&lab, "x").len();
        assert!([3, 4].contains(&left), "{point}: {left}");
        lab.earmark("index remove x --gone arch").done();
        assert_eq!(names(&lab, "x"), wanted, "{point}");
        summary(&lab, "index info x --check");
        let left = files(&lab.path("x"));
        assert!(left.keys().all(|name| !name.contains(".tmp-")), "{point}");
    }
}

/// A last label that was cut off is named with its line by whatever reads or writes labels.
#[test]
fn a_label_that_was_cut_off_is_named() {
    let lab = archive();
    lab.earmark(&format!("index add arch --to x {ADD}")).done();
    lab.earmark("index label x low arch/0/0.wav --who Ada").done();
    lab.earmark("index label x low arch/1/1.wav --no --who Ada")
        .done();
    let whole = lab.read("x/labels.jsonl");
    let cut = whole.len() - 20;
    lab.write("x/labels.jsonl", &whole[..cut]);
    let bytes = cut - whole.find('\n').expect("a line") - 1;
    let wanted = format!("labels.jsonl: line 2, the last one, is cut off after {bytes} bytes");
    for command in [
        "index info x",
        "index search x tones/low/0.wav",
        "index info x --quiet",
    ] {
        let ended = lab.earmark(command).done();
        assert!(
            ended.err.contains(&wanted) && ended.err.contains("does not count"),
            "{ended}"
        );
    }
    let ended = lab.earmark("index learn x low").exit(1);
    assert!(ended.err.contains(&wanted), "{ended}");
    let info = summary(&lab, "index info x");
    assert_eq!(info["labels"]["low"], json!({ "yes": 1, "no": 0 }));
    assert_eq!(info["torn_label"]["line"], 2);
    assert_eq!(
        lab.read("x/labels.jsonl"),
        whole[..cut],
        "reading removes nothing"
    );
    let ended = lab
        .earmark("index label x low arch/1/3.wav --no --who Ada")
        .done();
    assert!(
        ended.err.contains(&wanted) && ended.err.contains("was removed"),
        "{ended}"
    );
    let info = summary(&lab, "index info x");
    assert_eq!(info["labels"]["low"], json!({ "yes": 1, "no": 1 }));
    assert_eq!(info["torn_label"], Value::Null);
}

/// The threshold of a classifier is called what it is, and no output replaces a file of the index.
#[test]
fn detections_say_their_threshold_and_leave_the_index_alone() {
    let lab = archive();
    lab.earmark(&format!("index add arch --to x {ADD}")).done();
    lab.earmark("index label x low arch/0/0.wav --who Ada").done();
    lab.earmark("index label x low arch/1/1.wav --no --who Ada")
        .done();
    lab.earmark("index learn x low").done();
    let said = lab.earmark("index detect x low -o tags.csv --json").done();
    assert!(said.err.contains("threshold 0.5 (the default)"), "{said}");
    let detected: Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!(detected["thresholds_from"], "default");
    let said = lab
        .earmark("index detect x low --threshold 0.2 -o tags.csv")
        .done();
    assert!(said.err.contains("threshold 0.2 (as given)"), "{said}");
    let refused = lab.earmark("index detect x low --threshold model").refused();
    assert!(refused.contains("bring no thresholds"), "{refused}");
    let before = files(&lab.path("x"));
    for (format, file) in [
        ("csv", "x/labels.jsonl"),
        ("json", "./x/../x/index.json"),
        ("parquet", "x/shard-000001.parquet"),
    ] {
        let refused = lab
            .earmark(&format!("index detect x low --format {format} -o {file}"))
            .refused();
        assert!(refused.contains("is a file of the index "), "{file}: {refused}");
    }
    assert_eq!(files(&lab.path("x")), before);
    // Results of one's own may be next to them.
    for _ in 0..2 {
        lab.earmark("index detect x low -o x/tags.csv").done();
    }
}
