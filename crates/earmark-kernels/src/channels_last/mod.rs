//! Chains of depthwise and pointwise convolutions in inference, with the channels of a pixel next to each other.
//!
//! A tensor of N pixels and C channels is `[N, ld]`, its rows padded to whole vectors ([`row_len`]). There, a depthwise
//! convolution is multiply-adds of whole vectors for every stride and border, its result is an operand of the product
//! that follows without being packed, and the product normalises and activates its sums in registers. So a pair of
//! them takes one pass: a block of pixels is convolved into a buffer of the second-level cache and multiplied.
//!
//! Every sum has the order that it has with channels outermost: both give the same bits.

pub(crate) mod depthwise;
pub(crate) mod first_layer;
mod pixel_kernel;
pub(crate) mod pixel_product;
pub(crate) mod pool;
mod rounded_pixels;
pub(crate) mod stages;

use crate::elementwise::activation::Activation;
use crate::elementwise::batch_norm::Norm;
use crate::gemm::micro_kernel::NR;

/// Numbers from one pixel to the next: whole vectors, and not a multiple of what makes pixels compete for the same
/// cache sets. What is behind the last channel is finite and has no effect.
pub(crate) fn row_len(channels: usize) -> usize {
    let whole = channels.next_multiple_of(NR);
    if whole.is_multiple_of(16 * NR) {
        whole + NR
    } else {
        whole
    }
}

/// What follows a convolution: `act((v - mean) * scale + shift)`, for each channel and for the padding of a row, which
/// it makes zero.
#[derive(Debug)]
pub(crate) struct Finish {
    /// Means, scales and shifts, each of a row.
    values: Vec<f32>,
    len: usize,
    pub act: Activation,
}

impl Finish {
    pub fn new(norm: &Norm, act: Activation) -> Self {
        let len = row_len(norm.channels());
        let mut values = vec![0.0; 3 * len];
        for c in 0..norm.channels() {
            let map = norm.row(c, act);
            (values[c], values[len + c], values[2 * len + c]) = (map.mean, map.scale, map.shift);
        }
        Self { values, len, act }
    }

    /// Means, scales and shifts from channel `c` on.
    pub fn from(&self, c: usize) -> [&[f32]; 3] {
        [0, 1, 2].map(|part| &self.values[part * self.len + c..(part + 1) * self.len])
    }

    /// A vector of means, of scales and of shifts, from channel `c` on: copies, of which the compiler knows that nothing
    /// that is written meanwhile changes them.
    #[inline(always)]
    pub fn vector(&self, c: usize) -> [[f32; NR]; 3] {
        self.from(c).map(|all| {
            let mut values = [0.0; NR];
            values.copy_from_slice(&all[..NR]);
            values
        })
    }
}
