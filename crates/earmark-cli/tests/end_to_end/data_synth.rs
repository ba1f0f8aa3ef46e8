//! Synthetic sets in the form of published ones.

use super::common::{Lab, files};

#[test]
fn a_small_set_is_written_stopped_resumed_and_read() {
    let lab = Lab::new();
    let synth = "data synth --like fsdkaggle2018 --scale 0.01 -o like";
    let ended = lab.earmark(&format!("{synth} --json --threads 2")).done();
    assert!(ended.err.contains("189 clips of 41 classes"), "{ended}");
    assert!(ended.err.contains("189 to write, about "), "{ended}");
    let set: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(
        (&set["clips"]["train"], &set["clips"]["test"]),
        (&95.into(), &94.into())
    );
    assert_eq!((&set["classes"], &set["already_there"]), (&41.into(), &0.into()));
    assert_eq!(set["layout"], "fsdkaggle2018");
    let written = files(&lab.path("like"));
    for (name, bytes) in &written {
        assert_eq!(name.ends_with(".wav"), bytes.starts_with(b"fLaC"), "{name}");
    }
    // What is there is left alone, what is not is written again; another seed is another set.
    std::fs::remove_file(lab.path("like/audio_test/0b0427e2.wav")).unwrap();
    std::fs::remove_file(lab.path("like/train.csv")).unwrap();
    let again = lab.earmark(synth).done();
    assert!(again.err.contains("1 to write"), "{again}");
    assert!(again.out.contains("next: earmark data check like"), "{again}");
    assert!(files(&lab.path("like")) == written);
    let refused = lab.earmark(&format!("{synth} --seed 2")).refused();
    assert!(refused.contains("choose another folder"), "{refused}");
    // Commands read it as they read the published one: three test clips have no samples.
    let stats = lab.earmark("data stats like --subset test --json").done();
    let stats: serde_json::Value = serde_json::from_str(&stats.out).unwrap();
    assert_eq!(stats["clips"], 94);
    let classes = lab.earmark("data classes like").done().out;
    assert_eq!(classes.lines().count(), 41);
    assert!(classes.starts_with("0,Acoustic_guitar\n"), "{classes}");
}

#[test]
fn refused_settings() {
    let lab = Lab::new();
    let refused = |arguments: &str| lab.earmark(&format!("data synth -o x {arguments}")).refused();
    assert!(refused("--like fsdkaggle2020").contains("fsdkaggle2019"));
    for scale in ["0", "-1", "11", "NaN", "all"] {
        let message = refused(&format!("--like fsdkaggle2019 --scale={scale}"));
        assert!(
            message.contains("expected a number above 0, at most 10"),
            "{message}"
        );
    }
    assert!(!lab.path("x").exists());
    let tones = lab
        .earmark("data synth --like fsdkaggle2018 --scale 0.01 -o tones")
        .refused();
    assert!(
        tones.contains("tones: is neither empty nor a synthetic set"),
        "{tones}"
    );
}
