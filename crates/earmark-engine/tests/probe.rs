//! Probes against scikit-learn (xtask/golden/probe.py), and what the prior does.

use earmark_engine::{LinearProbe, LinearProbeData};
use serde_json::Value;

fn golden() -> Value {
    serde_json::from_str(include_str!("golden/probe.json")).expect("the golden file is JSON")
}

fn rows(value: &Value) -> Vec<Vec<f64>> {
    serde_json::from_value(value.clone()).expect("rows of numbers")
}

fn data(golden: &Value, single_label: bool) -> LinearProbeData {
    let x = rows(&golden["x"]);
    let y: Vec<f32> = if single_label {
        let labels: Vec<usize> = serde_json::from_value(golden["labels"].clone()).expect("labels");
        let one_hot = |l: usize| (0..3).map(move |c| f32::from(u8::from(l == c)));
        labels.into_iter().flat_map(one_hot).collect()
    } else {
        let marks: Vec<String> = serde_json::from_value(golden["marks"].clone()).expect("marks");
        let mark = |m: &String| m.bytes().map(|b| f32::from(b - b'0')).collect::<Vec<_>>();
        marks.iter().flat_map(mark).collect()
    };
    LinearProbeData {
        width: x[0].len(),
        x: x.into_iter().flatten().map(|v| v as f32).collect(),
        y,
        classes: 3,
        single_label,
        within_class: false,
    }
}

fn scores(row: &[f64], single_label: bool) -> Vec<f64> {
    if single_label {
        let sum: f64 = row.iter().map(|z| z.exp()).sum();
        row.iter().map(|z| z.exp() / sum).collect()
    } else {
        row.iter().map(|z| 1.0 / (1.0 + (-z).exp())).collect()
    }
}

/// The largest difference between the probabilities of a layer and those of scikit-learn.
fn difference(layer: &LinearProbe, data: &LinearProbeData, want: &Value) -> f64 {
    let logits = layer.logits(&data.x, data.width);
    let mut largest = 0.0_f64;
    for (got, want) in logits.chunks_exact(3).zip(rows(want)) {
        for (got, want) in scores(got, data.single_label).iter().zip(want) {
            largest = largest.max((got - want).abs());
        }
    }
    largest
}

/// Products and weights are rounded to float32.
const TOLERANCE: f64 = 2e-4;
/// A path ends each fit a little earlier.
const PATH_TOLERANCE: f64 = 1e-3;

#[test]
fn probes_agree_with_scikit_learn() {
    let golden = golden();
    for (shape, key, single_label) in [
        ("narrow", "softmax", true),
        ("narrow", "sigmoid", false),
        ("wide", "softmax", true),
        ("wide", "sigmoid", false),
    ] {
        let golden = &golden[shape];
        let data = data(golden, single_label);
        let strengths = [100.0, 3.0, 0.1];
        let path = LinearProbe::path(&data, &strengths, None);
        for ((strength, name), warm) in strengths.into_iter().zip(["100.0", "3.0", "0.1"]).zip(&path) {
            let want = &golden[key][name];
            let place = format!("{shape}, {key}, strength {name}");
            let cold = difference(&LinearProbe::fit(&data, strength, None), &data, want);
            assert!(cold < TOLERANCE, "{place}: {cold}");
            let warm = difference(warm, &data, want);
            assert!(warm < PATH_TOLERANCE, "{place}, on the path: {warm}");
        }
    }
}

/// The stronger the regularisation, the nearer the weights stay to the prior; without it they are far.
#[test]
fn a_prior_is_where_weights_are_drawn() {
    let data = data(&golden()["narrow"], true);
    let prior = LinearProbe {
        weight: (0..3 * data.width).map(|i| (i as f32 * 0.37).sin()).collect(),
        bias: vec![0.1, -0.2, 0.3],
    };
    let distance = |strength: f64| {
        let fitted = LinearProbe::fit(&data, strength, Some(&prior));
        let parts = fitted.weight.iter().zip(&prior.weight);
        // The last feature never varies: its weight stays.
        parts.map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>().sqrt()
    };
    let (weak, strong) = (distance(0.01), distance(1e6));
    assert!(strong < 1e-3 && weak > 1.0, "{strong} {weak}");
    let free = LinearProbe::fit(&data, 1e-3, None).loss(&data);
    assert!(free < LinearProbe::fit(&data, 100.0, None).loss(&data));
}

#[test]
fn selected_clips_are_those_clips() {
    let data = data(&golden()["narrow"], false);
    let two = data.select(&[5, 1]);
    assert_eq!((two.clips(), two.width, two.classes), (2, 7, 3));
    assert_eq!(two.x[..7], data.x[35..42]);
    assert_eq!(two.y[3..], data.y[3..6]);
}

/// Several layers at once give the logits that each gives by itself.
#[test]
fn logits_of_several_layers_are_those_of_each() {
    let data = data(&golden()["wide"], true);
    let layers = LinearProbe::path(&data, &[100.0, 3.0, 0.1], None);
    let together = LinearProbe::logits_of(&layers, &data.x, data.width);
    assert_eq!(together.len(), 3);
    for (layer, got) in layers.iter().zip(&together) {
        let alone = layer.logits(&data.x, data.width);
        for (got, want) in got.iter().zip(&alone) {
            assert!((got - want).abs() < 1e-5, "{got}, {want}");
        }
    }
}
