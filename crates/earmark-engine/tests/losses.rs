//! Losses against PyTorch in float64 (`xtask/golden/losses.py`), and their gradients against differences.

use burn::tensor::{Device, Tensor, TensorData};
use earmark_engine::Loss;
use earmark_models::to_host;
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    rows: usize,
    classes: usize,
    logits: Vec<f32>,
    targets: Vec<f32>,
    noisy: Vec<bool>,
    outliers: Vec<usize>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    loss: Loss,
    divide: f32,
    value: f64,
    gradient: Vec<f64>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("golden/losses.json")).expect("the golden file")
}

/// Value and gradient on logits.
fn measured(
    loss: &Loss,
    logits: Vec<f32>,
    targets: Vec<f32>,
    shape: [usize; 2],
    noisy: &[bool],
) -> (f64, Vec<f64>) {
    let device = Device::flex().autodiff();
    let x = Tensor::<2>::from_data(TensorData::new(logits, shape), &device).require_grad();
    let y = Tensor::<2>::from_data(TensorData::new(targets, shape), &device);
    let value = loss.forward(x.clone(), y, noisy);
    let grads = value.backward();
    let gradient = x.grad(&grads).map_or(vec![0.0; shape[0] * shape[1]], to_host);
    (
        f64::from(to_host(value.inner())[0]),
        gradient.into_iter().map(f64::from).collect(),
    )
}

#[test]
fn values_and_gradients_are_those_of_pytorch() {
    let g = golden();
    let mut worst = (0.0, 0.0);
    for Case {
        loss,
        divide,
        value,
        gradient,
    } in &g.cases
    {
        let logits: Vec<f32> = g.logits.iter().map(|x| x / divide).collect();
        let shape = [g.rows, g.classes];
        let (got, slopes) = measured(loss, logits, g.targets.clone(), shape, &g.noisy);
        let off = (got - value).abs() / value.abs();
        assert!(off < 1e-6, "{loss:?}: {got} instead of {value}");
        // Below a ten-millionth of the greatest, a slope is what float32 leaves of a difference of ones.
        let greatest = gradient.iter().fold(0.0_f64, |m, g| m.max(g.abs()));
        for (i, (got, want)) in slopes.iter().zip(gradient).enumerate() {
            let off = ((got - want).abs() - 1e-7 * greatest).max(0.0) / want.abs().max(f64::MIN_POSITIVE);
            assert!(off < 1e-4, "{loss:?}, slope {i}: {got} instead of {want}");
            worst = (f64::max(worst.0, off), worst.1);
        }
        worst.1 = f64::max(worst.1, off);
    }
    assert!(
        worst.0 < 5e-5 && worst.1 < 5e-7,
        "as good as float32 lets them be: {worst:?}"
    );
    assert!(g.outliers.iter().all(|n| *n > 0), "the cases have outliers");
}

/// The slope is the limit of differences, in float32 and so only roughly; what a formula and its restatement could share in
/// error, this would not. Soft bootstrapping holds its target fixed and is left out.
#[test]
fn gradients_are_slopes() {
    let noisy = [false, true];
    let targets = vec![1.0, 0.0, 0.0, 0.0, 1.0, 0.25];
    let logits = vec![0.3_f32, -0.7, 1.1, 2.0, -0.4, 0.1];
    for text in [
        r#"{ "kind": "sigmoid-cross-entropy", "label-smoothing": 0.2 }"#,
        r#"{ "kind": "softmax-cross-entropy", "label-smoothing": 0.2 }"#,
        r#"{ "kind": "sigmoid-cross-entropy", "label-smoothing": 0.2, "class-weights": [0.5, 3.0, 2.0] }"#,
        r#"{ "kind": "softmax-cross-entropy", "class-weights": [0.5, 3.0, 2.0] }"#,
        r#"{ "kind": "lq", "q": 0.7 }"#,
        r#"{ "kind": "focal" }"#,
        r#"{ "kind": "lsep" }"#,
        r#"{ "kind": "outlier-cross-entropy", "share": 0.9 }"#,
        r#"{ "kind": "by-subset", "curated": { "kind": "focal" }, "noisy": { "kind": "lq" }, "noisy-weight": 0.5 }"#,
    ] {
        let loss: Loss = serde_json::from_str(text).expect("a loss");
        let at = |i: usize, h: f32| {
            let mut x = logits.clone();
            x[i] += h;
            measured(&loss, x, targets.clone(), [2, 3], &noisy).0
        };
        let (_, slopes) = measured(&loss, logits.clone(), targets.clone(), [2, 3], &noisy);
        assert!(slopes.iter().any(|s| s.abs() > 1e-2), "{text}: a slope at all");
        for (i, slope) in slopes.iter().enumerate() {
            let numeric = (at(i, 1e-2) - at(i, -1e-2)) / 2e-2;
            assert!(
                (slope - numeric).abs() < 2e-4,
                "{text} {i}: {slope} against {numeric}"
            );
        }
    }
}

/// The target of soft bootstrapping moves with the score and passes no gradient on: against a target held fixed, it is
/// plain cross-entropy.
#[test]
fn no_gradient_goes_through_a_bootstrapped_target() {
    let (logits, targets) = (vec![0.5_f32, -1.5, 2.0], vec![1.0_f32, 0.0, 0.0]);
    let fixed: Vec<f32> = logits
        .iter()
        .zip(&targets)
        .map(|(x, y)| 0.7 * y + 0.3 / (1.0 + (-x).exp()))
        .collect();
    let soft = measured(
        &Loss::SoftBootstrap { beta: 0.7 },
        logits.clone(),
        targets,
        [1, 3],
        &[],
    );
    let plain = measured(&Loss::default(), logits, fixed, [1, 3], &[]);
    assert!((soft.0 - plain.0).abs() < 1e-6);
    for (a, b) in soft.1.iter().zip(&plain.1) {
        assert!((a - b).abs() < 1e-7, "{a} against {b}");
    }
}

/// Of one part alone, the other half of the loss is not there, and a batch whose every row is an outlier moves nothing.
#[test]
fn batches_of_one_part() {
    let by_subset: Loss = serde_json::from_str(
        r#"{ "kind": "by-subset", "curated": { "kind": "sigmoid-cross-entropy" }, "noisy": { "kind": "lq" }, "curated-weight": 0.5 }"#,
    )
    .expect("a loss");
    let (x, y) = (vec![1.0_f32, -2.0, 0.5, 3.0], vec![1.0_f32, 0.0, 0.0, 1.0]);
    let of = |loss: &Loss, noisy: &[bool]| measured(loss, x.clone(), y.clone(), [2, 2], noisy);
    let (value, slopes) = of(&by_subset, &[]);
    let (plain, plain_slopes) = of(&Loss::default(), &[]);
    assert!((value - 0.5 * plain).abs() < 1e-7);
    for (a, b) in slopes.iter().zip(&plain_slopes) {
        assert!((a - 0.5 * b).abs() < 1e-7);
    }
    assert_eq!(of(&by_subset, &[true, true]), of(&Loss::Lq { q: 0.5 }, &[]));
    let one = measured(
        &Loss::OutlierCrossEntropy { share: 0.8 },
        vec![1.0, -2.0],
        vec![1.0, 0.0],
        [1, 2],
        &[true],
    );
    assert_eq!(one, (0.0, vec![0.0, 0.0]));
}

/// `class_weight = {0: 0.5, 1: 3, 2: 2}` of Keras with one label an example: the losses weigh 3, 0.5 and 2, and their sum is divided by
/// their number.
#[test]
fn classes_weigh_what_they_weigh_in_keras() {
    let x = [[0.3_f64, -0.7, 1.1], [2.0, -0.4, 0.1], [0.0, 0.5, -1.5]];
    let labels = [1, 0, 2];
    let weights = [0.5, 3.0, 2.0];
    let by_hand = |of: &dyn Fn(&[f64; 3], usize) -> f64| {
        let terms = x
            .iter()
            .zip(labels)
            .map(|(row, label)| weights[label] * of(row, label));
        terms.sum::<f64>() / 3.0
    };
    let softmax = by_hand(&|row, label| row.iter().map(|v| v.exp()).sum::<f64>().ln() - row[label]);
    let sigmoid = by_hand(&|row, label| {
        let each = (0..3).map(|c| (if c == label { -row[c] } else { row[c] }).exp().ln_1p());
        each.sum::<f64>() / 3.0
    });
    let logits: Vec<f32> = x.iter().flatten().map(|v| *v as f32).collect();
    let targets: Vec<f32> = labels
        .iter()
        .flat_map(|l| (0..3).map(move |c| f32::from(u8::from(c == *l))))
        .collect();
    for (kind, want) in [("softmax", softmax), ("sigmoid", sigmoid)] {
        let text = format!(r#"{{ "kind": "{kind}-cross-entropy", "class-weights": [0.5, 3, 2] }}"#);
        let loss: Loss = serde_json::from_str(&text).expect("a loss");
        let (got, _) = measured(&loss, logits.clone(), targets.clone(), [3, 3], &[]);
        assert!((got - want).abs() < 1e-6, "{kind}: {got}, by hand {want}");
    }
}

/// A mixed segment weighs the mean of its classes' weights, whatever its labels sum to; one without labels weighs 1. Smoothing changes
/// its targets and not what it weighs.
#[test]
fn soft_labels_weigh_their_mean() {
    let read = |more: &str| -> Loss {
        let text = format!(r#"{{ "kind": "sigmoid-cross-entropy", "label-smoothing": 0.3{more} }}"#);
        serde_json::from_str(&text).expect("a loss")
    };
    let (plain, weighed) = (read(""), read(r#", "class-weights": [0.5, 3.0, 2.0]"#));
    let logits = vec![0.3_f32, -0.7, 1.1];
    for (labels, weight) in [
        ([0.25, 0.75, 0.0], 0.25 * 0.5 + 0.75 * 3.0),
        ([1.0, 1.0, 0.0], (0.5 + 3.0) / 2.0),
        ([0.0, 0.0, 0.4], 2.0),
        ([0.0, 0.0, 0.0], 1.0),
    ] {
        let of = |loss: &Loss| measured(loss, logits.clone(), labels.to_vec(), [1, 3], &[]);
        let ((plain, slopes), (got, weighed_slopes)) = (of(&plain), of(&weighed));
        assert!(
            (got - weight * plain).abs() < 1e-6 * got,
            "{labels:?}: {got} of {plain}"
        );
        for (a, b) in slopes.iter().zip(weighed_slopes) {
            assert!((weight * a - b).abs() < 1e-6, "{labels:?}: {a} {b}");
        }
    }
}
