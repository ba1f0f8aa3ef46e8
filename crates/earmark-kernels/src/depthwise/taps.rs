//! One-dimensional multiply-adds over shifted slices: depthwise convolution after [`crate::depthwise::shifted_copies`] has
//! made every tap a constant offset.

use crate::elementwise::activation::with_activation;
use crate::elementwise::rows::{RowMap, map_in_place};
use crate::hardware::simd::{Isa, madd, multiversion};

/// Outputs that are computed together, in registers.
const BLOCK: usize = 16;

/// All taps of a block of outputs at a time, each finished by `f`. A last block that is not whole begins earlier: it computes some outputs twice.
#[inline(always)]
fn fixed<const FMA: bool, const T: usize>(
    out: &mut [f32],
    src: &[f32],
    at: &[usize],
    w: &[f32],
    f: impl Fn(f32) -> f32,
) {
    let n = out.len();
    let mut s: [&[f32]; T] = [&[]; T];
    let mut c = [0.0f32; T];
    for t in 0..T {
        s[t] = &src[at[t]..at[t] + n];
        c[t] = w[t];
    }
    if n < BLOCK {
        for (i, out) in out.iter_mut().enumerate() {
            let v = (1..T).fold(c[0] * s[0][i], |v, t| madd::<FMA>(c[t], s[t][i], v));
            *out = f(v);
        }
        return;
    }
    let mut i = 0;
    loop {
        let mut v = [0.0f32; BLOCK];
        for t in 0..T {
            // SAFETY: i + BLOCK <= n, the length of all these slices.
            let x: [f32; BLOCK] = unsafe { *s[t].as_ptr().add(i).cast() };
            for l in 0..BLOCK {
                v[l] = if t == 0 {
                    c[0] * x[l]
                } else {
                    madd::<FMA>(c[t], x[l], v[l])
                };
            }
        }
        for (o, v) in out[i..i + BLOCK].iter_mut().zip(v) {
            *o = f(v);
        }
        if i + BLOCK == n {
            return;
        }
        i = (i + BLOCK).min(n - BLOCK);
    }
}

/// Any number of taps, one after the other.
#[inline(always)]
fn one_by_one<const FMA: bool>(out: &mut [f32], src: &[f32], at: &[usize], w: &[f32]) {
    out.fill(0.0);
    for (&at, &w) in at.iter().zip(w) {
        for (o, &x) in out.iter_mut().zip(&src[at..]) {
            *o = madd::<FMA>(w, x, *o);
        }
    }
}

#[inline(always)]
fn weigh_body<const FMA: bool>(out: &mut [f32], src: &[f32], at: &[usize], w: &[f32]) {
    match at.len() {
        1 => fixed::<FMA, 1>(out, src, at, w, |v| v),
        2 => fixed::<FMA, 2>(out, src, at, w, |v| v),
        3 => fixed::<FMA, 3>(out, src, at, w, |v| v),
        4 => fixed::<FMA, 4>(out, src, at, w, |v| v),
        6 => fixed::<FMA, 6>(out, src, at, w, |v| v),
        9 => fixed::<FMA, 9>(out, src, at, w, |v| v),
        12 => fixed::<FMA, 12>(out, src, at, w, |v| v),
        16 => fixed::<FMA, 16>(out, src, at, w, |v| v),
        25 => fixed::<FMA, 25>(out, src, at, w, |v| v),
        49 => fixed::<FMA, 49>(out, src, at, w, |v| v),
        _ => one_by_one::<FMA>(out, src, at, w),
    }
}
multiversion! {
    /// `out[i] = sum over t of w[t] src[at[t] + i]`.
    pub(crate) fn weigh(out: &mut [f32], src: &[f32], at: &[usize], w: &[f32]) = weigh_body
}

#[inline(always)]
fn weigh_and_map_body<const FMA: bool>(out: &mut [f32], src: &[f32], at: &[usize], w: &[f32], map: RowMap) {
    with_activation!(map.act, f => {
        let finish = |v: f32| f(madd::<FMA>(v - map.mean, map.scale, map.shift));
        if at.len() == 9 {
            fixed::<FMA, 9>(out, src, at, w, finish);
        } else {
            fixed::<FMA, 25>(out, src, at, w, finish);
        }
    });
}
multiversion! { fn weigh_and_map_9_or_25(out: &mut [f32], src: &[f32], at: &[usize], w: &[f32], map: RowMap) = weigh_and_map_body }

/// [`weigh`], then normalised and activated; in one pass for kernels of 3 x 3 and 5 x 5.
pub(crate) fn weigh_and_map(isa: Isa, out: &mut [f32], src: &[f32], at: &[usize], w: &[f32], map: RowMap) {
    if matches!(at.len(), 9 | 25) {
        weigh_and_map_9_or_25(isa, out, src, at, w, map);
    } else {
        weigh(isa, out, src, at, w);
        map_in_place(isa, out, map);
    }
}

/// Independent partial sums of one dot product.
const LANES: usize = 8;

#[inline(always)]
fn dots<const FMA: bool, const T: usize>(sums: &mut [f64], g: &[f32], src: &[f32], at: &[usize]) {
    let n = g.len();
    let mut s: [&[f32]; T] = [&[]; T];
    for t in 0..T {
        s[t] = &src[at[t]..at[t] + n];
    }
    let mut acc = [[0.0f32; LANES]; T];
    let whole = n - n % LANES;
    let mut i = 0;
    while i < whole {
        let gi = &g[i..i + LANES];
        for t in 0..T {
            let si = &s[t][i..i + LANES];
            for l in 0..LANES {
                acc[t][l] = madd::<FMA>(gi[l], si[l], acc[t][l]);
            }
        }
        i += LANES;
    }
    for t in 0..T {
        for i in whole..n {
            acc[t][i - whole] = madd::<FMA>(g[i], s[t][i], acc[t][i - whole]);
        }
        sums[t] += acc[t].iter().map(|&v| f64::from(v)).sum::<f64>();
    }
}

#[inline(always)]
fn correlate_body<const FMA: bool>(sums: &mut [f64], g: &[f32], src: &[f32], at: &[usize]) {
    // 25 taps are five times five, 49 seven times seven: enough sums at a time to hide the latency of an addition.
    let together = match at.len() {
        n if n.is_multiple_of(9) => 9,
        n if n.is_multiple_of(7) => 7,
        n if n.is_multiple_of(5) => 5,
        _ => 9,
    };
    for (sums, at) in sums.chunks_mut(together).zip(at.chunks(together)) {
        match at.len() {
            9 => dots::<FMA, 9>(sums, g, src, at),
            7 => dots::<FMA, 7>(sums, g, src, at),
            5 => dots::<FMA, 5>(sums, g, src, at),
            _ => {
                for (sum, at) in sums.iter_mut().zip(at) {
                    dots::<FMA, 1>(std::slice::from_mut(sum), g, src, std::slice::from_ref(at));
                }
            }
        }
    }
}
multiversion! {
    /// `sums[t] += sum over i of g[i] src[at[t] + i]`.
    pub(crate) fn correlate(sums: &mut [f64], g: &[f32], src: &[f32], at: &[usize]) = correlate_body
}
