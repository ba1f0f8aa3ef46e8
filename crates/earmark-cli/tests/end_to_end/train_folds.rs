//! Every fold in turn: results, interruptions, kills, and what other commands make of a cross-validation run.

use super::common::{Lab, Table, files};
use super::train_killed::lasting;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const TRAIN: &str = "train tiny.toml --data tones --folds all";

/// What lasts of a cross-validation run: of each fold, and `folds.json`.
fn lasting_of_folds(lab: &Lab, run: &str) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for (name, bytes) in files(&lab.path(run)) {
        if !name.contains('/') && name != ".lock" {
            found.insert(name, bytes);
        }
    }
    for fold in 1..=3 {
        let of_fold = lasting(&lab.path(run).join(format!("fold-{fold}")));
        found.extend(
            of_fold
                .into_iter()
                .map(|(name, bytes)| (format!("fold-{fold}/{name}"), bytes)),
        );
    }
    found
}

#[track_caller]
fn assert_same_folds(lab: &Lab, wanted: &str, got: &str) {
    let (wanted, got) = (lasting_of_folds(lab, wanted), lasting_of_folds(lab, got));
    assert_eq!(wanted.keys().collect::<Vec<_>>(), got.keys().collect::<Vec<_>>());
    for (name, bytes) in &wanted {
        assert!(got[name] == *bytes, "{name} differs");
    }
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

fn close(a: &Value, b: f64) {
    let a = a.as_f64().expect("a number");
    assert!((a - b).abs() < 1e-12, "{a} instead of {b}");
}

/// A fold of a cross-validation run is what a single run with `--fold` is, and `folds.json` sums up the evaluations.
#[test]
fn a_cross_validation_run_is_its_folds() {
    let lab = Lab::new();
    let result = json(&lab.earmark(&format!("{TRAIN} --run cv --json")).done().out);
    lab.earmark("train tiny.toml --data tones --run single --fold 2")
        .done();
    let (mut of_fold, single) = (lasting(&lab.path("cv/fold-2")), lasting(&lab.path("single")));
    of_fold.retain(|name, _| !name.starts_with("eval/"));
    assert!(of_fold == single, "a fold of the run and a run of that fold");

    let mut report = json(&lab.read("cv/folds.json"));
    let checksum = report.as_object_mut().expect("an object").remove("checksum");
    assert!(checksum.is_some(), "{report}");
    assert_eq!((&result["report"], &result["folds"]), (&report, &json("[1,2,3]")));
    let (mut lwlraps, mut pooled, mut seen) = (vec![], vec![], BTreeSet::new());
    for fold in 1..=3 {
        let line = &report["folds"][fold - 1];
        assert_eq!(line["fold"], fold);
        let step = line["step"].as_u64().expect("a step");
        let metrics = json(&lab.read(&format!("cv/fold-{fold}/eval/eval-{step}.json")));
        assert_eq!(line["metrics"]["lwlrap"], metrics["lwlrap"]);
        lwlraps.push(metrics["lwlrap"].as_f64().expect("a number"));
        let table = Table::parse(&lab.read(&format!("cv/fold-{fold}/eval/scores-{step}.csv")));
        for (file, scores) in table.rows {
            assert!(seen.insert(file.clone()), "{file} is evaluated once");
            let label = table
                .classes
                .iter()
                .position(|c| file.starts_with(&format!("{c}/")))
                .expect("a class");
            let rank = scores.iter().filter(|s| **s >= scores[label]).count();
            pooled.push(1.0 / rank as f64);
        }
    }
    assert_eq!(seen.len(), 18);
    let mean = lwlraps.iter().sum::<f64>() / 3.0;
    let deviation = (lwlraps.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 2.0).sqrt();
    close(&report["metrics"]["lwlrap"]["mean"], mean);
    close(&report["metrics"]["lwlrap"]["deviation"], deviation);
    close(
        &report["pooled"]["lwlrap"],
        pooled.iter().sum::<f64>() / pooled.len() as f64,
    );

    // What is done is passed over, and the table says the same.
    let again = lab.earmark(&format!("{TRAIN} --run cv --resume")).done();
    assert_eq!(again.err.matches("is trained already").count(), 3, "{again}");
    assert!(
        again.out.contains("deviation") && again.out.contains("pooled"),
        "{again}"
    );
    let mut now = json(&lab.read("cv/folds.json"));
    now.as_object_mut().expect("an object").remove("checksum");
    assert_eq!(now, report);
}

/// Killed at several moments, a cross-validation ends as one that was not: between folds, within one, and while it is evaluated.
#[test]
fn a_killed_cross_validation_is_resumed() {
    let lab = Lab::new();
    lab.earmark(&format!("{TRAIN} --run whole")).done();
    // Counts the files that are written, up to the first number that is not reached.
    let reached = |n: usize| {
        lab.crash(&format!("{TRAIN} --run count-{n}"), &format!("written:{n}"))
            .code
            .is_none()
    };
    let last = (60..).find(|n| !reached(n + 1)).expect("an end");
    // In the first fold, the second and the third, around the end of the second, and in the very last file, folds.json.
    let points = [
        "step:17".to_owned(),
        format!("written:{}", last / 2),
        "before-state:9".to_owned(),
        format!("written:{}", 2 * last / 3),
        format!("write-half:{}", 2 * last / 3 + 1),
        "step:88".to_owned(),
        format!("written:{last}"),
    ];
    for (k, point) in points.into_iter().enumerate() {
        let run = format!("cv-{k}");
        lab.crash(&format!("{TRAIN} --run {run}"), &point).killed();
        assert!(!lab.path(&run).join("folds.json").exists());
        lab.earmark(&format!("{TRAIN} --run {run} --resume")).done();
        assert_same_folds(&lab, "whole", &run);
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_cross_validation_says_how_to_resume() {
    let lab = Lab::new();
    lab.earmark(&format!("{TRAIN} --run whole")).done();
    let started = lab.start_and_wait(&format!("{TRAIN} --run cv"), "cv/fold-2", 9);
    started.signal("INT");
    let ended = started.end().exit(130);
    let message = format!("interrupted; resume with: earmark {TRAIN} --run cv --resume");
    assert!(ended.err.contains(&message), "{ended}");
    let ended = lab.earmark(&format!("{TRAIN} --run cv --resume")).done();
    assert!(ended.err.contains("fold 1 is trained already"), "{ended}");
    assert_same_folds(&lab, "whole", "cv");
}

/// `eval`, `runs` and `predict` know cross-validation runs: each fold evaluated on its own clips, a line for all of them, their blend.
#[test]
fn other_commands_know_cross_validation_runs() {
    let lab = Lab::new();
    lab.earmark(&format!("{TRAIN} --run runs/cv")).done();
    let result = json(
        &lab.earmark("eval runs/cv --data tones --every 6 --json")
            .done()
            .out,
    );
    for fold in ["1", "2", "3"] {
        // The last of six checkpoints, unless it is the best, which is evaluated already.
        let of_fold = &result["folds"][fold];
        let now = of_fold["judged"].as_object().expect("an object").len();
        assert!(now <= 1, "{of_fold}");
        let used = of_fold["used"]["step"].clone();
        assert_eq!(of_fold["judged_before"].as_array(), Some(&vec![used]));
    }
    let message = lab.earmark("eval runs/cv --data tones --fold 2").refused();
    assert_eq!(
        message,
        "--fold: runs/cv holds one run per fold; evaluate one of them: earmark eval runs/cv/fold-2 --data tones"
    );

    let report = json(&lab.read("runs/cv/folds.json"));
    let few = lab.earmark("runs runs --json").done();
    assert_eq!(
        json(&few.out).as_array().map(Vec::len),
        Some(1),
        "the folds are summed up"
    );
    assert!(
        few.err
            .contains("3 folds and trials are not listed; --all lists them"),
        "{few}"
    );
    let runs = json(&lab.earmark("runs runs --json --all").done().out);
    let find = |name: &str| {
        runs.as_array()
            .expect("a list")
            .iter()
            .find(|r| r["name"] == name)
            .unwrap_or_else(|| panic!("no {name}"))
    };
    assert_eq!(find("cv")["folds"]["count"], 3);
    assert_eq!(find("cv")["judged"]["best"]["lwlrap"], report["pooled"]["lwlrap"]);
    assert_eq!(find("cv/fold-3")["fold"], 3);
    let text = lab.earmark("runs runs").done();
    assert!(text.out.contains("all clips of 3 folds, mean lwlrap"), "{text}");
    let line = text
        .out
        .lines()
        .find(|line| line.contains("all clips of 3 folds"));
    assert!(!line.expect("a line").contains("evaluated checkpoints"), "{text}");

    let files = "tones/high/1.wav tones/low/2.wav";
    lab.earmark(&format!("predict runs/cv -o cv.csv --files {files}"))
        .done();
    let one_by_one = "runs/cv/fold-1 runs/cv/fold-2 runs/cv/fold-3";
    let page = lab.earmark("report runs/cv").done();
    assert_eq!(page.out, "runs/cv/report.html\n");
    let whole = lab.earmark("models info runs/cv").refused();
    assert_eq!(
        whole,
        "runs/cv: a cross-validation run, which holds a run per fold; give one of them, such as runs/cv/fold-1"
    );
    lab.earmark(&format!("predict {one_by_one} -o each.csv --files {files}"))
        .done();
    assert_eq!(lab.read("cv.csv"), lab.read("each.csv"));
    let single: Vec<Table> = (1..=3)
        .map(|k| {
            lab.earmark(&format!("predict runs/cv/fold-{k} -o one.csv --files {files}"))
                .done();
            Table::parse(&lab.read("one.csv"))
        })
        .collect();
    for (file, scores) in Table::parse(&lab.read("cv.csv")).rows {
        for (class, score) in scores.iter().enumerate() {
            let product: f64 = single.iter().map(|t| t.row(&file)[class]).product();
            assert!(
                (score - product.cbrt()).abs() < 1e-6,
                "{file}: the geometric mean"
            );
        }
    }
}

#[test]
fn impossible_cross_validations_are_refused() {
    let lab = Lab::trained();
    let refused = |arguments: &str| lab.earmark(arguments).refused();
    assert_eq!(
        refused("train tiny.toml --data tones --folds 1,9 --run cv"),
        "--folds: there is no fold 9; there are 1, 2, 3"
    );
    assert_eq!(
        refused(&format!("{TRAIN} --run runs/a")),
        "runs/a: holds a single run; choose another folder for --folds with --run"
    );
    lab.earmark("train tiny.toml --data tones --folds 1,2 --run cv")
        .done();
    assert_eq!(
        refused(&format!("{TRAIN} --run cv")),
        "cv: is not empty; resume its run with --resume, or choose another folder with --run"
    );
    let message = refused(&format!(
        "{TRAIN} --run cv --resume --set train.learning-rate=1e-3"
    ));
    assert!(
        message.starts_with("cv/fold-1: cannot resume: the recipe has changed"),
        "{message}"
    );
    let ended = lab
        .earmark("train tiny.toml --data tones --run b --folds folds.csv")
        .exit(1);
    assert!(
        ended.err.contains("(give a table of folds with --fold-table)"),
        "{ended}"
    );
    // Folds may be added.
    lab.earmark(&format!("{TRAIN} --run cv --resume")).done();
    assert_eq!(
        json(&lab.read("cv/folds.json"))["folds"].as_array().map(Vec::len),
        Some(3)
    );
    let plan = json(&lab.earmark(&format!("{TRAIN} --dry-run --json")).done().out);
    assert_eq!(plan["folds"], json("[1,2,3]"));
}

/// With subsets, only the clips of `folds.subsets` are split; the others are trained on in every fold. A loss by subset tells them
/// apart.
#[test]
fn noisy_clips_are_trained_on_in_every_fold() {
    let lab = Lab::new();
    let mut table = String::from("file,label,part\n");
    for (class, _) in super::common::CLASSES {
        for k in 0..6 {
            let subset = if k < 2 { "noisy" } else { "curated" };
            table.push_str(&format!("{class}/{k}.wav,{class},{subset}\n"));
        }
    }
    lab.write("tones/table.csv", table);
    let settings = "--set data={layout=\"csv\",table=\"table.csv\",subsets=[\"curated\",\"noisy\"]} --set folds={count=2,subsets=[\"curated\"],stratify=\"none\"}";
    let loss = "--set train.loss={kind=\"by-subset\",curated={kind=\"sigmoid-cross-entropy\"},noisy={kind=\"soft-bootstrap\"},noisy-weight=0.5}";
    let train = format!("train tiny.toml --data tones --folds all {settings} {loss}");
    let message = lab.earmark(&format!("{train} --run none")).refused();
    assert!(message.contains("train.noisy-subsets"), "{message}");
    let ended = lab
        .earmark(&format!(
            "{train} --run none --set train.noisy-subsets=[\"nosy\"]"
        ))
        .exit(1);
    let message =
        "error: train.noisy-subsets: no training clip is in the subset \"nosy\"; there are curated, noisy";
    assert!(ended.err.contains(message), "{ended}");
    lab.earmark(&format!("{train} --run cv --set train.noisy-subsets=[\"noisy\"]"))
        .done();
    let report = json(&lab.read("cv/folds.json"));
    assert_eq!(report["pooled"]["clips"], 12);
    for fold in 1..=2 {
        let split = lab.read(&format!("cv/fold-{fold}/split.csv"));
        assert_eq!(split.lines().filter(|l| l.ends_with(",judged")).count(), 6);
        assert!(
            split
                .lines()
                .all(|l| !l.starts_with("noisy,") || !l.ends_with(",judged"))
        );
    }
    // The weight of the noisy subset changes the result, and so the flags arrive.
    let other = loss.replace("noisy-weight=0.5", "noisy-weight=0");
    let train = format!("train tiny.toml --data tones --folds 1 {settings} {other}");
    lab.earmark(&format!(
        "{train} --run other --set train.noisy-subsets=[\"noisy\"]"
    ))
    .done();
    assert_ne!(
        lab.bytes("cv/fold-1/best.safetensors"),
        lab.bytes("other/fold-1/best.safetensors")
    );
}

/// Folds that were trained by tasks of their own, one of which was killed, are summed up to the same bytes.
#[test]
fn shards_of_folds_are_summed_up() {
    let lab = Lab::new();
    lab.earmark(&format!("{TRAIN} --run whole")).done();
    let shard = |k: u32| format!("{TRAIN} --run cv --shard {k}/2");
    lab.crash(&shard(1), "step:17").killed();
    let result = json(&lab.earmark(&format!("{} --json", shard(2))).done().out);
    assert_eq!(
        (&result["folds"], &result["shard"]),
        (&json("[2]"), &json("[2,2]"))
    );
    assert_eq!(
        (&result["report"], &result["interrupted"]),
        (&Value::Null, &json("false"))
    );
    let ended = lab.earmark(&shard(1)).done();
    let sum_up = format!("{TRAIN} --run cv --resume");
    let message = format!("shard 1/2: 2 folds done; when all shards are, sum up with: earmark {sum_up}");
    assert!(ended.out.contains(&message), "{ended}");
    assert!(!lab.path("cv/folds.json").exists() && !lab.path("cv/.lock").exists());
    let ended = lab.earmark(&sum_up).done();
    assert_eq!(ended.err.matches("is trained already").count(), 3, "{ended}");
    assert_same_folds(&lab, "whole", "cv");
    // There may be more shards than folds.
    let ended = lab.earmark(&format!("{TRAIN} --run cv --shard 4/4")).done();
    assert!(ended.out.contains("shard 4/4: 0 folds done"), "{ended}");
    let refused = lab
        .earmark("train tiny.toml --data tones --run cv --fold 1 --shard 1/2")
        .refused();
    assert!(refused.contains("add --folds all"), "{refused}");
}
