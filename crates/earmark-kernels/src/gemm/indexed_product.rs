//! The loops around [`block`]: products of operands that are read where they are.

use crate::gemm::indexed_kernel::{Places, Walk, block};
use crate::gemm::micro_kernel::{MR, NR, OutputBlock, block_size};
use crate::gemm::tiles_by_thread::Tile;
use crate::hardware::simd::Isa;

/// Rows of A that are used against one panel of B after another, as in [`crate::gemm::matrix_product`].
const ROW_BLOCK: usize = 20 * MR;

/// The left operand: number p of row i is `data[i / MR * panel + i % MR * row + p * step]`. Rows up to a whole panel must be there,
/// whatever they hold.
#[derive(Clone, Copy)]
pub(crate) struct Left<'a> {
    pub data: &'a [f32],
    pub panel: usize,
    pub row: usize,
    pub step: usize,
}

impl<'a> Left<'a> {
    /// Packed panels of `k` steps, without gaps.
    pub fn panels(data: &'a [f32], k: usize) -> Self {
        Self {
            data,
            panel: k * MR,
            row: 1,
            step: MR,
        }
    }

    /// Rows `ld` apart.
    pub fn rows(data: &'a [f32], ld: usize) -> Self {
        Self {
            data,
            panel: MR * ld,
            row: ld,
            step: 1,
        }
    }

    /// Columns `ld` apart: what is summed over is the outer axis.
    pub fn columns(data: &'a [f32], ld: usize) -> Self {
        Self {
            data,
            panel: MR,
            row: 1,
            step: ld,
        }
    }

    /// The last number of whole panels of `rows` rows and `k` steps.
    fn last(&self, rows: usize, k: usize) -> usize {
        (rows.div_ceil(MR) - 1) * self.panel + (MR - 1) * self.row + (k - 1) * self.step
    }
}

/// The right operand: step p of column panel j is the NR numbers from `starts[j] + offsets[p]` on, which must be there, whatever the ones
/// behind the last column hold.
#[derive(Clone, Copy)]
pub(crate) struct Right<'a> {
    pub data: &'a [f32],
    pub starts: &'a [usize],
    pub offsets: &'a [usize],
}

impl Right<'_> {
    /// The end of what is read of the first panels.
    fn end(&self, panels: usize) -> usize {
        let most = |values: &[usize]| values.iter().copied().max().unwrap_or(0);
        most(&self.starts[..panels]) + most(self.offsets) + NR
    }
}

/// `C (+)= A B`.
///
/// # Panics
/// If an operand ends before what is read of it.
pub(crate) fn indexed_product(isa: Isa, a: Left<'_>, b: Right<'_>, c: &mut Tile<'_>, accumulate: bool) {
    match a.row {
        1 => product::<true>(isa, a, b, c, accumulate),
        _ => product::<false>(isa, a, b, c, accumulate),
    }
}

fn product<const UNIT: bool>(isa: Isa, a: Left<'_>, b: Right<'_>, c: &mut Tile<'_>, accumulate: bool) {
    let (rows, cols, k) = (c.rows, c.cols, b.offsets.len());
    assert!(rows > 0 && cols > 0 && k > 0, "nothing to multiply");
    assert!(a.data.len() > a.last(rows, k), "left operand is too short");
    assert!(
        b.data.len() >= b.end(cols.div_ceil(NR)),
        "right operand is too short"
    );
    let (mr, nr) = block_size(isa);
    for first in (0..rows).step_by(ROW_BLOCK) {
        let last = rows.min(first + ROW_BLOCK);
        for j in (0..cols).step_by(nr) {
            let panel = |at: usize| {
                b.data
                    .as_ptr()
                    .wrapping_add(b.starts[at.min(cols.div_ceil(NR) - 1)])
            };
            let places = Places {
                at: [panel(j / NR), panel(j / NR + 1)],
                offsets: b.offsets,
            };
            for i in (first..last).step_by(mr) {
                let (to, ld) = c.corner(i, j);
                let place = OutputBlock {
                    to,
                    ld,
                    rows: mr.min(last - i),
                    columns: nr.min(cols - j),
                };
                let walk = Walk {
                    at: a.data.as_ptr().wrapping_add(i / MR * a.panel),
                    panel: a.panel,
                    row: a.row,
                    step: a.step,
                };
                // SAFETY: the operands hold what whole panels read, as checked above; the block is inside `c`, which is borrowed
                // exclusively, and no larger than `block_size`.
                unsafe { block::<UNIT>(isa, walk, places, &place, accumulate) };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware::simd::IsaKind;

    /// Numbers in -1..1 by a linear congruential generator.
    fn noise(n: usize, seed: usize) -> Vec<f32> {
        let mut state = seed as u32 ^ 77;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 8_388_608.0 - 1.0
        };
        (0..n).map(|_| next()).collect()
    }

    /// The three layouts of a left operand, with a distance of `gap` more than is needed.
    fn left(kind: usize, data: &[f32], rows: usize, k: usize, gap: usize) -> Left<'_> {
        match kind {
            0 => Left::panels(data, k),
            1 => Left::rows(data, k + gap + 1),
            _ => Left::columns(data, rows + gap),
        }
    }

    /// Checks one shape on every instruction set: sums, and nothing written next to the rectangle.
    fn check([kind, rows, cols, k, gap]: [usize; 5], seed: usize) {
        let a = noise(2 * (rows + gap + 12) * (k + gap + 12) + 12 * k, seed);
        let b = noise(600, seed + 1);
        let place = |n: usize, spread: usize| (0..n).map(|i| (i * 37 + seed) % spread).collect::<Vec<_>>();
        let (starts, offsets) = (place(cols.div_ceil(NR), 200), place(k, 300));
        let left = left(kind, &a, rows, k, gap);
        let right = Right {
            data: &b,
            starts: &starts,
            offsets: &offsets,
        };
        let before = noise(rows * (cols + 5), seed + 2);
        for accumulate in [false, true] {
            let mut fused: Option<Vec<f32>> = None;
            for isa in Isa::available() {
                let mut c = before.clone();
                let mut whole = Tile::whole(&mut c, rows, cols + 5);
                indexed_product(isa, left, right, &mut whole.cut(cols)[0], accumulate);
                for (at, (&got, &old)) in c.iter().zip(&before).enumerate() {
                    let (i, j) = (at / (cols + 5), at % (cols + 5));
                    if j >= cols {
                        assert_eq!(got, old, "{isa:?}: column {j} of {cols}");
                        continue;
                    }
                    let product = |p: usize| {
                        let x = a[i / MR * left.panel + i % MR * left.row + p * left.step];
                        f64::from(x) * f64::from(b[starts[j / NR] + offsets[p] + j % NR])
                    };
                    let first = if accumulate { f64::from(old) } else { 0.0 };
                    let want = first + (0..k).map(product).sum::<f64>();
                    let what = [kind, rows, cols, k, gap];
                    assert!(
                        (f64::from(got) - want).abs() < 1e-5 * k as f64,
                        "{isa:?} {what:?} ({i}, {j})"
                    );
                }
                if isa.kind() != IsaKind::Portable {
                    assert!(
                        *fused.get_or_insert_with(|| c.clone()) == c,
                        "{isa:?}: other bits"
                    );
                }
            }
        }
    }

    #[test]
    fn every_layout_and_rim_agrees_with_the_naive_sum() {
        for seed in 0..400 {
            let pick = |n: usize, most: usize| 1 + (seed * 7919 + n * 104_729) / 3 % most;
            check(
                [seed % 3, pick(1, 40), pick(2, 70), pick(3, 30), pick(4, 3) - 1],
                seed,
            );
        }
    }

    #[test]
    #[should_panic(expected = "right operand is too short")]
    fn operands_that_end_early_are_refused() {
        let (a, b, mut c) = (vec![0.0; 64], vec![0.0; 40], vec![0.0; 16]);
        let right = Right {
            data: &b,
            starts: &[20],
            offsets: &[0, 5],
        };
        indexed_product(
            Isa::detect(),
            Left::panels(&a, 2),
            right,
            &mut Tile::whole(&mut c, 1, 16),
            false,
        );
    }
}
