//! Spectrograms with several windows as channels, from training to an exported graph.

use super::common::{LEARN_WELL, Lab};
use std::f64::consts::TAU;

const WINDOWS: &str =
    "--set front-end.stft.centre=\"reflect\" --set front-end.stft.more-window-samples=[80,800]";

#[test]
fn a_network_takes_the_channels_of_all_windows() {
    let lab = Lab::new();
    // One that tells its sounds apart: of a few steps, it would divide by next to nothing in its BatchNorms.
    lab.earmark(&format!("{LEARN_WELL} --set predict.longest-seconds=2 {WINDOWS}"))
        .done();
    let info = lab.earmark("models info runs/a").done();
    assert!(info.out.contains("3 x 32"), "{info}");
    let predict = "predict runs/a --data tones -o";
    lab.earmark(&format!("{predict} cold.csv")).done();
    lab.earmark(&format!("{predict} warm.csv")).done();
    assert_eq!(lab.read("cold.csv"), lab.read("warm.csv"), "computed and cached");
    let ended = lab
        .earmark("export runs/a --onnx -o a.onnx --check --json")
        .done();
    let json: serde_json::Value = serde_json::from_str(&ended.out).expect("JSON");
    let off = json["check"]["largest_difference"].as_f64().expect("a number");
    assert!(off < 1e-4, "{ended}");

    // Blocks would need frames of all windows at once.
    let tone = (0..5 * 8000).map(|i| ((TAU * 300.0 * f64::from(i) / 8000.0).sin() * 9000.0) as i16);
    lab.wav("long.wav", tone);
    let ended = lab
        .earmark("predict runs/a --files long.wav tones/low/1.wav -o long.csv")
        .exit(2);
    assert!(
        ended
            .err
            .contains("front-end.stft.more-window-samples needs whole recordings"),
        "{ended}"
    );
    lab.earmark(&format!(
        "features long.wav --recipe tiny.toml -o long.npy {WINDOWS}"
    ))
    .done();
    assert!(lab.path("long.npy").exists());
}

#[test]
fn networks_of_the_small_recipes_take_them() {
    let lab = Lab::new();
    for (recipe, segment) in [
        ("argus-2019/small", "6 x 64 bands"),
        ("mobilenetv2-pca-2018/small", "2 x 64 bands"),
    ] {
        let plan = lab
            .earmark(&format!(
                "train {recipe} --data tones --run no --dry-run --set front-end.stft.more-window-samples=[1024]"
            ))
            .done();
        assert!(plan.out.contains(&format!("segment     {segment}")), "{plan}");
    }
    let refused = lab
        .earmark("train dcase2019-baseline/small --data tones --run no --dry-run --set front-end.stft.centre=none --set front-end.stft.more-window-samples=[512]")
        .refused();
    assert!(
        refused.contains("front-end.stft.more-window-samples = [512]: needs frames that are centred"),
        "{refused}"
    );
}
