//! Labels that models disagree with: found, listed in every form, and corrected.

use super::common::Lab;
use serde_json::Value;

fn lab() -> Lab {
    let lab = Lab::new();
    lab.earmark("train tiny.toml --data tones --folds all --run cv")
        .done();
    lab
}

/// The clip whose label is wrong, by scores that say so, comes before one that is only doubtful and before one that is right; a
/// clip of several labels counts by the worst of them.
#[test]
fn a_wrong_label_comes_first() {
    let lab = Lab::new();
    lab.write(
        "scores.csv",
        "fname,Bark,Meow,Purr\nright.wav,0.9,0.1,0.0\ndoubtful.wav,0.4,0.5,0.2\nwrong.wav,0.05,0.9,0.4\nboth.wav,0.1,0.8,0.7\n",
    );
    lab.write(
        "truth.csv",
        "fname,labels\nright.wav,Bark\ndoubtful.wav,Bark\nwrong.wav,Bark\nboth.wav,\"Meow,Purr\"\n",
    );
    let tables = "review worst --scores scores.csv --truth truth.csv --sort margin";
    let ended = lab.earmark(&format!("{tables} --json")).done();
    let worst: Value = serde_json::from_str(&ended.out).expect("JSON");
    let wanted = [
        ("wrong.wav", 1.0 / 3.0, 0.05, 0.075),
        ("doubtful.wav", 0.5, 0.4, 0.45),
        ("both.wav", 1.0, 0.7, 0.8),
        ("right.wav", 1.0, 0.9, 0.9),
    ];
    assert_eq!(worst.as_array().map(Vec::len), Some(4));
    for (k, (file, lwlrap, confidence, margin)) in wanted.into_iter().enumerate() {
        assert_eq!(worst[k]["file"], file);
        for (key, wanted) in [
            ("lwlrap", lwlrap),
            ("self_confidence", confidence),
            ("margin", margin),
        ] {
            let got = worst[k][key].as_f64().expect("a number");
            assert!((got - wanted).abs() < 1e-6, "{file}: {key} {got}");
        }
    }
    assert_eq!(worst[2]["suggested"], serde_json::json!(["Meow", "Purr"]));
    lab.earmark(&format!("{tables} --below 0.5 --corrections fix.json"))
        .done();
    let fix: Value = serde_json::from_str(&lab.read("fix.json")).expect("JSON");
    assert_eq!(
        fix,
        serde_json::json!({ "wrong.wav": "Meow", "doubtful.wav": "Meow" })
    );
}

#[test]
fn every_clip_of_a_set_is_measured() {
    let lab = lab();
    let worst = |by: &str| -> Value {
        let ended = lab
            .earmark(&format!("review worst cv --sort {by} --json --top-k 100"))
            .done();
        serde_json::from_str(&ended.out).expect("JSON")
    };
    for (by, key) in [
        ("lwlrap", "lwlrap"),
        ("self-confidence", "self_confidence"),
        ("margin", "margin"),
    ] {
        let clips = worst(by);
        let clips = clips.as_array().expect("a list");
        assert_eq!(clips.len(), 18);
        let values: Vec<f64> = clips.iter().map(|c| c[key].as_f64().expect("a number")).collect();
        assert!(values.is_sorted(), "{by}: {values:?}");
    }
    // All clips by the definition, from the scores of the folds.
    lab.earmark("predict cv --out-of-fold -o oof.csv").done();
    let oof = super::common::Table::parse(&lab.read("oof.csv"));
    for clip in worst("margin").as_array().expect("a list") {
        let file = clip["file"].as_str().expect("a file");
        let scores = oof.row(file);
        let label = oof
            .classes
            .iter()
            .position(|c| file.starts_with(&format!("{c}/")))
            .expect("a class");
        let other = (0..3)
            .filter(|c| *c != label)
            .map(|c| scores[c])
            .fold(0.0, f64::max);
        let close = |key: &str, wanted: f64| {
            let got = clip[key].as_f64().expect("a number");
            assert!(
                (got - wanted).abs() < 1e-6,
                "{file}: {key} {got} instead of {wanted}"
            );
        };
        close("self_confidence", scores[label]);
        close("margin", (scores[label] - other + 1.0) / 2.0);
        let rank = scores.iter().filter(|s| **s >= scores[label]).count();
        close("lwlrap", 1.0 / rank as f64);
    }
    // The same of tables that somebody else may have made.
    lab.write(
        "truth.csv",
        oof.rows
            .iter()
            .fold(String::from("fname,label\n"), |text, (file, _)| {
                format!("{text}{file},{}\n", file.split('/').next().unwrap_or_default())
            }),
    );
    let tables = "review worst --scores oof.csv --truth truth.csv --sort margin --top-k 100 --json";
    let tables: Value = serde_json::from_str(&lab.earmark(tables).done().out).expect("JSON");
    let names = |clips: &Value| -> Vec<String> {
        let clips = clips.as_array().expect("a list");
        clips.iter().map(|c| c["file"].to_string()).collect()
    };
    assert_eq!(names(&tables), names(&worst("margin")));
    // The labels of a data folder, which names the clips.
    let longer = lab.read("oof.csv").replace("high/", "set/high/");
    lab.write("longer.csv", longer);
    let data = "review worst --scores longer.csv --data tones --sort margin --top-k 100";
    let found: Value =
        serde_json::from_str(&lab.earmark(&format!("{data} --json")).done().out).expect("JSON");
    assert_eq!(names(&found), names(&worst("margin")));
    assert_eq!(found[0]["part"], "train");
    lab.earmark(&format!(
        "{data} --subset train --corrections fix.json -o worst.csv"
    ))
    .done();
    assert_eq!(lab.read("worst.csv").lines().count(), 19);
    let refused = lab.earmark(&format!("{data} --subset curated")).refused();
    assert!(refused.contains("no subset \"curated\""), "{refused}");
}

#[test]
fn what_is_found_is_written_in_every_form() {
    let lab = lab();
    let ended = lab.earmark("review worst cv --top-k 3").done();
    assert_eq!(ended.out.lines().count(), 5, "{ended}");
    lab.earmark("review worst cv --top-k 3 -o worst.csv --corrections relabel.json --sort margin")
        .done();
    lab.earmark("review worst cv --top-k 3 --corrections remove.json --action remove --sort margin")
        .done();
    let csv = lab.read("worst.csv");
    let mut lines = csv.lines();
    let header = "fname,part,fold,labels,suggested,best,lwlrap,self_confidence,margin";
    assert_eq!(lines.next(), Some(header));
    let relabel: Value = serde_json::from_str(&lab.read("relabel.json")).expect("JSON");
    let remove: Value = serde_json::from_str(&lab.read("remove.json")).expect("JSON");
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        assert_eq!(relabel[cells[0]], cells[4], "{line}");
        assert_eq!(remove[cells[0]], "remove");
        assert_eq!(cells[1], "train");
    }
    assert_eq!(remove.as_object().map(serde_json::Map::len), Some(3));
    let none = lab.earmark("review worst cv --below 0").done();
    assert_eq!(none.out, "");
    assert!(none.err.contains("none of 18 clips is below the limit"), "{none}");
    let refused = |arguments: &str| lab.earmark(arguments).refused();
    assert!(refused("review worst").starts_with("nothing to review: "));
    assert!(refused("review worst cv/fold-1").starts_with("cv/fold-1: has no folds; "));
    assert!(
        refused("review worst cv --subset curated").starts_with("--subset curated: none of the scored clips")
    );
}

/// The clips whose labels the scores confirm, best first; as corrections they keep their labels and become a subset of their own.
#[test]
fn the_right_labels_are_adopted() {
    let lab = Lab::new();
    let mut scores = "fname,high,low,mid\n".to_owned();
    let mut truth = "fname,label\n".to_owned();
    for class in ["high", "low", "mid"] {
        for k in 0..6 {
            // Of each class one is denied and five are confirmed, the later the more.
            let own = if k == 0 { 0.1 } else { 0.5 + 0.05 * f64::from(k) };
            let of = |other: &str| if other == class { own } else { 0.3 };
            scores += &format!("{class}/{k}.wav,{},{},{}\n", of("high"), of("low"), of("mid"));
            truth += &format!("{class}/{k}.wav,{class}\n");
        }
    }
    lab.write("scores.csv", scores);
    lab.write("truth.csv", truth);
    let best = "review best --scores scores.csv --truth truth.csv --sort self-confidence";
    let found: Value =
        serde_json::from_str(&lab.earmark(&format!("{best} --top-k 3 --json")).done().out).expect("JSON");
    let files: Vec<&str> = found
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|c| c["file"].as_str())
        .collect();
    assert!(
        files.len() == 3 && files.iter().all(|f| f.ends_with("/5.wav")),
        "{files:?}"
    );
    let ended = lab
        .earmark(&format!(
            "{best} --above 0.5 --corrections tones/adopt.json -o best.csv"
        ))
        .done();
    assert!(ended.err.contains("15 clips with their own labels"), "{ended}");
    assert_eq!(lab.read("best.csv").lines().count(), 16);
    let adopt: Value = serde_json::from_str(&lab.read("tones/adopt.json")).expect("JSON");
    assert_eq!(adopt["low/3.wav"], "low");
    assert!(adopt.get("low/0.wav").is_none());
    let corrections =
        "data.corrections=[{file=\"adopt.json\",subset=\"train\",corrected-subset=\"adopted\"}]";
    let mut train = lab.command("train tiny.toml --data tones --run adopted --set");
    let ended =
        super::common::Ended::of("train", train.arg(corrections).output().expect("a training")).done();
    assert!(ended.err.contains("15 relabelled"), "{ended}");
    let split = lab.read("adopted/split.csv");
    assert_eq!(
        split.lines().filter(|l| l.starts_with("adopted,")).count(),
        15,
        "{split}"
    );
    assert!(
        lab.earmark(&format!("{best} --above 2"))
            .done()
            .err
            .contains("none of 18 clips reaches the limit")
    );
}
