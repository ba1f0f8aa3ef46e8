//! Stacking: a meta-model trained per fold on the scores of base models, evaluated on its test fold, predicting new
//! clips.

use super::common::{Lab, Table, files, tensors};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// As small as the base models of [`Lab`], with everything random on.
pub const STACK: &str = r#"
name = "second"
[stack]
[network]
kind = "fc-net"
base = 4
reduction = 2
drop-prob = 0.2
[train]
seed = 3
epochs = 30
learning-rate = 1e-2
loss = { kind = "softmax-cross-entropy" }
schedule = { kind = "plateau", factor = 0.5, patience = 1 }
[batches]
size = 4
[validation]
split = { kind = "hold-out", fraction = 0.25 }
[checkpoints]
every-steps = 5
keep = { kind = "last", count = 2 }
"#;

/// Two base models of three folds.
fn lab() -> Lab {
    let lab = Lab::new();
    lab.write("second.toml", STACK);
    for (run, seed) in [("a", 7), ("b", 8)] {
        let command =
            format!("train tiny.toml --data tones --folds all --run runs/{run} --set train.seed={seed}");
        lab.earmark(&command).done();
    }
    lab
}

const TRAIN: &str = "stack runs/a runs/b --recipe second.toml";

fn split(lab: &Lab, run: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut clips = BTreeMap::<_, BTreeSet<_>>::new();
    for line in lab.read(&format!("{run}/split.csv")).lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        clips
            .entry(cells[2].to_owned())
            .or_default()
            .insert(cells[1].to_owned());
    }
    clips
}

/// What a meta-model must give for a row, by the definition of the network and a softmax.
fn by_hand(weights: &BTreeMap<String, (Vec<usize>, Vec<f32>)>, x: &[f64]) -> Vec<f64> {
    let dense = |name: &str, x: &[f64]| -> Vec<f64> {
        let (w, b) = (
            &weights[&format!("{name}.weight")].1,
            &weights[&format!("{name}.bias")].1,
        );
        let rows = w.chunks(x.len()).zip(b);
        let dot = |row: &[f32]| row.iter().zip(x).map(|(w, x)| f64::from(*w) * x).sum::<f64>();
        rows.map(|(row, b)| dot(row) + f64::from(*b)).collect()
    };
    let narrow: Vec<f64> = dense("scale.reduce", x).into_iter().map(|v| v.max(0.0)).collect();
    let scale = dense("scale.expand", &narrow)
        .into_iter()
        .map(|v| 1.0 / (1.0 + (-v).exp()));
    let mut x: Vec<f64> = x.iter().zip(scale).map(|(x, s)| x * s).collect();
    for name in ["dense1", "dense2"] {
        let slope = f64::from(weights[&format!("{name}.prelu")].1[0]);
        x = dense(name, &x)
            .into_iter()
            .map(|v| if v < 0.0 { slope * v } else { v })
            .collect();
    }
    let e: Vec<f64> = dense("logits", &x).into_iter().map(f64::exp).collect();
    let sum: f64 = e.iter().sum();
    e.into_iter().map(|v| v / sum).collect()
}

#[test]
fn a_meta_model_trains_evaluates_and_predicts() {
    let lab = lab();
    let ended = lab.earmark(&format!("{TRAIN} --run runs/stack")).done();
    assert!(
        ended.out.contains("pooled") && ended.out.ends_with("run: runs/stack\n"),
        "{ended}"
    );

    // No clip is evaluated by a network that was trained on it, and each is evaluated once, in the base models' fold.
    let mut evaluated = BTreeSet::new();
    for fold in 1..=3 {
        let (own, first) = (
            split(&lab, &format!("runs/stack/fold-{fold}")),
            split(&lab, &format!("runs/a/fold-{fold}")),
        );
        assert_eq!(own["judged"], first["judged"]);
        assert!(own["judged"].is_disjoint(&own["train"]) && own["judged"].is_disjoint(&own["validation"]));
        assert!(own["train"].is_disjoint(&own["validation"]));
        assert_eq!(
            own["judged"].len() + own["train"].len() + own["validation"].len(),
            18
        );
        evaluated.extend(own["judged"].clone());
    }
    assert_eq!(evaluated.len(), 18);

    // The scores of the clips themselves: each by its fold's network, on the mean of each input's out-of-fold scores.
    let oof = |run: &str| {
        lab.earmark(&format!("predict runs/{run} --out-of-fold -o {run}.csv"))
            .done();
        Table::parse(&lab.read(&format!("{run}.csv")))
    };
    let (a, b, stack) = (oof("a"), oof("b"), oof("stack"));
    for fold in 1..=3 {
        let run = format!("runs/stack/fold-{fold}");
        let weights = tensors(&lab.path(&format!("{run}/best.safetensors")));
        for file in &split(&lab, &run)["judged"] {
            let wanted = by_hand(&weights, &[a.row(file), b.row(file)].concat());
            for (got, wanted) in stack.row(file).iter().zip(wanted) {
                assert!((got - wanted).abs() < 1e-5, "{file}: {got} instead of {wanted}");
            }
        }
    }
    let pooled: Value = serde_json::from_str(&lab.read("runs/stack/folds.json")).expect("JSON");
    let hits = stack.rows.iter().filter(|(file, row)| {
        let best = (0..3)
            .max_by(|i, j| row[*i].total_cmp(&row[*j]))
            .expect("a class");
        file.starts_with(&format!("{}/", stack.classes[best]))
    });
    let accuracy = pooled["pooled"]["accuracy"].as_f64().expect("a number");
    assert!((accuracy - hits.count() as f64 / 18.0).abs() < 1e-9);

    // New clips: each input is the geometric mean of its folds, and so is what its folds' networks make of them.
    let new = "--files tones/high/1.wav tones/low/2.wav";
    let predicted = |models: &str| {
        lab.earmark(&format!("predict {models} {new} -o new.csv")).done();
        Table::parse(&lab.read("new.csv"))
    };
    let (a, b) = (predicted("runs/a"), predicted("runs/b"));
    let one = predicted("runs/stack/fold-2");
    let weights = tensors(&lab.path("runs/stack/fold-2/best.safetensors"));
    for (file, row) in &one.rows {
        for (got, wanted) in row
            .iter()
            .zip(by_hand(&weights, &[a.row(file), b.row(file)].concat()))
        {
            assert!((got - wanted).abs() < 1e-5, "{file}: {got} instead of {wanted}");
        }
    }
    let both = predicted("runs/a runs/b runs/stack");
    let stack = predicted("runs/stack");
    for (file, row) in &both.rows {
        for (k, got) in row.iter().enumerate() {
            let wanted = (a.row(file)[k] * b.row(file)[k] * stack.row(file)[k]).cbrt();
            assert!((got - wanted).abs() < 1e-5, "{file}: {got} instead of {wanted}");
        }
    }

    // Found again where all of it has been moved to.
    std::fs::rename(lab.path("runs"), lab.path("moved")).expect("a folder to move");
    assert_eq!(predicted("moved/stack").rows, stack.rows);
    // It is a run like any other for `runs` and `eval`.
    let list = lab.earmark("runs moved").done().out;
    assert!(list.contains("stack") && list.contains("second"), "{list}");
    let again = lab.earmark("eval moved/stack/fold-1 --data tones").done();
    assert!(again.out.contains("2 checkpoints evaluated"), "{again}");
    assert!(again.err.contains("step 60: "), "{again}");
}

#[test]
fn a_killed_stacking_ends_with_the_same_bytes() {
    let lab = lab();
    lab.earmark(&format!("{TRAIN} --run runs/whole")).done();
    // In the second fold, in the midst of its steps.
    let steps = lab
        .read("runs/whole/fold-1/metrics.jsonl")
        .lines()
        .filter(|l| l.contains("loss"))
        .count();
    lab.crash(
        &format!("{TRAIN} --run runs/killed"),
        &format!("step:{}", steps + 7),
    )
    .killed();
    assert!(!lab.path("runs/killed/folds.json").exists());
    let refused = lab
        .earmark(&format!(
            "{TRAIN} --run runs/killed --resume -q --set train.seed=4"
        ))
        .refused();
    assert!(refused.contains("cannot resume: the recipe"), "{refused}");
    lab.earmark(&format!("{TRAIN} --run runs/killed --resume")).done();
    let bytes = |run: &str| -> BTreeMap<String, Vec<u8>> {
        let mut found = files(&lab.path(run));
        found.retain(|name, _| !name.ends_with("log.txt") && !name.ends_with("run.json"));
        found
    };
    let (whole, killed) = (bytes("runs/whole"), bytes("runs/killed"));
    assert_eq!(
        whole.keys().collect::<Vec<_>>(),
        killed.keys().collect::<Vec<_>>()
    );
    for (name, content) in &whole {
        assert!(*content == killed[name], "{name} differs");
    }
}

#[test]
fn a_search_is_resumed_and_estimates_its_own_score() {
    let lab = lab();
    let search = |more: &str| {
        format!(
            "{TRAIN} --run runs/search --set train.epochs=8 --range network.base=2..6 \
             --range train.learning-rate=1e-3..3e-2:log {more}"
        )
    };
    lab.earmark(&search("--random 2")).done();
    let first = lab.bytes("runs/search/trial-001/fold-1/best.safetensors");
    let ended = lab.earmark(&search("--random 3 --resume --json")).done();
    let result: Value = serde_json::from_str(&ended.out).expect("JSON");
    assert_eq!(first, lab.bytes("runs/search/trial-001/fold-1/best.safetensors"));
    let trials = result["trials"].as_array().expect("a list");
    assert_eq!(trials.len(), 3);
    let score = |t: &Value| t["score"].as_f64().expect("a score");
    let best = trials
        .iter()
        .max_by(|a, b| score(a).total_cmp(&score(b)))
        .expect("a best one");
    assert_eq!(
        score(best),
        trials
            .iter()
            .filter(|t| t["folder"] == result["best"])
            .map(score)
            .next()
            .unwrap()
    );
    // The best recipe is one to train with, and gives what the trial gave.
    let best = result["best"].as_str().expect("a folder");
    lab.earmark("stack runs/a runs/b --recipe runs/search/best.toml --run runs/best")
        .done();
    assert_eq!(
        lab.bytes("runs/best/fold-2/best.safetensors"),
        lab.bytes(&format!("runs/search/{best}/fold-2/best.safetensors"))
    );
    // The estimate of the search: each fold by the trial that its own validation chose.
    for chosen in result["nested"]["chosen"].as_array().expect("a list") {
        let (fold, number) = (
            chosen[0].as_u64().expect("a fold"),
            chosen[1].as_u64().expect("a trial"),
        );
        let of = |t: &Value| t["scores"][fold as usize - 1].as_f64().expect("a score");
        let top = trials.iter().map(of).fold(0.0, f64::max);
        assert_eq!(of(&trials[number as usize - 1]), top);
    }
    assert!(result["nested"]["judged"].is_number());
    let refused = lab.earmark(&search("--random 3 --resume --seed 1 -q")).refused();
    assert!(
        refused.contains("resume a search with its own search space and seed"),
        "{refused}"
    );
}

#[test]
fn what_cannot_be_stacked_is_refused() {
    let lab = lab();
    let refused = |arguments: &str| lab.earmark(arguments).refused();
    assert!(refused("stack runs/a/fold-1 --recipe second.toml --run x").contains("has no folds"));
    assert!(refused("stack runs/a --recipe tiny.toml --run x").contains("not a stacking recipe"));
    assert!(refused("train second.toml --data tones --run x").contains("train it with `earmark stack`"));
    lab.earmark("train tiny.toml --data tones --folds all --run runs/c --set folds.seed=5")
        .done();
    let other = refused("stack runs/a runs/c --recipe second.toml --run x -q");
    assert!(
        other.contains("its folds differ from those of the first input"),
        "{other}"
    );
    lab.earmark(&format!("{TRAIN} --run runs/stack")).done();
    assert!(refused("stack runs/stack --recipe second.toml --run y -q").contains("is a stacked run itself"));
    assert!(
        refused("eval runs/stack/fold-1 --data tones --fold 2").contains("evaluated on its test fold only")
    );
}

/// A bundle holds the base models of a meta-model, once, and needs nothing of where it was packed.
#[cfg(unix)]
#[test]
fn a_bundle_of_base_models_and_meta_model() {
    let lab = lab();
    lab.earmark(&format!("{TRAIN} --run runs/s")).done();
    lab.earmark("bundle runs/a runs/s -o b").done();
    let names: Vec<String> = files(&lab.path("b/models")).into_keys().collect();
    let count = |start: &str| {
        names
            .iter()
            .filter(|n| n.starts_with(start) && n.ends_with(".safetensors"))
            .count()
    };
    // Three folds of each: of the base model by itself, of the meta-model, and of the two runs that are its inputs.
    let asked = [count("asked-01/"), count("asked-02/"), count("asked-03/")];
    assert_eq!((count("0"), asked), (6, [3, 3, 0]), "{names:?}");
    lab.tone("new/1.wav", 320.0);
    lab.tone("new/2.wav", 2600.0);
    lab.earmark("predict runs/a runs/s --data new --layout folders --format kaggle2019 -o wanted.csv")
        .done();
    std::fs::rename(lab.path("runs"), lab.path("gone")).expect("a folder to move");
    let script = std::process::Command::new("sh")
        .args(["b/predict.sh", "new", "out.csv"])
        .current_dir(lab.path(""))
        .env("EARMARK_CACHE", lab.path("cache"))
        .env_remove("EARMARK_DATA")
        .output()
        .expect("a shell");
    assert!(
        script.status.success(),
        "{}",
        String::from_utf8_lossy(&script.stderr)
    );
    assert_eq!(lab.read("out.csv"), lab.read("wanted.csv"));
    // A meta-model scores whole clips only.
    let message = lab.earmark("listen --model gone/s --input new/1.wav").refused();
    assert!(
        message.contains("is a stacked model, whose inputs are the scores of other models on whole clips"),
        "{message}"
    );
}

/// Trials that were dealt out to tasks of their own make the search of one process, with its nested score.
#[test]
fn shards_of_a_search_are_summed_up() {
    let lab = lab();
    let search =
        |run: &str| format!("{TRAIN} --run {run} --random 3 --range train.learning-rate=1e-3..1e-2:log");
    lab.earmark(&search("whole")).done();
    for k in [2, 1] {
        lab.earmark(&format!("{} --shard {k}/2", search("parts"))).done();
    }
    assert!(!lab.path("parts/trials.json").exists());
    let ended = lab.earmark(&format!("{} --resume", search("parts"))).done();
    assert_eq!(ended.err.matches("has already ended").count(), 3, "{ended}");
    for file in ["trials.json", "best.toml"] {
        let (whole, parts) = (format!("whole/{file}"), format!("parts/{file}"));
        assert_eq!(lab.read(&whole), lab.read(&parts), "{file}");
    }
    let refused = lab.earmark(&format!("{TRAIN} --run one --shard 1/2")).refused();
    assert!(refused.contains("add --random N"), "{refused}");
}
