//! `earmark export`: a file that checks itself, the same bytes each time, and refusals.

use super::common::{LEARN_WELL, Lab};

#[test]
fn an_export_scores_as_its_model() {
    // A network that tells its sounds apart: one that all but ignores them would agree whatever its graph does, and one of a few steps
    // divides by next to nothing in its BatchNorms.
    let lab = Lab::new();
    lab.earmark(LEARN_WELL).done();
    let ended = lab
        .earmark("export runs/a --onnx -o a.onnx --check --json")
        .done();
    let json: serde_json::Value = serde_json::from_str(&ended.out).expect("JSON");
    let off = json["check"]["largest_difference"].as_f64().expect("a number");
    assert!(off < 2e-5, "{ended}");
    assert_eq!(
        json["inputs"][0]["shape"],
        serde_json::json!(["batch", "samples"])
    );
    let names: Vec<&str> = json["outputs"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|port| port["name"].as_str())
        .collect();
    assert_eq!(names, ["scores", "logits", "embedding"]);
    assert_eq!(json["classes"], serde_json::json!(["high", "low", "mid"]));
    let file = lab.bytes("a.onnx");
    assert_eq!(json["bytes"], file.len());
    // A run, its checkpoint and stdout are the same model, and the same model has the same bytes.
    let ended = lab
        .earmark("export runs/a/best.safetensors --onnx -o b.onnx")
        .done();
    assert!(
        ended
            .out
            .contains("input waveform float32 [batch, samples] at 8000 Hz"),
        "{ended}"
    );
    assert!(ended.out.contains("output scores float32 [batch, 3]"), "{ended}");
    assert_eq!(lab.bytes("b.onnx"), file);
}

/// The graph computes in single precision, whatever the recipe says: so does what it is checked with.
#[test]
fn a_recipe_of_fewer_bits_is_checked_in_single_precision() {
    let lab = Lab::new();
    lab.earmark(&format!("{LEARN_WELL} --set predict.precision=int8"))
        .done();
    let ended = lab
        .earmark("export runs/a --onnx -o a.onnx --check --json")
        .done();
    let json: serde_json::Value = serde_json::from_str(&ended.out).expect("JSON");
    let off = json["check"]["largest_difference"].as_f64().expect("a number");
    assert!(off < 2e-5, "{ended}");
    assert_eq!(json["weights"], "float32");
}

/// What programs need next to the file: classes in order, thresholds, sample rate, lengths.
#[test]
fn labels_are_written_next_to_it() {
    let lab = Lab::trained();
    let ended = lab.earmark("export runs/a --onnx -o out/a.onnx --json").exit(1);
    assert!(ended.err.contains("create its folder first"), "{ended}");
    std::fs::create_dir(lab.path("out")).expect("a folder");
    let ended = lab.earmark("export runs/a --onnx -o out/a.onnx --json").done();
    let json: serde_json::Value = serde_json::from_str(&ended.out).expect("JSON");
    assert_eq!(json["labels"], "out/labels.json");
    let labels = |name: &str| -> serde_json::Value { serde_json::from_str(&lab.read(name)).expect("JSON") };
    assert_eq!(
        labels("out/labels.json"),
        serde_json::json!({
            "format": 1,
            "file": "a.onnx",
            "name": "tiny",
            "classes": ["high", "low", "mid"],
            "thresholds": [0.3, 0.3, 0.3],
            "thresholds_from": "default",
            "scores": "softmax",
            "sample_rate_hz": 8000,
            "segment_seconds": 1.015,
            "window_seconds": 1.015,
            "hop_seconds": 0.5,
            "licence": null,
        })
    );
    // They are thresholds that `tag` takes.
    let tag = "tag tones/low/0.wav --model runs/a --format csv";
    let with_labels = lab.earmark(&format!("{tag} --threshold out/labels.json")).done();
    assert_eq!(with_labels.out, lab.earmark(tag).done().out);
    assert!(
        with_labels.err.contains("threshold 0.3 (as given)"),
        "{with_labels}"
    );
    // Those of another model, or of somebody else, stay.
    lab.earmark("train tiny.toml --data tones --run other --set name=other --set train.epochs=1")
        .done();
    let ended = lab.earmark("export other --onnx -o out/b.onnx").done();
    assert!(
        ended
            .out
            .contains("\n  out/b.labels.json: classes, thresholds, sample rate and lengths"),
        "{ended}"
    );
    assert_eq!(labels("out/labels.json")["file"], "a.onnx");
    assert_eq!(labels("out/b.labels.json")["name"], "other");
    // Written again, they are replaced; stdout has none next to it.
    lab.earmark("export other --onnx -o out/a.onnx").done();
    assert_eq!(labels("out/labels.json")["name"], "other");
    let piped = lab
        .command("export runs/a --onnx -o -")
        .output()
        .expect("the command to start");
    assert!(piped.status.success() && !lab.path("labels.json").exists());
}

#[test]
fn int8_is_smaller_and_says_what_it_costs() {
    let lab = Lab::new();
    lab.earmark("train tiny.toml --data tones --fold 1 --run wide --set network.width=0.1")
        .done();
    let ended = lab
        .earmark("export wide --onnx -o int8.onnx --precision int8 --check --json")
        .done();
    let json: serde_json::Value = serde_json::from_str(&ended.out).expect("JSON");
    let off = json["check"]["largest_difference"].as_f64().expect("a number");
    assert!(off > 0.0 && off < 0.1, "{ended}");
    assert_eq!(json["weights"], "int8");
    lab.earmark("export wide --onnx -o float32.onnx").done();
    let [int8, float32] = ["int8.onnx", "float32.onnx"].map(|file| lab.bytes(file).len());
    assert!(int8 < float32, "{int8} of {float32} bytes");
}

#[test]
fn what_can_not_be_exported_is_refused() {
    let lab = Lab::new();
    let level = "front-end.amplitude={pcen={}}";
    lab.earmark(&format!(
        "train tiny.toml --data tones --fold 1 --run pcen --set {level}"
    ))
    .done();
    let refused = lab.earmark("export pcen --onnx -o pcen.onnx").refused();
    assert!(
        refused.starts_with("front-end.amplitude = pcen: can't be exported to ONNX"),
        "{refused}"
    );
    let refused = lab.earmark("export pcen -o pcen.onnx").refused();
    assert!(refused.contains("--onnx"), "{refused}");
    let refused = lab.earmark("export pcen --onnx -o - --json").refused();
    assert!(
        refused.starts_with("--json: the model itself goes to stdout"),
        "{refused}"
    );
}
