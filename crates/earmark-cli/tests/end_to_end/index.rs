//! The index of an archive, from its recordings to events, and killed while it is made.

#[cfg(unix)]
use super::common::Ended;
use super::common::{LEARN_WELL, Lab, files};
use serde_json::Value;

fn json(lab: &Lab, arguments: &str) -> Value {
    let ended = lab.earmark(&format!("{arguments} --json"));
    assert!(matches!(ended.code, Some(0 | 2)), "{ended}");
    serde_json::from_str(&ended.out).expect("JSON")
}

/// The hits of the only query of a search.
fn hits(lab: &Lab, arguments: &str) -> Vec<Value> {
    let found = json(lab, &format!("index search {arguments}"));
    assert_eq!(found.as_array().map(Vec::len), Some(1), "{found}");
    found[0]["hits"].as_array().expect("hits").clone()
}

/// Some numbers of a summary.
fn numbers<const N: usize>(summary: &Value, keys: [&str; N]) -> [u64; N] {
    keys.map(|key| {
        summary[key]
            .as_u64()
            .unwrap_or_else(|| panic!("{key}: {summary}"))
    })
}

fn file(window: &Value) -> &str {
    window["file"].as_str().expect("a file")
}

/// Search by example, label, learn, detect.
#[test]
fn few_labels_find_a_class_in_an_archive() {
    let lab = Lab::new();
    lab.earmark(LEARN_WELL).done();
    let added = json(&lab, "index add tones --model runs/a --to x");
    assert_eq!(
        numbers(&added, ["added", "unchanged", "recordings", "windows"]),
        [18, 0, 18, 18]
    );
    let before = files(&lab.path("x"));
    // The model and the windows are those of the index.
    let again = json(&lab, "index add tones --to x");
    assert_eq!(numbers(&again, ["added", "unchanged"]), [0, 18]);
    assert_eq!(files(&lab.path("x")), before);

    let near = hits(&lab, "x tones/low/1.wav --elsewhere --top 5");
    assert!(
        near.len() == 5 && near.iter().all(|hit| file(hit).starts_with("tones/low/")),
        "{near:?}"
    );
    assert!(near.iter().all(|hit| file(hit) != "tones/low/1.wav"));
    assert_eq!(
        hits(&lab, "x tones/low/1.wav --elsewhere --top 5 --by float32"),
        near
    );
    // A file that is not in the index is embedded; a copy of one that is there is nearest to it.
    let copy = lab.bytes("tones/high/2.wav");
    lab.write("copy.wav", copy);
    let near = hits(&lab, "x copy.wav --top 2");
    assert_eq!(file(&near[0]), "tones/high/2.wav");
    assert!(near[0]["similarity"].as_f64().expect("a number") > 0.9999);

    let refused = lab.earmark("index learn x low").refused();
    assert!(
        refused.contains("low: no window with it is labelled"),
        "{refused}"
    );
    lab.earmark("index label x low tones/low/0.wav tones/low/1.wav@0 --who Ada")
        .done();
    lab.earmark("index label x low tones/high/0.wav tones/mid/0.wav tones/mid/1.wav@0-1 --no --who Ada")
        .done();
    lab.write(
        "more.csv",
        "file,start_seconds,class,answer\ntones/low/2.wav,0,low,no\ntones/low/2.wav,0,low,withdrawn\n",
    );
    lab.earmark("index label x --table more.csv --who Bob").done();
    let labels = lab.read("x/labels.jsonl");
    assert!(labels.lines().count() == 7 && labels.contains("\"who\":\"Ada\"") && labels.contains("more.csv"));
    let near = hits(&lab, "x tones/low/1.wav --top 18");
    let labelled = near
        .iter()
        .find(|hit| file(hit) == "tones/mid/1.wav")
        .expect("all are listed");
    assert_eq!(labelled["labels"]["low"], false);

    for select in ["margin", "diverse", "random"] {
        let learned = json(&lab, &format!("index learn x low --count 4 --select {select}"));
        assert_eq!(numbers(&learned["trained"][0], ["yes", "no"]), [2, 3]);
        let proposed = learned["proposed"].as_array().expect("windows");
        assert_eq!(proposed.len(), 4);
        let is_labelled = |window: &Value| labels.contains(&format!("\"{}\"", file(window)));
        assert!(
            proposed
                .iter()
                .all(|window| file(window) == "tones/low/2.wav" || !is_labelled(window))
        );
    }
    let detected = json(&lab, "index detect x low -o tags.csv");
    assert_eq!(detected["events"], 6, "{detected}");
    let tags = lab.read("tags.csv");
    let mut lines = tags.lines();
    assert_eq!(lines.next(), Some("Start (s),End (s),Class,Confidence,File"));
    assert!(
        lines.all(|line| line.contains(",low,") && line.contains("tones/low/")),
        "{tags}"
    );
    let info = json(&lab, "index info x --check");
    assert_eq!(info["rows"], 18, "{info}");
    assert_eq!(numbers(&info["labels"]["low"], ["yes", "no"]), [2, 3]);
    assert_eq!(info["classifiers"]["low"]["yes"], 2);
    lab.earmark("index detect x fox").refused();
    let refused = lab
        .earmark("index label x low tones/lw/0.wav --who Ada")
        .refused();
    assert!(refused.contains("did you mean tones/low/0.wav?"), "{refused}");
}

/// Twelve recordings of one to three seconds, one of which can't be read.
fn archive() -> Lab {
    let lab = Lab::trained();
    for k in 0..11_u32 {
        lab.long_tone(&format!("in/{k:02}.wav"), 250.0 * f64::from(k + 1), 1 + k * 7 % 3);
    }
    let whole = lab.bytes("in/03.wav");
    lab.write("in/broken.wav", &whole[..30]);
    lab
}

const ADD: &str = "index add in --model runs/a --rows-per-file 7 --threads 1 --to";

/// All that an index says.
fn everything(lab: &Lab, index: &str) -> (Value, Vec<Value>) {
    let mut info = json(lab, &format!("index info {index} --check"));
    info.as_object_mut().expect("an object").remove("index");
    (info, hits(lab, &format!("{index} in/04.wav --top 1000")))
}

#[test]
fn a_killed_add_ends_as_one_that_was_not() {
    let lab = archive();
    let whole = lab.earmark(&format!("{ADD} whole")).exit(2);
    assert!(whole.err.contains("skipped in/broken.wav"), "{whole}");
    let wanted = everything(&lab, "whole");
    let points = [
        "index-half:1",
        "index-half:6",
        "index-logged:1",
        "index-logged:4",
        "index-logged:11",
        "index-shards:1",
        "index-shards:3",
        "index-manifest:1",
        "index-manifest:2",
        "write-half:1",
        "write-half:3",
        "write-half:6",
        "written:1",
        "written:4",
        "renamed:1",
        "renamed:3",
        "renamed:5",
    ];
    for (k, point) in points.into_iter().enumerate() {
        let add = format!("{ADD} killed-{k}");
        lab.crash(&add, point).killed();
        lab.earmark(&add).exit(2);
        assert_eq!(everything(&lab, &format!("killed-{k}")), wanted, "{point}");
        let left = files(&lab.path(&format!("killed-{k}")));
        assert!(
            left.keys().all(|name| !name.contains(".tmp-")),
            "{point}: {:?}",
            left.keys()
        );
    }
}

/// A disk that is full at any place loses what was in work, and nothing else.
#[cfg(unix)]
#[test]
fn an_add_that_can_not_write_is_completed_later() {
    let lab = archive();
    lab.earmark(&format!("{ADD} whole")).exit(2);
    let wanted = everything(&lab, "whole");
    let mut failed = 0;
    for blocks in [0, 1, 2, 4, 8, 64] {
        let add = format!("{ADD} full-{blocks}");
        let output = lab.under_ulimit(&format!("-f {blocks}"), &add).output();
        let ended = Ended::of(&add, output.expect("sh to start"));
        if ended.code == Some(1) {
            assert!(ended.err.contains("File too large"), "{ended}");
            failed += 1;
        }
        lab.earmark(&add).exit(2);
        assert_eq!(
            everything(&lab, &format!("full-{blocks}")),
            wanted,
            "{blocks} blocks"
        );
    }
    assert!((2..6).contains(&failed), "{failed} failed");
}

#[test]
fn changed_recordings_are_noticed_and_other_models_refused() {
    let lab = archive();
    lab.earmark(&format!("{ADD} x")).exit(2);
    lab.long_tone("in/00.wav", 3000.0, 2);
    lab.tone("in/new.wav", 700.0);
    let added = json(&lab, &format!("{ADD} x"));
    assert_eq!(numbers(&added, ["added", "replaced", "unchanged"]), [1, 1, 10]);
    assert_eq!(added["skipped"][0][0], "in/broken.wav");
    lab.earmark(&format!("{ADD} fresh")).exit(2);
    let of = |index: &str| {
        let mut found: Vec<String> = hits(&lab, &format!("{index} in/04.wav --top 1000"))
            .iter()
            .map(Value::to_string)
            .collect();
        found.sort();
        found
    };
    assert_eq!(of("x"), of("fresh"));
    lab.calibrate("cal.safetensors");
    let refused = lab
        .earmark("index add in --model cal.safetensors --to x")
        .refused();
    assert!(
        refused.contains("x: is an index of another model: runs/a ("),
        "{refused}"
    );
    let refused = lab
        .earmark("index add in --model runs/a --to x --hop 0.1")
        .refused();
    assert!(refused.contains("x: is an index of another hop: "), "{refused}");
    let refused = lab.earmark("index add in --to y").refused();
    assert!(refused.contains("--model: y is a new index"), "{refused}");
    let refused = lab.earmark("index search in in/04.wav").refused();
    assert!(refused.contains("in: is not an index"), "{refused}");
}

/// Windows are whole samples: the shortest that may be given can be a little shorter then, and are taken back as they
/// are in the index.
#[test]
fn windows_that_were_rounded_are_those_of_the_index() {
    let lab = Lab::new();
    lab.tone("in/a.wav", 700.0);
    for (rate, windows) in [(22_050, "--window 0.025"), (11_025, "--window 0.1 --hop 0.01")] {
        lab.earmark(&format!(
            "train tiny.toml --data tones --run runs/{rate} --fold 1 --set train.epochs=1 \
             --set front-end.sample-rate-hz={rate}"
        ))
        .done();
        let add = format!("index add in --to x-{rate}");
        let added = json(&lab, &format!("{add} --model runs/{rate} {windows}"));
        assert_eq!(numbers(&added, ["added", "unchanged"]), [1, 0]);
        let again = json(&lab, &add);
        assert_eq!(numbers(&again, ["added", "unchanged"]), [0, 1]);
        assert_eq!(again["windows"], added["windows"]);
    }
}

#[test]
fn shards_of_an_archive_are_merged() {
    let lab = archive();
    lab.earmark(&format!("{ADD} whole")).exit(2);
    for k in 1..=3 {
        let ended = lab.earmark(&format!("{ADD} x --shard {k}/3"));
        assert!(matches!(ended.code, Some(0 | 2)), "{ended}");
    }
    lab.earmark("index merge x.shard-1-of-3 x.shard-2-of-3 x.shard-3-of-3 --to x")
        .done();
    let of = |index: &str| {
        let mut found: Vec<String> = hits(&lab, &format!("{index} in/04.wav --top 1000"))
            .iter()
            .map(Value::to_string)
            .collect();
        found.sort();
        found
    };
    assert_eq!(of("x"), of("whole"));
    // Merging again adds nothing.
    let again = json(
        &lab,
        "index merge x.shard-1-of-3 x.shard-2-of-3 x.shard-3-of-3 --to x",
    );
    assert_eq!(numbers(&again, ["added", "unchanged"]), [0, 11]);
}
