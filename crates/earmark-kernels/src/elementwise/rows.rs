//! Loops over one contiguous row (the pixels of one channel): what every operation is made of.

use crate::elementwise::activation::{Activation, with_activation, with_derivative};
use crate::gemm::matrix_product::rhs_stride;
use crate::gemm::micro_kernel::NR;
use crate::hardware::simd::{madd, multiversion};

/// How a channel is read: `act((x - mean) * scale + shift)`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowMap {
    pub mean: f32,
    pub scale: f32,
    pub shift: f32,
    pub act: Activation,
}

/// How the gradient of a channel's raw values is read: `k1 * g + (k2 * (y - mean) + k3)`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowGrad {
    pub k1: f32,
    pub k2: f32,
    pub k3: f32,
    pub mean: f32,
}

/// Sum and centred sum of squares of some numbers; two of them merge (Chan, Golub and LeVeque, 1979).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moments {
    /// How many numbers.
    pub count: f64,
    /// Their mean.
    pub mean: f64,
    /// Sum of squared distances from the mean.
    pub m2: f64,
}

impl Moments {
    /// The moments of both sets together.
    pub fn merge(self, other: Self) -> Self {
        let count = self.count + other.count;
        if count == 0.0 {
            return Self::default();
        }
        let delta = other.mean - self.mean;
        Self {
            count,
            mean: self.mean + delta * other.count / count,
            m2: self.m2 + other.m2 + delta * delta * self.count * other.count / count,
        }
    }

    /// Biased variance, as normalisation over a batch uses it.
    pub fn variance(self) -> f64 {
        if self.count > 0.0 {
            self.m2 / self.count
        } else {
            0.0
        }
    }
}

/// Independent partial sums: enough to hide the latency of an addition in vector code.
const LANES: usize = 32;

fn total(lanes: &[f32; LANES]) -> f64 {
    lanes.iter().map(|&v| f64::from(v)).sum()
}

#[inline(always)]
fn moments_body<const FMA: bool>(row: &[f32]) -> Moments {
    // Distances from the first value: no cancellation when the mean is far from zero.
    let pivot = row.first().copied().unwrap_or(0.0);
    let (mut s1, mut s2) = ([0.0f32; LANES], [0.0f32; LANES]);
    let chunks = row.chunks_exact(LANES);
    let tail = chunks.remainder();
    for chunk in chunks {
        for i in 0..LANES {
            let d = chunk[i] - pivot;
            s1[i] += d;
            s2[i] = madd::<FMA>(d, d, s2[i]);
        }
    }
    for (i, &x) in tail.iter().enumerate() {
        let d = x - pivot;
        s1[i] += d;
        s2[i] = madd::<FMA>(d, d, s2[i]);
    }
    let (s1, s2, count) = (total(&s1), total(&s2), row.len() as f64);
    if count == 0.0 {
        return Moments::default();
    }
    Moments {
        count,
        mean: f64::from(pivot) + s1 / count,
        m2: (s2 - s1 * s1 / count).max(0.0),
    }
}
multiversion! {
    /// Mean and spread of a row.
    pub(crate) fn moments(row: &[f32]) -> Moments = moments_body
}

#[inline(always)]
fn map_body<const FMA: bool>(dst: &mut [f32], src: &[f32], map: RowMap) {
    let n = dst.len().min(src.len());
    let (dst, src) = (&mut dst[..n], &src[..n]);
    with_activation!(map.act, f => {
        for (d, &x) in dst.iter_mut().zip(src) {
            *d = f(madd::<FMA>(x - map.mean, map.scale, map.shift));
        }
    });
}
multiversion! {
    /// Normalises and activates a row.
    pub(crate) fn map_row(dst: &mut [f32], src: &[f32], map: RowMap) = map_body
}

#[inline(always)]
fn map_in_place_body<const FMA: bool>(row: &mut [f32], map: RowMap) {
    with_activation!(map.act, f => {
        for x in row.iter_mut() {
            *x = f(madd::<FMA>(*x - map.mean, map.scale, map.shift));
        }
    });
}
multiversion! {
    /// Normalises and activates a row in place.
    pub(crate) fn map_in_place(row: &mut [f32], map: RowMap) = map_in_place_body
}

#[inline(always)]
fn grad_body<const FMA: bool>(dst: &mut [f32], g: &[f32], y: &[f32], c: RowGrad) {
    let n = dst.len().min(g.len()).min(y.len());
    for ((d, &g), &y) in dst[..n].iter_mut().zip(&g[..n]).zip(&y[..n]) {
        *d = madd::<FMA>(c.k1, g, madd::<FMA>(c.k2, y - c.mean, c.k3));
    }
}
multiversion! {
    /// The gradient of a row's raw values from that of its normalised ones.
    pub(crate) fn grad_row(dst: &mut [f32], g: &[f32], y: &[f32], c: RowGrad) = grad_body
}

#[inline(always)]
fn grad_back_body<const FMA: bool>(dst: &mut [f32], y: &[f32], map: RowMap, c: RowGrad) {
    let n = dst.len().min(y.len());
    with_derivative!(map.act, f => {
        for (d, &y) in dst[..n].iter_mut().zip(&y[..n]) {
            let g = *d * f(madd::<FMA>(y - map.mean, map.scale, map.shift));
            *d = madd::<FMA>(c.k1, g, madd::<FMA>(c.k2, y - c.mean, c.k3));
        }
    });
}
multiversion! {
    /// [`back_row`], without its sums, and then [`grad_row`], in place.
    pub(crate) fn grad_back_row(dst: &mut [f32], y: &[f32], map: RowMap, c: RowGrad) = grad_back_body
}

#[inline(always)]
fn back_body<const FMA: bool>(g: &mut [f32], raw: &[f32], map: RowMap) -> (f64, f64) {
    let (mut s1, mut s2) = ([0.0f32; LANES], [0.0f32; LANES]);
    let n = g.len().min(raw.len());
    let (g, raw) = (&mut g[..n], &raw[..n]);
    with_derivative!(map.act, f => {
        let whole = n - n % LANES;
        for (gc, rc) in g.chunks_exact_mut(LANES).zip(raw.chunks_exact(LANES)) {
            for i in 0..LANES {
                let centred = rc[i] - map.mean;
                let v = gc[i] * f(madd::<FMA>(centred, map.scale, map.shift));
                gc[i] = v;
                s1[i] += v;
                s2[i] = madd::<FMA>(v, centred, s2[i]);
            }
        }
        for (i, (g, &x)) in g[whole..].iter_mut().zip(&raw[whole..]).enumerate() {
            let centred = x - map.mean;
            let v = *g * f(madd::<FMA>(centred, map.scale, map.shift));
            *g = v;
            s1[i] += v;
            s2[i] = madd::<FMA>(v, centred, s2[i]);
        }
    });
    (total(&s1), total(&s2))
}
multiversion! {
    /// Turns the gradient of the activated values into that of the normalised ones, in place, and
    /// returns the sums of g and of g (x - mean) that the normalisation's gradient needs.
    pub(crate) fn back_row(g: &mut [f32], raw: &[f32], map: RowMap) -> (f64, f64) = back_body
}

#[inline(always)]
fn pack_body<const FMA: bool>(dst: &mut [f32], k: usize, src: &[f32], map: RowMap) {
    with_activation!(map.act, f => {
        let panels = src.chunks_exact(NR);
        let tail = panels.remainder();
        let whole = panels.len();
        for (panel, from) in panels.enumerate() {
            let to = &mut dst[panel * rhs_stride(k)..][..NR];
            for i in 0..NR {
                to[i] = f(madd::<FMA>(from[i] - map.mean, map.scale, map.shift));
            }
        }
        if !tail.is_empty() {
            let to = &mut dst[whole * rhs_stride(k)..][..NR];
            to.fill(0.0);
            for (t, &x) in to.iter_mut().zip(tail) {
                *t = f(madd::<FMA>(x - map.mean, map.scale, map.shift));
            }
        }
    });
}
multiversion! {
    /// Normalises and activates a row into one line of each panel of a packed right operand of `k`
    /// steps; `dst` starts at that line of the first panel.
    pub(crate) fn pack_row(dst: &mut [f32], k: usize, src: &[f32], map: RowMap) = pack_body
}

#[inline(always)]
fn add_body<const FMA: bool>(dst: &mut [f32], src: &[f32]) {
    for (d, &s) in dst.iter_mut().zip(src) {
        *d += s;
    }
}
multiversion! {
    /// Adds one row to another.
    pub(crate) fn add_row(dst: &mut [f32], src: &[f32]) = add_body
}

/// Every `step`-th number.
#[inline(always)]
pub(crate) fn take_every(step: usize, to: &mut [f32], from: &[f32]) {
    match step {
        1 => to.iter_mut().zip(from).for_each(|(t, &v)| *t = v),
        2 => deal::<2>(to, from),
        4 => deal::<4>(to, from),
        _ => to
            .iter_mut()
            .zip(from.iter().step_by(step))
            .for_each(|(t, &v)| *t = v),
    }
}

/// Every S-th number; whole groups first, which compiles to vector shuffles.
#[inline(always)]
fn deal<const S: usize>(to: &mut [f32], from: &[f32]) {
    let whole = to.len().min(from.len() / S);
    for (t, group) in to[..whole].iter_mut().zip(from.chunks_exact(S)) {
        *t = group[0];
    }
    for (t, &v) in to[whole..].iter_mut().zip(from[whole * S..].iter().step_by(S)) {
        *t = v;
    }
}
