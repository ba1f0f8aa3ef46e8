//! What is bad is said at the end, in the list of runs, in every JSON and in the report, with what to do about it.

use super::common::{CLASSES, Lab};
use serde_json::Value;

/// A MobileNet v2 cut short: its moving statistics, made for a hundred thousand steps, have hardly left their start, so
/// that every recording gets the same scores.
const SHORTENED: &str = "train tiny.toml --data many --fold 1 --set train.average-decay=0 --set train.epochs=3 \
     --set network={kind=\"mobilenet-v2\",width=0.1,hidden=[16,16],batch-norm-decay=0.9997}";

/// A baseline whose loss falls smoothly, as each step is on all recordings.
const BASELINE: &str =
    "train summary-baseline/any --data tones --set batches.size=18 --set network.components=6";

/// Twelve recordings per class.
fn lab() -> Lab {
    let lab = Lab::new();
    for (class, hz) in CLASSES {
        for k in 0..12 {
            lab.tone(&format!("many/{class}/{k}.wav"), hz * (1.0 + 0.02 * f64::from(k)));
        }
    }
    lab
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

/// The sentences under the key `warnings`.
fn warnings(value: &Value) -> Vec<String> {
    let list = value["warnings"].as_array().cloned().unwrap_or_default();
    list.iter()
        .map(|text| text.as_str().expect("a sentence").to_owned())
        .collect()
}

#[test]
fn a_shortened_recipe_that_ends_at_chance_says_so() {
    let lab = lab();
    let guess = "is no better than guessing: always saying ";
    let ended = lab.earmark(&format!("{SHORTENED} --run run")).done();
    let line = ended
        .out
        .lines()
        .find(|line| line.starts_with("caution: accuracy "));
    let line = line.unwrap_or_else(|| panic!("{ended}"));
    assert!(
        line.contains("validation clips is no better than guessing"),
        "{ended}"
    );
    assert!(
        line.contains("; check the labels") && line.contains("train longer"),
        "{ended}"
    );
    assert!(lab.read("run/log.txt").contains("caution: accuracy "));
    let runs = json(&lab.earmark("runs . --json").done().out);
    assert!(warnings(&runs[0])[0].contains(guess), "{runs}");

    let ended = lab.earmark("eval run --data many --every 100").done();
    let caution = "caution: accuracy 0.3333 of 12 clips is no better than guessing: always saying \"high\" gives \
                   0.3333, and by luck up to 0.5833; ";
    assert!(ended.out.contains(caution), "{ended}");
    let missed = "caution: 2 classes are never predicted, with at least 3 clips each among the 12 clips: ";
    assert!(ended.out.contains(missed), "{ended}");
    let step = ended
        .out
        .lines()
        .find_map(|line| line.strip_prefix("step "))
        .expect("a step");
    assert!(lab.read(&format!("run/eval/eval-{step}.txt")).contains(caution));
    let stored = json(&lab.read(&format!("run/eval/eval-{step}.json")));
    let expected = stored["guessing"]["accuracy"]["expected"].as_f64();
    assert!((expected.expect("a number") - 1.0 / 3.0).abs() < 1e-12);
    assert_eq!(stored["never_predicted"].as_array().map(Vec::len), Some(2));
    assert_eq!(warnings(&stored).len(), 2, "{stored}");
    let printed = json(
        &lab.earmark("eval run --data many --every 100 --eval-dir other --json")
            .done()
            .out,
    );
    assert_eq!(warnings(&printed["judged"][step]), warnings(&stored));
    let list = lab.earmark("runs .").done();
    assert!(
        list.out
            .contains("accuracy 0.3333 of 12 clips is no better than guessing"),
        "{list}"
    );
    let runs = json(&lab.earmark("runs . --json").done().out);
    assert_eq!(warnings(&runs[0])[..2], warnings(&stored)[..]);
    let page = lab.earmark("report run --data many").done();
    let page = lab.read(page.out.trim());
    assert!(page.contains("Accuracy 0.3333 of 12 clips is no better than guessing"));
    assert!(page.contains("begin with a trained network"), "the remedy");

    // All folds together.
    let ended = lab
        .earmark(&format!(
            "{} --run cv --folds all",
            SHORTENED.replace("--fold 1 ", "")
        ))
        .done();
    let caution = "caution: accuracy 0.3333 of 36 clips of all folds is no better than guessing";
    assert!(ended.out.contains(caution), "{ended}");
    let folds = json(&lab.read("cv/folds.json"));
    assert!(
        warnings(&folds)
            .iter()
            .any(|text| text.contains("36 clips of all folds")),
        "{folds}"
    );
    let runs = json(&lab.earmark("runs cv --json").done().out);
    assert_eq!(warnings(&runs[0]), warnings(&folds));
}

#[test]
fn a_loss_that_still_falls_is_a_reason_to_train_longer() {
    let lab = Lab::new();
    let constant =
        format!("{BASELINE} --set train.schedule={{kind=\"constant\"}} --set train.learning-rate=1e-3");
    let ended = lab
        .earmark(&format!(
            "{constant} --set train.min-steps=1 --set train.epochs=60 --run run"
        ))
        .done();
    let falling = "caution: the training loss was still falling at the end: ";
    let line = ended.out.lines().find(|line| line.starts_with(falling));
    let line = line.unwrap_or_else(|| panic!("{ended}"));
    assert!(
        line.ends_with("train longer: the same command with --resume --set train.epochs=120"),
        "{ended}"
    );
    let runs = json(&lab.earmark("runs . --json").done().out);
    assert_eq!(warnings(&runs[0]).len(), 1, "{runs}");
    let list = lab.earmark("runs .").done();
    assert!(
        list.out
            .contains("the training loss was still falling at the end"),
        "{list}"
    );
    let page = lab.earmark("report run --data tones").done();
    assert!(
        lab.read(page.out.trim())
            .contains("The training loss was still falling at the end")
    );
    let result = json(
        &lab.earmark(&format!(
            "{constant} --set train.min-steps=1 --set train.epochs=60 --run again --json"
        ))
        .done()
        .out,
    );
    assert_eq!(warnings(&result), warnings(&runs[0]));

    // What it says to do can be done.
    let ended = lab
        .earmark(&format!(
            "{constant} --set train.min-steps=1 --set train.epochs=120 --run run --resume"
        ))
        .done();
    assert!(ended.out.starts_with("step 120 of 120"), "{ended}");
    // A cosine can't be continued: its rates end with the run.
    let cosine =
        format!("{BASELINE} --set train.learning-rate=1e-3 --set train.min-steps=1 --set train.epochs=60");
    let ended = lab.earmark(&format!("{cosine} --run cosine")).done();
    assert!(ended.out.contains(falling), "{ended}");
    assert!(
        ended.out.contains("a new run with --set train.epochs=120"),
        "{ended}"
    );
    let folds = lab
        .earmark(&format!("{cosine} --run cv --folds all --set folds.count=3"))
        .done();
    assert!(
        folds
            .out
            .contains("caution: in 3 of 3 folds, such as fold 1, the training loss was still falling"),
        "{folds}"
    );
}

#[test]
fn a_good_training_is_not_warned_of() {
    let lab = Lab::new();
    let ended = lab
        .earmark(&format!(
            "{BASELINE} --run run --fold 1 --set folds.count=3 --set train.epochs=300 --set train.min-steps=500 \
             --set train.learning-rate=1e-2 --json"
        ))
        .done();
    assert_eq!(json(&ended.out)["warnings"], Value::Array(Vec::new()), "{ended}");
    let ended = lab.earmark("eval run --data tones").done();
    assert!(!ended.out.contains("caution"), "{ended}");
    assert!(ended.out.contains("accuracy             1.0000"), "{ended}");
    let runs = json(&lab.earmark("runs . --json").done().out);
    assert_eq!(runs[0]["warnings"], Value::Array(Vec::new()));
}
