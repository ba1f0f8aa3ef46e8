//! A pointwise convolution with channels outermost whose product is of fewer bits, for inference.

use crate::conv::pointwise::{COLUMNS, rows_of_a_piece};
use crate::elementwise::epilogue::Epilogue;
use crate::gemm::micro_kernel::NR;
use crate::gemm::tiles_by_thread::{per_tile, split};
use crate::hardware::lengths::{check_len, count_parts};
use crate::hardware::products::Reduced;
use crate::hardware::reused_buffers::Workspace;
use crate::reduced::{ColumnsTo, RightWords, RoundedWeights, columns_to_words, multiply};

/// Weights `[O, I]`, rounded once as the left operand.
#[derive(Debug)]
pub(crate) struct RoundedPointwise(RoundedWeights);

impl RoundedPointwise {
    pub fn new(ws: &Workspace, weight: &[f32], inputs: usize, reduced: Reduced) -> Self {
        Self(RoundedWeights::left(ws, weight, inputs, reduced))
    }

    /// Computes `out[O, N]` from `x[I, N]`.
    ///
    /// # Panics
    /// If a length does not fit.
    pub fn forward(&self, ws: &Workspace, x: &[f32], out: &mut [f32], epilogue: Epilogue<'_>) {
        let RoundedWeights {
            reduced,
            outputs,
            inputs,
            ..
        } = self.0;
        let n = count_parts("output", out, outputs);
        check_len("input", x, inputs * n);
        epilogue.check(outputs);
        let (words, panel) = (
            reduced.words(inputs),
            RightWords::panel_len(reduced.words(inputs)),
        );
        let tiles = split(out, outputs, n, rows_of_a_piece(n, outputs), COLUMNS);
        per_tile(ws, tiles, |_, tile| {
            let panels = tile.cols.div_ceil(NR);
            let mut packed = ws.take(panels * panel);
            let mut factors = [ws.take(panels * NR), ws.take(panels * NR)];
            let mut to = ColumnsTo {
                words: packed.words_mut(),
                step: NR,
                panel,
            };
            let of = factors.each_mut().map(|all| &mut all[..]);
            columns_to_words(reduced, (&x[tile.col0..], n), [tile.cols, inputs], &mut to, of);
            let right = RightWords {
                words: packed.words(),
                panel,
                factors: factors.each_ref().map(|all| &all[..]),
            };
            multiply(
                reduced,
                words,
                self.0.as_left().after_rows(tile.row0),
                right,
                tile,
                None,
            );
            epilogue.finish(ws, tile);
        });
    }
}
