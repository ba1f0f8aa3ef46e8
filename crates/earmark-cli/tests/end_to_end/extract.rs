//! `earmark extract`: detections as a data set.

use super::common::{CLASSES, Lab, files};
use serde_json::Value;
use std::fs;

/// Three recordings of eight seconds, with detections of two classes in each.
fn lab() -> Lab {
    let lab = Lab::new();
    let mut rows = String::from("file,start_seconds,end_seconds,class,score\n");
    for (k, (class, hz)) in CLASSES.iter().enumerate() {
        let file = format!("in/{class}.wav");
        lab.long_tone(&file, *hz, 8);
        for j in 0..3 {
            let start = 2 * j + k % 2;
            let score = 0.3 + 0.1 * j as f64 + 0.01 * k as f64;
            rows += &format!("{file},{start},{start}.5,{class},{score}\n");
            rows += &format!(
                "{file},{start}.75,{start}.875,{}/tone,{score}\n",
                if j == 0 { "a" } else { "b" }
            );
        }
    }
    lab.write("tags.csv", rows);
    lab
}

const EXTRACT: &str = "extract tags.csv -o clips --pad 0.125";

#[test]
fn a_data_set_of_detections() {
    let lab = lab();
    let ended = lab.earmark(EXTRACT).done();
    assert!(
        ended.out.starts_with(
            "clips: 18 cut-outs, 18 new; 5 classes in the folder\n\nnext: earmark data check clips"
        ),
        "{ended}"
    );
    let found = files(&lab.path("clips"));
    assert_eq!(found.len(), 19, "{:?}", found.keys());
    assert!(found.contains_key("high/high_2.000.wav") && found.contains_key("b_tone/mid_2.750.wav"));
    let table = lab.read("clips/extracts.csv");
    assert!(
        table.contains("\nb_tone/mid_2.750.wav,b/tone,0.42,in/mid.wav,2.750,2.875,2.625,3.000\n"),
        "{table}"
    );
    // The folder is a data set, whose classes have their own names.
    let checked = lab.earmark("data check clips --json");
    assert!(matches!(checked.code, Some(0)), "{checked}");
    let classes = lab.earmark("data classes clips -o -").done();
    assert!(
        classes.out.contains("a/tone") && classes.out.contains("high"),
        "{classes}"
    );
    // One is one, and of none there is nothing to check.
    let table = lab.read("tags.csv");
    let mut rows = table.lines();
    let header = rows.next().expect("a header").to_owned();
    lab.write("one.csv", format!("{header}\n{}\n", rows.next().expect("a row")));
    let one = lab.earmark("extract one.csv -o one").done();
    assert!(
        one.out
            .starts_with("one: 1 cut-out, 1 new; 1 class in the folder\n\nnext: "),
        "{one}"
    );
    lab.write("none.csv", header + "\n");
    let none = lab.earmark("extract none.csv -o none").done();
    assert_eq!(none.out, "none: 0 cut-outs, 0 new; 0 classes in the folder\n");
    // Nothing is done again.
    let again = lab.earmark(&format!("{EXTRACT} --json")).done();
    let summary: Value = serde_json::from_str(&again.out).expect("JSON");
    assert_eq!(
        (&summary["written"], &summary["present"]),
        (&0.into(), &18.into())
    );
    assert_eq!(summary["classes"]["b/tone"], 6);
    assert!(files(&lab.path("clips")) == found);
}

/// The same cut-outs from the same events in Parquet and JSON, and the same for each seed.
#[test]
fn the_same_of_every_table_and_seed() {
    let lab = Lab::trained();
    lab.long_tone("in/a.wav", 900.0, 5);
    let tag = "tag in --model runs/a --threshold 0 --release 1 --window 1 --hop 1 -q";
    for table in ["t.csv", "t.parquet", "t.json", "t.ndjson"] {
        lab.earmark(&format!("{tag} -o {table}")).done();
        lab.earmark(&format!("extract {table} -o {table}.d -q")).done();
    }
    let wanted: Vec<String> = files(&lab.path("t.csv.d")).into_keys().collect();
    assert_eq!(wanted.len(), 4);
    for table in ["t.parquet", "t.json", "t.ndjson"] {
        let found: Vec<String> = files(&lab.path(&format!("{table}.d"))).into_keys().collect();
        assert_eq!(found, wanted, "{table}");
    }
    let rows: String = (0..40)
        .map(|k| format!("in/a.wav,{}.{},{}.95,Dog,0.{}\n", k / 10, k % 10, k / 10, 10 + k))
        .collect();
    lab.write(
        "many.csv",
        format!("file,start_seconds,end_seconds,class,score\n{rows}"),
    );
    let chosen = |arguments: &str, out: &str| {
        lab.earmark(&format!(
            "extract many.csv --per-class 5 --pad 0 -o {out} {arguments}"
        ))
        .done();
        files(&lab.path(out))
    };
    for by in ["random", "stratified"] {
        let one = chosen(&format!("--by {by}"), &format!("{by}-1"));
        assert_eq!(one.len(), 6);
        assert!(chosen(&format!("--by {by} --seed 1"), &format!("{by}-2")) == one);
        assert!(chosen(&format!("--by {by} --seed 2"), &format!("{by}-3")) != one);
    }
}

/// A kill at any moment leaves whole files, and the next run ends with the same folder.
#[test]
fn a_killed_run_leaves_no_half_file() {
    let lab = lab();
    let whole = EXTRACT.replace("-o clips", "-o whole");
    lab.earmark(&whole).done();
    let wanted = files(&lab.path("whole"));
    for (k, at) in [
        "write-half:1",
        "write-half:4",
        "written:7",
        "renamed:9",
        "renamed:19",
    ]
    .iter()
    .enumerate()
    {
        let out = format!("killed-{k}");
        let command = EXTRACT.replace("-o clips", &format!("-o {out}"));
        lab.crash(&command, at).killed();
        for (name, bytes) in files(&lab.path(&out)) {
            let is_temporary = name.rsplit('/').next().is_some_and(|name| name.starts_with('.'));
            assert!(is_temporary || wanted.get(&name) == Some(&bytes), "{at}: {name}");
        }
        lab.earmark(&command).done();
        assert!(files(&lab.path(&out)) == wanted, "{at}");
    }
}

#[test]
fn what_is_missing_or_damaged_is_named() {
    let lab = lab();
    fs::create_dir(lab.path("else")).expect("a folder");
    fs::rename(lab.path("in"), lab.path("else/in")).expect("to move");
    let missing = lab.earmark(EXTRACT).exit(2);
    assert!(missing.err.contains("skipped in/high.wav: "), "{missing}");
    let whole = lab.bytes("else/in/mid.wav");
    lab.write("else/in/mid.wav", &whole[..whole.len() / 2]);
    fs::remove_file(lab.path("else/in/low.wav")).expect("to remove");
    let ended = lab
        .earmark(&format!("{EXTRACT} --data else --format flac --json"))
        .exit(2);
    assert!(ended.err.contains("skipped in/low.wav: "), "{ended}");
    assert!(ended.err.contains("damaged in/mid.wav: "), "{ended}");
    let summary: Value = serde_json::from_str(&ended.out).expect("JSON");
    assert_eq!(summary["skipped"][0][0], "in/low.wav");
    assert_eq!(summary["damaged"][0][0], "in/mid.wav");
    assert_eq!(summary["classes"]["high"], 3);
    assert!(lab.path("clips/high/high_0.000.flac").exists());
    for (arguments, message) in [
        (
            "tags.csv -o other --per-class 0",
            "--per-class 0: cuts nothing out",
        ),
        ("tags.csv -o other --pad=-1", "--pad -1: give seconds"),
        ("none.csv -o other", "none.csv: cannot be read: "),
        ("tiny.toml -o other", "tiny.toml: "),
        (
            "tags.csv -o clips --data else",
            "clips: a_tone/high_0.750.flac was cut out with another",
        ),
    ] {
        let refused = lab.earmark(&format!("extract {arguments}")).refused();
        assert!(refused.starts_with(message), "{arguments}: {refused}");
    }
}
