//! Stages whose product is of fewer bits: the pixels of a block are rounded where they are made or read, and multiplied
//! by weights that were rounded once.

use crate::channels_last::depthwise::{PixelTaps, Planes};
use crate::channels_last::pixel_product::PixelWeights;
use crate::channels_last::row_len;
use crate::gemm::micro_kernel::{MR, NR};
use crate::gemm::tiles_by_thread::{Tile, per_item, per_tile};
use crate::hardware::products::Reduced;
use crate::hardware::reused_buffers::{Buffer, Workspace};
use crate::reduced::{ColumnsTo, LeftWords, columns_to_words, rows_of_whole_blocks, rows_to_words};

/// Numbers of single precision that are rounded as soon as they are there: half of a first-level cache.
const SOON: usize = 1 << 13;
/// Pixels that one thread rounds in a row.
const TOGETHER: usize = 2 * MR;

/// Rounded pixels, row by row.
struct RoundedRows {
    words: Buffer,
    row: usize,
    /// Of bytes: each row's step and smallest number.
    factors: [Buffer; 2],
}

impl RoundedRows {
    /// Room for this number of pixels and channels.
    fn take(ws: &Workspace, reduced: Reduced, pixels: usize, channels: usize) -> Self {
        let rows = rows_of_whole_blocks(pixels);
        // A line more than the words, so that rows that are read together do not compete for the same cache sets.
        let row = reduced.words(channels) + NR;
        let factors = match reduced {
            Reduced::Bf16 => 0,
            Reduced::Int8 => rows,
        };
        Self {
            words: ws.take(rows * row),
            row,
            factors: [ws.take(factors), ws.take(factors)],
        }
    }

    /// Rounds pixels, `ld` apart, to the rows from `first` on.
    fn fill(
        &mut self,
        reduced: Reduced,
        (x, ld): (&[f32], usize),
        first: usize,
        [pixels, channels]: [usize; 2],
    ) {
        let to = &mut self.words.words_mut()[first * self.row..];
        let factors = self.factors.each_mut().map(|all| match all.len() {
            0 => &mut all[..],
            _ => &mut all[first..first + pixels],
        });
        rows_to_words(reduced, (x, ld), [pixels, channels], (to, self.row), factors);
    }

    fn as_left(&self) -> LeftWords<'_> {
        LeftWords {
            words: self.words.words(),
            row: self.row,
            step: 1,
            factors: self.factors.each_ref().map(|all| &all[..]),
        }
    }
}

/// A pointwise convolution of pixels, rectangle by rectangle of the output.
pub(super) fn pointwise(
    ws: &Workspace,
    (weight, reduced): (&PixelWeights, Reduced),
    (x, from): (&[f32], usize),
    pixels: usize,
    tiles: Vec<Tile<'_>>,
) {
    if tiles.iter().all(|tile| tile.cols == tile.stride()) {
        per_tile(ws, tiles, |_, tile| {
            let mut rows = RoundedRows::take(ws, reduced, tile.rows, weight.inputs);
            let x = &x[tile.row0 * from..];
            rows.fill(reduced, (x, from), 0, [tile.rows, weight.inputs]);
            weight.multiply_words(rows.as_left(), tile);
        });
        return;
    }
    // Several rectangles read the same pixels, which are rounded once.
    let rows = rounded_by_all(ws, reduced, (x, from), [pixels, weight.inputs]);
    per_tile(ws, tiles, |_, tile| {
        weight.multiply_words(rows.as_left().after_rows(tile.row0), tile);
    });
}

/// Pixels rounded by all threads.
fn rounded_by_all(
    ws: &Workspace,
    reduced: Reduced,
    (x, from): (&[f32], usize),
    [pixels, channels]: [usize; 2],
) -> RoundedRows {
    let mut rows = RoundedRows::take(ws, reduced, pixels, channels);
    let row = rows.row;
    let [scale, shift] = rows.factors.each_mut().map(|all| &mut all[..]);
    let words = rows.words.words_mut()[..pixels * row].chunks_mut(TOGETHER * row);
    let mut factors = [scale.chunks_mut(TOGETHER), shift.chunks_mut(TOGETHER)];
    let mut part = |to| (to, factors.each_mut().map(|all| all.next().unwrap_or_default()));
    let parts = words.map(&mut part).collect();
    per_item(ws, parts, |i, (to, factors): (&mut [u32], [&mut [f32]; 2])| {
        let x = &x[i * TOGETHER * from..];
        rows_to_words(reduced, (x, from), [to.len() / row, channels], (to, row), factors);
    });
    rows
}

/// A depthwise and a pointwise convolution for the pixels of a rectangle, whose first is `first` and its row.
pub(super) fn pair(
    ws: &Workspace,
    (taps, planes): (&PixelTaps, &Planes),
    (weight, reduced): (&PixelWeights, Reduced),
    x: &[f32],
    first: usize,
    tile: &mut Tile<'_>,
) {
    let inner = row_len(taps.channels);
    let soon = (SOON / inner).max(TOGETHER).min(tile.rows);
    let mut between = ws.take(soon * inner);
    let mut rows = RoundedRows::take(ws, reduced, tile.rows, taps.channels);
    for at in (0..tile.rows).step_by(soon) {
        let count = soon.min(tile.rows - at);
        let begin = first + tile.row0 + at;
        taps.convolve(ws.isa(), planes, x, begin..begin + count, &mut between);
        rows.fill(reduced, (&between, inner), at, [count, taps.channels]);
    }
    weight.multiply_words(rows.as_left(), tile);
}

/// The product of pixels that were gathered with channels outermost, `step` apart.
pub(super) fn multiply_gathered(
    ws: &Workspace,
    (weight, reduced): (&PixelWeights, Reduced),
    (gathered, step): (&[f32], usize),
    tile: &mut Tile<'_>,
) {
    let columns = rows_of_whole_blocks(tile.rows).next_multiple_of(NR);
    let mut words = ws.take(reduced.words(weight.inputs) * columns);
    let mut factors = [ws.take(columns), ws.take(columns)];
    let mut to = ColumnsTo {
        words: words.words_mut(),
        step: columns,
        panel: NR,
    };
    let of = factors.each_mut().map(|all| &mut all[..]);
    columns_to_words(reduced, (gathered, step), [tile.rows, weight.inputs], &mut to, of);
    let left = LeftWords {
        words: words.words(),
        row: 1,
        step: columns,
        factors: factors.each_ref().map(|all| &all[..]),
    };
    weight.multiply_words(left, tile);
}
