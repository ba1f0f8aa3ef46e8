//! What can't be made again notices a flipped bit; what belongs together is replaced together; what a kill left over
//! goes.

use super::common::{Ended, Lab, files};
use std::process::Stdio;

/// The file with one bit flipped, at a share of what follows `from`.
fn flip(bytes: &[u8], from: usize, share: f64, bit: u32) -> Vec<u8> {
    let mut damaged = bytes.to_vec();
    let at = from + ((bytes.len() - from - 1) as f64 * share) as usize;
    damaged[at] ^= 1 << bit;
    damaged
}

/// The length of a safetensors header.
fn header(bytes: &[u8]) -> usize {
    let length: [u8; 8] = bytes[..8].try_into().expect("eight bytes");
    8 + usize::try_from(u64::from_le_bytes(length)).expect("a short header")
}

#[test]
fn weights_and_states_notice_every_bit() {
    let lab = Lab::trained();
    let model = lab.bytes("runs/a/best.safetensors");
    let predict =
        |name: &str| format!("predict {name} --files tones/low/0.wav tones/mid/1.wav -o {name}.csv");
    lab.write("whole.safetensors", &model);
    lab.earmark(&predict("whole.safetensors")).done();
    let scores = lab.bytes("whole.safetensors.csv");
    let mut noticed = 0;
    for k in 0..16_u32 {
        // Every other one in the weights, the others anywhere.
        let from = if k % 2 == 0 { header(&model) } else { 0 };
        lab.write("m.safetensors", flip(&model, from, f64::from(k) / 15.0, k % 8));
        let ended = lab.earmark(&predict("m.safetensors"));
        if ended.code == Some(0) {
            assert_eq!(lab.bytes("m.safetensors.csv"), scores, "bit {k}");
            continue;
        }
        noticed += 1;
        let message = ended.refused();
        assert!(message.contains("m.safetensors"), "{message}");
        assert!(
            k % 2 == 1 || message.contains("is damaged: its numbers are not those"),
            "{message}"
        );
    }
    assert!(noticed >= 8, "{noticed}");

    let state = lab.bytes("runs/a/checkpoints/state.safetensors");
    let damaged = flip(&state, header(&state), 0.6, 3);
    lab.write("runs/a/checkpoints/state.safetensors", damaged);
    let resume = "train tiny.toml --data tones --run runs/a --fold 1 --resume";
    let message = lab.earmark(resume).refused();
    assert!(
        message.contains("its numbers are not those that were written: the checksum differs"),
        "{message}"
    );
    lab.write("runs/a/checkpoints/state.safetensors", &state);
    let log = lab.read("runs/a/metrics.jsonl");
    let changed = log.replacen("\"step\":3", "\"step\":2", 1);
    assert_ne!(changed, log);
    lab.write("runs/a/metrics.jsonl", changed);
    let message = lab.earmark(resume).refused();
    assert!(
        message.contains("metrics.jsonl") && message.contains("is damaged: its checksum differs"),
        "{message}"
    );
    lab.write("runs/a/metrics.jsonl", log);
    let info = lab.read("runs/a/run.json");
    lab.write("runs/a/run.json", info.replacen("\"seed\": 7", "\"seed\": 5", 1));
    let message = lab.earmark("eval runs/a --data tones").refused();
    assert!(
        message.starts_with("runs/a/run.json: ") && message.contains("its checksum differs"),
        "{message}"
    );
}

/// The numbers of one run never go with the names of another: what a kill between two renames left is completed by who
/// reads it.
#[test]
fn embeddings_and_their_names_are_of_one_run() {
    let lab = Lab::trained();
    let embed = |class: &str, out: &str| {
        format!("embed runs/a --files tones/{class}/0.wav tones/{class}/1.wav -o {out}.npy")
    };
    let of = |name: &str| ["npy", "npy.csv", "npy.json"].map(|end| lab.bytes(&format!("{name}.{end}")));
    lab.earmark(&embed("low", "old")).done();
    lab.earmark(&embed("high", "new")).done();
    let (old, new) = (of("old"), of("new"));
    for (point, passes, is_new) in [
        ("write-half", 3, false),
        ("written", 1, false),
        ("noted", 2, false),
        ("committed", 1, true),
        ("renamed-one", 3, true),
        ("renamed", 1, true),
        ("cleared", 3, true),
    ] {
        for pass in 1..=passes {
            for (end, bytes) in ["npy", "npy.csv", "npy.json"].iter().zip(&old) {
                lab.write(&format!("x.{end}"), bytes);
            }
            lab.crash(&embed("high", "x"), &format!("{point}:{pass}"))
                .killed();
            // It has no recording of this name, and no model is named: that it says after it has read all.
            let message = lab.earmark("neighbours nothing --in x.npy").refused();
            assert!(message.contains("is not a recording in x.npy"), "{message}");
            let wanted = if is_new { &new } else { &old };
            assert!(of("x") == *wanted, "{point}:{pass}");
        }
    }
}

/// Embeddings whose numbers or names are damaged, or of two runs, are refused; those of other programs are read.
#[test]
fn embeddings_notice_every_bit() {
    let lab = Lab::trained();
    let files = "--files tones/low/0.wav tones/high/1.wav";
    for name in ["x.npy", "y.csv"] {
        lab.earmark(&format!("embed runs/a {files} -o {name}")).done();
        let search = format!("neighbours tones/low/0.wav --in {name} --model runs/a");
        lab.earmark(&search).done();
        for file in [name.to_owned(), format!("{name}.csv"), format!("{name}.json")] {
            if !lab.path(&file).exists() {
                continue;
            }
            let whole = lab.bytes(&file);
            for k in 0..6_u32 {
                lab.write(&file, flip(&whole, 0, f64::from(k) / 5.0, k));
                let message = lab.earmark(&search).refused();
                assert!(message.starts_with(&format!("{file}: is damaged")), "{message}");
            }
            lab.write(&file, whole);
        }
        std::fs::remove_file(lab.path(&format!("{name}.json"))).expect("to remove");
        lab.earmark(&search).done();
    }
}

/// A list of runs names the damaged lines of a log, and goes by the others.
#[test]
fn a_list_of_runs_notices_every_bit_of_a_log() {
    let lab = Lab::trained();
    let list = "runs runs --json";
    let whole = lab.earmark(list).done();
    let log = lab.bytes("runs/a/metrics.jsonl");
    let mut named = 0;
    for k in 0..12_u32 {
        lab.write("runs/a/metrics.jsonl", flip(&log, 0, f64::from(k) / 11.0, k % 8));
        let ended = lab.earmark(list);
        if ended.code == Some(0) {
            assert_eq!((ended.out, ended.err.as_str()), (whole.out.clone(), ""), "{k}");
            continue;
        }
        named += 1;
        let ended = ended.exit(2);
        assert!(ended.err.starts_with("damaged a: metrics.jsonl:"), "{ended}");
        assert!(ended.out.contains("\"problems\": [\n"), "{ended}");
    }
    assert!(named >= 8, "{named}");
}

/// The clips that a run is tested on are those that it was not trained on, or there is no result.
#[test]
fn an_evaluation_notices_every_bit_of_a_split() {
    let lab = Lab::trained();
    let split = lab.bytes("runs/a/split.csv");
    for k in 0..4_u32 {
        lab.write("runs/a/split.csv", flip(&split, 0, f64::from(k) / 3.0, k));
        let message = lab.earmark("eval runs/a --data tones --eval-dir e").refused();
        assert!(
            message.starts_with("runs/a/split.csv: is damaged: its checksum is not the one in run.json"),
            "{message}"
        );
        let resume = "train tiny.toml --data tones --run runs/a --fold 1 --resume";
        assert!(
            lab.earmark(resume)
                .refused()
                .starts_with("runs/a/split.csv: is damaged")
        );
    }
    assert!(!lab.path("e").exists(), "nothing was evaluated");
}

/// Damaged scores of a fold are made again before anything is made of them.
#[test]
fn damaged_results_are_made_again() {
    let lab = Lab::new();
    lab.earmark("train tiny.toml --data tones --run cv --folds all --set train.epochs=2")
        .done();
    let predict = "predict cv --out-of-fold -o oof.csv";
    lab.earmark(predict).done();
    let scores = lab.bytes("oof.csv");
    let eval = lab.path("cv/fold-2/eval");
    let before = files(&eval);
    let is_checked =
        |name: &str| name.starts_with("scores-") || name.ends_with(".json") || name == "clips.txt";
    let mut names = 0;
    for (name, bytes) in before.iter().filter(|(name, _)| is_checked(name)) {
        names += 1;
        lab.write(&format!("cv/fold-2/eval/{name}"), flip(bytes, 0, 0.4, 1));
        let ended = lab.earmark(predict).done();
        let is_named = ended.err.contains(&format!("{name}: is damaged; step "));
        assert!(is_named || name == "clips.txt", "{name}: {ended}");
        assert_eq!(lab.bytes("oof.csv"), scores, "{name}");
        assert!(files(&eval) == before, "{name}");
    }
    assert_eq!(names, 3);
}

/// Calibrations of a cross-validation run that is blended are those of one fit.
#[test]
fn the_folds_of_a_run_are_calibrated_together() {
    let lab = Lab::new();
    lab.earmark("train tiny.toml --data tones --run cv --folds all")
        .done();
    let models = |lab: &Lab| [1, 2, 3].map(|fold| lab.bytes(&format!("cv/fold-{fold}/best.safetensors")));
    let raw = models(&lab);
    let calibrate = "calibrate cv --in-place";
    for (point, is_new) in [
        ("write-half:2", false),
        ("noted:1", false),
        ("committed:1", true),
        ("renamed-one:2", true),
        ("cleared:1", true),
    ] {
        for (fold, bytes) in (1..).zip(&raw) {
            lab.write(&format!("cv/fold-{fold}/best.safetensors"), bytes);
        }
        lab.crash(calibrate, point).killed();
        lab.earmark("predict cv --files tones/low/0.wav -o s.csv").done();
        let now = models(&lab);
        let mut changed = now.iter().zip(&raw).map(|(now, before)| now != before);
        assert!(
            changed.all(|changed| changed == is_new),
            "{point}: nothing is calibrated, or everything"
        );
    }
    lab.earmark(calibrate).done();
    assert!(models(&lab).iter().zip(&raw).all(|(now, before)| now != before));
}

#[cfg(target_os = "linux")]
#[test]
fn the_next_command_removes_what_a_killed_one_left() {
    let lab = Lab::trained();
    lab.earmark("embed runs/a --files tones/low/0.wav -o warm.npy")
        .done();
    for command in [
        "embed runs/a --files tones/low/0.wav -o out/x.npy",
        "predict runs/a --files tones/low/0.wav -o out/s.csv",
        "models average runs/a@10 runs/a@20 -o out/a.safetensors",
        "export runs/a --onnx -o out/m.onnx",
        "bundle runs/a --program tiny.toml -o out/b",
    ] {
        std::fs::create_dir_all(lab.path("out")).expect("a folder");
        lab.crash(command, "write-half:1").killed();
        lab.earmark(command).done();
        let left = files(&lab.path("out")).into_keys();
        let left: Vec<String> = left.filter(|name| name.starts_with('.')).collect();
        assert_eq!(left, Vec::<String>::new(), "{command}");
        std::fs::remove_dir_all(lab.path("out")).expect("to remove");
    }
}

/// A disk that is full behind stderr or stdout changes no exit status.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_behind_the_output_is_no_crash() {
    let full = || {
        let file = std::fs::File::options().write(true).open("/dev/full");
        Stdio::from(file.expect("/dev/full"))
    };
    let lab = Lab::new();
    let mut refused = lab.command("predict nothing --files x.wav -o y.csv");
    let status = refused.stderr(full()).stdout(Stdio::null()).status();
    assert_eq!(status.expect("an end").code(), Some(1));
    let mut listed = lab.command("recipes list");
    let output = listed.stdout(full()).stderr(Stdio::piped()).output();
    let ended = Ended::of("recipes list", output.expect("an end"));
    assert!(
        ended.code == Some(1) && ended.err.contains("stdout: cannot be written to"),
        "{ended}"
    );
}
