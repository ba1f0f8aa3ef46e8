//! The innermost step of every matrix product: a 6 x 16 tile of C from packed panels of A and B.
//!
//! Twelve accumulators of eight lanes, two vectors of B and one broadcast of A fill the sixteen
//! vector registers of AVX2; per step of k that is 12 multiply-adds for 8 loads, so that the
//! multipliers and not the loads are the limit (the scheme of BLIS: Van Zee and van de Geijn, 2015).
//!
//! AVX-512 has twice the registers of twice the width, and takes up to two panels of rows by two of columns at once
//! ([`block`]): 24 accumulators for 14 loads a step. Each element is the same sum in the same order in every shape, so that shapes and
//! instruction sets with fused multiply-adds give the same bits.

use crate::hardware::simd::{Isa, IsaKind, PORTABLE_FMA, madd};

/// Rows of a tile.
pub(crate) const MR: usize = 6;
/// Columns of a tile.
pub(crate) const NR: usize = 16;

/// Rows and columns that [`block`] takes at once, both in whole panels.
pub(crate) const fn block_size(isa: Isa) -> (usize, usize) {
    match isa.kind() {
        #[cfg(target_arch = "x86_64")]
        IsaKind::Avx512 => (2 * MR, 2 * NR),
        _ => (MR, NR),
    }
}

/// Where a block of C is and how much of it exists.
pub(crate) struct OutputBlock {
    /// Its first element.
    pub to: *mut f32,
    /// Distance between rows.
    pub ld: usize,
    /// Rows that exist: at least one.
    pub rows: usize,
    /// Columns that exist: at least one.
    pub columns: usize,
}

/// `C (+)= A B` for a block of at most [`block_size`] rows and columns.
///
/// `a` is `[panel][k][MR]`, without gaps, `b` is `[panel][k][NR]`, its panels `b_step` apart; both have the panels of all rows and columns
/// that exist, padded with zeros.
///
/// # Safety
/// `c.to` must be valid for reads and writes of `c.columns` numbers in each of `c.rows` rows, `c.ld` apart, and nothing else may access
/// them meanwhile.
#[inline]
pub(crate) unsafe fn block(
    isa: Isa,
    k: usize,
    a: &[f32],
    (b, b_step): (&[f32], usize),
    c: &OutputBlock,
    accumulate: bool,
) {
    let (rows, columns) = (c.rows.div_ceil(MR), c.columns.div_ceil(NR));
    assert!(
        a.len() >= rows * k * MR && b.len() >= (columns - 1) * b_step + k * NR,
        "packed panels are shorter than k = {k}"
    );
    let most = block_size(isa);
    assert!(
        rows * MR <= most.0 && columns * NR <= most.1,
        "the block is too large"
    );
    let (a, b) = (a.as_ptr(), (b.as_ptr(), b_step));
    match isa.kind() {
        // SAFETY: AVX-512 was detected, the panels hold k steps, the caller vouches for `c`.
        #[cfg(target_arch = "x86_64")]
        IsaKind::Avx512 => unsafe {
            match (rows, columns) {
                (1, 1) => avx512::<1, 1>(k, a, b, c, accumulate),
                (1, _) => avx512::<1, 2>(k, a, b, c, accumulate),
                (_, 1) => avx512::<2, 1>(k, a, b, c, accumulate),
                _ => avx512::<2, 2>(k, a, b, c, accumulate),
            }
        },
        _ if c.rows == MR && c.columns == NR => {
            // SAFETY: a full tile, for which the caller vouches; the panels hold k steps.
            unsafe { tile(isa, k, a, b.0, c.to, c.ld, accumulate) };
        }
        // SAFETY: as above.
        _ => unsafe { edge(isa, k, a, b.0, c, accumulate) },
    }
}

/// A full tile.
///
/// # Safety
/// `a` holds `k * MR` numbers, `b` holds `k * NR`; `c` must be valid for reads and writes of `MR` rows of `NR` numbers, `ldc` apart, and
/// nothing else may access them meanwhile.
#[inline]
unsafe fn tile(isa: Isa, k: usize, a: *const f32, b: *const f32, c: *mut f32, ldc: usize, accumulate: bool) {
    match isa.kind() {
        // SAFETY: AVX2 and FMA were detected (AVX-512 includes them), the caller vouches for the rest.
        #[cfg(target_arch = "x86_64")]
        IsaKind::Avx2 | IsaKind::Avx512 => unsafe { avx2(k, a, b, c, ldc, accumulate) },
        // SAFETY: the caller vouches for all of it.
        IsaKind::Portable => unsafe {
            let (a, b) = (
                std::slice::from_raw_parts(a, k * MR),
                std::slice::from_raw_parts(b, k * NR),
            );
            portable(k, a, b, c, ldc, accumulate);
        },
    }
}

/// A tile at the rim of C: computed whole on the side, then the part that exists is written.
///
/// # Safety
/// `a` holds `k * MR` numbers, `b` holds `k * NR`; `c` as for [`block`].
#[cold]
#[inline(never)]
unsafe fn edge(isa: Isa, k: usize, a: *const f32, b: *const f32, c: &OutputBlock, accumulate: bool) {
    let mut whole = [0.0f32; MR * NR];
    // SAFETY: `whole` is a full tile with rows NR apart; the caller vouches for the panels.
    unsafe { tile(isa, k, a, b, whole.as_mut_ptr(), NR, false) };
    for (i, from) in whole.chunks_exact(NR).enumerate().take(c.rows) {
        // SAFETY: a row that exists.
        let row = unsafe { std::slice::from_raw_parts_mut(c.to.add(i * c.ld), c.columns) };
        for (o, &v) in row.iter_mut().zip(from) {
            *o = if accumulate { *o + v } else { v };
        }
    }
}

/// # Safety
/// As for [`tile`].
unsafe fn portable(k: usize, a: &[f32], b: &[f32], c: *mut f32, ldc: usize, accumulate: bool) {
    let mut acc = [[0.0f32; NR]; MR];
    for (ap, bp) in a.chunks_exact(MR).zip(b.chunks_exact(NR)).take(k) {
        for (row, &x) in acc.iter_mut().zip(ap) {
            for (sum, &y) in row.iter_mut().zip(bp) {
                *sum = madd::<PORTABLE_FMA>(x, y, *sum);
            }
        }
    }
    for (i, row) in acc.iter().enumerate() {
        // SAFETY: row i of the tile, by the caller's promise.
        let out = unsafe { std::slice::from_raw_parts_mut(c.add(i * ldc), NR) };
        for (o, &v) in out.iter_mut().zip(row) {
            *o = if accumulate { *o + v } else { v };
        }
    }
}

/// # Safety
/// As for [`tile`]; `a` holds `k * MR` numbers, `b` holds `k * NR`, and the processor has AVX2 and FMA.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn avx2(k: usize, a: *const f32, b: *const f32, c: *mut f32, ldc: usize, accumulate: bool) {
    use std::arch::x86_64::{
        _MM_HINT_T0, _mm_prefetch, _mm256_add_ps, _mm256_broadcast_ss, _mm256_fmadd_ps, _mm256_loadu_ps,
        _mm256_setzero_ps, _mm256_storeu_ps,
    };
    let mut acc = [[_mm256_setzero_ps(); 2]; MR];
    for i in 0..MR {
        // SAFETY: an address inside the tile; prefetching reads nothing.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(c.add(i * ldc).cast::<i8>()) };
    }
    for p in 0..k {
        // SAFETY: p < k, so all loads are inside the panels; prefetching reads nothing, whatever the address.
        unsafe {
            // The next panel of A, while this one is multiplied: weights come from far away.
            _mm_prefetch::<_MM_HINT_T0>(a.wrapping_add((k + p) * MR).cast::<i8>());
            let b0 = _mm256_loadu_ps(b.add(p * NR));
            let b1 = _mm256_loadu_ps(b.add(p * NR + 8));
            for (i, row) in acc.iter_mut().enumerate() {
                let x = _mm256_broadcast_ss(&*a.add(p * MR + i));
                row[0] = _mm256_fmadd_ps(x, b0, row[0]);
                row[1] = _mm256_fmadd_ps(x, b1, row[1]);
            }
        }
    }
    for (i, row) in acc.iter().enumerate() {
        // SAFETY: row i of the tile, by the caller's promise.
        unsafe {
            let out = c.add(i * ldc);
            let (mut v0, mut v1) = (row[0], row[1]);
            if accumulate {
                v0 = _mm256_add_ps(v0, _mm256_loadu_ps(out));
                v1 = _mm256_add_ps(v1, _mm256_loadu_ps(out.add(8)));
            }
            _mm256_storeu_ps(out, v0);
            _mm256_storeu_ps(out.add(8), v1);
        }
    }
}

/// `R` panels of rows by `C` of columns, the last ones perhaps not whole.
///
/// # Safety
/// `c` as for [`block`], with more than `R - 1` and at most `R` panels of rows, and of columns likewise; `a` holds `R * k * MR` numbers, each
/// panel of `b` `k * NR`, and the processor has AVX-512F.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
unsafe fn avx512<const R: usize, const C: usize>(
    k: usize,
    a: *const f32,
    (b, b_step): (*const f32, usize),
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
    for p in 0..k {
        // SAFETY: p < k, so all loads are inside the panels.
        unsafe {
            let mut right = [_mm512_setzero_ps(); C];
            for (j, v) in right.iter_mut().enumerate() {
                *v = _mm512_loadu_ps(b.add(j * b_step + p * NR));
            }
            for (panel, rows) in acc.iter_mut().enumerate() {
                for (i, row) in rows.iter_mut().enumerate() {
                    let x = _mm512_set1_ps(*a.add((panel * k + p) * MR + i));
                    for (sum, &y) in row.iter_mut().zip(&right) {
                        *sum = _mm512_fmadd_ps(x, y, *sum);
                    }
                }
            }
        }
    }
    // One bit for each column of a panel that exists.
    let masks: [u16; C] = std::array::from_fn(|j| match c.columns - j * NR {
        n if n < NR => (1 << n) - 1,
        _ => u16::MAX,
    });
    for (i, row) in acc.iter().flatten().enumerate() {
        if i == c.rows {
            break;
        }
        for (j, (&v, &mask)) in row.iter().zip(&masks).enumerate() {
            // SAFETY: row i and the columns of panel j that exist; masked lanes are not touched.
            unsafe {
                let out = c.to.add(i * c.ld + j * NR);
                let v = if accumulate {
                    _mm512_add_ps(v, _mm512_maskz_loadu_ps(mask, out))
                } else {
                    v
                };
                _mm512_mask_storeu_ps(out, mask, v);
            }
        }
    }
}
