//! Between `[B, C, H, W]` (PyTorch, Burn) and the layout of this crate, `[C, B, H, W]`.
//!
//! Whole planes move, so that this costs one pass over memory.

use rayon::prelude::*;

fn check(from: &[f32], to: &[f32], batch: usize, channels: usize, pixels: usize) {
    assert_eq!(
        from.len(),
        batch * channels * pixels,
        "source must have {batch} x {channels} planes of {pixels}"
    );
    assert_eq!(to.len(), from.len(), "destination must be as long as the source");
}

/// Swaps the two outer axes of `from: [outer, inner, pixels]`.
fn swap(from: &[f32], to: &mut [f32], outer: usize, inner: usize, pixels: usize) {
    if to.is_empty() {
        return;
    }
    to.par_chunks_mut(outer * pixels)
        .enumerate()
        .with_min_len(1 + 4096 / (outer * pixels))
        .for_each(|(i, to)| {
            for (o, plane) in to.chunks_exact_mut(pixels).enumerate() {
                plane.copy_from_slice(&from[(o * inner + i) * pixels..][..pixels]);
            }
        });
}

/// `[B, C, pixels]` to `[C, B, pixels]`.
///
/// # Panics
/// If a length does not fit.
pub fn to_channels_outermost(from: &[f32], to: &mut [f32], batch: usize, channels: usize, pixels: usize) {
    check(from, to, batch, channels, pixels);
    swap(from, to, batch, channels, pixels);
}

/// `[C, B, pixels]` to `[B, C, pixels]`.
///
/// # Panics
/// If a length does not fit.
pub fn from_channels_outermost(from: &[f32], to: &mut [f32], batch: usize, channels: usize, pixels: usize) {
    check(from, to, batch, channels, pixels);
    swap(from, to, channels, batch, pixels);
}
