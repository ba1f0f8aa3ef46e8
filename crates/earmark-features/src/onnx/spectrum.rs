//! Frames to spectra, as products of small matrices.
//!
//! ONNX has operators for it (`STFT`, `DFT`), but runtimes compute them slowly, and lengths that are no power of two with errors of a
//! hundredth. A convolution with all cosines and sines is exact and takes as many megabytes as a network. In between lies one step of
//! Cooley and Tukey (1965): with `n = n1 n2`, sample `n2 a + b` and bin `k1 + n1 k2`,
//!
//! ```text
//! X[k1 + n1 k2] = sum_b W_n^(b k1) W_n2^(b k2) sum_a x[n2 a + b] W_n1^(a k1)        W_m = exp(-2 pi i / m)
//! ```
//!
//! which is a product with an `n1 x n1` matrix, a turn of each number, and a product with an `n2 x n2` matrix: a tenth of the work,
//! a hundredth of the room, and in float32 as exact as a fast transform. As the samples are real, `k1` up to `n1 / 2` is
//! enough: the other bins are the mirror image. A length that is prime is its own `n1`.

use crate::stft::{Framing, Stft, Value as Read};
use earmark_onnx::{Builder, Tensor, Value, signed};
use std::f64::consts::{PI, TAU};

/// How a transform is cut up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// Length of the transform.
    fft: usize,
    /// Length of the first step's transforms.
    n1: usize,
    /// Length of the second step's, and columns of a frame.
    pub columns: usize,
    /// Rows of a frame: as many as hold the window, of `n1`.
    pub rows: usize,
}

impl Plan {
    /// The cheapest.
    pub fn of(framing: &Framing, phase: bool) -> Self {
        let span = framing.window + if phase { framing.lead() } else { 0 };
        let fft = framing.fft;
        let plans = (1..=fft).filter(|n1| fft.is_multiple_of(*n1)).map(|n1| {
            let columns = fft / n1;
            Self {
                fft,
                n1,
                columns,
                rows: span.div_ceil(columns),
            }
        });
        plans.min_by_key(Plan::cost).expect("1 divides everything")
    }

    /// Multiplications of a frame.
    fn cost(&self) -> usize {
        self.columns * self.half() * (2 * self.rows + 4 * self.columns)
    }

    /// How many `k1` are computed.
    fn half(&self) -> usize {
        self.n1 / 2 + 1
    }

    /// Numbers of a spectrum as it is computed: `[half, columns]`, bin `k1 + n1 k2` at row `k1`, column `k2`.
    fn places(&self) -> usize {
        self.half() * self.columns
    }

    /// The place of each bin up to `fft / 2`, and whether its mirror image stands there.
    fn place_of(&self, bin: usize) -> (usize, bool) {
        let place = |bin: usize| {
            let (k1, k2) = (bin % self.n1, bin / self.n1);
            (k1 < self.half()).then_some(k1 * self.columns + k2)
        };
        match place(bin) {
            Some(place) => (place, false),
            // Not bin 0, whose place is the first.
            None => (
                place(self.fft - bin).expect("one of the two has a small k1"),
                true,
            ),
        }
    }

    fn bins(&self) -> usize {
        self.fft / 2 + 1
    }
}

/// Spectra as values of a graph.
pub(super) struct Spectrum {
    plan: Plan,
    /// Real and imaginary parts, `[batch, frames, half, columns]`.
    re: Value,
    im: Value,
    read: Read,
}

/// A matrix of `f` over all rows and columns.
fn matrix(
    g: &mut Builder,
    name: &str,
    [rows, columns]: [usize; 2],
    f: impl Fn(usize, usize) -> f64,
) -> Value {
    let values = (0..rows * columns)
        .map(|i| f(i / columns, i % columns) as f32)
        .collect();
    g.constant(name, Tensor::floats(&[rows, columns], values))
}

/// Real and imaginary part of `exp(-2 pi i k / n)`; the product is taken modulo `n`, which keeps the angle exact.
fn turn(k: usize, n: usize) -> (f64, f64) {
    let angle = -TAU * (k % n) as f64 / n as f64;
    (angle.cos(), angle.sin())
}

/// Spectra of `[batch, frames, rows, columns]`.
pub(super) fn spectrum(g: &mut Builder, frames: &Value, framing: &Framing, stft: &Stft) -> Spectrum {
    let plan = Plan::of(framing, stft.phase);
    let (half, n1, n2) = (plan.half(), plan.n1, plan.columns);
    let lead = if stft.phase { framing.lead() } else { 0 };
    let weights = stft.window.coefficients(framing.window);
    let window = matrix(g, "window", [plan.rows, n2], |a, b| {
        let i = (a * n2 + b).checked_sub(lead);
        i.and_then(|i| weights.get(i)).copied().unwrap_or(0.0)
    });
    let x = g.op("Mul", &[frames, &window], &[]);
    let first = matrix(g, "first", [2 * half, plan.rows], |k, a| {
        let (re, im) = turn(a * (k % half), n1);
        if k < half { re } else { im }
    });
    let x = g.op("MatMul", &[&first, &x], &[]); // [batch, frames, 2 half, n2]
    let [re, im] = g.op_many("Split", &[&x], &[("axis", 2.into())]);
    let turn_re = matrix(g, "turn-re", [half, n2], |k, b| turn(k * b, plan.fft).0);
    let turn_im = matrix(g, "turn-im", [half, n2], |k, b| turn(k * b, plan.fft).1);
    let product = |g: &mut Builder, x: &Value, y: &Value| g.op("Mul", &[x, y], &[]);
    let (a, b) = (product(g, &re, &turn_re), product(g, &im, &turn_im));
    let (c, d) = (product(g, &re, &turn_im), product(g, &im, &turn_re));
    let re = g.op("Sub", &[&a, &b], &[]);
    let im = g.op("Add", &[&c, &d], &[]);
    let x = g.concat(&[&re, &im], 3); // [batch, frames, half, 2 n2]
    // [re im] times [[cos, sin], [-sin, cos]].
    let second = matrix(g, "second", [2 * n2, 2 * n2], |b, k| {
        let (re, im) = turn((b % n2) * (k % n2), n2);
        match (b < n2, k < n2) {
            (true, true) | (false, false) => re,
            (true, false) => im,
            (false, true) => -im,
        }
    });
    let x = g.op("MatMul", &[&x, &second], &[]);
    let [re, im] = g.op_many("Split", &[&x], &[("axis", 3.into())]);
    Spectrum {
        plan,
        re,
        im,
        read: stft.value,
    }
}

impl Spectrum {
    /// `[batch, frames, half, columns]` to `[batch, frames, places]`.
    fn flat(&self, g: &mut Builder, x: &Value) -> Value {
        g.reshape(x, &[0, 0, signed(self.plan.places())])
    }

    /// What is read from each place, `[batch, frames, places]`.
    fn values(&self, g: &mut Builder) -> Value {
        let re = g.op("Mul", &[&self.re, &self.re], &[]);
        let im = g.op("Mul", &[&self.im, &self.im], &[]);
        let power = g.op("Add", &[&re, &im], &[]);
        let power = self.flat(g, &power);
        match self.read {
            Read::Power => power,
            Read::Magnitude => g.op("Sqrt", &[&power], &[]),
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

    /// Bands of weights over bins, `[batch, frames, bands]`. The weights are put where the bins stand.
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

    /// Angles of bins 0 to `fft / 2` in units of pi, `[batch, frames, bins]`. ONNX has the arctangent of a quotient alone: of the smaller
    /// part over the greater, from which the angle follows by the signs of both.
    pub fn angles(&self, g: &mut Builder) -> Value {
        let re = self.flat(g, &self.re);
        let re = self.in_order(g, &re);
        let im = self.flat(g, &self.im);
        let im = self.in_order(g, &im);
        // A mirror image has the opposite angle. Bin 0 and the one at half the rate are real.
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
        // atan(im / re), turned by pi where re < 0; or pi / 2 - atan(re / im) on the side of im.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stft::Centre;

    fn plan(window: usize, fft: usize) -> Plan {
        let framing = Framing {
            window,
            hop: 10,
            fft,
            centre: Centre::None,
        };
        Plan::of(&framing, false)
    }

    #[test]
    fn every_bin_has_a_place_of_its_own() {
        for fft in [2, 3, 4, 9, 15, 16, 97, 100, 202, 512, 1764, 2048, 2560] {
            let p = plan(fft, fft);
            assert_eq!(p.n1 * p.columns, fft);
            let mut seen = vec![false; p.places()];
            for bin in 0..p.bins() {
                let (place, mirrored) = p.place_of(bin);
                let there = place / p.columns + p.n1 * (place % p.columns);
                assert_eq!(there, if mirrored { fft - bin } else { bin });
                assert!(!std::mem::replace(&mut seen[place], true), "{fft}: {bin}");
            }
        }
    }

    /// A tenth of the multiplications of a product with all cosines and sines.
    #[test]
    fn plans_are_cheap() {
        let p = plan(2560, 2560);
        assert!(p.cost() * 10 < 2 * p.bins() * 2560, "{p:?}");
        let p = plan(97, 97);
        assert_eq!((p.n1, p.columns, p.rows), (97, 1, 97));
        assert_eq!(plan(800, 1024).rows, 800_usize.div_ceil(plan(800, 1024).columns));
    }
}
