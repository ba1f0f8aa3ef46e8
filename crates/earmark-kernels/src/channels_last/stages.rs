//! The layers of a chain as stages with one pass over memory each.

use std::ops::Range;

use crate::channels_last::depthwise::{PixelTaps, Planes};
use crate::channels_last::first_layer::OutermostPlanes;
use crate::channels_last::pixel_kernel::Pixels;
use crate::channels_last::pixel_product::PixelWeights;
use crate::channels_last::rounded_pixels;
use crate::channels_last::row_len;
use crate::gemm::micro_kernel::{MR, NR};
use crate::gemm::tiles_by_thread::{Tile, even, per_tile, split_by};
use crate::hardware::reused_buffers::Workspace;
use crate::reduced::rows_at_once;

/// Numbers that a block of pixels may take: half of the second-level cache.
const BLOCK: usize = 1 << 17;
/// Pixels of a block at most.
const PIXELS: usize = 32 * MR;
/// With fewer pixels than this, a team cuts output channels instead, so that every weight is read by one thread.
const FEW_PIXELS: usize = 256;
/// Number of pieces that a team aims at.
const PIECES: usize = 8;
/// Pixels and channels of which a product's pieces have a whole number: what AVX-512 takes at once.
const UNIT: [usize; 2] = [2 * MR, 2 * NR];
/// Pixels of which a depthwise layer's pieces have a whole number.
const DEPTHWISE_UNIT: usize = 4;

/// Rows of a buffer that a product reads: wherever it begins, it reads whole panels.
pub(crate) fn rows(pixels: usize) -> usize {
    pixels + 2 * MR
}

/// A number of pieces that the threads of a team get equal shares of, `least` or more.
fn pieces(ws: &Workspace, least: usize) -> usize {
    let team = ws
        .team()
        .map(|team| least.max(PIECES).next_multiple_of(team.members()));
    team.unwrap_or(least)
}

/// The pixels of a product, cut.
fn pixels_of_pieces(ws: &Workspace, pixels: usize, weight: &PixelWeights) -> Vec<(usize, usize)> {
    let most = (BLOCK / row_len(weight.inputs)).clamp(4 * MR, PIXELS);
    let reduced = weight.reduced();
    let unit = reduced.map_or(UNIT[0], |reduced| rows_at_once(reduced, weight.inputs));
    even(pixels, unit, pieces(ws, pixels.div_ceil(most)))
}

/// The output channels of a layer, cut, where a team shares those rather than pixels.
fn channels_of_pieces(ws: &Workspace, pixels: usize, outputs: usize) -> Option<Vec<(usize, usize)>> {
    let whole = outputs.next_multiple_of(NR);
    let shared = ws.team().is_some() && pixels < FEW_PIXELS && whole >= PIECES * UNIT[1];
    shared.then(|| even(whole, UNIT[1], pieces(ws, 1)))
}

/// The output of a product, cut into rectangles.
fn pieces_of_a_product<'a>(
    ws: &Workspace,
    weight: &PixelWeights,
    pixels: usize,
    out: &'a mut [f32],
) -> Vec<Tile<'a>> {
    let ld = row_len(weight.outputs);
    match channels_of_pieces(ws, pixels, weight.outputs) {
        Some(channels) => split_by(out, [pixels, ld], &[(0, pixels)], &channels),
        None => split_by(
            out,
            [pixels, ld],
            &pixels_of_pieces(ws, pixels, weight),
            &[(0, ld)],
        ),
    }
}

/// What a stage convolves.
#[derive(Clone, Copy)]
pub(crate) enum Source<'a> {
    /// The chain's input.
    Outermost(OutermostPlanes<'a>),
    /// Planes with channels last.
    Last(&'a [f32]),
}

/// One pass over memory: one or two layers.
#[derive(Debug)]
pub(crate) enum Stage {
    /// A dense or pointwise convolution of the chain's input.
    First(PixelWeights),
    Pointwise(PixelWeights),
    Depthwise(PixelTaps),
    /// A depthwise and a pointwise convolution: what is between them exists for a block of pixels at a time.
    Pair(PixelTaps, PixelWeights),
}

impl Stage {
    /// Numbers from one output pixel to the next.
    pub fn row_len(&self) -> usize {
        match self {
            Self::First(weight) | Self::Pointwise(weight) | Self::Pair(_, weight) => row_len(weight.outputs),
            Self::Depthwise(taps) => row_len(taps.channels),
        }
    }

    /// Computes output pixels, counted through the images: `out` is `[pixels, row_len]`. The pixels of `x` that they
    /// read must exist.
    pub fn fill(
        &self,
        ws: &Workspace,
        planes: &Planes,
        x: Source<'_>,
        pixels: Range<usize>,
        out: &mut [f32],
    ) {
        match (self, x) {
            (Self::First(weight), Source::Outermost(x)) => first(ws, weight, planes, &x, pixels, out),
            (Self::Pointwise(weight), Source::Last(x)) => pointwise(ws, weight, x, pixels, out),
            (Self::Depthwise(taps), Source::Last(x)) => depthwise(ws, taps, planes, x, pixels, out),
            (Self::Pair(taps, weight), Source::Last(x)) => pair(ws, (taps, planes), weight, x, pixels, out),
            _ => unreachable!("only the first stage reads the chain's input"),
        }
    }
}

fn first(
    ws: &Workspace,
    weight: &PixelWeights,
    planes: &Planes,
    x: &OutermostPlanes<'_>,
    pixels: Range<usize>,
    out: &mut [f32],
) {
    let (ld, n) = (row_len(weight.outputs), pixels.len());
    let blocks = pixels_of_pieces(ws, n, weight);
    let reduced = weight.reduced();
    per_tile(ws, split_by(out, [n, ld], &blocks, &[(0, ld)]), |_, tile| {
        // Two lines more than the pixels, so that rows do not compete for the same cache sets.
        let step = rows(tile.rows) + 2 * NR;
        let mut gathered = ws.take(weight.inputs * step);
        let begin = pixels.start + tile.row0;
        x.gather(planes, begin..begin + tile.rows, &mut gathered, step);
        if let Some(reduced) = reduced {
            return rounded_pixels::multiply_gathered(ws, (weight, reduced), (&gathered, step), tile);
        }
        let left = Pixels {
            data: &gathered,
            row: 1,
            step,
        };
        weight.multiply(ws.isa(), left, tile);
    });
}

fn pointwise(ws: &Workspace, weight: &PixelWeights, x: &[f32], pixels: Range<usize>, out: &mut [f32]) {
    let (from, n) = (row_len(weight.inputs), pixels.len());
    let tiles = pieces_of_a_product(ws, weight, n, out);
    if let Some(reduced) = weight.reduced() {
        let x = (&x[pixels.start * from..], from);
        return rounded_pixels::pointwise(ws, (weight, reduced), x, n, tiles);
    }
    per_tile(ws, tiles, |_, tile| {
        let data = &x[(pixels.start + tile.row0) * from..];
        weight.multiply(
            ws.isa(),
            Pixels {
                data,
                row: from,
                step: 1,
            },
            tile,
        );
    });
}

fn depthwise(
    ws: &Workspace,
    taps: &PixelTaps,
    planes: &Planes,
    x: &[f32],
    pixels: Range<usize>,
    out: &mut [f32],
) {
    let (ld, n) = (row_len(taps.channels), pixels.len());
    let parts = even(n, DEPTHWISE_UNIT, pieces(ws, 1));
    per_tile(ws, split_by(out, [n, ld], &parts, &[(0, ld)]), |_, tile| {
        let begin = pixels.start + tile.row0;
        taps.convolve(ws.isa(), planes, x, begin..begin + tile.rows, tile.whole_rows());
    });
}

fn pair(
    ws: &Workspace,
    (taps, planes): (&PixelTaps, &Planes),
    weight: &PixelWeights,
    x: &[f32],
    pixels: Range<usize>,
    out: &mut [f32],
) {
    let (ld, inner, n) = (row_len(weight.outputs), row_len(taps.channels), pixels.len());
    if channels_of_pieces(ws, n, weight.outputs).is_some() {
        let mut between = ws.take(rows(n) * inner);
        depthwise(ws, taps, planes, x, pixels, &mut between[..n * inner]);
        return pointwise(ws, weight, &between, 0..n, out);
    }
    let blocks = pixels_of_pieces(ws, n, weight);
    let reduced = weight.reduced();
    per_tile(ws, split_by(out, [n, ld], &blocks, &[(0, ld)]), |_, tile| {
        if let Some(reduced) = reduced {
            return rounded_pixels::pair(ws, (taps, planes), (weight, reduced), x, pixels.start, tile);
        }
        let mut between = ws.take(rows(tile.rows) * inner);
        let begin = pixels.start + tile.row0;
        taps.convolve(ws.isa(), planes, x, begin..begin + tile.rows, &mut between);
        weight.multiply(
            ws.isa(),
            Pixels {
                data: &between,
                row: inner,
                step: 1,
            },
            tile,
        );
    });
}
