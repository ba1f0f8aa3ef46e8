//! A fused depthwise and pointwise convolution, for inference: what is between them exists only as the product reads it.
//!
//! The depthwise results of a channel go straight from its planes into the lines of the packed right operand that belong to the channel. That spares
//! the pass that packs, and one of the two times that all threads wait for each other.

use rayon::prelude::*;

use crate::conv::pointwise::{COLUMNS, rows_of_a_piece};
use crate::depthwise::planes::DepthwiseShape;
use crate::elementwise::activation::Activation;
use crate::elementwise::batch_norm::Norm;
use crate::elementwise::epilogue::Epilogue;
use crate::elementwise::postponed_normalisation::OpInput;
use crate::gemm::matrix_product::{PackedWeights, k_blocks, rhs_len, rhs_stride};
use crate::gemm::micro_kernel::NR;
use crate::gemm::tiles_by_thread::{per_tile, split, split_at};
use crate::hardware::lengths::check_len;
use crate::hardware::reused_buffers::Workspace;

/// The weights of one of the two convolutions, and what follows it.
#[derive(Clone, Copy)]
pub(crate) struct FusedStage<'a, W: ?Sized> {
    pub weight: &'a W,
    pub norm: &'a Norm,
    pub act: Activation,
}

/// Computes `out[O, B * Ho * Wo]` from `x[C, B * H * W]`: bit for bit what the two forward passes give one after the other.
///
/// # Panics
/// If a length does not fit.
pub(crate) fn forward(
    ws: &Workspace,
    depthwise: FusedStage<'_, [f32]>,
    shape: &DepthwiseShape,
    pointwise: FusedStage<'_, PackedWeights>,
    x: &[f32],
    out: &mut [f32],
) {
    let input = OpInput::plain(x);
    let (planes, batch) = shape.check(depthwise.weight, &input);
    let (k, o, n) = (shape.channels, pointwise.weight.m, batch * planes.out_pixels());
    assert!(
        pointwise.weight.k == k && depthwise.norm.channels() == k,
        "the pointwise convolution must read {k} channels"
    );
    check_len("output", out, o * n);
    let finish = Epilogue::Apply(pointwise.norm, pointwise.act);
    finish.check(o);
    if n == 0 {
        return;
    }
    let blocks: Vec<_> = k_blocks(k).collect();
    let mut packed = ws.take(blocks.iter().map(|&(_, length)| rhs_len(length, n)).sum());
    let group = planes.group(k, batch);
    // The lines of a group of channels: a few columns of the matrix that has a panel in each row.
    let (mut rest, mut jobs) = (&mut packed[..], Vec::new());
    for &(start, length) in &blocks {
        let (block, others) = rest.split_at_mut(rhs_len(length, n));
        rest = others;
        let bound = |c: usize| (c * NR, group.min(length - c) * NR);
        let bounds: Vec<_> = (0..length).step_by(group).map(bound).collect();
        let panels = n.div_ceil(NR);
        let tiles = split_at(block, panels, rhs_stride(length), panels, &bounds);
        jobs.extend(tiles.into_iter().map(|tile| (start, tile)));
    }
    let taps = shape.window.kernel[0] * shape.window.kernel[1];
    let channel = batch * planes.pixels();
    jobs.into_par_iter()
        .with_min_len(ws.grain)
        .with_max_len(1)
        .for_each(|(start, mut tile)| {
            let mut scratch = planes.scratch(ws);
            let mut row = ws.zeroed(n.next_multiple_of(NR));
            for i in 0..tile.cols / NR {
                let c = start + tile.col0 / NR + i;
                let kernel = &depthwise.weight[c * taps..][..taps];
                let then = Some(depthwise.norm.row(c, depthwise.act));
                let from = x[c * channel..][..channel].chunks_exact(planes.pixels());
                for (plane, to) in from.zip(row.chunks_exact_mut(planes.out_pixels())) {
                    planes.convolve(ws.isa(), &mut scratch, (plane, input.map(c)), kernel, to, then);
                }
                for (panel, from) in row.chunks_exact(NR).enumerate() {
                    tile.row(panel)[i * NR..][..NR].copy_from_slice(from);
                }
            }
        });
    let tiles = split(out, o, n, rows_of_a_piece(n, o), COLUMNS);
    per_tile(ws, tiles, |_, tile| {
        let (weight, mut begin) = (pointwise.weight, 0);
        for &(start, length) in &blocks {
            let packed = &packed[begin + tile.col0 / NR * rhs_stride(length)..];
            weight.multiply(ws.isa(), (start, length), packed, tile, start > 0);
            begin += rhs_len(length, n);
        }
        finish.finish(ws, tile);
    });
}
