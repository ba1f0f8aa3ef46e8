//! The product of two operands of words, and its innermost step: a block of two panels of rows by two of columns in
//! registers, as in [`crate::gemm::micro_kernel`].

#![allow(
    clippy::needless_range_loop,
    reason = "loops over indices are unrolled, which keeps a block in registers"
)]

use crate::elementwise::activation::Activation;
use crate::gemm::micro_kernel::{MR, NR, OutputBlock};
use crate::gemm::tiles_by_thread::Tile;
use crate::hardware::products::Reduced;
use crate::reduced::operands::{LeftWords, RightWords};

/// What follows the sums of each column: `act((v - mean) * scale + shift)`, with a mean, scale and shift for each.
#[derive(Clone, Copy)]
pub(crate) struct ColumnFinish<'a> {
    pub values: [&'a [f32]; 3],
    pub act: Activation,
}

/// Which operand holds the unsigned bytes, those of pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PixelsAre {
    Left,
    Right,
}

/// [`super::multiply`] without a matrix unit.
pub(super) fn multiply_by_words(
    kind: (Reduced, PixelsAre),
    words: usize,
    a: LeftWords<'_>,
    b: RightWords<'_>,
    c: &mut Tile<'_>,
    finish: Option<ColumnFinish<'_>>,
) {
    let (rows, columns) = (2 * MR, 2 * NR);
    for j in (0..c.cols).step_by(columns) {
        for i in (0..c.rows).step_by(rows) {
            let (to, ld) = c.corner(i, j);
            let place = OutputBlock {
                to,
                ld,
                rows: rows.min(c.rows - i),
                columns: columns.min(c.cols - j),
            };
            let finish = finish.map(|of| ColumnFinish {
                values: of.values.map(|all| &all[j..]),
                ..of
            });
            // SAFETY: the block is inside `c`, which is borrowed exclusively.
            unsafe { block(kind, words, a.after_rows(i), b.after_columns(j), &place, finish) };
        }
    }
}

/// One block of [`multiply_by_words`].
///
/// # Safety
/// `c.to` must be valid for writes of `c.columns` numbers in each of `c.rows` rows, `c.ld` apart, and nothing else may
/// access them meanwhile.
#[inline]
unsafe fn block(
    (reduced, pixels): (Reduced, PixelsAre),
    words: usize,
    a: LeftWords<'_>,
    b: RightWords<'_>,
    c: &OutputBlock,
    finish: Option<ColumnFinish<'_>>,
) {
    let (rows, columns) = (c.rows.div_ceil(MR), c.columns.div_ceil(NR));
    assert!(
        (1..=2).contains(&rows) && (1..=2).contains(&columns) && words > 0,
        "a block of another size"
    );
    assert!(
        a.words.len() > (rows * MR - 1) * a.row + (words - 1) * a.step,
        "rows end before {words} words"
    );
    assert!(
        b.words.len() >= (columns - 1) * b.panel + words * NR,
        "panels are shorter than {words} words"
    );
    if reduced == Reduced::Int8 {
        let (left, right) = (a.factors.map(<[f32]>::len), b.factors.map(<[f32]>::len));
        assert!(
            left.iter().all(|&n| n >= rows * MR) && right.iter().all(|&n| n >= columns * NR),
            "fewer factors than rows and columns"
        );
    }
    let finish = finish.map(|of| {
        let enough = of.values.iter().all(|all| all.len() >= columns * NR);
        assert!(enough, "fewer values than columns");
        (of.values.map(<[f32]>::as_ptr), of.act)
    });
    // SAFETY: a `Reduced` in use means that the instructions were detected; the words of whole panels, the factors and
    // the values hold what is read, as checked above; the caller vouches for `c`.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        avx512::block((reduced, pixels), (rows, columns), words, (a, b), c, finish);
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        let _ = (pixels, c.to, c.ld, finish);
        unreachable!("no processor of this architecture has products of fewer bits");
    }
}

/// Sums of a whole block, `[2 MR][2 NR]`, of single precision or exact, to what [`super::multiply`] writes of them.
///
/// # Safety
/// As for [`block`]; the processor has AVX-512F.
#[cfg(target_arch = "x86_64")]
pub(super) unsafe fn finish_sums(
    reduced: Reduced,
    sums: &[u32; 2 * MR * 2 * NR],
    (a, b): (LeftWords<'_>, RightWords<'_>),
    c: &OutputBlock,
    finish: Option<ColumnFinish<'_>>,
) {
    let columns = c.columns.div_ceil(NR);
    assert!(
        (1..=2 * MR).contains(&c.rows) && (1..=2).contains(&columns),
        "a block of another size"
    );
    if reduced == Reduced::Int8 {
        let (left, right) = (a.factors.map(<[f32]>::len), b.factors.map(<[f32]>::len));
        assert!(
            left.iter().all(|&n| n >= c.rows) && right.iter().all(|&n| n >= columns * NR),
            "fewer factors than rows and columns"
        );
    }
    let finish = finish.map(|of| {
        let enough = of.values.iter().all(|all| all.len() >= columns * NR);
        assert!(enough, "fewer values than columns");
        (of.values.map(<[f32]>::as_ptr), of.act)
    });
    // SAFETY: the factors and the values hold what is read, as checked above; the caller vouches for the rest.
    unsafe {
        match columns {
            1 => avx512::finish_sums::<1>(reduced, sums, (a, b), c, finish),
            _ => avx512::finish_sums::<2>(reduced, sums, (a, b), c, finish),
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod avx512 {
    use super::PixelsAre;
    use crate::gemm::micro_kernel::{MR, NR, OutputBlock};
    use crate::gemm::registers::{Last, each, finish_in_registers};
    use crate::hardware::products::Reduced;
    use crate::reduced::operands::{LeftWords, RightWords};
    use std::arch::x86_64::*;

    /// # Safety
    /// As for [`super::block`], with that number of panels; the processor has the instructions.
    pub(super) unsafe fn block(
        kind: (Reduced, PixelsAre),
        panels: (usize, usize),
        words: usize,
        operands: (LeftWords<'_>, RightWords<'_>),
        c: &OutputBlock,
        finish: Option<Last>,
    ) {
        macro_rules! of_size {
            ($name:ident) => {
                match panels {
                    (1, 1) => $name::<1, 1>(words, operands, c, finish),
                    (1, _) => $name::<1, 2>(words, operands, c, finish),
                    (_, 1) => $name::<2, 1>(words, operands, c, finish),
                    _ => $name::<2, 2>(words, operands, c, finish),
                }
            };
        }
        // SAFETY: the caller vouches for all of it.
        unsafe {
            match kind {
                (Reduced::Bf16, _) => of_size!(bf16),
                (Reduced::Int8, PixelsAre::Left) => of_size!(bytes_by_weights),
                (Reduced::Int8, PixelsAre::Right) => of_size!(weights_by_bytes),
            }
        }
    }

    /// Walks the words of both operands; `$dot` adds the products of a row's word, broadcast, and a panel's.
    macro_rules! sums {
        ($acc:ident, $words:ident, ($a:ident, $b:ident), $R:ident, $C:ident, |$sum:ident, $x:ident, $y:ident| $dot:expr) => {
            // Threes of rows: with one pointer for each, addresses need no more registers than there are.
            let mut at: [[*const u32; 2]; $R] = std::array::from_fn(|r| {
                std::array::from_fn(|t| $a.words.as_ptr().wrapping_add((r * 2 + t) * 3 * $a.row))
            });
            let right = $b.words.as_ptr();
            for p in 0..$words {
                let mut panels = [_mm512_setzero_si512(); $C];
                for j in 0..$C {
                    // SAFETY: the panels hold the words of all steps.
                    panels[j] = unsafe { _mm512_loadu_si512(right.add(j * $b.panel + p * NR).cast()) };
                    // The panels after these: weights come from far away. Prefetching reads nothing, whatever the address.
                    _mm_prefetch::<_MM_HINT_T1>(
                        right.wrapping_add(($C + j) * $b.panel + p * NR).cast::<i8>(),
                    );
                }
                for r in 0..$R {
                    for i in 0..MR {
                        // SAFETY: the rows hold the words of all steps.
                        let word = unsafe { *at[r][i / 3].add(i % 3 * $a.row) };
                        let $x = _mm512_set1_epi32(word.cast_signed());
                        for j in 0..$C {
                            let ($sum, $y) = ($acc[r][i][j], panels[j]);
                            $acc[r][i][j] = $dot;
                        }
                    }
                    at[r] = at[r].map(|at| at.wrapping_add($a.step));
                }
            }
        };
    }

    /// Writes what exists of a block.
    macro_rules! store {
        ($acc:ident, $c:ident, $C:ident) => {
            // One bit for each column of a panel that exists.
            let masks: [u16; $C] = std::array::from_fn(|j| match $c.columns - j * NR {
                n if n < NR => (1 << n) - 1,
                _ => u16::MAX,
            });
            each!($acc, (r, i, j) => if r * MR + i < $c.rows {
                // SAFETY: a row and columns that exist.
                unsafe {
                    let to = $c.to.add((r * MR + i) * $c.ld + j * NR);
                    _mm512_mask_storeu_ps(to, masks[j], $acc[r][i][j]);
                }
            });
        };
    }

    /// Products of bfloat16 and what follows them.
    ///
    /// # Safety
    /// As for [`super::block`], with `R` and `C` panels; the processor has AVX512-BF16.
    #[target_feature(enable = "avx512f,avx512bf16")]
    unsafe fn bf16<const R: usize, const C: usize>(
        words: usize,
        (a, b): (LeftWords<'_>, RightWords<'_>),
        c: &OutputBlock,
        finish: Option<Last>,
    ) {
        let mut acc = [[[_mm512_setzero_ps(); C]; MR]; R];
        sums!(acc, words, (a, b), R, C, |sum, x, y| {
            // SAFETY: all of them are 512 bits without meaning of their own.
            let [x, y] = unsafe { std::mem::transmute::<[__m512i; 2], [__m512bh; 2]>([x, y]) };
            _mm512_dpbf16_ps(sum, x, y)
        });
        finish_in_registers!(acc, C, R, finish);
        store!(acc, c, C);
    }

    /// Exact sums to those of the numbers that the bytes stand for.
    macro_rules! scaled {
        ($exact:ident, $acc:ident, ($a:ident, $b:ident), $c:ident, $R:ident, $C:ident) => {
            for j in 0..$C {
                let [scale, shift] = $b.factors.map(|of| {
                    // SAFETY: the factors of whole panels exist.
                    unsafe { _mm512_loadu_ps(of.as_ptr().add(j * NR)) }
                });
                for r in 0..$R {
                    for i in 0..MR {
                        let row = (r * MR + i).min($c.rows - 1);
                        let [by, and] = $a.factors.map(|of| {
                            // SAFETY: those of rows that exist, too.
                            _mm512_set1_ps(unsafe { *of.as_ptr().add(row) })
                        });
                        let sum = _mm512_mul_ps(
                            _mm512_cvtepi32_ps($exact[r][i][j]),
                            _mm512_mul_ps(by, scale),
                        );
                        $acc[r][i][j] = _mm512_fmadd_ps(and, shift, sum);
                    }
                }
            }
        };
    }

    /// # Safety
    /// As for [`super::finish_sums`], with `C` panels; the factors and values were checked.
    #[target_feature(enable = "avx512f")]
    pub(super) unsafe fn finish_sums<const C: usize>(
        reduced: Reduced,
        sums: &[u32; 2 * MR * 2 * NR],
        (a, b): (LeftWords<'_>, RightWords<'_>),
        c: &OutputBlock,
        finish: Option<Last>,
    ) {
        const R: usize = 2;
        let mut exact = [[[_mm512_setzero_si512(); C]; MR]; R];
        each!(exact, (r, i, j) => {
            let at = (r * MR + i) * 2 * NR + j * NR;
            // SAFETY: sixteen sums of the block.
            exact[r][i][j] = unsafe { _mm512_loadu_si512(sums.as_ptr().add(at).cast()) };
        });
        let mut acc = [[[_mm512_setzero_ps(); C]; MR]; R];
        match reduced {
            Reduced::Bf16 => each!(acc, (r, i, j) => acc[r][i][j] = _mm512_castsi512_ps(exact[r][i][j])),
            Reduced::Int8 => scaled!(exact, acc, (a, b), c, R, C),
        }
        finish_in_registers!(acc, C, R, finish);
        store!(acc, c, C);
    }

    /// Products of bytes, unsigned in `$unsigned` and signed in `$signed`, and what follows them.
    macro_rules! bytes {
        ($name:ident, |$x:ident, $y:ident| ($unsigned:expr, $signed:expr)) => {
            /// # Safety
            /// As for [`super::block`], with `R` and `C` panels; the processor has AVX512-VNNI.
            #[target_feature(enable = "avx512f,avx512vnni")]
            unsafe fn $name<const R: usize, const C: usize>(
                words: usize,
                (a, b): (LeftWords<'_>, RightWords<'_>),
                c: &OutputBlock,
                finish: Option<Last>,
            ) {
                let mut exact = [[[_mm512_setzero_si512(); C]; MR]; R];
                sums!(exact, words, (a, b), R, C, |sum, $x, $y| {
                    _mm512_dpbusd_epi32(sum, $unsigned, $signed)
                });
                let mut acc = [[[_mm512_setzero_ps(); C]; MR]; R];
                scaled!(exact, acc, (a, b), c, R, C);
                finish_in_registers!(acc, C, R, finish);
                store!(acc, c, C);
            }
        };
    }
    bytes!(bytes_by_weights, |x, y| (x, y));
    bytes!(weights_by_bytes, |x, y| (y, x));
}
