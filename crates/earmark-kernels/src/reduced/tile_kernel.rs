//! The same product by a matrix unit: AMX multiplies sixteen rows of sixteen words by sixteen words of sixteen columns in
//! one instruction. Its shapes are those of the operands as they are: a panel's words are a tile of the right operand,
//! and rows of words one of the left.
//!
//! Sums of bytes are exact, so they are those of [`super::word_kernel`] to the last bit. Sums of bfloat16 are not: the
//! unit adds the first and the second numbers of words apart, sixteen words at a time. So a product of bfloat16 is
//! computed here or there by its number of words alone, and an element's sum does not depend on how the work is cut.
//! (Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, TDPBF16PS.)

use crate::gemm::micro_kernel::NR;
use crate::gemm::tiles_by_thread::Tile;
use crate::hardware::products::Reduced;
use crate::reduced::operands::{LeftWords, RightWords};
use crate::reduced::word_kernel::{ColumnFinish, PixelsAre};

/// Rows of a tile, and words in each of them.
const SIDE: usize = NR;

/// Rows that are computed together.
pub(crate) const TOGETHER: usize = 2 * SIDE;

/// Whether products with rows of this number of words are computed here.
pub(crate) fn takes(words: usize) -> bool {
    words > 0 && words.is_multiple_of(SIDE) && crate::hardware::matrix_unit::is_there()
}

/// As [`super::multiply`], for a number of words that [`takes`] accepts.
///
/// # Panics
/// If an operand is too short, or the processor has no matrix unit.
pub(crate) fn multiply(
    kind: (Reduced, PixelsAre),
    words: usize,
    a: LeftWords<'_>,
    b: RightWords<'_>,
    c: &mut Tile<'_>,
    finish: Option<ColumnFinish<'_>>,
) {
    assert!(takes(words), "rows of {words} words are not whole tiles");
    #[cfg(target_arch = "x86_64")]
    x86::multiply(kind, words, a, b, c, finish);
    #[cfg(not(target_arch = "x86_64"))]
    {
        let _ = (kind, a, b, c, finish);
        unreachable!("no processor of this architecture has this matrix unit");
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::SIDE;
    use crate::gemm::micro_kernel::{MR, NR, OutputBlock};
    use crate::gemm::tiles_by_thread::Tile;
    use crate::hardware::matrix_unit::Configured;
    use crate::hardware::products::Reduced;
    use crate::reduced::operands::{LeftWords, RightWords};
    use crate::reduced::word_kernel::{ColumnFinish, PixelsAre, finish_sums};

    /// Rows of a block: two tiles.
    const ROWS: usize = super::TOGETHER;
    /// Columns of a block: two panels.
    const COLUMNS: usize = 2 * NR;
    /// Rows that are finished at a time, and those of a block in whole steps of them.
    const STEP: usize = 2 * MR;
    const SUM_ROWS: usize = ROWS.next_multiple_of(STEP);

    /// Sums of a block, row by row.
    #[repr(align(64))]
    struct Sums([u32; SUM_ROWS * COLUMNS]);

    /// Rows of words in whole tiles; those of the last tile that do not exist are zeros.
    struct WholeTiles<'a> {
        /// Tiles that are read where they are, and rows behind them.
        whole: &'a [u32],
        row: usize,
        count: usize,
        /// From `first` on, where a line begins: a row of a tile that straddles two lines takes several times as long.
        rest: Vec<u32>,
        first: usize,
    }

    impl<'a> WholeTiles<'a> {
        fn of(a: LeftWords<'a>, rows: usize, words: usize) -> Self {
            let last = (rows - 1) * a.row + (words - 1) * a.step;
            assert!(a.words.len() > last, "rows end before {words} words");
            let count = if a.step == 1 { rows / SIDE } else { 0 };
            let behind = rows - count * SIDE;
            let mut rest = vec![0; behind.next_multiple_of(SIDE) * words + SIDE];
            let first = rest.as_ptr().align_offset(4 * SIDE).min(SIDE);
            for (i, to) in rest[first..].chunks_exact_mut(words).take(behind).enumerate() {
                let from = a.words[(count * SIDE + i) * a.row..].iter().step_by(a.step);
                to.iter_mut().zip(from).for_each(|(to, word)| *to = *word);
            }
            Self {
                whole: a.words,
                row: a.row,
                count,
                rest,
                first,
            }
        }

        /// The rows of a tile, and their distance; `words` in each.
        fn tile(&self, index: usize, words: usize) -> (&[u32], usize) {
            match index.checked_sub(self.count) {
                None => (&self.whole[index * SIDE * self.row..], self.row),
                Some(behind) => (&self.rest[self.first + behind * SIDE * words..], words),
            }
        }
    }

    pub(super) fn multiply(
        kind: (Reduced, PixelsAre),
        words: usize,
        a: LeftWords<'_>,
        b: RightWords<'_>,
        c: &mut Tile<'_>,
        finish: Option<ColumnFinish<'_>>,
    ) {
        if c.rows == 0 || c.cols == 0 {
            return;
        }
        let rows = WholeTiles::of(a, c.rows, words);
        let unit = Configured::new();
        let mut sums = Sums([0; SUM_ROWS * COLUMNS]);
        // Sixteen or 32 rows stay in the first-level cache while all columns pass, whose words are one after the other.
        for i in (0..c.rows).step_by(ROWS) {
            let count = ROWS.min(c.rows - i);
            let upper = rows.tile(i / SIDE, words);
            let lower = (count > SIDE).then(|| rows.tile(i / SIDE + 1, words));
            for j in (0..c.cols).step_by(COLUMNS) {
                let (columns, b) = (COLUMNS.min(c.cols - j), b.after_columns(j));
                // Columns of a second panel that is not there are computed from the first, and not used.
                let second = if columns > NR { b.panel } else { 0 };
                let panels = [&b.words[..words * NR], &b.words[second..][..words * NR]];
                match lower {
                    Some(lower) => two_by_two(&unit, kind, words, [upper, lower], panels, &mut sums),
                    None => one_by_two(&unit, kind, words, upper, panels, &mut sums),
                }
                let finish = finish.map(|of| ColumnFinish {
                    values: of.values.map(|all| &all[j..]),
                    ..of
                });
                for at in (0..count).step_by(STEP) {
                    let (to, ld) = c.corner(i + at, j);
                    let place = OutputBlock {
                        to,
                        ld,
                        rows: STEP.min(count - at),
                        columns,
                    };
                    let sums: &[u32; STEP * COLUMNS] =
                        sums.0[at * COLUMNS..].first_chunk().expect("rows in whole steps");
                    // SAFETY: the block is inside `c`, which is borrowed exclusively; a matrix unit comes with AVX-512.
                    unsafe { finish_sums(kind.0, sums, (a.after_rows(i + at), b), &place, finish) };
                }
            }
        }
    }

    /// Every `$zero`; for sixteen words after the other every `$load`, the products of every `($sum, $x, $y)` and every
    /// `$next`; then every `$store`.
    macro_rules! walk {
        ($words:ident, $dot:literal, [$($zero:literal),*], [$($load:literal),*], [$(($sum:literal, $x:literal, $y:literal)),*],
         [$($store:literal),*], [$($next:literal),*], $($operands:tt)*) => {
            // SAFETY: the tiles of all words are inside the slices, as checked; sums have room for what is stored; the
            // unit is configured, and nothing else uses its registers.
            unsafe {
                std::arch::asm!(
                    $($zero,)*
                    "2:",
                    $($load,)*
                    $(concat!($dot, " ", $sum, ", ", $x, ", ", $y),)*
                    $($next,)*
                    "dec {steps}",
                    "jnz 2b",
                    $($store,)*
                    steps = inout(reg) $words / SIDE => _,
                    wide = in(reg) 4 * NR,
                    sums_row = in(reg) 4 * COLUMNS,
                    $($operands)*
                    out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                    out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                    options(nostack),
                )
            }
        };
    }

    fn check(rows: (&[u32], usize), panels: [&[u32]; 2], words: usize) {
        assert!(
            rows.0.len() >= (SIDE - 1) * rows.1 + words,
            "a tile ends before {words} words"
        );
        assert!(
            panels.iter().all(|panel| panel.len() >= words * NR),
            "panels end before {words} words"
        );
    }

    fn two_by_two(
        _unit: &Configured,
        (reduced, pixels): (Reduced, PixelsAre),
        words: usize,
        rows: [(&[u32], usize); 2],
        panels: [&[u32]; 2],
        sums: &mut Sums,
    ) {
        rows.iter().for_each(|rows| check(*rows, panels, words));
        let to = sums.0.as_mut_ptr();
        macro_rules! by {
            ($dot:literal) => {
                walk!(
                    words, $dot,
                    ["tilezero tmm0", "tilezero tmm1", "tilezero tmm2", "tilezero tmm3"],
                    [
                        "tileloadd tmm4, [{upper} + {upper_row}]",
                        "tileloadd tmm6, [{left} + {wide}]",
                        "tileloadd tmm5, [{lower} + {lower_row}]",
                        "tileloadd tmm7, [{right} + {wide}]"
                    ],
                    [
                        ("tmm0", "tmm4", "tmm6"),
                        ("tmm2", "tmm5", "tmm6"),
                        ("tmm1", "tmm4", "tmm7"),
                        ("tmm3", "tmm5", "tmm7")
                    ],
                    [
                        "tilestored [{sums} + {sums_row}], tmm0",
                        "tilestored [{sums} + {sums_row} + 64], tmm1",
                        "tilestored [{below} + {sums_row}], tmm2",
                        "tilestored [{below} + {sums_row} + 64], tmm3"
                    ],
                    ["add {upper}, 64", "add {lower}, 64", "add {left}, 1024", "add {right}, 1024"],
                    upper = inout(reg) rows[0].0.as_ptr() => _,
                    lower = inout(reg) rows[1].0.as_ptr() => _,
                    upper_row = in(reg) 4 * rows[0].1,
                    lower_row = in(reg) 4 * rows[1].1,
                    left = inout(reg) panels[0].as_ptr() => _,
                    right = inout(reg) panels[1].as_ptr() => _,
                    sums = in(reg) to,
                    below = in(reg) to.wrapping_add(SIDE * COLUMNS),
                )
            };
        }
        match (reduced, pixels) {
            (Reduced::Bf16, _) => by!("tdpbf16ps"),
            (Reduced::Int8, PixelsAre::Left) => by!("tdpbusd"),
            (Reduced::Int8, PixelsAre::Right) => by!("tdpbsud"),
        }
    }

    fn one_by_two(
        _unit: &Configured,
        (reduced, pixels): (Reduced, PixelsAre),
        words: usize,
        rows: (&[u32], usize),
        panels: [&[u32]; 2],
        sums: &mut Sums,
    ) {
        check(rows, panels, words);
        macro_rules! by {
            ($dot:literal) => {
                walk!(
                    words, $dot,
                    ["tilezero tmm0", "tilezero tmm1"],
                    [
                        "tileloadd tmm4, [{upper} + {upper_row}]",
                        "tileloadd tmm6, [{left} + {wide}]",
                        "tileloadd tmm7, [{right} + {wide}]"
                    ],
                    [("tmm0", "tmm4", "tmm6"), ("tmm1", "tmm4", "tmm7")],
                    [
                        "tilestored [{sums} + {sums_row}], tmm0",
                        "tilestored [{sums} + {sums_row} + 64], tmm1"
                    ],
                    ["add {upper}, 64", "add {left}, 1024", "add {right}, 1024"],
                    upper = inout(reg) rows.0.as_ptr() => _,
                    upper_row = in(reg) 4 * rows.1,
                    left = inout(reg) panels[0].as_ptr() => _,
                    right = inout(reg) panels[1].as_ptr() => _,
                    sums = in(reg) sums.0.as_mut_ptr(),
                )
            };
        }
        match (reduced, pixels) {
            (Reduced::Bf16, _) => by!("tdpbf16ps"),
            (Reduced::Int8, PixelsAre::Left) => by!("tdpbusd"),
            (Reduced::Int8, PixelsAre::Right) => by!("tdpbsud"),
        }
    }
}
