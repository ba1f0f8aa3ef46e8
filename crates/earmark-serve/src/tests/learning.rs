//! Learning again over HTTP: from decisions to a model, its gain, and the order of its scores.

use super::*;
use crate::LearningConfig;
use earmark::data::Item;
use earmark_audio::encode_wav_16;
use earmark_metrics::{Aligned, ScoreTable};
use earmark_review::{ClipPlace, ReviewDesk, ReviewOrder, ReviewSet, read_decisions};
use earmark_train::ReviewedClips;
use serde_json::{Value, json};
use std::path::Path;

const CLIPS: usize = 16;
const CLASSES: [&str; 2] = ["low <b>", "high"];

/// Two kinds of tones in turn; the labels of the first two clips are exchanged.
fn clips(folder: &Path) -> Vec<Item> {
    let clip = |k: usize| {
        let hz = [300.0, 2000.0][k % 2] + 10.0 * k as f32;
        let wave = |i: usize| (std::f32::consts::TAU * hz * i as f32 / 16_000.0).sin();
        let samples: Vec<i16> = (0..16_000).map(|i| (9000.0 * wave(i)) as i16).collect();
        let file = format!("{k:02}.wav");
        let path = folder.join(&file);
        std::fs::write(&path, encode_wav_16(&samples, 16_000)).unwrap();
        let is_wrong = k < 2;
        Item {
            file,
            path,
            labels: vec![(k + usize::from(is_wrong)) % 2],
            ..Item::default()
        }
    };
    (0..CLIPS).map(clip).collect()
}

fn serve_clips(lab: &Lab, dir: &TempDir) -> Served {
    let items = clips(dir.path());
    let classes = CLASSES.map(str::to_owned).to_vec();
    let files: Vec<String> = items.iter().map(|item| item.file.clone()).collect();
    let scores = (0..CLIPS).flat_map(|k| if k % 2 == 0 { [0.9, 0.1] } else { [0.1, 0.9] });
    let table = ScoreTable::new(files, classes.clone(), scores.collect()).unwrap();
    let truth = items
        .iter()
        .flat_map(|item| [0, 1].map(|class| item.labels.contains(&class)));
    let aligned = Aligned::from_rows(table, truth.collect()).unwrap();
    let set = ReviewSet::of_clips(&aligned, |row| ClipPlace {
        file: items[row].file.clone(),
        subset: None,
        path: items[row].path.clone(),
    })
    .unwrap();
    let order = (ReviewOrder::Worst, &[0.5, 0.5][..], 1);
    let desk = ReviewDesk::open("clips".into(), set, order, &dir.path().join("log.jsonl")).unwrap();
    let contents = ReviewContents {
        learning: Some(LearningConfig {
            clips: ReviewedClips {
                model: lab.model.clone(),
                device: "cpu".into(),
                classes,
                items,
            },
            folder: dir.path().to_path_buf(),
        }),
        ..desk.into()
    };
    serve_pages(&ReviewServeConfig::default(), contents)
}

fn relabel(served: &Served, item: usize) {
    let review = served.get("/v1/review/overview?reviewer=anna").json()["review"].clone();
    let decision = json!({
        "id": format!("{item}"), "review": review, "reviewer": "anna", "verdict": "relabel", "item": item,
        "labels": [CLASSES[item % 2]],
    });
    assert_eq!(served.post_json("/v1/review/decide", &decision).status, 200);
}

fn act(served: &Served, action: &str) -> Answer {
    served.post_json("/v1/review/learn", &json!({ "action": action }))
}

fn learned(served: &Served) -> Value {
    until("the model is learned", || {
        served.get("/v1/review/learning").json()["state"] != "running"
    });
    served.get("/v1/review/learning").json()
}

fn models(dir: &TempDir) -> Vec<String> {
    let entries = std::fs::read_dir(dir.path()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| name.contains("safetensors")).collect();
    names.sort();
    names
}

#[test]
fn a_model_is_trained_on_what_is_decided() {
    let lab = lab();
    let dir = tempfile::tempdir().unwrap();
    let served = serve_clips(&lab, &dir);
    let idle = served.get("/v1/review/learning").json();
    assert_eq!(
        (&idle["available"], &idle["state"]),
        (&json!(true), &json!("idle"))
    );
    assert_eq!(act(&served, "start").status, 409, "nothing is decided");
    assert_eq!(act(&served, "sort").status, 409, "nothing is learned");
    relabel(&served, 0);
    relabel(&served, 1);
    assert_eq!(act(&served, "start").json()["state"], "running");
    let status = learned(&served);
    assert_eq!(status["state"], "done", "{status}");
    let found = &status["learned"];
    assert_eq!(
        (&found["clips"], &found["changed"], &found["untouched"]),
        (&json!(CLIPS), &json!(2), &json!(CLIPS - 2)),
        "{found}"
    );
    assert!(
        found["gain"].is_number() && found["interval"]["low"].is_number(),
        "{found}"
    );
    assert_eq!(
        (&found["metric"], &found["classes"]),
        (&json!("accuracy"), &json!(CLASSES))
    );
    assert!(
        status["model"]
            .as_str()
            .unwrap()
            .ends_with("learned-1.safetensors")
    );
    // Nothing that is half written is next to it.
    assert_eq!(models(&dir), ["learned-1.safetensors"]);
    let sorted = act(&served, "sort").json();
    assert_eq!(sorted["is_sorted"], true);
    let counts = &served.get("/v1/review/overview?reviewer=anna").json()["counts"];
    assert_eq!(
        (&counts["sorted"], &counts["left"]),
        (&json!(1), &json!(CLIPS - 2))
    );
    // The clips are embedded already; the next model has a name of its own.
    assert_eq!(act(&served, "start").status, 200);
    assert_eq!(learned(&served)["state"], "done");
    assert_eq!(models(&dir), ["learned-1.safetensors", "learned-2.safetensors"]);
    assert!(served.end());
    assert_eq!(read_decisions(&dir.path().join("log.jsonl")).unwrap().0.len(), 2);
}

#[test]
fn a_server_that_ends_leaves_no_half_model() {
    let lab = lab();
    let dir = tempfile::tempdir().unwrap();
    let served = serve_clips(&lab, &dir);
    relabel(&served, 0);
    assert_eq!(act(&served, "start").status, 200);
    assert!(served.end());
    assert!(
        models(&dir).iter().all(|name| name == "learned-1.safetensors"),
        "{:?}",
        models(&dir)
    );
}

#[test]
fn requests_to_learn_that_cannot_be_meant_are_refused() {
    let lab = lab();
    let dir = tempfile::tempdir().unwrap();
    let served = serve_clips(&lab, &dir);
    assert_eq!(act(&served, "begin").status, 400);
    assert_eq!(served.post("/v1/review/learn", "", b"{}").status, 415);
    assert_eq!(served.get("/v1/review/learn").status, 405);
    assert!(served.end());
}
