//! What can't be made again notices a flipped bit; what belongs together is replaced together; what a kill left over goes.

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

fn crash(lab: &Lab, arguments: &str, at: &str) {
    let mut command = lab.command(arguments);
    let output = command
        .env("EARMARK_CRASH_AT", at)
        .output()
        .expect("the command to start");
    let ended = Ended::of(arguments, output);
    assert_eq!(ended.code, None, "{at} was not reached: {ended}");
}

/// The numbers of one run never go with the names of another.
#[test]
fn embeddings_and_their_names_are_of_one_run() {
    let lab = Lab::trained();
    let embed = |class: &str, out: &str| {
        format!("embed runs/a --files tones/{class}/0.wav tones/{class}/1.wav -o {out}.npy")
    };
    let pair = |name: &str| {
        (
            lab.bytes(&format!("{name}.npy")),
            lab.bytes(&format!("{name}.npy.csv")),
        )
    };
    lab.earmark(&embed("low", "old")).done();
    lab.earmark(&embed("high", "new")).done();
    let (old, new) = (pair("old"), pair("new"));
    let mut seen = [false; 2];
    for point in ["write-half", "written", "renamed"] {
        for pass in 1..3 {
            lab.earmark(&embed("low", "x")).done();
            let mut command = lab.command(&embed("high", "x"));
            let command = command.env("EARMARK_CRASH_AT", format!("{point}:{pass}"));
            command.output().expect("the command to start");
            let found = pair("x");
            assert!(found == old || found == new, "{point}:{pass}");
            seen[usize::from(found == new)] = true;
        }
    }
    assert_eq!(seen, [true; 2]);
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
    crash(&lab, calibrate, "write-half:2");
    assert!(models(&lab) == raw, "nothing is calibrated, or everything");
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
        crash(&lab, command, "write-half:1");
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
