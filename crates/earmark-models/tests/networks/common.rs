//! Fills networks and inputs by the rules of `xtask/golden/network_fill.py`, so that no weights need to be stored.
#![allow(dead_code, reason = "each test takes what it needs")]

use burn::tensor::{Device, Tensor, TensorData};
use earmark_models::{Forward, VarId, Vars};
use serde_json::Value;

pub fn golden(name: &str) -> Value {
    let path = format!("{}/tests/golden/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(&path).expect(&path)).expect(&path)
}

/// u(s, i) of the rules.
pub fn uniform(stream: u64, i: u64) -> f64 {
    let mut z = ((stream << 32) + i + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^= z >> 31;
    (z >> 40) as f64 / 8_388_608.0 - 1.0
}

/// Fills the variables that the golden file lists, in its order, checking names, shapes and first values.
pub fn fill(vars: &mut Vars, golden: &Value) -> Vec<VarId> {
    let parameters = golden["parameters"].as_array().unwrap();
    let mut ids = Vec::new();
    for (p, parameter) in parameters.iter().enumerate() {
        let name = parameter["name"].as_str().unwrap();
        let id = vars.find(name).unwrap_or_else(|| panic!("no variable `{name}`"));
        let shape: Vec<usize> = serde_json::from_value(parameter["shape"].clone()).unwrap();
        assert_eq!(vars.specs()[id.0].shape, shape, "{name}");
        let fan_in: usize = shape[1..].iter().product();
        let (offset, scale) = match (name.rsplit('.').next().unwrap(), shape.len()) {
            ("weight", 4) => (0.0, (6.0 / fan_in as f64).sqrt()),
            ("weight", _) => (0.0, (3.0 / fan_in as f64).sqrt()),
            ("gamma", _) => (1.0, 0.1),
            ("prelu", _) => (0.25, 0.1),
            _ => (0.0, 0.1),
        };
        let n: usize = shape.iter().product();
        let values: Vec<f32> = (0..n)
            .map(|i| (offset + scale * uniform(p as u64, i as u64)) as f32)
            .collect();
        assert!(
            (f64::from(values[0]) - parameter["first"].as_f64().unwrap()).abs() < 1e-6,
            "{name}"
        );
        vars.set_vec(id, values);
        ids.push(id);
    }
    ids
}

/// The input of a case, in its own layout `[b, c, h, w]`.
pub fn input(case: &Value, device: &Device) -> Tensor<4> {
    let shape: [usize; 4] = serde_json::from_value(case["input_shape"].clone()).unwrap();
    let s = case["input_stream"].as_u64().unwrap();
    let [b, c, h, w] = shape;
    let mut x = Vec::with_capacity(b * c * h * w);
    for bi in 0..b as u64 {
        for ci in 0..c as u64 {
            for hi in 0..h as u64 {
                for wi in 0..w as u64 {
                    let plane = bi * c as u64 + ci;
                    let row = plane * h as u64 + hi;
                    let value = uniform(s, row * w as u64 + wi)
                        + 2.0 * uniform(s + 1, row)
                        + uniform(s + 2, plane * w as u64 + wi);
                    x.push(value as f32);
                }
            }
        }
    }
    close_digest(&x, &case["input_digest"], 1e-6, "input");
    Tensor::from_data(TensorData::new(x, shape), device)
}

/// The golden labels as targets `[batch, classes]` of a training: 1 where a clip has the class.
pub fn targets(golden: &Value, classes: usize) -> Tensor<2> {
    let rows = golden["labels"].as_array().unwrap();
    let mut y = vec![0.0f32; rows.len() * classes];
    for (row, labels) in rows.iter().enumerate() {
        for label in labels.as_array().unwrap() {
            y[row * classes + label.as_u64().unwrap() as usize] = 1.0;
        }
    }
    let device = Device::flex().autodiff();
    Tensor::from_data(TensorData::new(y, [rows.len(), classes]), &device)
}

/// The pass by the kernels, or by Burn's own operations.
pub fn pass(ctx: Forward<'_>, kernels: bool) -> Forward<'_> {
    if kernels { ctx } else { ctx.without_kernels() }
}

/// Mean sigmoid cross-entropy, written out: this crate has no losses.
pub fn sigmoid_loss(logits: Tensor<2>, y: Tensor<2>) -> Tensor<1> {
    (logits.clone().clamp_min(0.0) - logits.clone() * y + logits.abs().neg().exp().log1p()).mean()
}

/// Number of weights, without BatchNorm's and biases.
pub fn weights(vars: &Vars) -> usize {
    let specs = vars.specs().iter();
    specs
        .filter(|s| s.name.ends_with("weight"))
        .map(|s| s.len())
        .sum()
}

/// The values in double precision.
pub fn host<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor
        .into_data_as::<f64>()
        .try_into_vec::<f64>()
        .expect("read as f64 just above")
}

/// L2 norm, sum and five elements.
pub fn digest<T: Copy + Into<f64>>(v: &[T]) -> Vec<f64> {
    let d = |i: usize| -> f64 { v[i].into() };
    let norm = (0..v.len()).map(|i| d(i).powi(2)).sum::<f64>().sqrt();
    let mut out = vec![norm, (0..v.len()).map(d).sum()];
    out.extend((0..5).map(|k| d(k * (v.len() - 1) / 4)));
    out
}

/// Compares norm, sum and samples with a golden digest, relative to the norm.
#[track_caller]
pub fn close_digest<T: Copy + Into<f64>>(got: &[T], want: &Value, tolerance: f64, what: &str) {
    let want: Vec<f64> = serde_json::from_value(want.clone()).unwrap();
    let got_digest = digest(got);
    // A sum of n elements may be off by sqrt(n) times what one is.
    let scale = |k: usize| {
        if k == 1 {
            want[0] * (got.len() as f64).sqrt()
        } else {
            want[0]
        }
    };
    for (k, (g, w)) in got_digest.iter().zip(&want).enumerate() {
        let error = (g - w).abs() / scale(k).max(1e-9);
        assert!(
            error <= tolerance,
            "{what}: number {k} is {g}, golden {w}, off by {error:.2e} of the norm {}",
            want[0]
        );
    }
}

/// Largest difference relative to the size of the expected values.
pub fn relative<T: Copy + Into<f64>>(got: &[T], want: &Value) -> f64 {
    let want: Vec<Vec<f64>> = serde_json::from_value(want.clone()).unwrap();
    let want: Vec<f64> = want.into_iter().flatten().collect();
    assert_eq!(got.len(), want.len());
    let size = want.iter().map(|w| w * w).sum::<f64>().sqrt();
    let off = got
        .iter()
        .zip(&want)
        .map(|(g, w)| ((*g).into() - w).powi(2))
        .sum::<f64>()
        .sqrt();
    off / size
}
