//! Embeddings, neighbours and probes.

use super::common::{LEARN_WELL, Lab};
use serde_json::Value;

/// A model that knows the tones well, with a network wide enough for embeddings that tell more tones apart.
fn trained() -> Lab {
    let lab = Lab::new();
    lab.earmark(LEARN_WELL).done();
    lab
}

#[test]
fn similar_sounds_are_neighbours() {
    let lab = trained();
    lab.add_other();
    for name in ["all.npy", "all.csv"] {
        let ended = lab
            .earmark(&format!("embed runs/a --data tones -o {name}"))
            .done();
        assert!(ended.out.contains("18 rows of 256 numbers"), "{ended}");
        let found = lab
            .earmark(&format!(
                "neighbours other/deep/0.wav low/1.wav --in {name} --model runs/a --top-k 3 --json"
            ))
            .done();
        let found: Value = serde_json::from_str(&found.out).expect("JSON");
        assert_eq!(found[0]["query"], "other/deep/0.wav");
        for query in found.as_array().expect("queries") {
            let near = query["neighbours"].as_array().expect("neighbours");
            assert_eq!(near.len(), 3);
            assert!(
                near[0]["file"].as_str().expect("a file").starts_with("low/"),
                "{query}"
            );
            assert_ne!(
                near[0]["file"], query["query"],
                "a recording is not its own neighbour"
            );
        }
    }
    // A longer recording has several segments, one row each.
    lab.long_tone("long.wav", 1000.0, 3);
    lab.earmark("embed runs/a --files long.wav -o segments.csv --segments")
        .done();
    let rows: Vec<Vec<String>> = lab
        .read("segments.csv")
        .lines()
        .map(|l| l.split(',').map(str::to_owned).collect())
        .collect();
    assert_eq!(rows[0][..3], ["fname", "start_seconds", "e0"]);
    assert!(
        rows.len() > 4 && rows[1][1] == "0" && rows[2][1] == "0.5",
        "{rows:?}"
    );
    lab.earmark("embed runs/a --files long.wav -o mean.csv").done();
    let mean: f64 = lab
        .read("mean.csv")
        .lines()
        .nth(1)
        .expect("a row")
        .split(',')
        .nth(1)
        .expect("a number")
        .parse()
        .expect("a number");
    let each: Vec<f64> = rows[1..]
        .iter()
        .map(|r| r[2].parse().expect("a number"))
        .collect();
    assert!((mean - each.iter().sum::<f64>() / each.len() as f64).abs() < 1e-5);

    let refused = |arguments: &str| lab.earmark(arguments).refused();
    assert!(
        refused("neighbours other/deep/0.wav --in all.npy")
            .contains("--model: other/deep/0.wav is not a recording in all.npy")
    );
    assert!(refused("embed runs/a --data tones -o all.txt").contains("choose .npy, .csv or .parquet"));
}

#[test]
fn a_probe_is_a_model_like_any_other() {
    let lab = trained();
    lab.add_other();
    let ended = lab
        .earmark("probe runs/a --data other -o probe.safetensors --folds all --out-of-fold oof.csv --json")
        .done();
    let probe: Value = serde_json::from_str(&ended.out).expect("JSON");
    assert_eq!(probe["classes"], serde_json::json!(["deep", "shrill"]));
    assert_eq!(probe["folds"].as_array().map(Vec::len), Some(5));
    assert_eq!(
        probe["judged"]["accuracy"], 1.0,
        "tones of another pitch: {probe}"
    );
    let mut truth = "fname,label\n".to_owned();
    for class in ["deep", "shrill"] {
        for k in 0..5 {
            truth += &format!("{class}/{k}.wav,{class}\n");
        }
    }
    lab.write("truth.csv", truth);
    // Its scores are those of a softmax that adds up to 1, and it is right on the clips it was trained on.
    lab.earmark("predict probe.safetensors --data other -o scores.csv")
        .done();
    let ended = lab
        .earmark("score --truth truth.csv --scores scores.csv --json")
        .done();
    let score: Value = serde_json::from_str(&ended.out).expect("JSON");
    assert_eq!(score["accuracy"], 1.0);
    let line = lab.read("scores.csv").lines().nth(1).expect("a row").to_owned();
    let sum: f64 = line
        .split(',')
        .skip(1)
        .map(|v| v.parse::<f64>().expect("a score"))
        .sum();
    assert!((sum - 1.0).abs() < 1e-5, "{line}");
    // It can be calibrated by the folds' scores, and be the start of a training.
    lab.earmark("calibrate probe.safetensors --scores oof.csv --truth truth.csv -o better.safetensors")
        .done();
    lab.earmark(
        "train tiny.toml --data other --run tuned --init-from probe.safetensors --set train.epochs=1 --set network.width=0.25",
    )
    .done();
    let log = lab.read("tuned/log.txt");
    assert!(log.contains("83 variables start from probe.safetensors"), "{log}");
    // A probe whose weights are drawn to those of like classes.
    lab.earmark(
        "probe runs/a --data other -o like.safetensors --like deep=low --like shrill=high|mid --strength 1e6",
    )
    .done();
    assert_ne!(lab.bytes("like.safetensors"), lab.bytes("probe.safetensors"));
    let refused = lab
        .earmark("probe runs/a --data other -o x.safetensors --like deep=lo")
        .refused();
    assert!(
        refused.contains("runs/a/best.safetensors has no class \"lo\""),
        "{refused}"
    );
}
