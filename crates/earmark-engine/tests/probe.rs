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

/// Weights are rounded to float32, and scikit-learn stops a little before the end.
const TOLERANCE: f64 = 2e-4;

#[test]
fn probes_agree_with_scikit_learn() {
    let golden = golden();
    for (key, single_label) in [("softmax", true), ("sigmoid", false)] {
        let data = data(&golden, single_label);
        for (strength, want) in golden[key].as_object().expect("strengths") {
            let fitted = LinearProbe::fit(&data, strength.parse().expect("a number"), None);
            let logits = fitted.logits(&data.x, data.width);
            for (clip, (got, want)) in logits.chunks_exact(3).zip(rows(want)).enumerate() {
                for (got, want) in scores(got, single_label).iter().zip(want) {
                    assert!(
                        (got - want).abs() < TOLERANCE,
                        "{key}, strength {strength}, clip {clip}: {got}, expected {want}"
                    );
                }
            }
        }
    }
}

/// The stronger the regularisation, the nearer the weights stay to the prior; without it they are far.
#[test]
fn a_prior_is_where_weights_are_drawn() {
    let data = data(&golden(), true);
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
    let data = data(&golden(), false);
    let two = data.select(&[5, 1]);
    assert_eq!((two.clips(), two.width, two.classes), (2, 7, 3));
    assert_eq!(two.x[..7], data.x[35..42]);
    assert_eq!(two.y[3..], data.y[3..6]);
}
