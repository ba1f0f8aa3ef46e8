//! Clips of a subset for testing, and clips without labels, train nothing unless they are named. Scores of clips that had a part in a
//! model say so wherever they are shown.

use super::common::{CLASSES, Lab};
use serde_json::Value;

/// Everything in the folder is loaded, as in `fine-tune/folder` and `summary-baseline/any`.
const TRAIN: &str = "train tiny.toml --data set --set data=false";

const NOTE: &str = "6 clips of the subset test are not trained on";

/// `set/`: the tones in `train/`, two others per class in `test/`.
fn lab() -> Lab {
    let lab = Lab::new();
    for (class, hz) in CLASSES {
        for k in 0..6 {
            let wav = lab.bytes(&format!("tones/{class}/{k}.wav"));
            lab.write(&format!("set/train/{class}/{k}.wav"), wav);
        }
        for k in 0..2 {
            lab.tone(
                &format!("set/test/{class}/{k}.wav"),
                hz * (1.01 + 0.07 * f64::from(k)),
            );
        }
    }
    lab
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

/// The subsets of a run's clips, each with how many there are.
fn subsets(lab: &Lab, run: &str) -> Vec<(String, usize)> {
    let split = lab.read(&format!("{run}/split.csv"));
    let mut found: Vec<(String, usize)> = Vec::new();
    for line in split.lines().skip(1) {
        let subset = line.split(',').next().expect("a subset");
        match found.iter_mut().find(|(name, _)| name == subset) {
            Some((_, n)) => *n += 1,
            None => found.push((subset.to_owned(), 1)),
        }
    }
    found
}

#[test]
fn the_subset_test_is_kept_for_the_evaluation() {
    let lab = lab();
    let ended = lab.earmark(&format!("{TRAIN} --run run")).done();
    assert!(ended.err.contains(NOTE), "{ended}");
    assert!(lab.read("run/log.txt").contains(NOTE));
    assert_eq!(subsets(&lab, "run"), [("train".to_owned(), 18)]);
    let plan = json(&lab.earmark(&format!("{TRAIN} --dry-run --json")).done().out);
    assert!(
        plan["plan"]["left_out"][0]
            .as_str()
            .expect("a note")
            .starts_with(NOTE),
        "{plan}"
    );
    let text = lab.earmark(&format!("{TRAIN} --dry-run")).done();
    assert!(text.out.contains(&format!("left out    {NOTE}")), "{text}");

    // It is evaluated without being asked for, and nothing is wrong with that.
    let ended = lab.earmark("eval run --data set --every 100 --json").done();
    let result = json(&ended.out);
    assert_eq!(result["optimistic"], Value::Null);
    let steps = result["judged"].as_object().expect("an object");
    let (step, report) = steps.iter().next().expect("a step");
    assert_eq!(report["clips"], 6);
    assert!(report.get("optimistic").is_none(), "{report}");
    let heading = lab.read(&format!("run/eval/eval-{step}.txt"));
    assert!(
        heading.starts_with("# tiny: 6 clips of the subset test\n"),
        "{heading}"
    );
    assert!(!heading.contains("OPTIMISTIC"), "{heading}");
    let runs = json(&lab.earmark("runs . --json").done().out);
    assert_eq!(runs[0]["optimistic"], false);

    // A run with a test fold is evaluated on that.
    lab.earmark(&format!("{TRAIN} --run fold --fold 1")).done();
    let ended = lab.earmark("eval fold --data set --every 100").done();
    assert!(!ended.out.contains("OPTIMISTIC"), "{ended}");
    let name = format!("fold/eval/eval-{}.txt", last_step(&ended.out));
    assert!(
        lab.read(&name).starts_with("# tiny: 6 clips of fold 1\n"),
        "{}",
        lab.read(&name)
    );
}

/// The step that an evaluation shows.
fn last_step(out: &str) -> u64 {
    let line = out.lines().find_map(|line| line.strip_prefix("step "));
    line.and_then(|step| step.parse().ok())
        .unwrap_or_else(|| panic!("no step: {out}"))
}

#[test]
fn a_named_subset_is_trained_on_and_every_place_says_so() {
    let lab = lab();
    let train = format!("{TRAIN} --set data.subsets=[\"train\",\"test\"] --run run");
    let ended = lab.earmark(&train).done();
    assert!(!ended.err.contains("not trained on"), "{ended}");
    assert_eq!(
        subsets(&lab, "run"),
        [("test".to_owned(), 6), ("train".to_owned(), 18)]
    );

    let ended = lab.earmark("eval run --data set --every 100").done();
    let mark = "OPTIMISTIC: the model was ";
    let said = |text: &str| text.contains(mark) && text.contains(" of the 6 clips evaluated");
    assert!(said(&ended.out), "the screen: {ended}");
    let again = lab.earmark("eval run --data set --every 100").done();
    assert!(said(&again.out), "also where nothing is new: {again}");
    let step = last_step(&ended.out);
    let text = lab.read(&format!("run/eval/eval-{step}.txt"));
    assert!(
        text.starts_with(&format!("# tiny: 6 clips of the subset test\n# {mark}")),
        "{text}"
    );
    let stored = json(&lab.read(&format!("run/eval/eval-{step}.json")));
    let counts = |o: &Value| {
        let count = |key: &str| o[key].as_u64().expect("a number");
        (count("clips"), count("trained_on") + count("chosen_by"))
    };
    assert_eq!(counts(&stored["optimistic"]), (6, 6), "{stored}");
    let printed = json(
        &lab.earmark("eval run --data set --every 100 --eval-dir other --json")
            .done()
            .out,
    );
    assert_eq!(printed["optimistic"], stored["optimistic"]);
    assert_eq!(
        printed["judged"][step.to_string()]["optimistic"],
        stored["optimistic"]
    );
    assert!(said(&lab.earmark("runs .").done().out));
    let runs = json(&lab.earmark("runs . --json").done().out);
    assert_eq!(runs[0]["optimistic"], true);
    assert_eq!(counts(&runs[0]["judged"]["best"]["optimistic"]), (6, 6));
    lab.earmark("runs . --html runs.html").done();
    assert!(said(&lab.read("runs.html")));
    let page = lab.earmark("report run --data set").done();
    assert!(said(&lab.read(page.out.trim())));
}

#[test]
fn test_clips_are_in_no_fold() {
    let lab = lab();
    let ended = lab
        .earmark(&format!("{TRAIN} --set folds.count=2 --folds all --run cv"))
        .done();
    assert!(ended.err.contains(NOTE), "{ended}");
    assert_eq!(json(&lab.read("cv/folds.json"))["pooled"]["clips"], 18);
    for fold in [1, 2] {
        assert_eq!(
            subsets(&lab, &format!("cv/fold-{fold}")),
            [("train".to_owned(), 18)]
        );
    }
    // A table of folds is made without them, and one that lists them puts them in no fold.
    let ended = lab.earmark("data folds set --count 2 -o made.csv").done();
    assert!(ended.err.contains("6 clips are in no fold"), "{ended}");
    assert!(
        !lab.read("made.csv").contains("test/"),
        "{}",
        lab.read("made.csv")
    );
    let named = lab.earmark("data folds set --subset test --count 2").done();
    assert_eq!(
        named.out.lines().filter(|line| line.starts_with("test/")).count(),
        6,
        "{named}"
    );
    let mut table = lab.read("made.csv");
    for (class, _) in CLASSES {
        table += &format!("test/{class}/0.wav,1\ntest/{class}/1.wav,2\n");
    }
    lab.write("all.csv", table);
    lab.earmark(&format!("{TRAIN} --fold 1 --fold-table all.csv --run table"))
        .done();
    assert_eq!(subsets(&lab, "table"), [("train".to_owned(), 18)]);
    let split = lab.read("table/split.csv");
    assert_eq!(split.lines().filter(|line| line.ends_with(",judged")).count(), 9);
}

#[test]
fn a_probe_leaves_test_clips_alone() {
    let lab = lab();
    lab.earmark("train tiny.toml --data tones --run runs/a --set train.epochs=2")
        .done();
    let clips = |more: &str| {
        let probe = format!("probe runs/a --data set -o probe.safetensors --strength 1 --json {more}");
        json(&lab.earmark(&probe).done().out)["clips"].clone()
    };
    assert_eq!(clips(""), 18);
    assert_eq!(clips("--folds all"), 18);
    assert_eq!(clips("--subset train,test"), 24);
}

#[test]
fn clips_without_labels_train_nothing() {
    let lab = Lab::new();
    let mut table = String::from("file,label\n");
    for (class, _) in CLASSES {
        for k in 0..6 {
            let label = if k == 5 { "" } else { class };
            table += &format!("{class}/{k}.wav,{label}\n");
        }
    }
    lab.write("tones/table.csv", table);
    let train = "train tiny.toml --data tones --set data=false --set data.layout=csv";
    let ended = lab.earmark(&format!("{train} --run run")).done();
    assert!(
        ended.err.contains("3 clips without a label are not trained on"),
        "{ended}"
    );
    let split = lab.read("run/split.csv");
    assert_eq!(split.lines().count(), 1 + 15);
    assert!(!split.contains("/5.wav"), "{split}");
}

#[test]
fn a_folder_of_test_clips_alone_is_refused_with_the_reason() {
    let lab = lab();
    std::fs::remove_dir_all(lab.path("set/train")).expect("to remove");
    let message = lab.earmark(&format!("{TRAIN} --run run")).exit(1).err;
    let reason =
        format!("error: set: there is nothing to train on: {NOTE} (to train on it, name it in data.subsets)");
    assert!(message.contains(&reason), "{message}");
    assert!(!lab.path("run").exists());
    lab.earmark(&format!(
        "{TRAIN} --set data.subsets=[\"test\"] --set validation.split={{kind=\"none\"}} --run run"
    ))
    .done();
}
