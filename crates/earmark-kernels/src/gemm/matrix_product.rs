//! Packed operands and the product of two of them: the loops around [`tile_kernel`](crate::gemm::micro_kernel).
//!
//! The left operand is packed `[k block][row panel][k][MR]`, the right one `[column panel][k][NR]`,
//! both padded with zeros to whole panels.

use crate::gemm::indexed_product::{Left, Right, indexed_product};
use crate::gemm::micro_kernel::{MR, NR, OutputBlock, block, block_size};
use crate::gemm::tiles_by_thread::Tile;
use crate::hardware::chunks::each_chunk;
use crate::hardware::reused_buffers::{Buffer, Workspace};
use crate::hardware::simd::Isa;

/// Longest run of k between two visits of the same tile of C: a panel of B that long (16 kB)
/// stays in the first-level cache.
const K_BLOCK: usize = 256;
/// Rows of A that are used against one panel of B after another: with [`K_BLOCK`] about a quarter of the second-level cache.
const ROW_BLOCK: usize = 20 * MR;

/// The blocks `(start, length)` that k is cut into, of nearly equal length.
pub(crate) fn k_blocks(k: usize) -> impl Iterator<Item = (usize, usize)> {
    let length = k.div_ceil(k.div_ceil(K_BLOCK).max(1)).max(1);
    let block = move |start: usize| (start, length.min(k - start));
    (0..k).step_by(length).map(block)
}

/// The longest block of [`k_blocks`].
fn longest_k_block(k: usize) -> usize {
    k_blocks(k).map(|(_, length)| length).max().unwrap_or(0)
}

/// The distance between two column panels of a packed right operand: one line more than the data,
/// so that panels do not compete for the same cache sets.
pub(crate) const fn rhs_stride(k: usize) -> usize {
    (k + 1) * NR
}

/// Room that a packed right operand of `k x n` needs.
pub(crate) fn rhs_len(k: usize, n: usize) -> usize {
    n.div_ceil(NR) * rhs_stride(k)
}

/// A packed left operand: the weights of a layer, packed once and used for every column.
#[derive(Debug)]
pub struct PackedWeights {
    data: Buffer,
    pub(crate) m: usize,
    pub(crate) k: usize,
}

impl PackedWeights {
    /// Packs the `m x k` matrix whose element (i, p) is `src[i * row_step + p * col_step]`.
    pub(crate) fn pack(
        ws: &Workspace,
        src: &[f32],
        m: usize,
        k: usize,
        row_step: usize,
        col_step: usize,
    ) -> Self {
        assert!(m > 0 && k > 0, "weights of {m} x {k} are empty");
        assert!(
            (m - 1) * row_step + (k - 1) * col_step < src.len(),
            "weights of {m} x {k} end before their shape"
        );
        let mut data = ws.take(m.next_multiple_of(MR) * k);
        let mut rest = &mut data[..];
        for (start, length) in k_blocks(k) {
            let (block, after) = rest.split_at_mut(m.next_multiple_of(MR) * length);
            rest = after;
            each_chunk(block, length * MR, ws.grain.max(8), &|panel, out| {
                let rows = MR.min(m - panel * MR);
                for (p, step) in out.chunks_exact_mut(MR).enumerate() {
                    for (i, o) in step.iter_mut().enumerate() {
                        let at = (panel * MR + i) * row_step + (start + p) * col_step;
                        *o = if i < rows { src[at] } else { 0.0 };
                    }
                }
            });
        }
        Self { data, m, k }
    }

    /// The panels of the block of k that starts at `start`, from the panel that holds row `row0`.
    fn block(&self, start: usize, length: usize, row0: usize) -> &[f32] {
        let begin = start * self.m.next_multiple_of(MR);
        &self.data[begin + row0 * length..begin + self.m.next_multiple_of(MR) * length]
    }

    /// `C = A B` for the rows of A that `c` covers, one block of k after the other; `pack((start, length), packed)` packs a
    /// block's rows of B.
    pub(crate) fn multiply_packing(
        &self,
        ws: &Workspace,
        c: &mut Tile<'_>,
        pack: impl Fn((usize, usize), &mut [f32]),
    ) {
        let mut packed = ws.take(rhs_len(longest_k_block(self.k), c.cols));
        for (start, length) in k_blocks(self.k) {
            pack((start, length), &mut packed);
            self.multiply(ws.isa(), (start, length), &packed, c, start > 0);
        }
    }

    /// `C = A B` for the rows of A that `c` covers, with B read where it is: step p of column panel j is the [`NR`] numbers from
    /// `starts[j] + offsets[p]` on.
    pub(crate) fn multiply_indexed(
        &self,
        isa: Isa,
        (data, starts, offsets): (&[f32], &[usize], &[usize]),
        c: &mut Tile<'_>,
    ) {
        assert!(
            c.row0.is_multiple_of(MR),
            "a tile must start at a whole panel of rows"
        );
        for (start, length) in k_blocks(self.k) {
            let left = Left::panels(self.block(start, length, c.row0), length);
            let offsets = &offsets[start..start + length];
            let right = Right {
                data,
                starts,
                offsets,
            };
            indexed_product(isa, left, right, c, start > 0);
        }
    }

    /// `C (+)= A B` for the rows of A that `c` covers and one block of k, whose rows of B are packed in `b`.
    pub(crate) fn multiply(
        &self,
        isa: Isa,
        (start, length): (usize, usize),
        b: &[f32],
        c: &mut Tile<'_>,
        accumulate: bool,
    ) {
        assert!(
            c.row0.is_multiple_of(MR),
            "a tile must start at a whole panel of rows"
        );
        product(isa, length, self.block(start, length, c.row0), b, c, accumulate);
    }
}

/// `C (+)= A B` for packed `a: [panel][k][MR]` and `b: [panel][k][NR]` (panels of b `rhs_stride(k)` apart).
pub(crate) fn product(isa: Isa, k: usize, a: &[f32], b: &[f32], c: &mut Tile<'_>, accumulate: bool) {
    let (rows, cols) = (c.rows, c.cols);
    assert!(
        a.len() >= rows.next_multiple_of(MR) * k,
        "left operand is too short"
    );
    assert!(b.len() >= rhs_len(k, cols), "right operand is too short");
    let (mr, nr) = block_size(isa);
    for first in (0..rows).step_by(ROW_BLOCK) {
        let last = rows.min(first + ROW_BLOCK);
        for j in (0..cols).step_by(nr) {
            let bp = &b[j / NR * rhs_stride(k)..];
            for i in (first..last).step_by(mr) {
                let (to, ld) = c.corner(i, j);
                let place = OutputBlock {
                    to,
                    ld,
                    rows: mr.min(last - i),
                    columns: nr.min(cols - j),
                };
                // SAFETY: the block is inside `c`, which is borrowed exclusively.
                unsafe { block(isa, k, &a[i * k..], (bp, rhs_stride(k)), &place, accumulate) };
            }
        }
    }
}
