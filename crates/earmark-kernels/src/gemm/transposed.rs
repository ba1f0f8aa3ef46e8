//! Packing for products whose inner dimension runs along the pixels (weight gradients): the rows
//! run along k, so that panels are made by transposing.

use crate::gemm::matrix_product::rhs_stride;
use crate::gemm::micro_kernel::{MR, NR};
use crate::gemm::tiles_by_thread::Tile;
use crate::hardware::simd::{Isa, IsaKind};

/// Packs rows as a left operand `[panel][k][MR]`: `src` holds the rows `ld` apart, `k` numbers of each are used.
pub(crate) fn pack_lhs(isa: Isa, dst: &mut [f32], src: &[f32], ld: usize, rows: usize, k: usize) {
    for (panel, out) in dst.chunks_mut(k * MR).enumerate().take(rows.div_ceil(MR)) {
        let (first, rows) = (panel * MR, MR.min(rows - panel * MR));
        interleave::<MR>(isa, out, &src[first * ld..], ld, rows, k);
    }
}

/// Packs rows as a right operand `[panel][k][NR]` with panels `rhs_stride(k)` apart.
pub(crate) fn pack_rhs(isa: Isa, dst: &mut [f32], src: &[f32], ld: usize, rows: usize, k: usize) {
    for (panel, out) in dst.chunks_mut(rhs_stride(k)).enumerate().take(rows.div_ceil(NR)) {
        let (first, rows) = (panel * NR, NR.min(rows - panel * NR));
        interleave::<NR>(isa, &mut out[..k * NR], &src[first * ld..], ld, rows, k);
    }
}

/// `dst[p * W + r] = row r [p]`; rows that do not exist are zero.
pub(crate) fn interleave<const W: usize>(
    isa: Isa,
    dst: &mut [f32],
    src: &[f32],
    ld: usize,
    rows: usize,
    k: usize,
) {
    assert!(dst.len() >= k * W && rows <= W && rows > 0, "panel is too short");
    assert!(src.len() >= (rows - 1) * ld + k, "rows end before k = {k}");
    let mut done = 0;
    match isa.kind() {
        IsaKind::Portable => {}
        #[cfg(target_arch = "x86_64")]
        IsaKind::Avx2 | IsaKind::Avx512 => {
            // Blocks of 8 x 8. In a panel of six rows each step stores eight lanes, of which the
            // following step overwrites the last two; so the very last step is left to the loop below.
            let safe = if W.is_multiple_of(8) {
                k
            } else {
                k.saturating_sub(1)
            };
            done = if rows == W { safe - safe % 8 } else { 0 };
            for p in (0..done).step_by(8) {
                for r in (0..W).step_by(8) {
                    // SAFETY: all W rows exist and hold k numbers, p + 8 <= done <= k; the last store
                    // ends at most two lanes into a step before k (W = 6) or at the end of one (W = 16).
                    unsafe {
                        transpose8(
                            dst.as_mut_ptr().add(p * W + r),
                            W,
                            src.as_ptr().add(r * ld + p),
                            ld,
                            (W - r).min(8),
                        )
                    };
                }
            }
        }
    }
    for r in 0..W {
        if r < rows {
            for (step, &x) in dst[done * W..k * W]
                .chunks_exact_mut(W)
                .zip(&src[r * ld + done..r * ld + k])
            {
                step[r] = x;
            }
        } else {
            for step in dst[done * W..k * W].chunks_exact_mut(W) {
                step[r] = 0.0;
            }
        }
    }
}

/// `to[i][j] = src[j * ld + i]`.
pub(crate) fn transpose(isa: Isa, to: &mut Tile<'_>, src: &[f32], ld: usize) {
    let (rows, columns) = (to.rows, to.cols);
    assert!(rows > 0 && columns > 0, "nothing to transpose");
    assert!(
        src.len() >= (columns - 1) * ld + rows,
        "rows end before {rows} numbers"
    );
    let whole = match isa.kind() {
        IsaKind::Portable => [0, 0],
        #[cfg(target_arch = "x86_64")]
        IsaKind::Avx2 | IsaKind::Avx512 => {
            let whole = [rows - rows % 8, columns - columns % 8];
            // A few rows at a time: those of a tensor are far apart, often by what makes them compete for the same cache sets.
            for i in (0..whole[0]).step_by(8) {
                for j in (0..whole[1]).step_by(8) {
                    let (at, step) = to.corner(i, j);
                    // SAFETY: AVX2 was detected; 8 x 8 numbers of both exist.
                    unsafe { transpose8(at, step, src.as_ptr().add(j * ld + i), ld, 8) };
                }
            }
            whole
        }
    };
    for i in 0..rows {
        let done = if i < whole[0] { whole[1] } else { 0 };
        for (j, v) in to.row(i).iter_mut().enumerate().skip(done) {
            *v = src[j * ld + i];
        }
    }
}

/// Transposes 8 columns of `rows <= 8` rows into 8 steps of 8 lanes; missing rows repeat the last one.
///
/// # Safety
/// The processor has AVX2; `src` is valid for 8 reads in each of `rows` rows `ld` apart; `dst` is
/// valid for 8 writes at each of 8 steps `step` apart.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn transpose8(dst: *mut f32, step: usize, src: *const f32, ld: usize, rows: usize) {
    use std::arch::x86_64::{
        _mm256_loadu_ps, _mm256_permute2f128_ps, _mm256_setzero_ps, _mm256_shuffle_ps, _mm256_storeu_ps,
        _mm256_unpackhi_ps, _mm256_unpacklo_ps,
    };
    let mut r = [_mm256_setzero_ps(); 8];
    for (i, v) in r.iter_mut().enumerate() {
        // SAFETY: an existing row, by the caller's promise.
        *v = unsafe { _mm256_loadu_ps(src.add(i.min(rows - 1) * ld)) };
    }
    let mut t = r;
    for i in 0..4 {
        t[2 * i] = _mm256_unpacklo_ps(r[2 * i], r[2 * i + 1]);
        t[2 * i + 1] = _mm256_unpackhi_ps(r[2 * i], r[2 * i + 1]);
    }
    let mut u = t;
    for h in 0..2 {
        let (a, b, c, d) = (t[4 * h], t[4 * h + 1], t[4 * h + 2], t[4 * h + 3]);
        u[4 * h] = _mm256_shuffle_ps::<0x44>(a, c);
        u[4 * h + 1] = _mm256_shuffle_ps::<0xEE>(a, c);
        u[4 * h + 2] = _mm256_shuffle_ps::<0x44>(b, d);
        u[4 * h + 3] = _mm256_shuffle_ps::<0xEE>(b, d);
    }
    for i in 0..4 {
        let low = _mm256_permute2f128_ps::<0x20>(u[i], u[i + 4]);
        let high = _mm256_permute2f128_ps::<0x31>(u[i], u[i + 4]);
        r[i] = low;
        r[i + 4] = high;
    }
    for (i, v) in r.iter().enumerate() {
        // SAFETY: eight lanes at step i, by the caller's promise; in rising order, so that the
        // surplus lanes of a narrow panel are overwritten by the following step.
        unsafe { _mm256_storeu_ps(dst.add(i * step), *v) };
    }
}
