//! The innermost step of a product whose operands are read where they are: the tile of [`crate::gemm::micro_kernel`], with strides for the left
//! operand and a table of places for the right one.
//!
//! Nothing is packed, so that numbers that many places share (the windows of a convolution) are in memory once. Each element is the
//! same sum in the same order as with packed operands, whatever the instruction set: they give the same bits.

#![allow(
    clippy::needless_range_loop,
    reason = "loops over indices are unrolled, which keeps a block in registers"
)]

use crate::gemm::micro_kernel::{MR, NR, OutputBlock};
use crate::hardware::simd::{Isa, IsaKind, PORTABLE_FMA, madd};

/// The left operand as a kernel walks it: number p of row i of panel r is at `at + r * panel + i * row + p * step`.
#[derive(Clone, Copy)]
pub(super) struct Walk {
    pub at: *const f32,
    pub panel: usize,
    pub row: usize,
    pub step: usize,
}

/// Two panels of the right operand, the second perhaps unused: step p is NR numbers from `at[panel] + offsets[p]` on.
#[derive(Clone, Copy)]
pub(super) struct Places<'a> {
    pub at: [*const f32; 2],
    pub offsets: &'a [usize],
}

/// `C (+)= A B` for a block of at most [`block_size`](crate::gemm::micro_kernel::block_size) rows and columns. With
/// `UNIT`, the rows of a panel of A are next to each other (`row` is 1).
///
/// # Safety
/// All that `a` names for whole panels of rows and `b` for whole panels of columns must be valid for reads; `c` as for
/// [`block`](crate::gemm::micro_kernel::block), and no larger than [`block_size`](crate::gemm::micro_kernel::block_size).
#[inline]
pub(super) unsafe fn block<const UNIT: bool>(
    isa: Isa,
    a: Walk,
    b: Places<'_>,
    c: &OutputBlock,
    accumulate: bool,
) {
    // SAFETY: the instructions were detected; the caller vouches for the rest.
    unsafe {
        match isa.kind() {
            #[cfg(target_arch = "x86_64")]
            IsaKind::Avx512 => match (c.rows > MR, c.columns > NR) {
                (false, false) => avx512::<UNIT, 1, 1>(a, b, c, accumulate),
                (false, true) => avx512::<UNIT, 1, 2>(a, b, c, accumulate),
                (true, false) => avx512::<UNIT, 2, 1>(a, b, c, accumulate),
                (true, true) => avx512::<UNIT, 2, 2>(a, b, c, accumulate),
            },
            #[cfg(target_arch = "x86_64")]
            IsaKind::Avx2 if c.rows == MR && c.columns == NR => avx2::<UNIT>(a, b, c, accumulate),
            #[cfg(target_arch = "x86_64")]
            IsaKind::Avx2 => avx2_edge::<UNIT>(a, b, c, accumulate),
            IsaKind::Portable => portable::<UNIT>(a, b, c, accumulate),
        }
    }
}

/// # Safety
/// As for [`block`].
unsafe fn portable<const UNIT: bool>(a: Walk, b: Places<'_>, c: &OutputBlock, accumulate: bool) {
    let mut acc = [[0.0f32; NR]; MR];
    let mut at = a.at;
    for &offset in b.offsets {
        // SAFETY: a step of both panels, by the caller's promise.
        let (left, right): ([f32; MR], &[f32]) = unsafe {
            (
                std::array::from_fn(|i| *at.add(if UNIT { i } else { i * a.row })),
                std::slice::from_raw_parts(b.at[0].add(offset), NR),
            )
        };
        for (row, &x) in acc.iter_mut().zip(&left) {
            for (sum, &y) in row.iter_mut().zip(right) {
                *sum = madd::<PORTABLE_FMA>(x, y, *sum);
            }
        }
        at = at.wrapping_add(a.step);
    }
    for (i, row) in acc.iter().enumerate().take(c.rows) {
        // SAFETY: a row that exists.
        let out = unsafe { std::slice::from_raw_parts_mut(c.to.add(i * c.ld), c.columns) };
        for (o, &v) in out.iter_mut().zip(row) {
            *o = if accumulate { *o + v } else { v };
        }
    }
}

/// A block at the rim of C: computed whole on the side, then the part that exists is written.
///
/// # Safety
/// As for [`block`]; the processor has AVX2 and FMA.
#[cfg(target_arch = "x86_64")]
#[cold]
#[inline(never)]
unsafe fn avx2_edge<const UNIT: bool>(a: Walk, b: Places<'_>, c: &OutputBlock, accumulate: bool) {
    let mut whole = [0.0f32; MR * NR];
    let place = OutputBlock {
        to: whole.as_mut_ptr(),
        ld: NR,
        rows: MR,
        columns: NR,
    };
    // SAFETY: `whole` is a full tile with rows NR apart; the caller vouches for the operands.
    unsafe { avx2::<UNIT>(a, b, &place, false) };
    for (i, from) in whole.chunks_exact(NR).enumerate().take(c.rows) {
        // SAFETY: a row that exists.
        let row = unsafe { std::slice::from_raw_parts_mut(c.to.add(i * c.ld), c.columns) };
        for (o, &v) in row.iter_mut().zip(from) {
            *o = if accumulate { *o + v } else { v };
        }
    }
}

/// # Safety
/// As for [`block`], with a full tile; the processor has AVX2 and FMA.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn avx2<const UNIT: bool>(a: Walk, b: Places<'_>, c: &OutputBlock, accumulate: bool) {
    use std::arch::x86_64::{
        _mm256_add_ps, _mm256_broadcast_ss, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_setzero_ps,
        _mm256_storeu_ps,
    };
    let mut acc = [[_mm256_setzero_ps(); 2]; MR];
    // Threes of rows: with one pointer for each, addresses need no more registers than there are.
    let mut at = [a.at, a.at.wrapping_add(3 * a.row)];
    for &offset in b.offsets {
        // SAFETY: a step of the panel, by the caller's promise.
        let right = [0, 8].map(|j| unsafe { _mm256_loadu_ps(b.at[0].add(offset + j)) });
        for i in 0..MR {
            // SAFETY: a number of the panel, by the caller's promise.
            let x = unsafe {
                match UNIT {
                    true => _mm256_broadcast_ss(&*at[0].add(i)),
                    false => _mm256_broadcast_ss(&*at[i / 3].add(i % 3 * a.row)),
                }
            };
            for j in 0..2 {
                acc[i][j] = _mm256_fmadd_ps(x, right[j], acc[i][j]);
            }
        }
        at = at.map(|at| at.wrapping_add(a.step));
    }
    for i in 0..MR {
        for j in 0..2 {
            // SAFETY: a row of the tile, by the caller's promise.
            unsafe {
                let out = c.to.add(i * c.ld + j * 8);
                let v = match accumulate {
                    true => _mm256_add_ps(acc[i][j], _mm256_loadu_ps(out)),
                    false => acc[i][j],
                };
                _mm256_storeu_ps(out, v);
            }
        }
    }
}

/// `R` panels of rows by `C` of columns, the last ones perhaps not whole.
///
/// # Safety
/// As for [`block`], with more than `R - 1` and at most `R` panels of rows, and of columns likewise; the processor has AVX-512F.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
unsafe fn avx512<const UNIT: bool, const R: usize, const C: usize>(
    a: Walk,
    b: Places<'_>,
    c: &OutputBlock,
    accumulate: bool,
) {
    use std::arch::x86_64::{
        _MM_HINT_T0, _mm_prefetch, _mm512_add_ps, _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_mask_storeu_ps,
        _mm512_maskz_loadu_ps, _mm512_set1_ps, _mm512_setzero_ps,
    };
    let mut acc = [[[_mm512_setzero_ps(); C]; MR]; R];
    for i in 0..c.rows {
        for j in 0..C {
            // SAFETY: an address inside the block; prefetching reads nothing.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(c.to.add(i * c.ld + j * NR).cast::<i8>()) };
        }
    }
    // Threes of rows: with one pointer for each, addresses need no more registers than there are.
    let mut at: [[*const f32; 2]; R] =
        std::array::from_fn(|r| std::array::from_fn(|t| a.at.wrapping_add(r * a.panel + t * 3 * a.row)));
    for &offset in b.offsets {
        let mut right = [_mm512_setzero_ps(); C];
        for j in 0..C {
            // SAFETY: a step of the panel, by the caller's promise.
            right[j] = unsafe { _mm512_loadu_ps(b.at[j].add(offset)) };
        }
        for r in 0..R {
            for i in 0..MR {
                // SAFETY: a number of the panel, by the caller's promise.
                let x = unsafe {
                    match UNIT {
                        true => _mm512_set1_ps(*at[r][0].add(i)),
                        false => _mm512_set1_ps(*at[r][i / 3].add(i % 3 * a.row)),
                    }
                };
                for j in 0..C {
                    acc[r][i][j] = _mm512_fmadd_ps(x, right[j], acc[r][i][j]);
                }
            }
            at[r] = at[r].map(|at| at.wrapping_add(a.step));
        }
    }
    // One bit for each column of a panel that exists.
    let masks: [u16; C] = std::array::from_fn(|j| match c.columns - j * NR {
        n if n < NR => (1 << n) - 1,
        _ => u16::MAX,
    });
    for r in 0..R {
        for i in 0..MR {
            if r * MR + i >= c.rows {
                break;
            }
            for j in 0..C {
                // SAFETY: a row and the columns of a panel that exist; masked lanes are not touched.
                unsafe {
                    let out = c.to.add((r * MR + i) * c.ld + j * NR);
                    let v = match accumulate {
                        true => _mm512_add_ps(acc[r][i][j], _mm512_maskz_loadu_ps(masks[j], out)),
                        false => acc[r][i][j],
                    };
                    _mm512_mask_storeu_ps(out, masks[j], v);
                }
            }
        }
    }
}
