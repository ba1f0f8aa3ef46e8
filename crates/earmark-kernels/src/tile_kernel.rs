//! The innermost step of every matrix product: a 6 x 16 tile of C from packed panels of A and B.
//!
//! Twelve accumulators of eight lanes, two vectors of B and one broadcast of A fill the sixteen
//! vector registers of AVX2; per step of k that is 12 multiply-adds for 8 loads, so that the
//! multipliers and not the loads are the limit (the scheme of BLIS: Van Zee and van de Geijn, 2015).

use crate::simd::{Isa, Kind, PORTABLE_FMA, madd};

/// Rows of a tile.
pub(crate) const MR: usize = 6;
/// Columns of a tile.
pub(crate) const NR: usize = 16;

/// `C (+)= A B` for a full tile.
///
/// `a` is `[k][MR]`, `b` is `[k][NR]`; `c` points at the tile, whose rows are `ldc` apart.
///
/// # Safety
/// `c` must be valid for reads and writes of `MR` rows of `NR` numbers, `ldc` apart, and nothing else may access them meanwhile.
#[inline]
pub(crate) unsafe fn tile(
    isa: Isa,
    k: usize,
    a: &[f32],
    b: &[f32],
    c: *mut f32,
    ldc: usize,
    accumulate: bool,
) {
    assert!(
        a.len() >= k * MR && b.len() >= k * NR,
        "packed panels are shorter than k = {k}"
    );
    match isa.kind() {
        // SAFETY: AVX2 and FMA were detected, the panels hold k steps, the caller vouches for `c`.
        #[cfg(target_arch = "x86_64")]
        Kind::Avx2 => unsafe { avx2(k, a.as_ptr(), b.as_ptr(), c, ldc, accumulate) },
        // SAFETY: the caller vouches for `c`.
        Kind::Portable => unsafe { portable(k, a, b, c, ldc, accumulate) },
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
        // SAFETY: p < k, so all loads lie inside the panels.
        unsafe {
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
