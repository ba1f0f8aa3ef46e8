//! Recordings of which a part is missing: used and named where recordings are tagged, refused where they would become
//! training data.

use super::common::{Lab, Table};
use super::stack::STACK;
use serde_json::Value;

/// A trained lab with `in/whole.wav` and `in/cut.wav`, the first seven eighths of the same second: its header still
/// says a second.
fn lab() -> Lab {
    let lab = Lab::trained();
    lab.tone("in/whole.wav", 310.0);
    let whole = lab.bytes("in/whole.wav");
    lab.write("in/cut.wav", &whole[..whole.len() - 2000]);
    lab
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn tag_uses_what_is_whole_and_names_what_is_missing() {
    let lab = lab();
    let ended = lab.earmark("tag in --model runs/a --format json -q").exit(2);
    let found = json(&ended.out);
    assert_eq!(found[0]["file"], "in/cut.wav");
    assert_eq!(found[0]["seconds"], 0.875);
    assert_eq!(found[0]["damaged"], true);
    let note = found[0]["note"].as_str().expect("a note");
    assert!(
        note.starts_with("0.9 of 1.0 s of it are used; 0.125 s are missing "),
        "{note}"
    );
    assert_eq!(found[1]["file"], "in/whole.wav");
    assert!(
        found[1].get("note").is_none() && found[1].get("damaged").is_none(),
        "{ended}"
    );
    assert_eq!(ended.err, format!("damaged in/cut.wav: {note}\n"));
    // The table says it, and the others are as if it were not there.
    let table = lab.earmark("tag in --model runs/a").exit(2);
    assert!(
        table.out.contains("\nnote: 0.9 of 1.0 s of it are used"),
        "{table}"
    );
    let refused = lab
        .earmark("tag in --model runs/a --format json --damaged refuse")
        .exit(2);
    let only = json(&refused.out);
    assert!(
        only[0]["error"]
            .as_str()
            .is_some_and(|e| e.starts_with("is cut off")),
        "{refused}"
    );
    assert_eq!(only[1], found[1]);
}

/// The summary and the resume log know it, too: what was tagged before is named again.
#[test]
fn a_file_of_results_is_resumed_with_its_notes() {
    let lab = lab();
    let tag = "tag in --model runs/a -o out.csv --keep-journal --json";
    for resumed in [0, 2] {
        let ended = lab.earmark(tag).exit(2);
        let facts = json(&ended.out);
        assert_eq!(facts["tagged"], 2);
        assert_eq!(facts["resumed"], resumed);
        assert_eq!(facts["damaged"][0][0], "in/cut.wav");
        assert_eq!(facts["skipped"], Value::Array(vec![]));
        assert!(ended.err.contains("damaged in/cut.wav: "), "{ended}");
    }
}

#[test]
fn predict_and_embed_use_what_is_whole() {
    let lab = lab();
    let files = "--files in/cut.wav in/whole.wav";
    let ended = lab
        .earmark(&format!("predict runs/a -o scores.json --format json {files}"))
        .exit(2);
    let rows = json(&lab.read("scores.json"));
    assert!(
        rows[0]["note"]
            .as_str()
            .is_some_and(|n| n.contains("0.125 s are missing")),
        "{ended}"
    );
    assert!(rows[0].get("error").is_none() && rows[1].get("note").is_none());
    assert!(ended.err.contains("damaged in/cut.wav: "), "{ended}");
    // The same table as ever, except for the note.
    lab.earmark(&format!("predict runs/a -o scores.csv {files} -q"))
        .exit(2);
    let table = Table::parse(&lab.read("scores.csv"));
    lab.earmark("predict runs/a -o whole.csv --files in/whole.wav")
        .done();
    let whole = Table::parse(&lab.read("whole.csv"));
    let far = table.row("in/whole.wav").iter().zip(whole.row("in/whole.wav"));
    assert!(far.clone().all(|(a, b)| (a - b).abs() < 1e-6));
    let refused = lab
        .earmark(&format!("predict runs/a -o refused.csv {files} --damaged refuse"))
        .exit(2);
    assert!(
        refused.err.contains("skipped in/cut.wav: is cut off"),
        "{refused}"
    );
    assert!(
        refused
            .err
            .contains("0.9 of 1.0 s can be read with --damaged salvage"),
        "{refused}"
    );
    let embedded = lab
        .earmark(&format!("embed runs/a -o x.csv --json {files}"))
        .exit(2);
    let facts = json(&embedded.out);
    assert_eq!(facts["rows"], 2);
    assert_eq!(facts["damaged"][0][0], "in/cut.wav");
    let segments = lab
        .earmark(&format!("predict runs/a --segments -o s.csv --json {files}"))
        .exit(2);
    assert_eq!(json(&segments.out)["damaged"][0][0], "in/cut.wav");
    let refusal = lab
        .earmark("predict runs/a --out-of-fold -o oof.csv --damaged salvage")
        .refused();
    assert!(refusal.starts_with("--damaged: out-of-fold scores"), "{refusal}");
}

#[test]
fn features_refuse_unless_the_flag_allows() {
    let lab = lab();
    let features = "features in/cut.wav --recipe tiny.toml -o cut.npy";
    let refusal = lab.earmark(features).refused();
    assert!(
        refusal.contains("0.9 of 1.0 s can be read with --damaged salvage"),
        "{refusal}"
    );
    let ended = lab.earmark(&format!("{features} --damaged salvage")).exit(2);
    assert!(ended.err.contains("damaged in/cut.wav: 0.9 of 1.0 s"), "{ended}");
    assert!(lab.path("cut.npy").is_file());
    let table = "features --handcrafted in/cut.wav in/whole.wav -o t.csv";
    let ended = lab.earmark(table).exit(2);
    assert!(ended.err.contains("skipped in/cut.wav: is cut off"), "{ended}");
    lab.earmark(&format!("{table} --damaged salvage")).exit(2);
    assert_eq!(lab.read("t.csv").lines().count(), 3);
}

#[test]
fn a_played_file_is_named_at_its_end() {
    let lab = lab();
    let listen = "listen --model runs/a --fast --input";
    let ended = lab.earmark(&format!("{listen} in/cut.wav")).exit(2);
    assert!(ended.err.contains("damaged in/cut.wav: 0.9 of 1.0 s"), "{ended}");
    lab.earmark(&format!("{listen} in/whole.wav")).done();
    let refusal = lab
        .earmark(&format!("{listen} in/cut.wav --damaged refuse"))
        .exit(1);
    assert!(refusal.err.contains("is cut off"), "{refusal}");
}

/// A quiet resumption is silent about what it resumes, but not about a log that is damaged.
#[test]
fn a_damaged_log_is_named_even_when_quiet() {
    let lab = lab();
    let tag = "tag in/whole.wav --model runs/a -o out.csv --keep-journal -q";
    lab.earmark(tag).done();
    let again = lab.earmark(tag).done();
    assert_eq!(again.err, "");
    let mut log = lab.bytes("out.csv.journal");
    let name = b"in/whole.wav";
    let at = log.windows(name.len()).rposition(|bytes| bytes == name);
    log[at.expect("an entry") + 3] ^= 1;
    lab.write("out.csv.journal", log);
    let table = lab.bytes("out.csv");
    let ended = lab.earmark(tag).done();
    assert!(
        ended
            .err
            .contains("out.csv.journal is damaged, as its checksums say"),
        "{ended}"
    );
    assert_eq!(lab.bytes("out.csv"), table);
}

/// Those commands that train or evaluate several times say it, too: by exit status, in their JSON, and when they are
/// resumed.
#[test]
fn folds_evaluations_probes_and_fits_count_what_is_used_in_part() {
    let lab = Lab::new();
    let whole = lab.bytes("tones/low/0.wav");
    lab.write("tones/low/cut.wav", &whole[..whole.len() - 2000]);
    let names_it = |command: &str| {
        let ended = lab
            .earmark(&format!("{command} --damaged salvage --json"))
            .exit(2);
        assert!(ended.err.contains("damaged low/cut.wav: 0.9 of 1.0 s"), "{ended}");
        assert_eq!(ended.err.matches("damaged low/cut.wav").count(), 1, "{ended}");
        json(&ended.out)
    };
    let only_it = |found: &Value| {
        let damaged = found["damaged"].as_array().expect("a list");
        assert_eq!(damaged.len(), 1, "{damaged:?}");
        assert_eq!(damaged[0][0], "low/cut.wav");
        assert_eq!(found["skipped"], Value::Array(vec![]));
    };
    let train = "train tiny.toml --data tones --set train.epochs=1 --run cv --folds all";
    only_it(&names_it(train));
    only_it(&names_it(&format!("{train} --resume")));
    // It is a test clip of one fold.
    let found = names_it("eval cv --data tones --eval-dir again");
    let folds = found["folds"].as_object().expect("folds").values();
    let with_it: Vec<&Value> = folds
        .filter(|fold| fold["damaged"] != Value::Array(vec![]))
        .collect();
    assert_eq!(with_it.len(), 1, "{found}");
    only_it(with_it[0]);
    // The results say so when they are there already, too.
    let found = names_it("eval cv --data tones --eval-dir again");
    let folds = found["folds"].as_object().expect("folds").values();
    let with_it = folds.filter(|fold| fold["damaged"] != Value::Array(vec![]));
    assert_eq!(with_it.count(), 1, "{found}");
    // A stacked run is trained on what its base models scored, and says so.
    lab.write("second.toml", STACK);
    for again in ["", " --resume"] {
        let stack = "stack cv --recipe second.toml --set train.epochs=2 --run stacked --json";
        let ended = lab.earmark(&format!("{stack}{again}")).exit(2);
        assert_eq!(ended.err.matches("damaged low/cut.wav").count(), 1, "{ended}");
        only_it(&json(&ended.out));
    }
    let info = json(&lab.read("stacked/fold-1/run.json"));
    assert_eq!(info["data"]["damaged_files"], "salvage");
    assert_eq!(info["data"]["damaged"][0][0], "low/cut.wav");
    let other = "eval stacked/fold-1 --data tones --eval-dir other --damaged refuse";
    assert!(lab.earmark(other).refused().contains("leave out --damaged"));
    only_it(&names_it("probe cv/fold-1 --data tones -o probe.safetensors"));
    let fit = "fit tones --model cv/fold-1 -o fit.safetensors";
    only_it(&names_it(fit));
    only_it(&names_it(fit));
    let tune =
        "tune tiny.toml --data tones --run search --set train.epochs=1 --grid train.learning-rate=1e-3,1e-2";
    for again in ["", " --resume"] {
        let found = names_it(&format!("{tune}{again}"));
        for of in [&found, &found["trials"][1]] {
            assert_eq!(of["damaged"][0][0], "low/cut.wav");
            assert!(of.get("skipped").is_none(), "{of}");
        }
    }
    // Without the flag it is left out.
    let refused = lab
        .earmark("probe cv/fold-1 --data tones -o p.safetensors --json")
        .exit(2);
    let found = json(&refused.out);
    assert_eq!(found["skipped"][0][0], "low/cut.wav");
    assert_eq!(found["damaged"], Value::Array(vec![]));
}

/// A training leaves it out, unless the recipe or a flag says to use it; `data check` says what that would give.
#[test]
fn training_data_are_refused_by_default() {
    let lab = Lab::new();
    let whole = lab.bytes("tones/low/0.wav");
    lab.write("tones/low/cut.wav", &whole[..whole.len() - 2000]);
    let check = lab.earmark("data check tones").exit(1);
    assert!(
        check
            .out
            .contains("0.9 of 1.0 s can be read with --damaged salvage"),
        "{check}"
    );
    let check = lab.earmark("data check tones --damaged salvage").exit(2);
    assert!(
        check
            .out
            .contains("warning: low/cut.wav: 0.9 of 1.0 s of it are used"),
        "{check}"
    );
    let stats = lab.earmark("data stats tones --damaged salvage").exit(2);
    assert!(
        stats.out.contains("used in part: 1\n  low/cut.wav: 0.9 of 1.0 s"),
        "{stats}"
    );
    let train = "train tiny.toml --data tones --set train.epochs=1 --run";
    let ended = lab.earmark(&format!("{train} refused")).exit(2);
    assert!(ended.err.contains("skipped low/cut.wav: is cut off"), "{ended}");
    let ended = lab
        .earmark(&format!("{train} salvaged --damaged salvage"))
        .exit(2);
    assert!(ended.err.contains("damaged low/cut.wav: 0.9 of 1.0 s"), "{ended}");
    assert!(!ended.err.contains("skipped"), "{ended}");
    let run = json(&lab.read("salvaged/run.json"));
    assert_eq!(run["data"]["damaged"][0][0], "low/cut.wav");
    assert!(lab.read("salvaged/recipe.toml").contains("damaged = \"salvage\""));
    assert!(!lab.read("refused/recipe.toml").contains("damaged"));
}
