//! A factor for each plane: what squeeze-and-excitation and channel attention end in.
//!
//! Planes are rows of `n` numbers, in any order of examples and channels.

use rayon::prelude::*;

use crate::hardware::chunks::each_chunk;
use crate::hardware::lengths::check_len;
use crate::hardware::reused_buffers::Workspace;
use crate::hardware::simd::{madd, multiversion};

#[inline(always)]
fn scale_body<const FMA: bool>(to: &mut [f32], from: &[f32], by: f32) {
    for (t, &f) in to.iter_mut().zip(from) {
        *t = f * by;
    }
}
multiversion! { fn scale_row(to: &mut [f32], from: &[f32], by: f32) = scale_body }

#[inline(always)]
fn scale_in_place_body<const FMA: bool>(plane: &mut [f32], by: f32) {
    plane.iter_mut().for_each(|x| *x *= by);
}
multiversion! {
    /// Multiplies a plane by its factor.
    pub(crate) fn scale_in_place(plane: &mut [f32], by: f32) = scale_in_place_body
}

/// Sums that are kept side by side, so that the loop vectorises; their order is fixed.
const LANES: usize = 16;

#[inline(always)]
fn dot_body<const FMA: bool>(a: &[f32], b: &[f32]) -> f32 {
    let n = a.len().min(b.len());
    let (a, b) = (&a[..n], &b[..n]);
    let mut sums = [0.0f32; LANES];
    let whole = n - n % LANES;
    for (a, b) in a[..whole].chunks_exact(LANES).zip(b[..whole].chunks_exact(LANES)) {
        for ((s, &a), &b) in sums.iter_mut().zip(a).zip(b) {
            *s = madd::<FMA>(a, b, *s);
        }
    }
    let rest: f32 = a[whole..].iter().zip(&b[whole..]).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}
multiversion! { fn dot(a: &[f32], b: &[f32]) -> f32 = dot_body }

/// Planes that one thread takes in a row, at least: small ones are not worth a task each.
const GRAIN: usize = 64;

fn check(x: &[f32], factors: &[f32]) -> usize {
    assert!(
        !factors.is_empty() && !x.is_empty() && x.len().is_multiple_of(factors.len()),
        "{} numbers are not {} planes",
        x.len(),
        factors.len()
    );
    x.len() / factors.len()
}

/// Computes `y[p, i] = x[p, i] * factors[p]`.
///
/// # Panics
/// If there is no plane, or the lengths do not fit.
pub fn forward(ws: &Workspace, x: &[f32], factors: &[f32], y: &mut [f32]) {
    let n = check(x, factors);
    check_len("output", y, x.len());
    each_chunk(y, n, GRAIN, &|p, y| {
        scale_row(ws.isa(), y, &x[p * n..][..n], factors[p])
    });
}

/// The backward pass of [`forward`]: fills `dx` and the factors' gradient from the output's, `g`.
///
/// # Panics
/// As [`forward`].
pub fn backward(ws: &Workspace, x: &[f32], factors: &[f32], g: &[f32], dx: &mut [f32], dfactors: &mut [f32]) {
    let n = check(x, factors);
    assert!(
        g.len() == x.len() && dx.len() == x.len() && dfactors.len() == factors.len(),
        "gradients must be as long as what they belong to"
    );
    dx.par_chunks_mut(n)
        .zip(x.par_chunks(n))
        .zip(g.par_chunks(n))
        .zip(factors)
        .zip(dfactors)
        .with_min_len(GRAIN)
        .for_each(|((((dx, x), g), &by), d)| {
            scale_row(ws.isa(), dx, g, by);
            *d = dot(ws.isa(), g, x);
        });
}
