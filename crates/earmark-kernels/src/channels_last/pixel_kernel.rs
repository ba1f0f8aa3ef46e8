//! The innermost step of a product with the channels of a pixel next to each other: the same tile as
//! [`crate::gemm::micro_kernel`], with pixels for rows, output channels for columns, and pixels read where they are.

#![allow(
    clippy::needless_range_loop,
    reason = "loops over indices are unrolled, which keeps a block in registers"
)]

use crate::channels_last::Finish;
use crate::elementwise::activation::{Activation, with_activation};
use crate::gemm::micro_kernel::{MR, NR, OutputBlock, block_size};
use crate::gemm::registers::Last;
#[cfg(target_arch = "x86_64")]
use crate::gemm::registers::{each, finish_in_registers};
use crate::hardware::simd::{Isa, IsaKind, PORTABLE_FMA, madd};

/// The left operand: number p of pixel i is `data[i * row + p * step]`.
#[derive(Clone, Copy)]
pub(crate) struct Pixels<'a> {
    pub data: &'a [f32],
    pub row: usize,
    pub step: usize,
}

/// The same as a kernel walks it.
#[derive(Clone, Copy)]
struct Walk {
    at: *const f32,
    row: usize,
    step: usize,
}

/// What becomes of the sums of a block.
#[derive(Clone, Copy)]
pub(crate) struct After<'a> {
    /// They are added to what is there.
    pub accumulate: bool,
    /// They are then finished, with the values from this channel on.
    pub finish: Option<(&'a Finish, usize)>,
}

/// `C (+)= A B` for a block of at most [`block_size`] pixels and channels, finished if that is asked for.
///
/// `b` is `[panel][k][NR]`, its panels `b_step` apart. The pixels of whole panels must be readable, and all channels
/// of whole panels are written.
///
/// # Safety
/// `c.to` must be valid for reads and writes of `c.columns`, rounded up to whole panels, numbers in each of `c.rows`
/// rows, `c.ld` apart, and nothing else may access them meanwhile.
#[inline]
pub(super) unsafe fn block(
    isa: Isa,
    k: usize,
    a: Pixels<'_>,
    (b, b_step): (&[f32], usize),
    c: &OutputBlock,
    after: After<'_>,
) {
    let (rows, columns) = (c.rows.div_ceil(MR), c.columns.div_ceil(NR));
    let most = block_size(isa);
    assert!(
        rows * MR <= most.0 && columns * NR <= most.1 && rows > 0 && columns > 0 && k > 0,
        "a block of another size"
    );
    assert!(
        a.data.len() > (rows * MR - 1) * a.row + (k - 1) * a.step,
        "pixels end before k = {k}"
    );
    assert!(
        b.len() >= (columns - 1) * b_step + k * NR,
        "panels are shorter than k = {k}"
    );
    let finish = after.finish.map(|(finish, channel)| {
        let values = finish.from(channel);
        assert!(values[2].len() >= columns * NR, "fewer values than channels");
        (values.map(<[f32]>::as_ptr), finish.act)
    });
    let walk = Walk {
        at: a.data.as_ptr(),
        row: a.row,
        step: a.step,
    };
    let (b, add) = ((b.as_ptr(), b_step), after.accumulate);
    // SAFETY: the instructions were detected; the pixels of all panels, the panels of b and the values hold what is
    // read, as checked above; the caller vouches for `c`.
    unsafe {
        match isa.kind() {
            #[cfg(target_arch = "x86_64")]
            IsaKind::Avx512 => match (rows, columns) {
                (1, 1) => avx512::<1, 1>(k, walk, b, c, add, finish),
                (1, _) => avx512::<1, 2>(k, walk, b, c, add, finish),
                (_, 1) => avx512::<2, 1>(k, walk, b, c, add, finish),
                _ => avx512::<2, 2>(k, walk, b, c, add, finish),
            },
            #[cfg(target_arch = "x86_64")]
            IsaKind::Avx2 => avx2(k, walk, b.0, c, add, finish),
            IsaKind::Portable => portable(k, walk, b.0, c, add, finish),
        }
    }
}

/// Rows that portable code takes at once: as many as fit into registers.
const TWO: usize = 2;

/// # Safety
/// As for [`block`], with one panel of rows and of columns.
unsafe fn portable(
    k: usize,
    a: Walk,
    b: *const f32,
    c: &OutputBlock,
    accumulate: bool,
    finish: Option<Last>,
) {
    // SAFETY: the panel holds k steps.
    let right = unsafe { std::slice::from_raw_parts(b, k * NR) };
    for first in (0..c.rows).step_by(TWO) {
        let mut acc = [[0.0f32; NR]; TWO];
        for (p, right) in right.chunks_exact(NR).enumerate() {
            for (i, row) in acc.iter_mut().enumerate() {
                // SAFETY: p < k; the pixels of a whole panel hold k steps.
                let x = unsafe { *a.at.add((first + i) * a.row + p * a.step) };
                for (sum, &y) in row.iter_mut().zip(right) {
                    *sum = madd::<PORTABLE_FMA>(x, y, *sum);
                }
            }
        }
        for (i, row) in acc.iter_mut().enumerate().take(c.rows - first) {
            // SAFETY: a row that exists.
            let out = unsafe { std::slice::from_raw_parts_mut(c.to.add((first + i) * c.ld), NR) };
            if accumulate {
                row.iter_mut().zip(&*out).for_each(|(v, &o)| *v += o);
            }
            if let Some((values, act)) = finish {
                // SAFETY: the values of all channels of the panel.
                let [mean, scale, shift] = values.map(|v| unsafe { *v.cast::<[f32; NR]>() });
                with_activation!(act, f => {
                    for (l, v) in row.iter_mut().enumerate() {
                        *v = f(madd::<PORTABLE_FMA>(*v - mean[l], scale[l], shift[l]));
                    }
                });
            }
            out.copy_from_slice(row);
        }
    }
}

/// # Safety
/// As for [`block`], with one panel of rows and of columns; the processor has AVX2 and FMA.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn avx2(k: usize, a: Walk, b: *const f32, c: &OutputBlock, accumulate: bool, finish: Option<Last>) {
    use std::arch::x86_64::{
        _mm256_add_ps, _mm256_broadcast_ss, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_max_ps, _mm256_min_ps,
        _mm256_mul_ps, _mm256_set1_ps, _mm256_setzero_ps, _mm256_storeu_ps, _mm256_sub_ps,
    };
    let mut acc = [[[_mm256_setzero_ps(); 2]; MR]; 1];
    let mut at = [a.at, a.at.wrapping_add(3 * a.row)];
    for p in 0..k {
        // SAFETY: p < k; the panel holds k steps.
        let right = [0, 8].map(|j| unsafe { _mm256_loadu_ps(b.add(p * NR + j)) });
        for i in 0..MR {
            // SAFETY: p < k; the pixels hold k steps.
            let x = unsafe { _mm256_broadcast_ss(&*at[i / 3].add(i % 3 * a.row)) };
            for j in 0..2 {
                acc[0][i][j] = _mm256_fmadd_ps(x, right[j], acc[0][i][j]);
            }
        }
        at = at.map(|at| at.wrapping_add(a.step));
    }
    if accumulate {
        each!(acc, (r, i, j) => if i < c.rows {
            // SAFETY: a row that exists.
            let there = unsafe { _mm256_loadu_ps(c.to.add(i * c.ld + j * 8)) };
            acc[r][i][j] = _mm256_add_ps(acc[r][i][j], there);
        });
    }
    if let Some((values, act)) = finish {
        for j in 0..2 {
            // SAFETY: the values of all channels of the panel.
            let [mean, scale, shift] = values.map(|v| unsafe { _mm256_loadu_ps(v.add(j * 8)) });
            for i in 0..MR {
                acc[0][i][j] = _mm256_fmadd_ps(_mm256_sub_ps(acc[0][i][j], mean), scale, shift);
            }
        }
        // The second operand is the result where one is not a number, and where both are zero.
        let (zero, six) = (_mm256_setzero_ps(), _mm256_set1_ps(6.0));
        match act {
            Activation::Identity => {}
            Activation::Relu => each!(acc, (r, i, j) => acc[r][i][j] = _mm256_max_ps(zero, acc[r][i][j])),
            Activation::Relu6 => {
                each!(acc, (r, i, j) => acc[r][i][j] = _mm256_min_ps(six, _mm256_max_ps(zero, acc[r][i][j])));
            }
            Activation::HardSwish => {
                let (three, sixth) = (_mm256_set1_ps(3.0), _mm256_set1_ps(1.0 / 6.0));
                each!(acc, (r, i, j) => {
                    let v = acc[r][i][j];
                    let gate = _mm256_min_ps(six, _mm256_max_ps(zero, _mm256_add_ps(v, three)));
                    acc[r][i][j] = _mm256_mul_ps(_mm256_mul_ps(v, gate), sixth);
                });
            }
        }
    }
    each!(acc, (r, i, j) => if i < c.rows {
        // SAFETY: a row that exists.
        unsafe { _mm256_storeu_ps(c.to.add(i * c.ld + j * 8), acc[r][i][j]) };
    });
}

/// `R` panels of rows, the last perhaps not whole, by `C` of columns.
///
/// # Safety
/// As for [`block`], with that number of panels; the processor has AVX-512F.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
unsafe fn avx512<const R: usize, const C: usize>(
    k: usize,
    a: Walk,
    (b, b_step): (*const f32, usize),
    c: &OutputBlock,
    accumulate: bool,
    finish: Option<Last>,
) {
    use std::arch::x86_64::{
        _MM_HINT_T1, _mm_prefetch, _mm512_add_ps, _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_set1_ps,
        _mm512_setzero_ps, _mm512_storeu_ps,
    };
    // Threes of rows: with one pointer for each, addresses need no more registers than there are.
    let mut at: [[*const f32; 2]; R] =
        std::array::from_fn(|r| std::array::from_fn(|t| a.at.wrapping_add((r * 2 + t) * 3 * a.row)));
    let mut acc = [[[_mm512_setzero_ps(); C]; MR]; R];
    for p in 0..k {
        let mut right = [_mm512_setzero_ps(); C];
        for j in 0..C {
            // SAFETY: p < k; the panels hold k steps.
            right[j] = unsafe { _mm512_loadu_ps(b.add(j * b_step + p * NR)) };
            // The panels after these: weights come from far away. Prefetching reads nothing, whatever the address.
            _mm_prefetch::<_MM_HINT_T1>(b.wrapping_add((C + j) * b_step + p * NR).cast::<i8>());
        }
        for r in 0..R {
            for i in 0..MR {
                // SAFETY: p < k; the pixels hold k steps.
                let x = _mm512_set1_ps(unsafe { *at[r][i / 3].add(i % 3 * a.row) });
                for j in 0..C {
                    acc[r][i][j] = _mm512_fmadd_ps(x, right[j], acc[r][i][j]);
                }
            }
            at[r] = at[r].map(|at| at.wrapping_add(a.step));
        }
    }
    if accumulate {
        each!(acc, (r, i, j) => if r * MR + i < c.rows {
            // SAFETY: a row that exists.
            let there = unsafe { _mm512_loadu_ps(c.to.add((r * MR + i) * c.ld + j * NR)) };
            acc[r][i][j] = _mm512_add_ps(acc[r][i][j], there);
        });
    }
    finish_in_registers!(acc, C, R, finish);
    each!(acc, (r, i, j) => if r * MR + i < c.rows {
        // SAFETY: a row that exists.
        unsafe { _mm512_storeu_ps(c.to.add((r * MR + i) * c.ld + j * NR), acc[r][i][j]) };
    });
}
