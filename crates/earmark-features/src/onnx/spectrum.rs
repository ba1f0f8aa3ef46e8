//! Frames to spectra: two matrix products and a twiddle, as [`FourierPlan`] splits them; then bins or mel bands, and
//! angles.

use super::fourier_plan::FourierPlan;
use crate::stft::{BinValue, Framing, Stft};
use earmark_onnx::{Builder, Tensor, Value, signed};
use std::f64::consts::{PI, TAU};

/// Spectra as values of a graph.
pub(super) struct OnnxSpectrum {
    plan: FourierPlan,
    /// Real part, `[batch, frames, half, columns]`.
    re: Value,
    /// Imaginary part.
    im: Value,
    value: BinValue,
}

/// A constant matrix with `f(row, column)`.
fn matrix(
    g: &mut Builder,
    name: &str,
    [rows, columns]: [usize; 2],
    f: impl Fn(usize, usize) -> f64,
) -> Value {
    let values = (0..rows * columns).map(|i| f(i / columns, i % columns) as f32);
    g.constant(name, Tensor::floats(&[rows, columns], values.collect()))
}

/// Real and imaginary part of `exp(-2 pi i k / n)`; the product is taken modulo `n`, which keeps the angle exact.
fn twiddle(k: usize, n: usize) -> (f64, f64) {
    let angle = -TAU * (k % n) as f64 / n as f64;
    (angle.cos(), angle.sin())
}

/// Spectra of `[batch, frames, rows, columns]`.
pub(super) fn spectrum(g: &mut Builder, frames: &Value, framing: &Framing, stft: &Stft) -> OnnxSpectrum {
    let plan = FourierPlan::of(framing, stft.phase);
    let (half, n1, n2) = (plan.half(), plan.n1, plan.columns);
    let lead = if stft.phase { framing.lead() } else { 0 };
    let weights = stft.window.coefficients(framing.window);
    let window = matrix(g, "window", [plan.rows, n2], |a, b| {
        let i = (a * n2 + b).checked_sub(lead);
        i.and_then(|i| weights.get(i)).copied().unwrap_or(0.0)
    });
    let x = g.op("Mul", &[frames, &window], &[]);
    let first = matrix(g, "first", [2 * half, plan.rows], |k, a| {
        let (re, im) = twiddle(a * (k % half), n1);
        if k < half { re } else { im }
    });
    let x = g.op("MatMul", &[&first, &x], &[]); // [batch, frames, 2 half, n2]
    let [re, im] = g.op_many("Split", &[&x], &[("axis", 2.into())]);
    let twiddle_re = matrix(g, "turn-re", [half, n2], |k, b| twiddle(k * b, plan.fft).0);
    let twiddle_im = matrix(g, "turn-im", [half, n2], |k, b| twiddle(k * b, plan.fft).1);
    let product = |g: &mut Builder, x: &Value, y: &Value| g.op("Mul", &[x, y], &[]);
    let (a, b) = (product(g, &re, &twiddle_re), product(g, &im, &twiddle_im));
    let (c, d) = (product(g, &re, &twiddle_im), product(g, &im, &twiddle_re));
    let re = g.op("Sub", &[&a, &b], &[]);
    let im = g.op("Add", &[&c, &d], &[]);
    let x = g.concat(&[&re, &im], 3); // [batch, frames, half, 2 n2]
    // [re im] times [[cos, sin], [-sin, cos]].
    let second = matrix(g, "second", [2 * n2, 2 * n2], |b, k| {
        let (re, im) = twiddle((b % n2) * (k % n2), n2);
        match (b < n2, k < n2) {
            (true, true) | (false, false) => re,
            (true, false) => im,
            (false, true) => -im,
        }
    });
    let x = g.op("MatMul", &[&x, &second], &[]);
    let [re, im] = g.op_many("Split", &[&x], &[("axis", 3.into())]);
    OnnxSpectrum {
        plan,
        re,
        im,
        value: stft.value,
    }
}

impl OnnxSpectrum {
    /// `[batch, frames, half, columns]` to `[batch, frames, places]`.
    fn flat(&self, g: &mut Builder, x: &Value) -> Value {
        g.reshape(x, &[0, 0, signed(self.plan.places())])
    }

    /// The value of each place, `[batch, frames, places]`.
    fn values(&self, g: &mut Builder) -> Value {
        let re = g.op("Mul", &[&self.re, &self.re], &[]);
        let im = g.op("Mul", &[&self.im, &self.im], &[]);
        let power = g.op("Add", &[&re, &im], &[]);
        let power = self.flat(g, &power);
        match self.value {
            BinValue::Power => power,
            BinValue::Magnitude => g.op("Sqrt", &[&power], &[]),
        }
    }

    /// The values of bins 0 to `fft / 2`, `[batch, frames, bins]`.
    pub fn bins(&self, g: &mut Builder) -> Value {
        let values = self.values(g);
        self.in_order(g, &values)
    }

    /// Places in the order of bins.
    fn in_order(&self, g: &mut Builder, x: &Value) -> Value {
        let places = (0..self.plan.bins()).map(|bin| signed(self.plan.place_of(bin).0));
        let places: Vec<i64> = places.collect();
        let places = g.ints(&places);
        g.op("Gather", &[x, &places], &[("axis", 2.into())])
    }

    /// Mel bands, `[batch, frames, bands]`, by weights over bins: the weights are put where the bins are.
    pub fn mel(&self, g: &mut Builder, weights: &[Vec<f64>]) -> Value {
        let values = self.values(g);
        let (places, bands) = (self.plan.places(), weights.len());
        let mut bank = vec![0.0; places * bands];
        for (band, row) in weights.iter().enumerate() {
            for (bin, weight) in row.iter().enumerate() {
                bank[self.plan.place_of(bin).0 * bands + band] = *weight as f32;
            }
        }
        let bank = g.constant("mel", Tensor::floats(&[places, bands], bank));
        g.op("MatMul", &[&values, &bank], &[])
    }

    /// Angles of bins 0 to `fft / 2` in units of pi, `[batch, frames, bins]`. ONNX only has the arctangent of a
    /// quotient: it is taken of the smaller part over the larger, from which the angle follows by the signs of both.
    pub fn angles(&self, g: &mut Builder) -> Value {
        let re = self.flat(g, &self.re);
        let re = self.in_order(g, &re);
        let im = self.flat(g, &self.im);
        let im = self.in_order(g, &im);
        // A mirrored bin has the opposite angle. Bin 0 and the one at half the rate are real.
        let bins = self.plan.bins();
        let real = |bin: usize| bin == 0 || 2 * bin == self.plan.fft;
        let signs = (0..bins).map(|bin| match self.plan.place_of(bin) {
            _ if real(bin) => 0.0,
            (_, true) => -1.0,
            (_, false) => 1.0,
        });
        let signs = g.constant("signs", Tensor::floats(&[bins], signs.collect()));
        let im = g.op("Mul", &[&im, &signs], &[]);
        let (zero, one, minus) = (g.float(0.0), g.float(1.0), g.float(-1.0));
        let less = |g: &mut Builder, a: &Value, b: &Value| g.op("Less", &[a, b], &[]);
        let choose = |g: &mut Builder, c: &Value, a: &Value, b: &Value| g.op("Where", &[c, a, b], &[]);
        let below = less(g, &im, &zero);
        let side = choose(g, &below, &minus, &one); // of a zero: 1
        let size = |g: &mut Builder, x: &Value| {
            let opposite = g.op("Mul", &[x, &minus], &[]);
            g.op("Max", &[x, &opposite], &[])
        };
        let (tall, wide) = (size(g, &im), size(g, &re));
        let steep = less(g, &wide, &tall);
        // atan(im / re), plus or minus pi where re < 0; or pi / 2 - atan(re / im) with the sign of im.
        let over = choose(g, &steep, &re, &im);
        let under = choose(g, &steep, &im, &re);
        let nothing = size(g, &under);
        let some = less(g, &zero, &nothing);
        let under = choose(g, &some, &under, &one); // 0 / 0 is angle 0
        let quotient = g.op("Div", &[&over, &under], &[]);
        let angle = g.op("Atan", &[&quotient], &[]);
        let per_pi = g.float((1.0 / PI) as f32);
        let angle = g.op("Mul", &[&angle, &per_pi], &[]);
        let left = less(g, &re, &zero);
        let turned = choose(g, &left, &side, &zero);
        let flat = g.op("Add", &[&angle, &turned], &[]);
        let half = g.float(0.5);
        let quarter = g.op("Mul", &[&side, &half], &[]);
        let upright = g.op("Sub", &[&quarter, &angle], &[]);
        choose(g, &steep, &upright, &flat)
    }
}
