//! Class weights: counted over the clips trained on, written down, and felt by the loss.

use super::common::Lab;
use serde_json::Value;

const TRAIN: &str = "train tiny.toml --data tones --set validation.split={kind=\"none\"} --set train.schedule={kind=\"constant\"} --set train.steps=2";

fn first_loss(lab: &Lab, run: &str) -> f64 {
    lab.logged(run)[0]["loss"].as_f64().expect("a loss")
}

#[test]
fn weights_of_classes_are_counted_and_felt() {
    let lab = Lab::new();
    // 6 high, 3 low and 3 mid.
    for k in 3..6 {
        for class in ["low", "mid"] {
            std::fs::remove_file(lab.path(&format!("tones/{class}/{k}.wav"))).expect("a file to remove");
        }
    }
    let train = |run: &str, weights: &str| {
        let set = format!("--set train.loss.class-weights={weights}");
        lab.earmark(&format!("{TRAIN} --run {run} {set}"))
    };
    lab.earmark(&format!("{TRAIN} --run plain")).done();
    let ended = train("balanced", "balanced").done();
    let line = "class weights in the loss: high 0.667, low 1.333, mid 1.333";
    assert!(
        ended.err.contains(line) && lab.read("balanced/log.txt").contains(line),
        "{ended}"
    );
    let info: Value = serde_json::from_str(&lab.read("balanced/run.json")).expect("JSON");
    for (class, weight) in [("high", 2.0 / 3.0), ("low", 4.0 / 3.0), ("mid", 4.0 / 3.0)] {
        let got = info["class_weights"][class].as_f64().expect("a weight");
        assert!((got - weight).abs() < 1e-12, "{class}: {got}");
    }
    assert_ne!(first_loss(&lab, "balanced"), first_loss(&lab, "plain"));
    // A power of two comes through to the bit, of mixed segments too.
    train("twice", "{high=2,low=2,mid=2}").done();
    assert_eq!(first_loss(&lab, "twice"), 2.0 * first_loss(&lab, "plain"));
    assert!(!lab.read("plain/run.json").contains("class_weights"));
    // It resumes with the same weights, and its scores need neither them nor the clips.
    let resumed = train("balanced", "balanced --resume").done();
    assert!(resumed.err.contains("nothing left to do"), "{resumed}");
    lab.earmark("predict balanced --files tones/low/0.wav -o scores.csv")
        .done();

    let plan = train("none", "balanced --dry-run").done();
    assert!(plan.out.contains(&format!("training    {line}")), "{plan}");
    let message = train("none", "{hihg=2}").refused();
    assert!(
        message.starts_with("train.loss.class-weights.hihg = 2: the data has no such class")
            && message.ends_with("(did you mean high?)"),
        "{message}"
    );
    let message = train("none", "{high=0}").refused();
    assert!(message.contains("class-weights.high"), "{message}");
    let message = train("none", "even").refused();
    assert!(message.contains("\"balanced\""), "{message}");
    assert!(!lab.path("none").exists());
}

/// Stacking counts the clips that each of its networks is trained on, and weighs them as well.
#[test]
fn stacking_weighs_too() {
    let lab = Lab::new();
    std::fs::remove_file(lab.path("tones/mid/5.wav")).expect("a file to remove");
    for (run, seed) in [("a", 7), ("b", 8)] {
        let set = format!("--set train.steps=2 --set train.seed={seed}");
        lab.earmark(&format!(
            "train tiny.toml --data tones --folds all --run runs/{run} {set}"
        ))
        .done();
    }
    let second = r#"
name = "second"
[stack]
[network]
kind = "fc-net"
base = 4
reduction = 2
[train]
steps = 2
learning-rate = 1e-2
loss = { kind = "softmax-cross-entropy" }
[batches]
size = 4
"#;
    lab.write("plain.toml", second);
    let weights =
        |weights: &str| second.replace("-entropy\"", &format!("-entropy\", class-weights = {weights}"));
    lab.write("balanced.toml", weights("\"balanced\""));
    lab.write("twice.toml", weights("{ high = 2, low = 2, mid = 2 }"));
    for run in ["plain", "balanced", "twice"] {
        lab.earmark(&format!("stack runs/a runs/b --recipe {run}.toml --run {run}"))
            .done();
    }
    let mut all_alike = 0;
    for fold in 1..=3 {
        let of = |run: &str| first_loss(&lab, &format!("{run}/fold-{fold}"));
        assert_eq!(of("twice"), 2.0 * of("plain"), "fold {fold}");
        let info: Value =
            serde_json::from_str(&lab.read(&format!("balanced/fold-{fold}/run.json"))).expect("JSON");
        let weight = |class: &str| info["class_weights"][class].as_f64().expect("a weight");
        let alike = weight("mid") == weight("low");
        all_alike += u32::from(alike);
        assert!(alike || of("balanced") != of("plain"), "fold {fold}");
        assert!(weight("mid") >= weight("low"), "fold {fold}");
    }
    assert!(all_alike < 3, "no fold noticed that a clip is missing");
}
