//! Data that is not there, not whole or not what the model knows.

use super::common::Lab;

const TRAIN: &str = "train tiny.toml --data tones --run run --fold 1";

#[test]
fn folders_and_folds() {
    let lab = Lab::trained();
    std::fs::create_dir(lab.path("empty")).expect("a folder");
    let nowhere = "there is no data folder nowhere; check the path";
    let nothing = "empty has no audio files; put recordings there or remove the folder";
    let no_test = "tones has no subset \"test\"; its subsets are \"train\"";
    for (arguments, wanted) in [
        ("train tiny.toml --data nowhere --run run", nowhere),
        ("eval runs/a --data nowhere", nowhere),
        ("predict runs/a --data nowhere -o x.csv", nowhere),
        ("train tiny.toml --data empty --run run", nothing),
        ("eval runs/a --data empty", nothing),
        ("predict runs/a --data empty -o x.csv", nothing),
        (
            "train tiny.toml --data tones --run run --fold 9",
            "tones has no fold 9; its folds are 1, 2, 3",
        ),
        ("eval runs/a --data tones --subset test", no_test),
        ("predict runs/a --data tones --subset test -o x.csv", no_test),
        (
            "predict runs/a -o x.csv",
            "nothing to predict: give a folder with --data DIR, or audio files with --files FILE...",
        ),
        (
            "train tiny.toml --data tones --run run --set batches.size=400",
            "batches.size = 400: the set has only 28 segments and incomplete batches are dropped; make it 28 or less, \
             or set batches.drop-last = false",
        ),
        (
            "train tiny.toml --data tones --run run --set validation.split={kind=\"test-fold\"}",
            "validation.split = { kind = \"test-fold\" } needs a test fold: add --fold K, or choose \
             { kind = \"hold-out\", fraction = 0.1 }",
        ),
    ] {
        assert_eq!(lab.earmark(arguments).refused(), wanted);
        assert!(!lab.path("run").exists(), "earmark {arguments} left a run behind");
        assert!(!lab.path("x.csv").exists());
    }
}

/// A recording in the place of a data folder is called one, whatever the command, with what to give instead.
#[test]
fn a_recording_is_not_a_data_folder() {
    let lab = Lab::trained();
    let file = "tones/high/0.wav";
    let wanted = format!(
        "{file} is a recording, and a data folder or a table of recordings is expected here; give the folder of \
         recordings (tones/high?), or score single recordings with `earmark tag`, or with --files of predict and embed"
    );
    lab.write("scores.csv", "fname,a,b\nx.wav,0.5,0.5\n");
    for arguments in [
        "data check FILE",
        "data stats FILE",
        "data folds FILE -o x.csv",
        "data classes FILE",
        "features --handcrafted --data FILE -o x.csv",
        "train tiny.toml --data FILE --run run",
        "train tiny.toml --data FILE --run run --folds all",
        "train tiny.toml --data FILE --dry-run",
        "tune tiny.toml --data FILE --run run --grid train.learning-rate=1e-2,1e-3",
        "probe runs/a --data FILE -o x.safetensors",
        "fit FILE -o x.safetensors",
        "eval runs/a --data FILE",
        "predict runs/a --data FILE -o x.csv",
        "embed runs/a --data FILE -o x.csv",
        "score --scores scores.csv --data FILE",
    ] {
        let arguments = arguments.replace("FILE", file);
        let message = lab.earmark(&arguments).refused();
        assert!(message.contains(&wanted), "earmark {arguments}: {message}");
        assert!(!lab.path("x.csv").exists() && !lab.path("run/run.json").exists());
    }
    let message = lab.earmark(&format!("init {file}")).refused();
    assert!(message.starts_with(&format!("{file}: is a file, not a folder; give the folder")));
    // The same where a table is expected.
    let message = lab.earmark("data check tones --table high/0.wav").refused();
    assert!(message.contains("this is a recording, not a table"), "{message}");
}

/// A run without a fold is evaluated on a subset; the message says so where the subset is missing.
#[test]
fn nothing_to_evaluate() {
    let lab = Lab::new();
    lab.earmark("train tiny.toml --data tones --run run").done();
    assert_eq!(
        lab.earmark("eval run --data tones").refused(),
        "tones: the run has no test fold and the data has no subset `test`; choose the clips to evaluate with \
         --subset (train) or --fold"
    );
    lab.earmark("eval run --data tones --subset train --eval-dir all")
        .done();
}

/// Training continues without what is broken, names it, keeps it in run.json and log.txt, and exits 2.
#[test]
fn broken_files_among_good_ones() {
    let lab = Lab::new();
    lab.write("tones/high/7.wav", &lab.bytes("tones/high/0.wav")[..30]);
    lab.write("tones/low/8.wav", "");
    lab.write("tones/mid/9.wav", "a text\n");
    lab.write(
        "tones/mid/notes.txt",
        "no input at all, and so no reason to complain\n",
    );
    let ended = lab.earmark("train tiny.toml --data tones --run run").exit(2);
    let (log, json) = (lab.read("run/log.txt"), lab.read("run/run.json"));
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let mut listed = 0;
    for (file, reason) in [
        (
            "high/7.wav",
            "is cut off at byte 30: it ends within its fmt chunk; download it again, or re-encode it with ffmpeg to \
             keep what is left, or leave it out",
        ),
        (
            "low/8.wav",
            "is empty (0 bytes); download it again or leave it out",
        ),
        (
            "mid/9.wav",
            "is not a known audio format (it begins with \"a text\\n\"); convert it to WAV or FLAC (for example with \
             ffmpeg) or leave it out",
        ),
    ] {
        assert!(
            ended.err.contains(&format!("skipped {file}: {reason}\n")),
            "{ended}"
        );
        assert!(log.contains(&format!("left out {file}: {reason}\n")), "{log}");
        let kept = json["data"]["skipped"].as_array().expect("a list");
        listed += kept.iter().filter(|s| s[0] == file && s[1] == reason).count();
    }
    assert_eq!((listed, ended.err.matches("skipped ").count()), (3, 3), "{ended}");
    assert!(
        lab.path("run/checkpoints/step-00000030.safetensors").exists(),
        "it ran to the end"
    );
    // They are still broken when the run is resumed: that is how it began.
    lab.earmark("train tiny.toml --data tones --run run --resume")
        .exit(2);
    lab.write("tones/low/8.wav", lab.bytes("tones/low/0.wav"));
    let message = lab
        .earmark("train tiny.toml --data tones --run run --resume")
        .refused();
    assert!(message.starts_with("run: cannot resume: "), "{message}");
}

#[test]
fn nothing_but_broken_files() {
    let lab = Lab::new();
    for k in 0..6 {
        for class in ["a", "b"] {
            lab.write(&format!("texts/{class}/{k}.wav"), "a text");
        }
    }
    assert_eq!(
        lab.earmark("train tiny.toml --data texts --run run").refused(),
        "there are no segments: check that the table is not empty and that its files can be read"
    );
    assert!(!lab.path("run").exists());
}

#[test]
fn classes_that_the_model_does_not_know() {
    let lab = Lab::trained();
    lab.tone("tones/very-high/0.wav", 3500.0);
    assert_eq!(
        lab.earmark("eval runs/a --data tones").refused(),
        "class \"very-high\" (1 recording, such as \"very-high/0.wav\") is not among the 3 classes of the model; \
         rename the label in the table, or train a model that has this class"
    );
    // Predicting does not care.
    lab.earmark("predict runs/a --data tones -o x.csv").done();
}

/// A killed run whose data folder is gone is not resumed; where the data was moved to, it is.
#[test]
fn a_data_folder_that_is_gone_when_the_run_is_resumed() {
    let lab = Lab::new();
    lab.crash(TRAIN, "step:12").killed();
    std::fs::rename(lab.path("tones"), lab.path("moved")).expect("to rename");
    let message = lab.earmark(&format!("{TRAIN} --resume")).refused();
    assert_eq!(message, "there is no data folder tones; check the path");
    // Elsewhere it is the same data.
    lab.earmark("train tiny.toml --data moved --run run --fold 1 --resume")
        .done();
}

/// What `earmark init` leaves in a folder is not a finding of `data check`.
#[test]
fn a_folder_that_was_begun_with_is_sound() {
    let lab = Lab::new();
    let before = lab.earmark("data check tones").done();
    lab.earmark("init tones").done();
    assert!(lab.path("tones/recipe.toml").exists());
    let after = lab.earmark("data check tones").done();
    assert_eq!(after.out, before.out);
}

/// Corrections of a subset that is not trained on are ignored; as its name may be a typo, the log says so.
#[test]
fn corrections_of_no_subset_are_reported() {
    let lab = Lab::new();
    let train = "train tiny.toml --data tones --run run --set train.steps=1 --set validation.split={kind=\"none\"} \
                 --set train.schedule={kind=\"constant\"}";
    let corrections = r#"--set data.corrections=[{file="fix.json",subset="trian"}]"#;
    let ended = lab.earmark(&format!("{train} {corrections}")).done();
    let line = "fix.json: not used, because data.subsets (train) leaves out the subset \"trian\"";
    assert!(
        ended.err.contains(line) && lab.read("run/log.txt").contains(line),
        "{ended}"
    );
}
