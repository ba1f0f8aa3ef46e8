//! The slow definition of a fit, in double precision and without packing, that the fast one must agree with.

use super::lbfgs::minimise;
use super::objective::cross_entropy;
use super::standardise::Standardiser;
use super::{LinearProbe, LinearProbeData};

/// A number in -0.5 to 0.5 that looks random.
fn noise(i: usize) -> f32 {
    let mixed = (i as u64 + 1)
        .wrapping_mul(6_364_136_223_846_793_005)
        .rotate_left(29);
    let mixed = mixed.wrapping_mul(1_442_695_040_888_963_407);
    (mixed >> 40) as f32 / (1_u64 << 24) as f32 - 0.5
}

/// Clips whose classes differ in some of the features, which have unlike scales and means; every feature with a number that is a
/// multiple of 11 never varies.
fn clips(clips: usize, width: usize, classes: usize, single_label: bool) -> LinearProbeData {
    let feature = |i: usize| {
        move |j: usize| match j % 11 {
            0 => 2.5,
            k => {
                let own = f32::from(u8::from(i % classes == j % classes));
                (noise(i * width + j) + 0.3 * own) * 1.5_f32.powf(k as f32) + 1.0
            }
        }
    };
    let target = |i: usize| {
        move |c: usize| {
            let second = !single_label && noise(i * 31 + c) > 0.3;
            f32::from(u8::from(i % classes == c || second))
        }
    };
    LinearProbeData {
        x: (0..clips).flat_map(|i| (0..width).map(feature(i))).collect(),
        width,
        y: (0..clips).flat_map(|i| (0..classes).map(target(i))).collect(),
        classes,
        single_label,
        within_class: false,
    }
}

/// The value of a fit's objective at a point, and its gradient: the definition.
fn value(
    data: &LinearProbeData,
    x: &[f64],
    strength: f64,
    centre: &[f64],
    p: &[f64],
    gradient: &mut [f64],
) -> f64 {
    let (width, classes) = (data.width, data.classes);
    let (mut z, mut errors) = (vec![0.0; classes], vec![0.0; classes]);
    let mut sum = 0.0;
    gradient.fill(0.0);
    for (x, y) in x.chunks_exact(width).zip(data.y.chunks_exact(classes)) {
        for (c, z) in z.iter_mut().enumerate() {
            *z = p[width * classes + c] + (0..width).map(|j| x[j] * p[j * classes + c]).sum::<f64>();
        }
        sum += cross_entropy(&z, y, data.single_label, &mut errors);
        for (c, error) in errors.iter().enumerate() {
            (0..width).for_each(|j| gradient[j * classes + c] += error * x[j]);
            gradient[width * classes + c] += error;
        }
    }
    let weights = p.iter().zip(centre).zip(gradient).take(width * classes);
    for ((w, c), g) in weights {
        sum += strength / 2.0 * (w - c).powi(2);
        *g += strength * (w - c);
    }
    sum
}

/// Standardised features in double precision, and where the weights are drawn to.
fn standardised(data: &LinearProbeData, prior: Option<&LinearProbe>) -> (Standardiser, Vec<f64>, Vec<f64>) {
    let standardiser = Standardiser::of(&data.x, data.width);
    let x = standardiser.apply(&data.x).into_iter().map(f64::from).collect();
    let centre = match prior {
        Some(prior) => standardiser.parameters_of(&prior.weight, &prior.bias),
        None => vec![0.0; (data.width + 1) * data.classes],
    };
    (standardiser, x, centre)
}

/// The fit from scratch.
fn slow_fit(data: &LinearProbeData, strength: f64, prior: Option<&LinearProbe>) -> LinearProbe {
    let (standardiser, x, centre) = standardised(data, prior);
    let tolerance = 1e-8 * data.clips() as f64;
    let found = minimise(centre.clone(), tolerance, 5000, |p, gradient| {
        value(data, &x, strength, &centre, p, gradient)
    });
    let (weight, bias) = standardiser.layer_of(&found, data.classes);
    LinearProbe { weight, bias }
}

/// The value of the objective for a layer.
fn value_of(data: &LinearProbeData, strength: f64, prior: Option<&LinearProbe>, layer: &LinearProbe) -> f64 {
    let (standardiser, x, centre) = standardised(data, prior);
    let p = standardiser.parameters_of(&layer.weight, &layer.bias);
    value(data, &x, strength, &centre, &p, &mut vec![0.0; p.len()])
}

fn furthest(a: &LinearProbe, b: &LinearProbe, data: &LinearProbeData) -> f64 {
    let logits = [a, b].map(|layer| layer.logits(&data.x, data.width));
    let parts = logits[0].iter().zip(&logits[1]);
    parts.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

const STRENGTHS: [f64; 5] = [300.0, 30.0, 3.0, 1.0, 0.3];

/// More features than clips and fewer, one class per clip and several, with and without a prior.
fn cases() -> Vec<(LinearProbeData, Option<LinearProbe>)> {
    let mut all = Vec::new();
    for (n, width, classes) in [(60, 7, 3), (24, 50, 4), (90, 30, 2)] {
        for single_label in [true, false] {
            let data = clips(n, width, classes, single_label);
            let prior = LinearProbe {
                weight: (0..width * classes).map(|i| noise(i + 7)).collect(),
                bias: (0..classes).map(noise).collect(),
            };
            all.extend([(data.clone(), None), (data, Some(prior))]);
        }
    }
    all
}

#[test]
fn fits_are_those_of_the_definition() {
    for (case, (data, prior)) in cases().iter().enumerate() {
        for strength in STRENGTHS {
            let want = slow_fit(data, strength, prior.as_ref());
            let got = LinearProbe::fit(data, strength, prior.as_ref());
            let far = furthest(&got, &want, data);
            assert!(far < 1e-2, "case {case}, strength {strength}: {far}");
        }
    }
}

/// A path's fits are as good as fits from scratch: the values that they minimise agree to a ten-thousandth.
#[test]
fn a_path_gives_what_cold_fits_give() {
    for (case, (data, prior)) in cases().iter().enumerate() {
        let path = LinearProbe::path(data, &STRENGTHS, prior.as_ref());
        for (strength, warm) in STRENGTHS.into_iter().zip(&path) {
            let cold = slow_fit(data, strength, prior.as_ref());
            let [warm, cold] = [warm, &cold].map(|layer| value_of(data, strength, prior.as_ref(), layer));
            assert!(
                (warm - cold).abs() <= 1e-4 * cold.abs() + 1e-4 * data.clips() as f64,
                "case {case}, strength {strength}: {warm}, {cold}"
            );
        }
    }
}

/// Half the covariance of standardised features within classes, as a share of its mean variance, and half the identity.
fn shrunk_within(data: &LinearProbeData, x: &[f64]) -> Vec<f64> {
    let (width, classes) = (data.width, data.classes);
    let of_class = |c: usize| {
        let clips = x.chunks_exact(width).zip(data.y.chunks_exact(classes));
        clips.filter(move |(_, y)| y[c] > 0.5).map(|(x, _)| x)
    };
    let mut sums = vec![0.0; width * width];
    for c in 0..classes {
        let n = of_class(c).count() as f64;
        let mean: Vec<f64> = (0..width)
            .map(|j| of_class(c).map(|x| x[j]).sum::<f64>() / n)
            .collect();
        for row in of_class(c) {
            let rest: Vec<f64> = row.iter().zip(&mean).map(|(x, m)| x - m).collect();
            for (j, a) in rest.iter().enumerate() {
                for (k, b) in rest.iter().enumerate() {
                    sums[j * width + k] += a * b;
                }
            }
        }
    }
    let variance = (0..width).map(|j| sums[j * width + j]).sum::<f64>() / width as f64;
    let identity = |at: usize| f64::from(u8::from(at / width == at % width));
    let shrunk = |(at, sum): (usize, &f64)| 0.5 * sum / variance + 0.5 * identity(at);
    sums.iter().enumerate().map(shrunk).collect()
}

/// With within-class normalisation a fit ends where the gradient of the definition does: of the cross-entropies plus
/// `strength / 2` times `w' C w` for each class. Without, it ends elsewhere.
#[test]
fn weights_cost_what_the_covariance_within_classes_says() {
    for (n, width, classes) in [(60, 7, 3), (24, 50, 4), (90, 30, 2)] {
        let plain = clips(n, width, classes, true);
        let (standardiser, x, centre) = standardised(&plain, None);
        let covariance = shrunk_within(&plain, &x);
        let slope = |within_class: bool, strength: f64| -> f64 {
            let data = LinearProbeData {
                within_class,
                ..plain.clone()
            };
            let layer = LinearProbe::fit(&data, strength, None);
            let p = standardiser.parameters_of(&layer.weight, &layer.bias);
            let mut gradient = vec![0.0; p.len()];
            value(&data, &x, 0.0, &centre, &p, &mut gradient);
            for (at, g) in gradient.iter_mut().enumerate().take(width * classes) {
                let (j, c) = (at / classes, at % classes);
                let products = (0..width).map(|k| covariance[j * width + k] * p[k * classes + c]);
                *g += strength * products.sum::<f64>();
            }
            gradient.iter().map(|g| g.abs()).fold(0.0, f64::max) / n as f64
        };
        for strength in [30.0, 3.0, 0.3] {
            let (with, without) = (slope(true, strength), slope(false, strength));
            let place = format!("{n} x {width} x {classes}, strength {strength}: {with}, {without}");
            assert!(with < 1e-4 && without > 10.0 * with, "{place}");
        }
    }
}

/// The gradient is the value's, by finite differences.
#[test]
fn the_gradient_is_that_of_the_value() {
    for single_label in [true, false] {
        let data = clips(20, 6, 3, single_label);
        let (_, x, centre) = standardised(&data, None);
        let p: Vec<f64> = (0..centre.len()).map(|i| f64::from(noise(i))).collect();
        let mut gradient = vec![0.0; p.len()];
        let at = |p: &[f64]| value(&data, &x, 2.0, &centre, p, &mut vec![0.0; p.len()]);
        value(&data, &x, 2.0, &centre, &p, &mut gradient);
        for (i, want) in gradient.iter().enumerate() {
            let mut moved = p.clone();
            moved[i] += 1e-5;
            let above = at(&moved);
            moved[i] -= 2e-5;
            let slope = (above - at(&moved)) / 2e-5;
            assert!((slope - want).abs() < 1e-4, "{i}: {slope}, {want}");
        }
    }
}

/// Mean and deviation folded into the layer give the logits of the standardised features, and back.
#[test]
fn a_folded_layer_gives_the_same_logits() {
    let data = clips(40, 23, 5, true);
    let (standardiser, x, centre) = standardised(&data, None);
    let p: Vec<f64> = (0..centre.len()).map(|i| f64::from(noise(i))).collect();
    let (weight, bias) = standardiser.layer_of(&p, data.classes);
    let layer = LinearProbe { weight, bias };
    for (got, row) in layer
        .logits(&data.x, data.width)
        .chunks_exact(data.classes)
        .zip(x.chunks_exact(data.width))
    {
        for (c, got) in got.iter().enumerate() {
            let products = row.iter().enumerate().map(|(j, x)| x * p[j * data.classes + c]);
            let want = p[data.width * data.classes + c] + products.sum::<f64>();
            assert!((got - want).abs() < 1e-4, "{got}, {want}");
        }
    }
    let back = standardiser.parameters_of(&layer.weight, &layer.bias);
    for (i, (got, want)) in back.iter().zip(&p).enumerate() {
        assert!((got - want).abs() < 1e-4, "{i}: {got}, {want}");
    }
}
