//! Between `[B, C, H, W]` (PyTorch, Burn) and the layout of this crate, `[C, B, H, W]`.
//!
//! Whole planes move, so that this costs one pass over memory.

use crate::hardware::lengths::check_len;
use rayon::prelude::*;

/// `[B, C, pixels]` to `[C, B, pixels]`.
///
/// # Panics
/// If a length does not fit.
pub fn to_channels_outermost(from: &[f32], to: &mut [f32], batch: usize, channels: usize, pixels: usize) {
    check_len("source", from, batch * channels * pixels);
    check_len("destination", to, from.len());
    if to.is_empty() {
        return;
    }
    to.par_chunks_mut(batch * pixels)
        .enumerate()
        .with_min_len(1 + 4096 / (batch * pixels))
        .for_each(|(c, to)| {
            for (b, plane) in to.chunks_exact_mut(pixels).enumerate() {
                plane.copy_from_slice(&from[(b * channels + c) * pixels..][..pixels]);
            }
        });
}

/// `[C, B, pixels]` to `[B, C, pixels]`.
///
/// # Panics
/// If a length does not fit.
pub fn from_channels_outermost(from: &[f32], to: &mut [f32], batch: usize, channels: usize, pixels: usize) {
    to_channels_outermost(from, to, channels, batch, pixels);
}
