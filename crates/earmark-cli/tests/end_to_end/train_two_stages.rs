//! A network that takes clip-level features in addition to its images, begun with the weights of one that takes images alone; images
//! of a random length in each batch, and predictions by random crops.

use crate::common::{Lab, Table, tensors};
use crate::train_killed::lasting;

/// The first stage, on one-channel images.
const MEL: &str = r#"
extends = "tiny.toml"
name = "mel"

[network]
kind = "mobilenet-v2"
width = 0.1
hidden = [12, 8]
batch-norm-decay = 0.5

[train]
epochs = 4

[batches]
length = { min-frames = 20, max-frames = 120 }

[augment]
list = [{ kind = "pad", fill = "symmetric", place = "random" }, { kind = "random-crop" }]

[predict]
random-crops = { frames = [30, 60, 120], crops = 2 }

[validation]
metric = "log-likelihood"
random-crops = { frames = [30, 120], crops = 1 }
"#;

/// The second, with five components of clip-level features in addition.
const FULL: &str = r#"
extends = "mel.toml"
name = "full"

[front-end]
clip-features = "handcrafted"

[network]
clip-features = 5

[train]
epochs = 4
start = { from = "mel", exclude = ["side.", "dense1."], statistics = true }
"#;

fn lab() -> Lab {
    let lab = Lab::new();
    lab.write("mel.toml", MEL);
    lab.write("full.toml", FULL);
    lab
}

/// A rate that moves nothing, so that what came over can be seen.
const STAY: &str = r#"--set train.learning-rate=1e-30 --set train.schedule={kind="constant"} --set train.steps=1 --set train.average-decay=0 --set validation.split={kind="none"}"#;

#[test]
fn each_fold_begins_with_the_weights_of_its_own() {
    let lab = lab();
    lab.earmark("train mel.toml --data tones --folds all --run mel")
        .done();
    lab.earmark(&format!(
        "train full.toml --data tones --folds all --run stay {STAY}"
    ))
    .done();
    let plan = lab
        .earmark(&format!(
            "train full.toml --data tones --folds 2,3 --dry-run {STAY}"
        ))
        .done();
    assert!(plan.out.contains("start from mel"), "{plan}");
    let mut components = Vec::new();
    for fold in 1..=3 {
        let mel = tensors(&lab.path(&format!("mel/fold-{fold}/best.safetensors")));
        let full = tensors(&lab.path(&format!("stay/fold-{fold}/best.safetensors")));
        for name in [
            "conv0.weight",
            "block3.expand.weight",
            "dense2.weight",
            "logits.bias",
        ] {
            assert_eq!(full[name], mel[name], "fold {fold}: {name}");
        }
        assert_eq!(full["dense1.weight"].0, [12, 1280 + 5]);
        assert_eq!(full["side.pca.components"].0, [5, 1133]);
        assert!(full["side.standardise.deviation"].1.iter().all(|x| *x > 0.0));
        components.push(full["side.pca.components"].clone());
    }
    std::fs::remove_dir_all(lab.path("mel/fold-2")).unwrap();
    let message = lab
        .earmark(&format!(
            "train full.toml --data tones --fold 2 --run gone {STAY}"
        ))
        .refused();
    assert!(
        message.contains("mel: holds no run of fold 2, the test fold"),
        "{message}"
    );
    // The scaler is fitted on the training clips, which differ.
    assert!(components[0] != components[1] && components[1] != components[2]);
}

#[test]
fn it_trains_resumes_and_predicts_whole_files() {
    let lab = lab();
    lab.earmark("train mel.toml --data tones --fold 1 --run mel")
        .done();
    let train = "train full.toml --data tones --fold 1";
    let ended = lab.earmark(&format!("{train} --run whole")).done();
    assert!(ended.err.contains(" log-likelihood -"), "{ended}");
    let cut = format!("{train} --run cut --threads 1 --set cache.workers=1");
    lab.crash(&cut, "step:7").killed();
    assert!(lab.read("cut/metrics.jsonl").len() < lab.read("whole/metrics.jsonl").len());
    lab.earmark(&format!("{train} --run cut --resume")).done();
    let same = |run: &str| {
        let mut files = lasting(&lab.path(run));
        // They say how many workers there were.
        files.retain(|name, _| name.ends_with(".jsonl") || name.ends_with(".csv"));
        files
    };
    assert!(same("whole") == same("cut"));
    assert!(tensors(&lab.path("whole/best.safetensors")) == tensors(&lab.path("cut/best.safetensors")));

    // Driven by the loss of its validation clips.
    let log = lab.read("whole/metrics.jsonl");
    let validations: Vec<serde_json::Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|line: &serde_json::Value| line.get("validation").is_some())
        .collect();
    assert!(validations.len() > 1);
    let mut best = f64::NEG_INFINITY;
    for line in &validations {
        let value = line["validation"]["log-likelihood"].as_f64().unwrap();
        assert!(value < 0.0);
        assert_eq!(line["best"], value > best, "{line}");
        best = best.max(value);
    }

    lab.earmark("eval whole --data tones").done();
    // A header that announces no samples.
    let mut empty = lab.bytes("tones/low/0.wav")[..44].to_vec();
    empty[4..8].copy_from_slice(&36_u32.to_le_bytes());
    empty[40..44].copy_from_slice(&0_u32.to_le_bytes());
    lab.write("new/empty.wav", empty);
    lab.tone("new/a.wav", 310.0);
    let ended = lab
        .earmark("predict whole --files new/a.wav new/empty.wav -o new.csv")
        .done();
    let table = Table::parse(&lab.read("new.csv"));
    assert_eq!(table.rows.len(), 2, "{ended}");
    for (file, scores) in &table.rows {
        // A geometric mean of what adds up to 1 adds up to less.
        let sum: f64 = scores.iter().sum();
        assert!(sum > 0.1 && sum < 1.0 + 1e-4, "{file}: {scores:?}");
    }
    // Random crops depend on the clip alone, not on its position in the list.
    lab.earmark("predict whole --files new/a.wav -o alone.csv").done();
    assert_eq!(
        Table::parse(&lab.read("alone.csv")).row("new/a.wav"),
        table.row("new/a.wav")
    );
    let message = lab
        .earmark("predict whole --files new/a.wav --segments -o t.csv")
        .refused();
    assert!(
        message.contains("scores random crops of a clip (predict.random-crops)"),
        "{message}"
    );
    let message = lab
        .earmark("tag tones/low/0.wav --model whole -o t.csv")
        .refused();
    assert!(
        message.contains("takes clip-level features of whole recordings (front-end.clip-features)"),
        "{message}"
    );
    let message = lab
        .earmark("listen --model whole --input tones/low/0.wav")
        .refused();
    assert!(
        message.contains("takes clip-level features of whole recordings (front-end.clip-features)"),
        "{message}"
    );
}

#[test]
fn settings_that_do_not_go_together_are_refused() {
    let lab = lab();
    let refused = |recipe: &str, more: &str| {
        lab.earmark(&format!("train {recipe} --data tones --run x {more}"))
            .refused()
    };
    let message = refused("mel.toml", "--set network.clip-features=5");
    assert!(
        message.contains(r#"network.clip-features = 5: set front-end.clip-features = "handcrafted""#),
        "{message}"
    );
    let message = refused("mel.toml", "--set front-end.clip-features=handcrafted");
    assert!(
        message.contains("front-end.clip-features = handcrafted: this network does not use them"),
        "{message}"
    );
    let message = refused("mel.toml", "--set augment.list=[]");
    assert!(
        message.contains(r#"batches.length = (set): segments are cut by { kind = "random-crop" }"#),
        "{message}"
    );
    let message = refused("mel.toml", "--dry-run --set augment.list=[]");
    assert!(
        message.contains(r#"batches.length = (set): segments are cut by { kind = "random-crop" }"#),
        "{message}"
    );
    let message = refused(
        "tiny.toml",
        "--set front-end.postprocess.deltas={} --set validation.random-crops={frames=[20]}",
    );
    assert!(
        message.contains("validation.random-crops = (set): front-end.postprocess.deltas"),
        "{message}"
    );
    let message = refused("summary-baseline/any", "--set predict.random-crops={frames=[20]}");
    assert!(
        message.contains("predict.random-crops = (set): handcrafted features describe a whole clip"),
        "{message}"
    );
    let message = refused("mel.toml", "--set predict.random-crops.crops=0");
    assert!(
        message.contains("predict.random-crops.crops = 0: choose 1 or more"),
        "{message}"
    );
    let message = refused("mel.toml", "--set predict={random-crops={frames=[]},whole=true}");
    assert!(
        message.contains("predict.random-crops = (set): predict.segments or predict.whole"),
        "{message}"
    );
    let message = refused("full.toml", "--set network.clip-feature-inputs=7");
    assert!(
        message.contains("network.clip-feature-inputs = 7: set 1133"),
        "{message}"
    );
    let message = refused("full.toml", "--set augment.between-class.prob=1");
    assert!(
        message.contains("augment.between-class = (set): it mixes two sounds"),
        "{message}"
    );
    let message = refused("full.toml", "--set front-end.clip-features=pictures");
    assert!(message.contains("front-end.clip-features"), "{message}");
    assert!(!lab.path("x").join("run.json").exists());
}
