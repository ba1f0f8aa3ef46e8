//! What leaves a chain: planes with channels outermost, pooled or as they are.

use crate::channels_last::row_len;
use crate::elementwise::pool::{Pool, PoolShape, larger, output};
use crate::gemm::micro_kernel::NR;
use crate::gemm::tiles_by_thread::{Tile, per_tile};
use crate::gemm::transposed::transpose;
use crate::hardware::reused_buffers::Workspace;
use crate::hardware::simd::{Isa, multiversion};

/// Pixels that are moved together: their rows stay in the first-level cache.
const TOGETHER: usize = 4 * NR;

/// Channels that one thread pools in a row: whole vectors.
const CHANNELS: usize = 16 * NR;

/// Writes `x[pixels, ld]` to `out[C, pixels]`.
pub(crate) fn to_outermost(ws: &Workspace, x: &[f32], out: &mut Tile<'_>) {
    let ld = row_len(out.rows);
    per_tile(ws, out.cut(TOGETHER), |_, part| {
        transpose(ws.isa(), part, &x[part.col0 * ld..], ld);
    });
}

/// Pools `x[B * H * W, ld]` to `out[C, B * (H / h) * (W / w)]`, each window in the order of
/// [`crate::elementwise::pool::forward`].
pub(crate) fn pooled(ws: &Workspace, shape: &PoolShape, x: &[f32], out: &mut Tile<'_>) {
    if let Some(places) = output(shape.size, shape.window) {
        per_tile(ws, out.cut_rows(CHANNELS), |_, part| {
            pool_channels(ws.isa(), shape, places, x, part);
        });
    }
}

/// [`pooled`] for the channels that are the rows of `out`, of an output plane of `down` rows and `across` columns.
fn pool_channels(isa: Isa, shape: &PoolShape, [down, across]: [usize; 2], x: &[f32], out: &mut Tile<'_>) {
    let ld = row_len(shape.channels);
    let [height, width] = shape.size;
    let mut values = [0.0f32; NR];
    for place in 0..out.cols {
        let (image, r, j) = (place / (down * across), place / across % down, place % across);
        let corner = (image * height + r * shape.window[0]) * width + j * shape.window[1];
        for c in (0..out.rows).step_by(NR) {
            let window = Window {
                x: &x[corner * ld + out.row0 + c..],
                rows: shape.window[0],
                columns: shape.window[1],
                step: ld,
                line: width * ld,
            };
            match shape.pool {
                Pool::Mean => mean(isa, &window, &mut values),
                Pool::Max => largest(isa, &window, &mut values),
            }
            for (l, &v) in values.iter().enumerate().take(out.rows - c) {
                out.row(c + l)[place] = v;
            }
        }
    }
}

/// A window of some channels.
struct Window<'a> {
    x: &'a [f32],
    rows: usize,
    columns: usize,
    step: usize,
    line: usize,
}

impl Window<'_> {
    /// First each column, then the columns' results.
    #[inline(always)]
    fn fold(&self, f: impl Fn(f32, f32) -> f32) -> [f32; NR] {
        let mut all = [0.0; NR];
        for column in 0..self.columns {
            let mut sum = [0.0; NR];
            for row in 0..self.rows {
                let from = &self.x[row * self.line + column * self.step..][..NR];
                for l in 0..NR {
                    sum[l] = if row == 0 { from[l] } else { f(sum[l], from[l]) };
                }
            }
            for l in 0..NR {
                all[l] = if column == 0 { sum[l] } else { f(all[l], sum[l]) };
            }
        }
        all
    }
}

#[inline(always)]
fn mean_body<const FMA: bool>(window: &Window<'_>, to: &mut [f32; NR]) {
    let scale = 1.0 / (window.rows * window.columns) as f32;
    *to = window.fold(|a, b| a + b).map(|v| v * scale);
}
multiversion! { fn mean(window: &Window<'_>, to: &mut [f32; NR]) = mean_body }

#[inline(always)]
fn largest_body<const FMA: bool>(window: &Window<'_>, to: &mut [f32; NR]) {
    *to = window.fold(larger);
}
multiversion! { fn largest(window: &Window<'_>, to: &mut [f32; NR]) = largest_body }
