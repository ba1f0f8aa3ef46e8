//! Teachers whose scores are part of the targets: which models they are, what a run keeps of them, and which are refused.

use super::common::{Lab, Table};
use super::train_killed::assert_same;
use std::collections::BTreeSet;
use std::fs;

const TRAIN: &str = "train tiny.toml --data tones";
const TAUGHT: &str = "--set train.distil={teachers=[\"cv\"],share=0.25}";

/// The files that a run uses for something, as `split.csv` says.
fn used(lab: &Lab, run: &str, what: &str) -> BTreeSet<String> {
    let split = lab.read(&format!("{run}/split.csv"));
    let rows = split.lines().map(|line| line.split(',').collect::<Vec<_>>());
    rows.filter(|row| row[2] == what)
        .map(|row| row[1].to_owned())
        .collect()
}

/// The student of a fold gets the scores that the teacher of the same fold gives the clips that both are trained on.
#[test]
fn each_fold_has_the_teacher_of_its_own_fold() {
    let lab = Lab::new();
    lab.earmark(&format!("{TRAIN} --run cv --folds all")).done();
    let ended = lab
        .earmark(&format!("{TRAIN} --run student --folds all {TAUGHT}"))
        .done();
    for fold in 1..=3 {
        let teacher = format!("cv/fold-{fold}/best.safetensors");
        assert!(
            ended.err.contains(&format!(
                "25 % of each target are the scores of a teacher (train.distil): {teacher}"
            )),
            "{ended}"
        );
        let run = format!("student/fold-{fold}");
        let info: serde_json::Value =
            serde_json::from_str(&lab.read(&format!("{run}/run.json"))).expect("JSON");
        assert_eq!(info["teachers"]["models"][0][0], teacher.as_str());
        let hash = info["teachers"]["models"][0][1].as_str().expect("a hash");
        assert_eq!(hash.len(), 64, "{hash}");

        lab.earmark(&format!(
            "predict cv/fold-{fold} --data tones --raw -o scores-{fold}.csv"
        ))
        .done();
        let known = Table::parse(&lab.read(&format!("scores-{fold}.csv")));
        let kept = lab.read(&format!("{run}/teacher-scores.csv"));
        let mut lines = kept.lines();
        assert_eq!(lines.next(), Some("part,file,high,low,mid"));
        let mut files = BTreeSet::new();
        for line in lines {
            let cells: Vec<&str> = line.split(',').collect();
            for (cell, wanted) in cells[2..].iter().zip(known.row(cells[1])) {
                let score: f64 = cell.parse().expect("a number");
                assert!((score - wanted).abs() < 1e-6, "{line}: {wanted}");
            }
            files.insert(cells[1].to_owned());
        }
        assert_eq!(
            files,
            used(&lab, &run, "train"),
            "the clips trained on and no others"
        );
        // The first steps have the same clips and weights, and other targets.
        let loss = |run: &str| lab.logged(run)[0]["loss"].as_f64().expect("a loss");
        assert_ne!(loss(&run), loss(&format!("cv/fold-{fold}")));
    }
    let plan = lab
        .earmark(&format!("{TRAIN} --run no --folds all --dry-run {TAUGHT}"))
        .done();
    assert!(
        plan.out
            .contains("training    25 % of each target are the scores of a teacher"),
        "{plan}"
    );
}

/// A run keeps the scores: it is resumed without its teachers, and ends as if it had not been killed.
#[test]
fn a_killed_run_is_resumed_without_its_teachers() {
    let lab = Lab::new();
    lab.earmark(&format!("{TRAIN} --run cv --folds 1")).done();
    let train = |run: &str| format!("{TRAIN} --run {run} --fold 1 {TAUGHT}");
    lab.earmark(&train("whole")).done();
    lab.crash(&train("killed"), "step:17").killed();
    // Killed before it is a run, it begins with its teachers again.
    lab.crash(&train("early"), "written:3").killed();
    lab.earmark(&format!("{} --resume", train("early"))).done();
    assert_same(&lab, "whole", "early", "killed early");
    fs::remove_dir_all(lab.path("cv")).expect("a folder to remove");
    lab.earmark(&format!("{} --resume", train("killed"))).done();
    assert_same(&lab, "whole", "killed", "killed and resumed");

    let changed = format!("{TRAIN} --run whole --fold 1 --resume");
    let refused = lab.earmark(&changed).refused();
    assert!(refused.contains("the recipe has changed"), "{refused}");
    let scores = lab.read("killed/teacher-scores.csv");
    let (head, last) = scores.trim_end().rsplit_once('\n').expect("rows");
    lab.write("killed/teacher-scores.csv", format!("{head}\n{last}1\n"));
    let refused = lab.earmark(&format!("{} --resume", train("killed"))).refused();
    assert!(
        refused.starts_with("killed/teacher-scores.csv: is damaged: its checksum"),
        "{refused}"
    );
}

/// A fold that has no teacher is refused before another one is trained, and by the plan.
#[test]
fn all_folds_have_teachers_before_the_first_is_trained() {
    let lab = Lab::new();
    lab.earmark(&format!("{TRAIN} --run cv --folds 1,2")).done();
    let wanted = "train.distil.teachers: cv: holds no run of fold 3, the test fold; train";
    for more in ["--folds all", "--folds all --dry-run", "--folds 1,3 --shard 1/1"] {
        let refused = lab
            .earmark(&format!("{TRAIN} --run student {more} {TAUGHT}"))
            .refused();
        assert!(refused.starts_with(wanted), "{more}: {refused}");
        assert!(!lab.path("student/fold-1").exists(), "{more}");
    }
    lab.earmark(&format!("{TRAIN} --run student --folds 1,2 --dry-run {TAUGHT}"))
        .done();
    lab.earmark(&format!("{TRAIN} --run student --folds 1,2 {TAUGHT}"))
        .done();
    // Folds that are trained need no teachers any more.
    fs::remove_dir_all(lab.path("cv/fold-1")).expect("a folder to remove");
    lab.earmark(&format!("{TRAIN} --run student --folds 1,2 --resume {TAUGHT}"))
        .done();
}

#[test]
fn teachers_that_have_seen_the_test_fold_are_refused() {
    let lab = Lab::new();
    lab.earmark(&format!("{TRAIN} --run cv --folds 1,2")).done();
    lab.earmark(&format!("{TRAIN} --run everything")).done();
    let sigmoid = "--set train.loss={kind=\"sigmoid-cross-entropy\"}";
    lab.earmark(&format!("{TRAIN} --run sigmoid --fold 1 {sigmoid}"))
        .done();
    let seen = "--set validation.split={kind=\"test-fold\"}";
    lab.earmark(&format!("{TRAIN} --run seen --fold 1 {seen}")).done();
    lab.add_other();
    lab.earmark("train tiny.toml --data other --run of-other").done();
    let refused = |fold: &str, teacher: &str| {
        lab.earmark(&format!(
            "{TRAIN} --run new {fold} --set train.distil={{teachers=[\"{teacher}\"]}}"
        ))
        .refused()
    };
    let start = |teacher: &str| format!("train.distil.teachers: {teacher}: ");
    for (fold, teacher, what) in [
        ("--fold 1", "cv/fold-2", "has seen 6 of 6 test clips, such as "),
        ("--fold 2", "everything", "has seen 6 of 6 test clips, such as "),
        ("--fold 3", "cv", "holds no run of fold 3, the test fold; train"),
        ("--fold 1", "sigmoid", "its scores (sigmoids) don't sum to one"),
        ("--fold 1", "seen", "its test fold drove its training"),
        ("--fold 1", "of-other", "its classes are not those of this data"),
    ] {
        let message = refused(fold, teacher);
        assert!(
            message.starts_with(&format!("{}{what}", start(teacher))),
            "{teacher}: {message}"
        );
    }
    let message = refused("--fold 1", "nothing");
    assert!(message.starts_with("nothing: not a run directory"), "{message}");
    assert!(!lab.path("new/run.json").exists());
    // Without a test fold nothing is held out, and every model may be a teacher.
    let ended = lab.earmark(&format!("{TRAIN} --run new {TAUGHT}")).done();
    assert!(ended.err.contains("the mean scores of 2 teachers"), "{ended}");
    // A teacher whose scores are softmaxes serves a student with a sigmoid per class.
    lab.earmark(&format!("{TRAIN} --run new-sigmoid --fold 1 {sigmoid} {TAUGHT}"))
        .done();
}
