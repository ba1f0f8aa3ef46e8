//! Searches: every trial a run, compared without test clips, resumed, the best one kept.

use super::common::{Lab, files};
use serde_json::Value;

const GRID: &str = "tune tiny.toml --data tones --fold 1 --run runs/t --set train.epochs=2 --grid train.learning-rate=1e-2,1e-6 --grid batches.size=4,2";

#[test]
fn a_grid_is_tried_and_resumed() {
    let lab = Lab::new();
    let plan = lab.earmark(&format!("{GRID} --dry-run")).done().out;
    assert_eq!(plan.lines().count(), 5, "{plan}");
    assert!(
        plan.contains("trial   2  train.learning-rate=1e-2  batches.size=2"),
        "{plan}"
    );
    assert!(!lab.path("runs").exists());
    // Killed in the midst of the second trial, whose batches are half as large as those of the first.
    lab.crash(GRID, "step:15").killed();
    let before = files(&lab.path("runs/t/trial-001"));
    let ended = lab.earmark(&format!("{GRID} --resume --json")).done();
    assert_eq!(
        before,
        files(&lab.path("runs/t/trial-001")),
        "what has ended is left alone"
    );
    let result: Value = serde_json::from_str(&ended.out).expect("JSON");
    let trials = result["trials"].as_array().expect("a list");
    assert_eq!(trials.len(), 4);
    for (k, trial) in trials.iter().enumerate() {
        // It is compared by the best validation of its own log, and is a run like any other.
        let folder = format!("runs/t/{}", trial["folder"].as_str().expect("a folder"));
        assert_eq!(folder, format!("runs/t/trial-{:03}", k + 1));
        let lines = lab.logged(&folder);
        let best = lines
            .iter()
            .filter_map(|l| l["validation"]["lwlrap"].as_f64())
            .fold(0.0, f64::max);
        assert_eq!(trial["score"].as_f64(), Some(best));
        // The fold that is kept is neither trained on nor looked at.
        let info: Value = serde_json::from_str(&lab.read(&format!("{folder}/run.json"))).expect("JSON");
        assert_eq!(info["data"]["fold"], 1);
        assert!(!lab.path(&format!("{folder}/eval")).exists());
    }
    let best = result["best"].as_str().expect("a folder");
    assert_eq!(
        lab.read("runs/t/best.toml"),
        lab.read(&format!("runs/t/{best}/recipe.toml"))
    );
    lab.earmark("train runs/t/best.toml --data tones --fold 1 --run runs/best")
        .done();
    let table = lab.earmark(&format!("{GRID} --resume")).done().out;
    assert!(table.contains(&format!("best: runs/t/{best}")), "{table}");
    let refused = lab
        .earmark(&format!("{GRID} --set batches.size=8 --dry-run"))
        .refused();
    assert!(
        refused.contains("--set batches.size=8: the search tries values of batches.size"),
        "{refused}"
    );
    let refused = lab.earmark(&format!("{GRID},8 --resume -q")).refused();
    assert!(
        refused.contains("resume a search with its own search space"),
        "{refused}"
    );
}

#[test]
fn random_settings_are_compared_by_inner_folds() {
    let lab = Lab::new();
    let command = "tune tiny.toml --data tones --fold 2 --run runs/r --set train.epochs=1 --random 2 --range train.learning-rate=1e-4..1e-2:log \
                   --choice network.drop-prob=0,0.3 --inner-folds 2 --json";
    let result: Value = serde_json::from_str(&lab.earmark(command).done().out).expect("JSON");
    for trial in result["trials"].as_array().expect("a list") {
        let scores: Vec<f64> = trial["scores"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|s| s.as_f64().expect("a number"))
            .collect();
        assert_eq!(scores.len(), 2);
        assert!((trial["score"].as_f64().expect("a score") - (scores[0] + scores[1]) / 2.0).abs() < 1e-12);
        // Each clip that is not kept validates in one of the two.
        let mut validates = Vec::new();
        for inner in 1..=2 {
            let split = lab.read(&format!(
                "runs/r/{}/inner-{inner}/split.csv",
                trial["folder"].as_str().expect("a folder")
            ));
            let of = |kind: &str| {
                split
                    .lines()
                    .filter(|l| l.ends_with(kind))
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            };
            assert_eq!(of("judged").len(), 6);
            validates.extend(of("validation"));
        }
        validates.sort();
        validates.dedup();
        assert_eq!(validates.len(), 12);
    }
    // The recipe to train with has the validation of the recipe, and not an inner fold.
    assert!(lab.read("runs/r/best.toml").contains("hold-out"));
}

#[test]
fn what_cannot_be_compared_is_refused_before_anything_is_trained() {
    let lab = Lab::new();
    let refused = |more: &str| {
        lab.earmark(&format!("tune tiny.toml --data tones --run runs/t {more}"))
            .refused()
    };
    let none = refused("--grid train.epochs=1,2 --set validation.split={kind=\"none\"}");
    assert!(none.contains("--inner-folds"), "{none}");
    let message = refused("--grid train.epochs=1,2 --set validation.split={kind=\"test-fold\"}");
    assert!(
        message.contains("the test fold must not choose settings"),
        "{message}"
    );
    let key = refused("--grid train.learning-rat=1,2");
    assert!(key.contains("did you mean `learning-rate`?"), "{key}");
    let value = refused("--grid batches.size=4,0");
    assert!(value.contains("batches.size"), "{value}");
    assert!(refused("--random 3").contains("nothing to draw from"));
    assert!(refused("--grid a").contains("give a key and its values"));
    assert!(!lab.path("runs").exists());
    // A rate that diverges is a result and not the end of the search.
    let ended = lab.earmark("tune tiny.toml --data tones --run runs/t --set train.epochs=1 --grid train.learning-rate=1e38,1e-3 --json");
    let result: Value = serde_json::from_str(&ended.exit(2).out).expect("JSON");
    assert_eq!(result["trials"][0]["state"]["kind"], "failed");
    assert_eq!(result["best"], "trial-002");
}

/// A trial that can't be trained is marked with its reason and passed over, also by a search that is resumed; the others continue.
#[test]
fn a_failed_trial_is_passed_over() {
    let lab = Lab::new();
    // Twelve clips never fill a batch of a thousand, which is only known when they are read.
    let search = "tune tiny.toml --data tones --fold 1 --run runs/t --set train.epochs=1 --set batches.drop-last=true \
                  --grid batches.size=1000,4,2000";
    let reason = "incomplete batches are dropped";
    let ended = lab.earmark(search).exit(2);
    assert!(
        ended
            .err
            .contains("trial 1 failed and is passed over: batches.size = 1000"),
        "{ended}"
    );
    assert!(
        ended.out.contains("trial 3 failed: batches.size = 2000") && ended.out.contains(reason),
        "{ended}"
    );
    assert!(ended.out.contains("best: runs/t/trial-002"), "{ended}");
    assert!(
        lab.read("runs/t/log.txt")
            .contains("trial 1 failed and is passed over")
    );
    let trials: Value = serde_json::from_str(&lab.read("runs/t/trials.json")).expect("JSON");
    let states: Vec<&Value> = trials["trials"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|t| &t["state"])
        .collect();
    assert_eq!(
        [&states[0]["kind"], &states[1]["kind"], &states[2]["kind"]],
        ["failed", "done", "failed"]
    );
    assert!(
        states[0]["reason"].as_str().expect("a reason").contains(reason),
        "{trials}"
    );
    assert!(
        trials["optimistic"]
            .as_str()
            .expect("a note")
            .contains("chose the best trial"),
        "{trials}"
    );
    let before = files(&lab.path("runs/t/trial-002"));
    let again = lab.earmark(&format!("{search} --resume")).exit(2);
    assert!(again.err.contains("trial 1 has already ended"), "{again}");
    assert_eq!(before, files(&lab.path("runs/t/trial-002")));
    // Some are left to do: they are done, and what failed stays so.
    std::fs::remove_dir_all(lab.path("runs/t/trial-002")).expect("to remove");
    let resumed = lab.earmark(&format!("{search} --resume")).exit(2);
    assert!(resumed.out.contains("best: runs/t/trial-002"), "{resumed}");

    // The list of runs has a line for the search; its trials are listed on request.
    let list = lab.earmark("runs runs").done();
    assert!(
        list.out.contains("search of 3 trials, 2 failed; best trial-002"),
        "{list}"
    );
    assert!(
        list.err
            .contains("1 fold or trial is not listed; --all lists them"),
        "{list}"
    );
    let few: Value = serde_json::from_str(&lab.earmark("runs runs --json").done().out).expect("JSON");
    assert_eq!(few.as_array().map(Vec::len), Some(1), "{few}");
    assert_eq!(
        (&few[0]["search"]["failed"], &few[0]["recipe"]),
        (&Value::from(2), &Value::from("tiny"))
    );
    let all: Value = serde_json::from_str(&lab.earmark("runs runs --json --all").done().out).expect("JSON");
    let names: Vec<&str> = all
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|run| run["name"].as_str())
        .collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(
        names.contains(&"t") && names.contains(&"t/trial-002"),
        "{names:?}"
    );
}

#[test]
fn a_search_without_any_result_is_an_error() {
    let lab = Lab::new();
    let ended = lab
        .earmark(
            "tune tiny.toml --data tones --fold 1 --run runs/t --set train.epochs=1 --set batches.drop-last=true \
             --grid batches.size=1000,2000",
        )
        .exit(1);
    assert!(
        ended.err.contains(
            "error: no trial finished; see runs/t/trials.json for the reasons (the first: batches.size = 1000"
        ),
        "{ended}"
    );
    // Data that no trial could be trained on is not a trial's failure: nothing is marked.
    let message = lab
        .earmark("tune tiny.toml --data nowhere --run runs/none --grid train.epochs=1,2")
        .refused();
    assert!(message.contains("nowhere"), "{message}");
    let message = lab
        .earmark("tune tiny.toml --data tones --fold 9 --run runs/none --grid train.epochs=1,2")
        .refused();
    assert!(message.contains("fold 9"), "{message}");
    assert!(!lab.path("runs/none").exists());
}

/// Values that are refused only together make a failed trial.
#[test]
fn values_that_do_not_fit_together_are_one_failed_trial() {
    let lab = Lab::new();
    let search = "tune tiny.toml --data tones --fold 1 --run runs/t --set train.epochs=1 \
                  --grid front-end.mel.min-hz=20,2500 --grid front-end.mel.max-hz=4000,2000";
    let ended = lab.earmark(search).exit(2);
    let trials: Value = serde_json::from_str(&lab.read("runs/t/trials.json")).expect("JSON");
    let failed: Vec<usize> = (0..4)
        .filter(|k| trials["trials"][*k]["state"]["kind"] == "failed")
        .collect();
    assert_eq!(failed, [3], "{ended}");
    let reason = trials["trials"][3]["state"]["reason"].as_str().expect("a reason");
    assert!(reason.contains("max-hz") || reason.contains("min-hz"), "{reason}");
}

/// Clips that can't be read are named once, however many trials leave them out, and the exit status is 2, as of other commands.
#[test]
fn clips_that_are_left_out_of_a_search_count() {
    let lab = Lab::new();
    lab.write("tones/mid/3.wav", "junk");
    lab.write("tones/mid/4.wav", "junk");
    let search =
        "tune tiny.toml --data tones --run runs/t --set train.epochs=1 --grid train.learning-rate=1e-2,1e-3";
    let ended = lab.earmark(&format!("{search} --json")).exit(2);
    assert_eq!(
        ended.err.matches("\nskipped mid/").count() + usize::from(ended.err.starts_with("skipped mid/")),
        2,
        "{ended}"
    );
    let result: Value = serde_json::from_str(&ended.out).expect("JSON");
    assert_eq!(result["skipped"].as_array().map(Vec::len), Some(2), "{result}");
    assert_eq!(result["trials"][1]["skipped"], result["skipped"], "{result}");
    // What an earlier process left out is named by the one that resumes.
    let again = lab.earmark(&format!("{search} --resume")).exit(2);
    assert!(again.err.contains("skipped mid/3.wav: "), "{again}");
}

/// Trials that were dealt out to tasks of their own, one of which was killed, make the search of one process.
#[test]
fn shards_of_trials_are_summed_up() {
    let lab = Lab::new();
    lab.earmark(&GRID.replace("runs/t", "runs/whole")).done();
    let shard = |k: u32| format!("{GRID} --shard {k}/3");
    // In the second of its trials, the fourth of all.
    lab.crash(&shard(1), "step:15").killed();
    let ended = lab.earmark(&format!("{} --json", shard(2))).done();
    let result: Value = serde_json::from_str(&ended.out).expect("JSON");
    assert_eq!(result["trials"].as_array().map(Vec::len), Some(1), "{result}");
    assert_eq!(result["trials"][0]["folder"], "trial-002");
    assert_eq!(result["planned"], 4);
    lab.earmark(&shard(3)).done();
    let ended = lab.earmark(&shard(1)).done();
    let message = "shard 1/3: 2 of 4 trials done; when all shards are, sum up with: earmark tune tiny.toml";
    assert!(ended.out.contains(message), "{ended}");
    assert!(ended.err.contains("trial 1 has already ended"), "{ended}");
    for of_all in ["trials.json", "best.toml", "log.txt", ".lock"] {
        assert!(!lab.path(&format!("runs/t/{of_all}")).exists(), "{of_all}");
    }
    let ended = lab.earmark(&format!("{GRID} --resume")).done();
    assert_eq!(ended.err.matches("has already ended").count(), 4, "{ended}");
    for file in ["trials.json", "best.toml"] {
        let (whole, parts) = (format!("runs/whole/{file}"), format!("runs/t/{file}"));
        assert_eq!(lab.read(&whole), lab.read(&parts), "{file}");
    }
    let refused = lab.earmark(&format!("{} --abandon", shard(1))).refused();
    assert!(refused.contains("which other shards have"), "{refused}");
    let refused = lab.earmark(&format!("{} --dry-run", shard(1))).refused();
    assert!(refused.contains("leave --shard out"), "{refused}");
}
