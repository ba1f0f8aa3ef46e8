//! Trainings in phases: frozen variables, layer rates, the start from a recipe, and kills between phases.

use super::common::{Lab, tensors};
use super::train_killed::assert_same;

/// A head first, then all; then again from the best weights, with another optimiser and without mixing. The second phase may end early.
const PHASES: &str = r#"
extends = "tiny.toml"

[train]
batch-norm-warm-up = true
layer-rates = [{ prefix = "conv0", factor = 0.1 }]

[[train.phases]]
steps = 7
freeze = ["conv0", "dw", "pw"]
layer-rates = []

[[train.phases]]
epochs = 4
schedule = { kind = "triangular", peak-rate = 2e-2, half-cycle-epochs = 1 }
early-stop-patience = 2

[[train.phases]]
steps = 8
begin = "best"
mixing = false
learning-rate = 1e-3
optimizer = { kind = "sgd", momentum = 0.9 }
"#;

const TRAIN: &str = "train phases.toml --data tones --fold 1";

fn lab() -> Lab {
    let lab = Lab::new();
    lab.write("phases.toml", PHASES);
    lab
}

#[test]
fn phases_freeze_and_move_what_they_say() {
    let lab = lab();
    // Averages would hide what the raw weights do.
    let train = format!("{TRAIN} --set train.average-decay=0.0");
    lab.earmark(&format!("{train} --run whole")).done();
    let lines = lab.logged("whole");
    let steps: Vec<(u64, u64, f64)> = lines
        .iter()
        .filter(|l| l["loss"].is_number())
        .map(|l| {
            let rate = l["learning_rate"].as_f64().expect("a rate");
            (
                l["step"].as_u64().expect("a step"),
                l["phase"].as_u64().expect("a phase"),
                rate,
            )
        })
        .collect();
    let last = steps.last().expect("steps").0;
    let second = steps.iter().filter(|s| s.1 == 2).count() as u64;
    assert!(
        steps.iter().take(7).all(|s| s.1 == 1) && steps[7].1 == 2,
        "{steps:?}"
    );
    assert_eq!(last, 7 + second + 8, "{steps:?}");
    assert!(
        (steps[7].2 - 1e-2).abs() < 1e-9,
        "a triangle begins at the rate: {steps:?}"
    );
    // A phase's end is a checkpoint, and is validated.
    let at = |step: u64| tensors(&lab.path(&format!("whole/checkpoints/step-{step:08}.safetensors")));
    let (first, fifth) = (at(7), at(5));
    assert!(
        lines
            .iter()
            .any(|l| l["step"] == 7 && l["validation"].is_object())
    );
    let mut moved = 0;
    for (name, (_, values)) in &first {
        let frozen = ["conv0", "dw", "pw"].iter().any(|s| name.starts_with(s));
        // Statistics of what is frozen stay as well.
        assert_eq!(*values == fifth[name].1, frozen, "{name} between steps 5 and 7");
        moved += usize::from(!frozen);
    }
    assert_eq!(moved, 2, "logits alone learn");
    let end = at(7 + second);
    assert!(
        end.iter().all(|(name, (_, v))| *v != first[name].1),
        "all of it learns in phase 2"
    );
    let log = lab.read("whole/log.txt");
    assert!(
        log.contains("phase 1 of 3: learning rate 1e-2, frozen conv0, dw, pw"),
        "{log}"
    );
    assert!(log.contains("phase 3 of 3 begins: learning rate 1e-3, conv0 x 0.1, without mixing, from the best weights so far"), "{log}");
    let info = lab.earmark("runs whole --json").done();
    assert!(info.out.contains("finished"), "{info}");
}

/// `kill -9` in every phase and between them, each followed by a resumption.
#[test]
fn a_killed_training_in_phases_ends_as_one_that_was_not() {
    let lab = lab();
    lab.earmark(&format!("{TRAIN} --run whole")).done();
    let last = lab.logged("whole").last().expect("lines")["step"]
        .as_u64()
        .expect("a step");
    let states = lab
        .logged("whole")
        .iter()
        .filter(|l| l["validation"].is_object())
        .count();
    let mut points: Vec<String> = ["step:6", "step:7", "step:8"].map(String::from).into();
    points.extend([
        format!("step:{}", last - 8),
        format!("step:{}", last - 7),
        format!("step:{last}"),
    ]);
    // A checkpoint is written and its state is not; the second is the first phase's end.
    points.extend((2..=states).map(|n| format!("before-state:{n}")));
    for (k, point) in points.iter().enumerate() {
        let run = format!("run-{k}");
        lab.crash(&format!("{TRAIN} --run {run}"), point).killed();
        lab.earmark(&format!("{TRAIN} --run {run} --resume")).done();
        assert_same(&lab, "whole", &run, point);
    }
}

#[cfg(unix)]
#[test]
fn an_interruption_between_phases_is_resumed() {
    let lab = lab();
    lab.earmark(&format!("{TRAIN} --run whole")).done();
    for steps in [5, 7, 9, 14] {
        let run = format!("run-{steps}");
        let started = lab.start_and_wait(&format!("{TRAIN} --run {run}"), &run, steps);
        started.signal("INT");
        started.end();
        lab.earmark(&format!("{TRAIN} --run {run} --resume")).done();
        assert_same(&lab, "whole", &run, &format!("interrupted after {steps} lines"));
    }
}

/// Data of other classes, `low` and `high` under other names.
fn other_classes(lab: &Lab) {
    for (class, hz) in [("deep", 300.0), ("shrill", 2500.0)] {
        for k in 0..5 {
            lab.tone(
                &format!("other/{class}/{k}.wav"),
                hz * (1.0 + 0.03 * f64::from(k)),
            );
        }
    }
}

/// A recipe that starts with the weights of `runs/a`, and `more` keys of `[train.start]`.
fn start(more: &str) -> String {
    format!(
        "extends = \"tiny.toml\"\n[train]\nepochs = 1\nfreeze = [\"conv0\"]\naverage-decay = 0.0\n[train.start]\nfrom = \"runs/a\"\nstatistics = true\n{more}"
    )
}

#[test]
fn a_recipe_says_where_weights_start() {
    let lab = Lab::trained();
    other_classes(&lab);
    lab.write("start.toml", start(""));
    let plan = lab
        .earmark("train start.toml --data other --run new --dry-run")
        .done();
    assert!(
        plan.out
            .contains("variables start from runs/a, 54 moving statistics with them"),
        "{plan}"
    );
    assert!(
        plan.out
            .contains("logits.weight, logits.bias start fresh, because the classes differ"),
        "{plan}"
    );
    assert!(plan.out.contains("frozen conv0"), "{plan}");
    lab.earmark("train start.toml --data other --run new").done();
    let (source, new) = (
        tensors(&lab.path("runs/a/best.safetensors")),
        tensors(&lab.path("new/best.safetensors")),
    );
    for name in [
        "conv0.weight",
        "conv0.bn.mean",
        "conv0.bn.variance",
        "conv0.bn.gamma",
    ] {
        assert_eq!(new[name].1, source[name].1, "{name} is frozen at its start");
    }
    assert_ne!(new["pw1.bn.mean"].1, source["pw1.bn.mean"].1);
    // Classes that begin as others: after a step that moves nothing, rows are the others' means.
    lab.write(
        "map.toml",
        start("classes = { deep = [\"low\"], shrill = [\"high\", \"mid\"] }"),
    );
    let stay = "--set train.steps=1 --set train.learning-rate=1e-30 --set train.schedule={kind=\"constant\"} --set validation.split={kind=\"none\"}";
    lab.earmark(&format!("train map.toml --data other --run mapped {stay}"))
        .done();
    let mapped = tensors(&lab.path("mapped/best.safetensors"));
    let (rows, old) = (&mapped["logits.weight"].1, &source["logits.weight"].1);
    let width = old.len() / 3;
    for k in 0..width {
        let [high, low, mid] = [0, 1, 2].map(|c| old[c * width + k]);
        assert!((rows[k] - low).abs() < 1e-6 && (rows[width + k] - (high + mid) / 2.0).abs() < 1e-6);
    }
    let refused = |file: &str, more: &str| {
        lab.write("bad.toml", start(file));
        lab.earmark(&format!("train bad.toml --data other --run bad {more}"))
            .refused()
    };
    let message = refused("classes = { deep = [\"lo\"] }", "");
    assert!(
        message.contains("has no class \"lo\"; did you mean \"low\"?"),
        "{message}"
    );
    let message = refused("classes = { low = [\"low\"] }", "");
    assert!(message.contains("this data has no class \"low\""), "{message}");
    let message = refused("classes = { deep = [\"low\"] }\nexclude = [\"logits\"]", "");
    assert!(
        message.contains("leave out the classifier (logits.weight, logits.bias)"),
        "{message}"
    );
    let message = refused("", "--set train.freeze=[\"body\"]");
    assert!(
        message.contains("no variable's name begins with \"body\""),
        "{message}"
    );
    assert!(!lab.path("bad/run.json").exists());
    // The flag wins over the recipe.
    let ended = lab
        .earmark("train start.toml --data other --run flag --init-from runs/a@10")
        .done();
    assert!(
        lab.read("flag/log.txt").contains("start from runs/a@10"),
        "{ended}"
    );
}
