//! One-dimensional multiply-adds over shifted slices: depthwise convolution after [`crate::window`] has
//! made every tap a constant offset.

use crate::simd::{madd, multiversion};

#[inline(always)]
fn fixed<const FMA: bool, const T: usize>(out: &mut [f32], src: &[f32], at: &[usize], w: &[f32]) {
    let n = out.len();
    let mut s: [&[f32]; T] = [&[]; T];
    let mut c = [0.0f32; T];
    for t in 0..T {
        s[t] = &src[at[t]..at[t] + n];
        c[t] = w[t];
    }
    for i in 0..n {
        let mut v = c[0] * s[0][i];
        for t in 1..T {
            v = madd::<FMA>(c[t], s[t][i], v);
        }
        out[i] = v;
    }
}

#[inline(always)]
fn weigh_body<const FMA: bool>(out: &mut [f32], src: &[f32], at: &[usize], w: &[f32]) {
    match at.len() {
        1 => fixed::<FMA, 1>(out, src, at, w),
        2 => fixed::<FMA, 2>(out, src, at, w),
        4 => fixed::<FMA, 4>(out, src, at, w),
        9 => fixed::<FMA, 9>(out, src, at, w),
        _ => {
            out.fill(0.0);
            for (&at, &w) in at.iter().zip(w) {
                for (o, &x) in out.iter_mut().zip(&src[at..]) {
                    *o = madd::<FMA>(w, x, *o);
                }
            }
        }
    }
}
multiversion! {
    /// `out[i] = sum over t of w[t] src[at[t] + i]`.
    pub(crate) fn weigh(out: &mut [f32], src: &[f32], at: &[usize], w: &[f32]) = weigh_body
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
    let mut first = 0;
    for (sums, at) in sums.chunks_mut(9).zip(at.chunks(9)) {
        match at.len() {
            9 => dots::<FMA, 9>(sums, g, src, at),
            _ => {
                for (sum, at) in sums.iter_mut().zip(at) {
                    dots::<FMA, 1>(std::slice::from_mut(sum), g, src, std::slice::from_ref(at));
                }
            }
        }
        first += at.len();
    }
    debug_assert_eq!(first, at.len());
}
multiversion! {
    /// `sums[t] += sum over i of g[i] src[at[t] + i]`.
    pub(crate) fn correlate(sums: &mut [f64], g: &[f32], src: &[f32], at: &[usize]) = correlate_body
}
