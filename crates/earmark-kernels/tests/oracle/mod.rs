//! Slow and obvious versions of the operations, in f64: what the fast ones are compared with.
#![allow(dead_code)]

use earmark_kernels::{Activation, ConvWindow, OpInput};

/// A small reproducible generator (SplitMix64): tests need numbers, not statistics.
pub struct Rng(pub u64);

impl Rng {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
    /// Uniform in -1..1.
    pub fn f32(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }
    pub fn vec(&mut self, n: usize) -> Vec<f32> {
        (0..n).map(|_| self.f32()).collect()
    }
    /// Uniform in `low..=high`.
    pub fn pick(&mut self, low: usize, high: usize) -> usize {
        low + (self.next() % (high - low + 1) as u64) as usize
    }
}

/// Largest difference relative to the largest expected value.
pub fn error(got: &[f32], want: &[f64]) -> f64 {
    assert_eq!(got.len(), want.len());
    let scale = want.iter().fold(1e-3f64, |m, v| m.max(v.abs()));
    got.iter()
        .zip(want)
        .map(|(&g, &w)| (f64::from(g) - w).abs())
        .fold(0.0, |m: f64, v| if v.is_nan() { f64::NAN } else { m.max(v) })
        / scale
}

pub fn assert_close(what: &str, got: &[f32], want: &[f64], tolerance: f64) {
    let e = error(got, want);
    assert!(
        e <= tolerance,
        "{what}: relative error {e:.3e} above {tolerance:.1e}"
    );
}

/// Largest difference relative to a size that is known from elsewhere.
pub fn assert_within(what: &str, got: &[f32], want: &[f64], size: f64, tolerance: f64) {
    assert_eq!(got.len(), want.len(), "{what}");
    for (i, (&g, &w)) in got.iter().zip(want).enumerate() {
        let e = (f64::from(g) - w).abs() / size;
        assert!(
            e <= tolerance,
            "{what}[{i}]: {g:e} is not {w:e}, relative error {e:.3e} above {tolerance:.1e}"
        );
    }
}

pub fn f64s(x: &[f32]) -> Vec<f64> {
    x.iter().map(|&v| f64::from(v)).collect()
}

/// The values that an operation sees.
pub fn seen(
    x: &OpInput<'_>,
    map: impl Fn(usize) -> (f64, f64, f64),
    channels: usize,
) -> (Vec<f64>, Vec<f64>) {
    let n = x.raw.len() / channels;
    let mut values = Vec::new();
    let mut slopes = Vec::new();
    for (i, &v) in x.raw.iter().enumerate() {
        let (mean, scale, shift) = map(i / n);
        let pre = (f64::from(v) - mean) * scale + shift;
        let (a, d) = activation(x.act, pre);
        values.push(a);
        slopes.push(d);
    }
    (values, slopes)
}

/// Moves every value whose normalised one is within rounding of a jump of the activation's derivative: there, f32 and f64
/// may take different sides, both rightly. A normalisation that maps everything onto a jump is left alone.
pub fn leave_jumps(
    raw: &mut [f32],
    act: Activation,
    map: impl Fn(usize) -> (f64, f64, f64),
    channels: usize,
) {
    const NEAR: f64 = 1e-5;
    let jumps: &[f64] = match act {
        Activation::Identity => &[],
        Activation::Relu => &[0.0],
        Activation::Relu6 => &[0.0, 6.0],
        Activation::HardSwish => &[-3.0, 3.0],
    };
    let n = raw.len() / channels;
    for (i, v) in raw.iter_mut().enumerate() {
        let (mean, scale, shift) = map(i / n);
        // Where the scale is all but 0, the derivative with respect to the value is too.
        let step = (4.0 * NEAR / scale.abs()).min(1.0) as f32;
        let close = |v: f32| {
            let pre = (f64::from(v) - mean) * scale + shift;
            jumps.iter().any(|j| (pre - j).abs() < NEAR)
        };
        if close(*v) {
            *v += step;
        }
    }
}

/// Value and derivative of an activation.
pub fn activation(act: Activation, x: f64) -> (f64, f64) {
    match act {
        Activation::Identity => (x, 1.0),
        Activation::Relu => (x.max(0.0), f64::from(x > 0.0)),
        Activation::Relu6 => (x.clamp(0.0, 6.0), f64::from(x > 0.0 && x < 6.0)),
        Activation::HardSwish => {
            let r = (x + 3.0).clamp(0.0, 6.0) / 6.0;
            let d = if x <= -3.0 {
                0.0
            } else if x >= 3.0 {
                1.0
            } else {
                (2.0 * x + 3.0) / 6.0
            };
            (x * r, d)
        }
    }
}

/// A convolution of `[I, B, H, W]` with weights `[O, I, kh, kw]`; with `depthwise` the weights are `[C, kh, kw]`.
#[derive(Clone, Copy, Debug)]
pub struct Conv {
    pub inputs: usize,
    pub outputs: usize,
    pub batch: usize,
    pub size: [usize; 2],
    pub window: ConvWindow,
    pub depthwise: bool,
}

impl Conv {
    pub fn out(&self) -> [usize; 2] {
        self.window.output(self.size).expect("window fits")
    }
    pub fn x_len(&self) -> usize {
        self.inputs * self.batch * self.size[0] * self.size[1]
    }
    pub fn y_len(&self) -> usize {
        self.outputs * self.batch * self.out()[0] * self.out()[1]
    }
    pub fn w_len(&self) -> usize {
        let taps = self.window.kernel[0] * self.window.kernel[1];
        if self.depthwise {
            self.inputs * taps
        } else {
            self.inputs * self.outputs * taps
        }
    }
    /// Calls `f(y index, x index, w index)` for every product of the convolution.
    fn each(&self, mut f: impl FnMut(usize, usize, usize)) {
        let ([oh, ow], [h, w], [kh, kw]) = (self.out(), self.size, self.window.kernel);
        for o in 0..self.outputs {
            for b in 0..self.batch {
                for y in 0..oh {
                    for x in 0..ow {
                        let yi = ((o * self.batch + b) * oh + y) * ow + x;
                        for i in if self.depthwise { o..o + 1 } else { 0..self.inputs } {
                            for ky in 0..kh {
                                for kx in 0..kw {
                                    let (r, c) =
                                        (y * self.window.stride[0] + ky, x * self.window.stride[1] + kx);
                                    let (r, c) = (
                                        r.wrapping_sub(self.window.before[0]),
                                        c.wrapping_sub(self.window.before[1]),
                                    );
                                    if r < h && c < w {
                                        let xi = ((i * self.batch + b) * h + r) * w + c;
                                        let row = if self.depthwise { o } else { o * self.inputs + i };
                                        f(yi, xi, (row * kh + ky) * kw + kx);
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
    pub fn forward(&self, x: &[f64], w: &[f64]) -> Vec<f64> {
        let mut y = vec![0.0; self.y_len()];
        self.each(|yi, xi, wi| y[yi] += x[xi] * w[wi]);
        y
    }
    /// Gradients of input and weights.
    pub fn backward(&self, x: &[f64], w: &[f64], dy: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let (mut dx, mut dw) = (vec![0.0; x.len()], vec![0.0; w.len()]);
        self.each(|yi, xi, wi| {
            dx[xi] += dy[yi] * w[wi];
            dw[wi] += dy[yi] * x[xi];
        });
        (dx, dw)
    }
}

/// Mean and biased variance of each channel.
pub fn statistics(x: &[f64], channels: usize) -> Vec<(f64, f64)> {
    x.chunks(x.len() / channels)
        .map(|row| {
            let mean = row.iter().sum::<f64>() / row.len() as f64;
            (
                mean,
                row.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / row.len() as f64,
            )
        })
        .collect()
}
