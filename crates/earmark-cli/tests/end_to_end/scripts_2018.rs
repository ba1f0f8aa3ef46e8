//! The scripts of the 2018 systems, from raw data to a submission, killed on the way and started again.

use crate::common::{CLASSES, Ended, Lab};

/// The tones as FSDKaggle2018 lays them out: two thirds for training, three for testing, one of these without samples.
fn lab() -> Lab {
    let lab = Lab::new();
    let mut table = "fname,label,manually_verified\n".to_owned();
    let mut wanted = "fname,label\n".to_owned();
    for (class, _) in CLASSES {
        for k in 0..6 {
            let bytes = lab.bytes(&format!("tones/{class}/{k}.wav"));
            if k < 5 {
                lab.write(&format!("fsd/audio_train/{class}{k}.wav"), bytes);
                table += &format!("{class}{k}.wav,{class},{}\n", k % 2);
            } else {
                let bytes = if class == "mid" { no_samples(&bytes) } else { bytes };
                lab.write(&format!("fsd/audio_test/{class}.wav"), bytes);
                wanted += &format!("{class}.wav,low mid high\n");
            }
        }
    }
    lab.write("fsd/train.csv", table);
    lab.write("fsd/sample_submission.csv", wanted);
    lab
}

/// A header that announces no samples.
fn no_samples(wav: &[u8]) -> Vec<u8> {
    let mut empty = wav[..44].to_vec();
    empty[4..8].copy_from_slice(&36_u32.to_le_bytes());
    empty[40..44].copy_from_slice(&0_u32.to_le_bytes());
    empty
}

fn run(lab: &Lab, system: &str, out: &str, keys: &str, crash: Option<&str>) -> Ended {
    let variables = [
        ("QUICK", "1"),
        ("KEYS", keys),
        // Half of fifteen clips have no more components.
        ("FULL", "--set network.clip-features=4"),
    ];
    lab.script(&format!("{system}/pipeline.sh"), ["fsd", out], &variables, crash)
}

/// Straight through, and killed in each of several places: the same submission, with a row for each file.
fn same_submission(system: &str, keys: &str, crashes: &[&str]) {
    let lab = lab();
    run(&lab, system, "straight", keys, None).done();
    for crash in crashes {
        let ended = run(&lab, system, "cut", keys, Some(crash));
        assert_ne!(ended.code, Some(0), "{crash}: {ended}");
        assert!(!lab.path("cut/submission.csv").exists());
    }
    run(&lab, system, "cut", keys, None).done();
    let submission = lab.read("straight/submission.csv");
    assert_eq!(submission, lab.read("cut/submission.csv"));
    let rows: Vec<&str> = submission.lines().collect();
    assert_eq!(rows[0], "fname,label");
    assert_eq!(rows.len(), 4, "{submission}");
    for (row, file) in rows[1..].iter().zip(["high.wav,", "low.wav,", "mid.wav,"]) {
        let labels = row.strip_prefix(file).expect("a row for each file, by name");
        assert_eq!(labels.split(' ').count(), 3, "{row}");
    }
}

#[test]
fn starter_2018() {
    same_submission(
        "starter-2018",
        "--set train.steps=12 --set checkpoints.every-steps=4 --set network.base=2 --set batches.size=4",
        &["step:6"],
    );
}

#[test]
fn mobilenetv2_pca_2018() {
    // Twice in the first fold of the first stage: the second attempt resumes where the first was killed.
    same_submission(
        "mobilenetv2-pca-2018",
        "--set network.width=0.1 --set network.hidden=[12,8] --set checkpoints.every-steps=1",
        &["step:2", "step:3"],
    );
}

/// The curve that normalises the bands is computed without test clips.
#[test]
fn the_mean_curve_leaves_test_out() {
    let lab = lab();
    let levels = |more: &str| {
        let command = format!("data stats fsd --recipe starter-2018/1-train --normalise level.toml {more}");
        let ended = lab.earmark(&command).done();
        lab.read("level.toml");
        ended
    };
    let ended = levels("");
    assert!(ended.out.ends_with("normalised over 15 clips\n"), "{ended}");
    assert!(
        ended.err.contains("clips of the subset `test` are left out"),
        "{ended}"
    );
    let ended = levels("--subset train");
    assert!(ended.out.ends_with("normalised over 15 clips\n"), "{ended}");
    assert!(!ended.err.contains("left out"), "{ended}");
}
