//! Transforms and products in float64 against their definitions.

use crate::array::Array;
use crate::fourier::{Form, dft, stft};
use crate::product::product;
use std::f64::consts::TAU;

/// Lengths with and without factors, odd and even.
const LENGTHS: [usize; 9] = [1, 2, 3, 7, 12, 15, 31, 64, 250];

/// What is lost of a transform in float64, as a part of its largest number. In float32 it is 1e-7.
pub(crate) const ROUNDING: f64 = 1e-13;

/// Numbers from -1 to 1 that look random.
pub(crate) fn noise(count: usize, seed: u32) -> Vec<f64> {
    let mut state = seed;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(state >> 8) / 8_388_608.0 - 1.0
    };
    (0..count).map(next).collect()
}

/// A periodic Hann window times a number: what a frame of digital silence is behind a shift and a window.
pub(crate) fn silence(count: usize) -> Vec<f64> {
    (0..count)
        .map(|i| 0.25 * (1.0 - (TAU * i as f64 / count as f64).cos()))
        .collect()
}

pub(crate) fn impulse(count: usize) -> Vec<f64> {
    (0..count).map(|i| f64::from(u8::from(i == count / 3))).collect()
}

fn array(shape: &[usize], values: Vec<f64>) -> Array {
    assert_eq!(shape.iter().product::<usize>(), values.len());
    Array {
        shape: shape.to_vec(),
        values,
    }
}

/// `sum z[t] e^(sign i 2 pi k t / n)`, real and imaginary part.
pub(crate) fn fourier(z: &[[f64; 2]], k: usize, sign: f64) -> [f64; 2] {
    let mut sum = [0.0; 2];
    for (t, [re, im]) in z.iter().enumerate() {
        let (sin, cos) = (sign * TAU * (k * t % z.len()) as f64 / z.len() as f64).sin_cos();
        sum[0] += re * cos - im * sin;
        sum[1] += re * sin + im * cos;
    }
    sum
}

pub(crate) fn complex(real: &[f64]) -> Vec<[f64; 2]> {
    real.iter().map(|x| [*x, 0.0]).collect()
}

/// Compares numbers with those in float64, of which they are rounded.
pub(crate) fn check(what: &str, got: &[f32], wanted: &[f64], rounding: f64) {
    assert_eq!(got.len(), wanted.len(), "{what}");
    let most = wanted.iter().fold(1.0_f64, |most, x| most.max(x.abs()));
    for (k, (got, want)) in got.iter().zip(wanted).enumerate() {
        let off = (f64::from(*got) - want).abs();
        assert!(
            off <= rounding * most + 6e-8 * want.abs(),
            "{what}, {k}: {got} instead of {want}"
        );
    }
}

const ONESIDED: Form = Form {
    inverse: false,
    onesided: true,
};
const FORWARD: Form = Form {
    inverse: false,
    onesided: false,
};
const INVERSE: Form = Form {
    inverse: true,
    onesided: false,
};
const INVERSE_ONESIDED: Form = Form {
    inverse: true,
    onesided: true,
};

#[test]
fn real_signals_have_the_spectrum_of_the_definition() {
    for n in LENGTHS {
        for (what, x) in [
            ("silence", silence(n)),
            ("impulse", impulse(n)),
            ("noise", noise(n, 5)),
        ] {
            for (form, bins) in [(ONESIDED, n / 2 + 1), (FORWARD, n)] {
                let got = dft(&array(&[1, n, 1], x.clone()), None, 1, form).unwrap();
                assert_eq!(got.shape, [1, bins, 2]);
                let wanted: Vec<f64> = (0..bins).flat_map(|k| fourier(&complex(&x), k, -1.0)).collect();
                check(
                    &format!("{what} of {n}, {form:?}"),
                    &got.values,
                    &wanted,
                    ROUNDING,
                );
            }
        }
    }
}

#[test]
fn inverses_give_what_was_transformed() {
    for n in LENGTHS {
        let x = noise(2 * n, 3);
        let z: Vec<[f64; 2]> = x.chunks_exact(2).map(|z| [z[0], z[1]]).collect();
        let got = dft(&array(&[n, 2], x), None, 0, INVERSE).unwrap();
        let wanted = (0..n).flat_map(|k| fourier(&z, k, 1.0).map(|part| part / n as f64));
        check(
            &format!("inverse of {n}"),
            &got.values,
            &wanted.collect::<Vec<_>>(),
            ROUNDING,
        );
        let x = noise(n, 4);
        let spectrum: Vec<f64> = (0..=n / 2).flat_map(|k| fourier(&complex(&x), k, -1.0)).collect();
        let spectrum = array(&[n / 2 + 1, 2], spectrum);
        let got = dft(&spectrum, Some(n), -2, INVERSE_ONESIDED).unwrap();
        assert_eq!(got.shape, [n, 1]);
        check(&format!("one-sided inverse of {n}"), &got.values, &x, ROUNDING);
        if n > 1 && n.is_multiple_of(2) {
            let without = dft(&spectrum, None, -2, INVERSE_ONESIDED).unwrap();
            assert_eq!(without.values, got.values);
        }
    }
}

/// Axes within others, lengths that cut off and fill up.
#[test]
fn any_axis_is_transformed_to_any_length() {
    let x = array(&[2, 5, 3, 1], noise(30, 7));
    for length in [3, 5, 8] {
        let got = dft(&x, Some(length), 1, ONESIDED).unwrap();
        let bins = length / 2 + 1;
        assert_eq!(got.shape, [2, bins, 3, 2]);
        let mut wanted = vec![0.0; 2 * bins * 3 * 2];
        for (row, lane) in (0..2).flat_map(|row| (0..3).map(move |lane| (row, lane))) {
            let mut signal: Vec<f64> = (0..5).map(|i| x.values[(row * 5 + i) * 3 + lane]).collect();
            signal.resize(length, 0.0);
            for k in 0..bins {
                let at = ((row * bins + k) * 3 + lane) * 2;
                wanted[at..at + 2].copy_from_slice(&fourier(&complex(&signal), k, -1.0));
            }
        }
        check(&format!("to {length}"), &got.values, &wanted, ROUNDING);
        assert_eq!(dft(&x, Some(length), -3, ONESIDED).unwrap().values, got.values);
    }
}

#[test]
fn frames_are_transformed_behind_a_window() {
    let x = noise(2 * 40, 9);
    for (length, step) in [(8, 4), (9, 5), (40, 1)] {
        let window = array(&[length], silence(length));
        for windowed in [true, false] {
            let window = windowed.then_some(&window);
            let got = stft(&array(&[2, 40], x.clone()), step, window, Some(length), true).unwrap();
            let frames = (40 - length) / step + 1;
            assert_eq!(got.shape, [2, frames, length / 2 + 1, 2]);
            let mut wanted = Vec::new();
            for (row, frame) in (0..2).flat_map(|row| (0..frames).map(move |frame| (row, frame))) {
                let start = row * 40 + frame * step;
                let weight = |i: usize| window.map_or(1.0, |window| window.values[i]);
                let signal: Vec<f64> = (0..length).map(|i| x[start + i] * weight(i)).collect();
                wanted.extend((0..=length / 2).flat_map(|k| fourier(&complex(&signal), k, -1.0)));
            }
            check(&format!("frames of {length}"), &got.values, &wanted, ROUNDING);
        }
    }
    let got = stft(&array(&[1, 40, 2], x.clone()), 16, None, Some(16), false).unwrap();
    let z: Vec<[f64; 2]> = x.chunks_exact(2).map(|z| [z[0], z[1]]).collect();
    let frames = [&z[..16], &z[16..32]];
    let wanted = frames
        .iter()
        .flat_map(|z| (0..16).flat_map(|k| fourier(z, k, -1.0)));
    check(
        "complex frames",
        &got.values,
        &wanted.collect::<Vec<_>>(),
        ROUNDING,
    );
}

#[test]
fn matrices_are_multiplied_as_their_shapes_say() {
    type Case = (&'static [usize], &'static [usize], &'static [usize]);
    let cases: [Case; 9] = [
        (&[9, 7], &[7, 5], &[9, 5]),
        (&[7], &[7, 5], &[5]),
        (&[9, 7], &[7], &[9]),
        (&[7], &[7], &[]),
        (&[2, 3, 9, 7], &[7, 5], &[2, 3, 9, 5]),
        (&[2, 3, 9, 7], &[3, 7, 5], &[2, 3, 9, 5]),
        (&[2, 1, 9, 7], &[1, 3, 7, 5], &[2, 3, 9, 5]),
        (&[9, 7], &[2, 7, 5], &[2, 9, 5]),
        (&[0, 7], &[7, 5], &[0, 5]),
    ];
    for (left, right, shape) in cases {
        let [a, b] = [left, right].map(|shape| array(shape, noise(shape.iter().product(), 2)));
        let got = product(&a, &b).unwrap();
        assert_eq!(got.shape, shape, "{left:?} x {right:?}");
        let rows = if left.len() > 1 { left[left.len() - 2] } else { 1 };
        let columns = if right.len() > 1 {
            right[right.len() - 1]
        } else {
            1
        };
        // Which matrix of an operand is taken, for those of these cases.
        let matrix = |shape: &[usize], i: usize, j: usize| match shape {
            [2, 3, _, _] => 3 * i + j,
            [2, _, _] | [2, 1, _, _] => i,
            [3, _, _] | [1, 3, _, _] => j,
            _ => 0,
        };
        let (first, second) = match shape {
            [2, 3, ..] => (2, 3),
            [2, _, _] => (2, 1),
            _ => (1, 1),
        };
        let mut wanted = Vec::new();
        for (i, j) in (0..first).flat_map(|i| (0..second).map(move |j| (i, j))) {
            let (at, to) = (matrix(left, i, j) * rows * 7, matrix(right, i, j) * 7 * columns);
            for (row, column) in (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column))) {
                let products =
                    (0..7).map(|k| a.values[at + row * 7 + k] * b.values[to + k * columns + column]);
                wanted.push(products.sum());
            }
        }
        check(&format!("{left:?} x {right:?}"), &got.values, &wanted, ROUNDING);
    }
    for (left, right) in [(&[9, 7][..], &[5, 7][..]), (&[2, 9, 7], &[3, 7, 5]), (&[], &[7])] {
        let [a, b] = [left, right].map(|shape| array(shape, noise(shape.iter().product(), 2)));
        let message = product(&a, &b).unwrap_err();
        let wanted = format!("multiplies matrices of shapes {left:?} and {right:?}");
        assert_eq!(message, wanted);
    }
}
