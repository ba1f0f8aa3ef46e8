//! Evaluating a run's checkpoints, each once, and scoring a score table.

use super::common::{Lab, Table, files};
use std::collections::BTreeSet;

fn evaluated(json: &str) -> BTreeSet<u64> {
    let value: serde_json::Value = serde_json::from_str(json).unwrap_or_else(|e| panic!("{e}: {json}"));
    value["judged"]
        .as_object()
        .expect("an object")
        .keys()
        .map(|k| k.parse().expect("a step"))
        .collect()
}

#[test]
fn every_checkpoint_is_evaluated_once() {
    let lab = Lab::trained();
    let ended = lab.earmark("eval runs/a --data tones --every 4 --json").done();
    let found: serde_json::Value = serde_json::from_str(&ended.out).expect("JSON");
    let used = found["used"]["step"].as_u64().expect("a step");
    let first = evaluated(&ended.out);
    assert_eq!(
        first,
        BTreeSet::from([20, 30, used]),
        "every 4th of 6, the last, and that of the model"
    );
    let (before, left) = (first.len(), 6 - first.len());
    let ended = lab.earmark("eval runs/a --data tones").done();
    // The model that is used was evaluated before, and is shown all the same.
    let head = format!("step {used}\nthe best by validation lwlrap; `predict` and `tag` use it\nlwlrap ");
    assert!(ended.out.starts_with(&head), "{ended}");
    let fresh = lab.earmark("eval runs/a --data tones --eval-dir other").done();
    let table = |out: &str| out.rsplit_once("\n\n").expect("a table").0.to_owned();
    assert_eq!(table(&ended.out), table(&fresh.out));
    assert!(
        ended.out.ends_with(&format!(
            "{left} checkpoints evaluated ({before} evaluated before); results in runs/a/eval\n"
        )),
        "{ended}"
    );
    let names: Vec<String> = files(&lab.path("runs/a/eval")).into_keys().collect();
    for step in [5, 10, 15, 20, 25, 30] {
        for name in [
            format!("eval-{step}.txt"),
            format!("eval-{step}.json"),
            format!("scores-{step}.csv"),
        ] {
            assert!(names.contains(&name), "{name} is not among {names:?}");
        }
    }
    assert!(names.iter().all(|n| !n.starts_with("claim-")), "{names:?}");
    let before = files(&lab.path("runs/a/eval"));
    let ended = lab.earmark("eval runs/a --data tones").done();
    assert_eq!(
        ended.out,
        "0 checkpoints evaluated (6 evaluated before); results in runs/a/eval\n"
    );
    assert_eq!(files(&lab.path("runs/a/eval")), before);
}

#[test]
fn two_evaluators_at_once_share_the_work() {
    let lab = Lab::new();
    // Forty checkpoints, so that the two are at work at the same time.
    lab.earmark(
        "train tiny.toml --data tones --run run --fold 1 --set train.epochs=8 \
         --set checkpoints.every-steps=1",
    )
    .done();
    let evaluators = ["eval run --data tones --json"; 3].map(|arguments| lab.start(arguments));
    let shares = evaluators.map(|e| evaluated(&e.end().done().out));
    let all: BTreeSet<u64> = shares.iter().flatten().copied().collect();
    assert_eq!(all, (1..=40).collect(), "all are evaluated");
    assert_eq!(
        shares.iter().map(BTreeSet::len).sum::<usize>(),
        40,
        "none twice: {shares:?}"
    );
    let names = files(&lab.path("run/eval"));
    assert_eq!(
        names
            .keys()
            .filter(|n| n.starts_with("eval-") && n.ends_with(".txt"))
            .count(),
        40
    );
    assert!(
        names
            .keys()
            .all(|n| !n.starts_with("claim-") && !n.contains(".tmp-")),
        "{:?}",
        names.keys()
    );
}

/// `eval` gives what `predict` and `score` give on the same clips.
#[test]
fn eval_predict_and_score_agree() {
    let lab = Lab::trained();
    lab.earmark("eval runs/a --data tones").done();
    lab.earmark("predict runs/a@15 --data tones -o all.csv").done();
    let (kept, all) = (
        Table::parse(&lab.read("runs/a/eval/scores-15.csv")),
        Table::parse(&lab.read("all.csv")),
    );
    assert_eq!(kept.rows.len(), 6, "a third of 18");
    let mut truth = String::from("fname,labels\n");
    for (file, scores) in &kept.rows {
        let worst = scores
            .iter()
            .zip(all.row(file))
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f64::max);
        assert!(worst < 1e-6, "{file} differs by {worst}");
        truth.push_str(&format!(
            "{file},{}\n",
            file.split('/').next().unwrap_or_default()
        ));
    }
    lab.write("truth.csv", truth);
    let ended = lab
        .earmark("score --truth truth.csv --scores runs/a/eval/scores-15.csv --json")
        .done();
    let score: serde_json::Value = serde_json::from_str(&ended.out).expect("JSON");
    let mut eval: serde_json::Value =
        serde_json::from_str(&lab.read("runs/a/eval/eval-15.json")).expect("JSON");
    // What an evaluation warns of and checksums are not numbers of its scores.
    for key in ["warnings", "checksum", "scores_checksum", "clips_checksum"] {
        eval.as_object_mut().expect("an object").remove(key);
    }
    assert_eq!(score, eval);
    // The keys that scripts rely on.
    for key in ["lwlrap", "map@3", "mAP", "auc", "accuracy", "clips"] {
        assert!(score[key].is_number(), "{key} is missing: {score}");
    }
    for class in ["high", "low", "mid"] {
        for key in ["lwlrap", "ap", "auc", "count"] {
            assert!(
                score["per_class"][class][key].is_number(),
                "{class}.{key} is missing: {score}"
            );
        }
    }
    // By definition, where each clip has one label: the mean of 1 / rank of it.
    let mut sum = 0.0;
    for (file, scores) in &kept.rows {
        let class = kept
            .classes
            .iter()
            .position(|c| file.starts_with(c.as_str()))
            .expect("a class");
        sum += 1.0 / scores.iter().filter(|s| **s >= scores[class]).count() as f64;
    }
    let lwlrap = score["lwlrap"].as_f64().expect("a number");
    assert!(
        (lwlrap - sum / 6.0).abs() < 1e-12,
        "{lwlrap} against {}",
        sum / 6.0
    );
}

/// If the test fold drives the training, its scores say so; those on other clips do not.
#[test]
fn scores_of_clips_that_drove_the_training_are_marked_optimistic() {
    let lab = Lab::new();
    let ended = lab
        .earmark(
            "train tiny.toml --data tones --run run --fold 1 --set validation.split={kind=\"test-fold\"}",
        )
        .done();
    assert!(ended.err.contains("its scores there are optimistic"), "{ended}");
    let ended = lab.earmark("eval run --data tones").done();
    let mark =
        "OPTIMISTIC: the model was chosen by 6 of the 6 clips evaluated (validation.split = test-fold); ";
    assert!(
        lab.read("run/eval/eval-30.txt")
            .starts_with(&format!("# tiny: 6 clips of fold 1\n# {mark}"))
    );
    assert!(ended.out.contains(&format!("\n{mark}")), "{ended}");
    let json: serde_json::Value = serde_json::from_str(&lab.read("run/eval/eval-30.json")).expect("JSON");
    assert_eq!(json["optimistic"]["chosen_by"], 6);
    assert!(
        json["optimistic"]["note"]
            .as_str()
            .expect("a note")
            .starts_with(mark)
    );
    let page = lab.earmark("report run --data tones").done();
    assert!(
        lab.read(page.out.trim())
            .contains("OPTIMISTIC: the test clips also drove this training")
    );
    lab.tone("other/test/low/0.wav", 290.0);
    lab.tone("other/train/low/0.wav", 290.0);
    lab.earmark("eval run --data other --subset test --eval-dir other-eval")
        .done();
    let heading = lab.read("other-eval/eval-30.txt");
    assert!(
        heading.starts_with("# tiny: 1 clip of the subset test\n") && !heading.contains("OPTIMISTIC"),
        "{heading}"
    );
    let ended = lab.earmark("runs .").done();
    assert!(
        ended
            .out
            .contains("OPTIMISTIC: the model was chosen by 6 of the 6 clips"),
        "{ended}"
    );
    let runs: serde_json::Value =
        serde_json::from_str(&lab.earmark("runs . --json").done().out).expect("JSON");
    assert_eq!(runs[0]["optimistic"], true);
    assert_eq!(runs[0]["judged"]["best"]["optimistic"]["clips"], 6);
    // Class by class, and in the page that compares.
    lab.earmark("train tiny.toml --data tones --run honest --fold 1")
        .done();
    lab.earmark("eval honest --data tones").done();
    let compared = lab.earmark("runs --compare honest run --json").done();
    let compared: serde_json::Value = serde_json::from_str(&compared.out).expect("JSON");
    assert_eq!(compared["notes"].as_array().map(Vec::len), Some(1), "{compared}");
    assert!(
        compared["notes"][0]
            .as_str()
            .expect("a note")
            .starts_with("run: OPTIMISTIC"),
        "{compared}"
    );
    let page = lab.earmark("report honest --data tones --compare run").done();
    assert!(lab.read(page.out.trim()).contains("run: OPTIMISTIC"));
    let json: serde_json::Value = serde_json::from_str(&lab.read("run/run.json")).expect("JSON");
    assert_eq!(json["optimistic"], true);
}

/// Results on other clips never mix in one folder, and a run is not evaluated on clips that it was trained on.
#[test]
fn other_clips() {
    let lab = Lab::trained();
    lab.earmark("eval runs/a --data tones").done();
    assert_eq!(
        lab.earmark("eval runs/a --data tones --subset train").refused(),
        "runs/a/eval: holds results on other clips or labels; choose another folder with --eval-dir"
    );
    assert_eq!(
        lab.earmark("eval runs/a --data tones --fold 2").refused(),
        "runs/a: was trained on 6 of the 6 clips to evaluate; leave out --fold and --fold-table to evaluate it on its \
         test clips"
    );
    lab.earmark("eval runs/a --data tones --subset train --eval-dir all")
        .done();
    let split = lab.read("runs/a/split.csv");
    let count = |used: &str| split.lines().filter(|line| line.ends_with(used)).count();
    let (trained, chose) = (count(",train"), count(",validation"));
    assert_eq!(trained + chose, 12);
    let mark = format!(
        "# OPTIMISTIC: the model was trained on {trained} and chosen by {chose} of the 18 clips evaluated; "
    );
    assert!(
        lab.read("all/eval-30.txt")
            .starts_with(&format!("# tiny: 18 clips of the subset train\n{mark}"))
    );
    // `predict` warns of such clips as well, however the folder is named, unless it is other data.
    let warning = "the model was trained on 12 of these recordings; evaluate it on its held-out clips";
    for data in ["tones", "./tones"] {
        let ended = lab
            .earmark(&format!("predict runs/a@30 --data {data} -o all.csv"))
            .done();
        assert!(ended.err.contains(warning), "{ended}");
    }
    lab.write("elsewhere/low/0.wav", lab.bytes("tones/low/0.wav"));
    lab.write("elsewhere/mid/0.wav", lab.bytes("tones/mid/0.wav"));
    let ended = lab.earmark("predict runs/a --data elsewhere -o new.csv").done();
    assert!(!ended.err.contains("was trained on"), "{ended}");
    // What the note needs is not needed for scores.
    let split = lab.read("runs/a/split.csv");
    lab.write("runs/a/split.csv", "no table");
    let ended = lab.earmark("predict runs/a --data tones -o new.csv").done();
    assert!(!ended.err.contains("was trained on"), "{ended}");
    let damaged = "runs/a/split.csv: is damaged: its checksum is not the one in run.json";
    assert!(ended.err.contains(damaged), "{ended}");
    lab.write("runs/a/split.csv", split);
}

/// Everything that speaks of a run's results speaks of the model that `predict` and `tag` use, and says what chose it.
#[test]
fn the_results_of_a_run_are_those_of_its_model() {
    let parse = |text: &str| -> serde_json::Value { serde_json::from_str(text).expect("JSON") };
    let lab = Lab::trained();
    let why = "the best by validation lwlrap";
    let found = parse(&lab.earmark("eval runs/a --data tones --json").done().out);
    let step = found["used"]["step"].as_u64().expect("a step");
    assert_eq!(found["used"]["chosen"], why);
    let own = &found["judged"][step.to_string()];
    let ended = lab.earmark("eval runs/a --data tones --eval-dir other").done();
    let head = format!("step {step}\n{why}; `predict` and `tag` use it\n");
    assert!(ended.out.starts_with(&head), "{ended}");
    let again = lab.earmark("eval runs/a --data tones --eval-dir other").done();
    let before = format!(
        "nothing new to evaluate; the result of step {step}, which `predict` and `tag` use, is other/eval-{step}.txt"
    );
    assert!(again.err.contains(&before), "{again}");

    // Whatever the runs are sorted by, no checkpoint is chosen by the test clips.
    for sort in ["lwlrap", "accuracy", "started"] {
        let list = lab.earmark(&format!("runs runs --sort {sort} --json")).done();
        let run = parse(&list.out)[0].clone();
        assert_eq!(run["judged"]["best"]["step"], step, "{sort}");
        assert_eq!(run["judged"]["best"]["lwlrap"], own["lwlrap"], "{sort}");
        assert_eq!(run["judged"]["chosen"], why);
        assert_eq!(run["judged"]["count"], 6);
    }
    let list = lab.earmark("runs runs --html runs.html").done();
    let note = format!("step {step} of 6 evaluated checkpoints: {why}");
    assert!(list.out.contains(&note), "{list}");
    assert!(lab.read("runs.html").contains(&note));

    let report = parse(&lab.earmark("report runs/a --json").done().out);
    assert_eq!(report["step"], step);
    assert_eq!(report["chosen"], why);
    assert_eq!(report["used"], true);
    let words = format!("step {step}, which `predict` and `tag` use: {why}");
    let text = lab.earmark("report runs/a --text").done();
    assert!(text.out.contains(&words), "{text}");
    assert!(lab.read("runs/a/report.html").contains(&words));

    // Without it, the last one is shown, which is said.
    std::fs::remove_file(lab.path(&format!("runs/a/eval/eval-{step}.txt"))).expect("to remove");
    let list = lab.earmark("runs runs").done();
    let missing = format!("(step {step}, which `predict` and `tag` use, has not been evaluated)");
    assert!(list.out.contains(&missing), "{list}");
}

/// A clip that can't be read is named in the results, and the exit status is 2.
#[test]
fn broken_clips_are_named_in_the_results() {
    let lab = Lab::trained();
    lab.earmark("eval runs/a --data tones --eval-dir first").done();
    let first = Table::parse(&lab.read("first/scores-30.csv"));
    let file = &first.rows[0].0;
    lab.write(&format!("tones/{file}"), "");
    let ended = lab.earmark("eval runs/a --data tones --eval-dir second").exit(2);
    let line = format!("skipped {file}: is empty (0 bytes); download it again or leave it out\n");
    assert_eq!(ended.err.matches(&line).count(), 1, "{ended}");
    assert!(lab.read("second/eval-30.txt").ends_with(&line));
    assert_eq!(Table::parse(&lab.read("second/scores-30.csv")).rows.len(), 5);
    // Nothing is evaluated again, and what is there still lacks it.
    let again = "eval runs/a --data tones --eval-dir second";
    let ended = lab.earmark(again).exit(2);
    assert_eq!(ended.err.matches(&line).count(), 1, "{ended}");
    assert!(
        ended.out.contains("0 checkpoints evaluated (6 evaluated before)"),
        "{ended}"
    );
    let ended = lab.earmark(&format!("{again} --json")).exit(2);
    let found: serde_json::Value = serde_json::from_str(&ended.out).expect("JSON");
    assert_eq!(found["skipped"][0][0], file.as_str(), "{ended}");
}

/// Only missing folders are passed over; any other fault of the data is reported, the first one where there are two.
#[test]
fn the_test_subset_alone_is_enough_where_the_others_are_elsewhere() {
    let lab = Lab::new();
    for subset in ["curated", "test"] {
        let mut table = String::from("fname,labels\n");
        let (folder, name) = match subset {
            "test" => ("test", "test_post_competition.csv"),
            _ => ("train_curated", "train_curated.csv"),
        };
        for class in ["high", "low", "mid"] {
            for k in 0..4 {
                let wav = lab.bytes(&format!("tones/{class}/{k}.wav"));
                lab.write(&format!("set/{folder}/{subset}-{class}-{k}.wav"), wav);
                table.push_str(&format!("{subset}-{class}-{k}.wav,{class}\n"));
            }
        }
        lab.write(&format!("set/{name}"), table);
    }
    lab.earmark(
        "train tiny.toml --data set --run run --set data.layout=fsdkaggle2019 --set data.subsets=[\"curated\"] \
         --set train.loss={kind=\"sigmoid-cross-entropy\"}",
    )
    .done();
    std::fs::rename(lab.path("set/train_curated"), lab.path("elsewhere")).expect("to move");
    lab.earmark("eval run --data set --eval-dir a").done();
    assert!(
        lab.read("a/eval-5.txt")
            .starts_with("# tiny: 12 clips of the subset test\n")
    );
    lab.earmark("predict run --data set -o x.csv").done();
    assert_eq!(Table::parse(&lab.read("x.csv")).rows.len(), 12);

    // With nothing left to evaluate, the first reason counts.
    std::fs::rename(lab.path("set/test"), lab.path("elsewhere/test")).expect("to move");
    for command in [
        "eval run --data set --eval-dir b",
        "predict run --data set -o y.csv",
    ] {
        let message = lab.earmark(command).refused();
        assert!(
            message.starts_with(
                "set/train_curated.csv lists the subset \"curated\", but set has none of its audio folders"
            ),
            "{message}"
        );
    }
    std::fs::rename(lab.path("elsewhere/test"), lab.path("set/test")).expect("to move");
    std::fs::rename(lab.path("elsewhere"), lab.path("set/train_curated")).expect("to move");
    // A wrong table is not passed over, though the test subset is whole.
    lab.write("set/train_curated.csv", "fname\ncurated-low-0.wav\n");
    let message = lab.earmark("eval run --data set --eval-dir c").refused();
    assert!(
        message.starts_with("set/train_curated.csv: there is no column \"labels\""),
        "{message}"
    );
}

#[test]
fn every_takes_a_whole_number() {
    let lab = Lab::new();
    let ended = lab.earmark("eval run --data tones --every 0").exit(1);
    assert!(
        ended.err.contains("invalid value '0' for '--every <N>'"),
        "{ended}"
    );
}
