//! Between `[B, C, H, W]` (PyTorch, Burn) and the layout of this crate, `[C, B, H, W]`.
//!
//! Whole planes move, so that this costs one pass over memory.

use crate::hardware::chunks::each_chunk;
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
    each_chunk(to, batch * pixels, 1 + 4096 / (batch * pixels), &|c, to| {
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

/// `[C, B, pixels]` to `[B, C, pixels]` in memory of its own, which is written once.
///
/// # Panics
/// If the length does not fit.
#[cfg(feature = "burn")]
pub(crate) fn channels_inside(from: &[f32], batch: usize, channels: usize, pixels: usize) -> Vec<f32> {
    let n = from.len();
    check_len("source", from, batch * channels * pixels);
    let mut out = Vec::with_capacity(n);
    if n > 0 {
        out.spare_capacity_mut()[..n]
            .par_chunks_exact_mut(channels * pixels)
            .enumerate()
            .with_min_len(1 + 4096 / (channels * pixels))
            .for_each(|(b, to)| {
                for (c, plane) in to.chunks_exact_mut(pixels).enumerate() {
                    plane.write_copy_of_slice(&from[(c * batch + b) * pixels..][..pixels]);
                }
            });
    }
    // SAFETY: the chunks are whole (n is `batch` times their length) and all their planes were written.
    unsafe { out.set_len(n) };
    out
}

#[cfg(all(test, feature = "burn"))]
mod tests {
    use super::*;

    #[test]
    fn both_ways_inside_are_one() {
        for (batch, channels, pixels) in [(1, 1, 1), (3, 5, 7), (2, 9, 1000), (0, 4, 5), (3, 0, 2)] {
            let from: Vec<f32> = (0..batch * channels * pixels).map(|v| v as f32).collect();
            let mut to = vec![f32::NAN; from.len()];
            from_channels_outermost(&from, &mut to, batch, channels, pixels);
            assert_eq!(channels_inside(&from, batch, channels, pixels), to);
        }
    }
}
