//! What `predict` and `embed` score: named files, and folders as they are; and what they say of it to programs.

use super::common::{Lab, Table};
use serde_json::{Value, json};

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{text}: {e}"))
}

/// A mistyped name is an error and no row, before any work.
#[test]
fn a_file_that_does_not_exist_is_an_error() {
    let lab = Lab::trained();
    let wanted = "--files nowhere.wav: no such file; check the path";
    for command in [
        "predict runs/a -o x --files tones/low/0.wav nowhere.wav",
        "predict runs/a -o x --segments --files nowhere.wav tones/low/0.wav",
        "predict runs/none -o x --files nowhere.wav",
        "embed runs/a -o x.npy --files nowhere.wav",
    ] {
        assert_eq!(lab.earmark(command).refused(), wanted, "earmark {command}");
    }
    assert!(!lab.path("x").exists() && !lab.path("x.npy").exists());
    assert_eq!(
        lab.earmark("predict runs/a -o x --files a.wav tones/low/0.wav b.wav c.wav d.wav")
            .refused(),
        "--files a.wav, b.wav, c.wav and 1 more: no such files; check the paths"
    );
    lab.earmark("embed runs/a --data tones -o all.npy").done();
    assert_eq!(
        lab.earmark("neighbours lwo/1.wav --in all.npy --model runs/a")
            .refused(),
        "lwo/1.wav: neither a file nor a recording in all.npy; did you mean low/1.wav?"
    );
}

/// A folder without a table is a folder of recordings, whatever the layout of the training data was.
#[test]
fn a_flat_folder_is_scored() {
    let lab = Lab::new();
    let mut table = "fname,label\n".to_owned();
    for class in ["high", "low", "mid"] {
        for k in 0..6 {
            table += &format!("{class}/{k}.wav,{class}\n");
        }
    }
    lab.write("tones/table.csv", table);
    lab.earmark(
        "train tiny.toml --data tones --run runs/csv --set data.layout=csv --set data.table=table.csv \
         --set train.epochs=1",
    )
    .done();
    std::fs::remove_file(lab.path("tones/table.csv")).expect("to remove");
    // A recipe that names no layout.
    lab.earmark("train summary-baseline/any --data tones --run runs/any --set train.steps=20")
        .done();
    lab.tone("flat/b.wav", 880.0);
    lab.tone("flat/a.wav", 440.0);
    lab.write("flat/notes.txt", "where and when");
    lab.tone("nights/2024/a.wav", 440.0);
    for run in ["runs/csv", "runs/any"] {
        let ended = lab.earmark(&format!("predict {run} --data flat -o x.csv")).done();
        let note = "flat: has no table; all of it is scored, 2 recordings\n";
        // Only where the model's data was read differently.
        assert_eq!(ended.err.matches(note).count() == 1, run == "runs/csv", "{ended}");
        let scored = Table::parse(&lab.read("x.csv"));
        let files: Vec<&str> = scored.rows.iter().map(|(file, _)| file.as_str()).collect();
        assert_eq!(files, ["a.wav", "b.wav"]);
        lab.earmark(&format!("predict {run} --files flat/a.wav -o y.csv"))
            .done();
        let alone = Table::parse(&lab.read("y.csv"));
        for (a, b) in alone.rows[0].1.iter().zip(&scored.rows[0].1) {
            assert!((a - b).abs() < 1e-5, "{a} and {b}");
        }
    }
    lab.earmark("predict runs/csv --data flat --segments -o x.csv")
        .done();
    let ended = lab.earmark("embed runs/csv --data flat -o x.npy").done();
    assert!(ended.out.starts_with("2 rows of"), "{ended}");
    lab.earmark("predict runs/csv --data nights -o x.csv").done();
    assert_eq!(Table::parse(&lab.read("x.csv")).rows[0].0, "2024/a.wav");
    // Where there is a table, it says what is meant.
    lab.write("flat/other.csv", "fname,label\na.wav,low\n");
    let message = lab.earmark("predict runs/csv --data flat -o x.csv").refused();
    assert!(message.contains("table.csv"), "{message}");
    std::fs::create_dir(lab.path("empty")).expect("a folder");
    lab.earmark("predict runs/csv --data empty -o x.csv").refused();
}

#[test]
fn summaries_for_programs() {
    let lab = Lab::trained();
    lab.write("bad.wav", "hello\n");
    lab.long_tone("long.wav", 400.0, 3);
    let files = "--files long.wav bad.wav tones/low/0.wav";
    let summary = |command: &str| parsed(&lab.earmark(&format!("{command} {files} --json")).exit(2).out);
    let reason = "is not a known audio format (it begins with \"hello\\n\"); convert it to WAV or FLAC (for example \
                  with ffmpeg) or leave it out";
    let skipped = json!([["bad.wav", reason]]);

    let scores = summary("predict runs/a -o x.csv");
    for (key, wanted) in [
        ("models", json!(["runs/a"])),
        ("inputs", json!(3)),
        ("rows", json!(3)),
        ("classes", json!(["high", "low", "mid"])),
        ("format", json!("csv")),
        ("out", json!("x.csv")),
    ] {
        assert_eq!(scores[key], wanted, "{key}");
    }
    assert_eq!(scores["skipped"], skipped);
    lab.earmark(&format!("predict runs/a -o y.csv {files}")).exit(2);
    assert_eq!(lab.read("x.csv"), lab.read("y.csv"));

    let segments = summary("predict runs/a --segments --format json -o x.json");
    assert_eq!(
        (&segments["inputs"], &segments["format"]),
        (&json!(3), &json!("json"))
    );
    assert_eq!(segments["skipped"], skipped);
    let rows = parsed(&lab.read("x.json")).as_array().map(Vec::len);
    assert_eq!(segments["rows"].as_u64(), rows.map(|n| n as u64));

    let embedded = summary("embed runs/a -o x.npy");
    assert_eq!((&embedded["inputs"], &embedded["rows"]), (&json!(3), &json!(2)));
    assert_eq!(embedded["out"], json!(["x.npy", "x.npy.csv", "x.npy.json"]));
    assert_eq!(embedded["skipped"], skipped);

    for (command, start) in [
        (
            "predict runs/a -o -",
            "--json: prints a summary, and the scores themselves go to stdout",
        ),
        ("predict runs/a --segments -o -", "--json: prints a summary"),
        (
            "embed runs/a -o -",
            "-o -: embeddings cannot be written to stdout",
        ),
    ] {
        let message = lab.earmark(&format!("{command} {files} --json")).refused();
        assert!(message.starts_with(start), "{message}");
    }
}

/// `init` proposes to start from a network where one is installed, and says how to get one where none is.
#[test]
fn init_proposes_an_installed_network() {
    let lab = Lab::new();
    let init = |name: &str| {
        let output = lab
            .command(&format!("init {name}"))
            .env("EARMARK_MODELS", lab.path("models"))
            .output();
        let ended = super::common::Ended::of("init", output.expect("the command to start"));
        ended.done().out
    };
    for name in ["one", "two", "three"] {
        lab.tone(&format!("{name}/low/0.wav"), 300.0);
        lab.tone(&format!("{name}/high/0.wav"), 2000.0);
    }
    assert!(init("one").contains("\n  earmark models get efficientat-mn04-as\n"));
    lab.write("models/panns-cnn14.safetensors", "");
    assert!(init("two").contains("\n  earmark probe panns-cnn14 --data two -o tagger.safetensors\n"));
    lab.write("models/efficientat-mn04-as.safetensors", "");
    let text = init("three");
    assert!(
        text.contains("\n  earmark train fine-tune/folder --data three --fold 1 --run runs/three-tuned\n"),
        "{text}"
    );
}
