//! Products of rounded numbers against the same products in double precision.

use super::operands::{RoundedWeights, signed_bytes};
use super::tile_kernel;
use super::word_kernel::{PixelsAre, multiply_by_words};
use super::words_of_numbers::bf16_bits;
use super::{
    ColumnFinish, ColumnsTo, LeftWords, RightWords, columns_to_words, multiply, rows_of_whole_blocks,
    rows_to_words,
};
use crate::elementwise::activation::Activation;
use crate::gemm::micro_kernel::NR;
use crate::gemm::tiles_by_thread::Tile;
use crate::hardware::products::{Products, Reduced};
use crate::hardware::reused_buffers::Workspace;
use crate::hardware::simd::Isa;
use proptest::prelude::*;

fn numbers(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

/// The kinds of reduced numbers that any instruction set of this machine has.
fn here() -> Vec<Reduced> {
    let sets = Isa::available().into_iter();
    sets.flat_map(|isa| [Products::bf16(isa), Products::int8(isa)])
        .flatten()
        .filter_map(Products::reduced)
        .collect()
}

/// Weights as they are after rounding.
fn rounded_weights(reduced: Reduced, row: &[f32]) -> Vec<f64> {
    match reduced {
        Reduced::Bf16 => row.iter().map(|v| bf16(*v)).collect(),
        Reduced::Int8 => {
            let (scale, bytes) = signed_bytes(row);
            bytes.iter().map(|q| f64::from(scale) * f64::from(*q)).collect()
        }
    }
}

fn bf16(v: f32) -> f64 {
    f64::from(f32::from_bits(u32::from(bf16_bits(v)) << 16))
}

/// Pixels as they are after rounding.
fn rounded_pixel(reduced: Reduced, x: &[f32]) -> Vec<f64> {
    match reduced {
        Reduced::Bf16 => x.iter().map(|v| bf16(*v)).collect(),
        Reduced::Int8 => {
            let low = x.iter().copied().fold(f32::INFINITY, f32::min);
            let high = x.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let step = (high - low) * (1.0 / 255.0);
            let inverse = if step > f32::MIN_POSITIVE { 1.0 / step } else { 0.0 };
            let byte = |v: &f32| f64::from(((v - low) * inverse).round_ties_even().min(255.0));
            x.iter()
                .map(|v| f64::from(low) + f64::from(step) * byte(v))
                .collect()
        }
    }
}

/// `x[pixel][k]` by `weight[o][k]`: sums of the rounded numbers, and the sums of their absolute values.
fn wanted(reduced: Reduced, x: &[f32], weight: &[f32], k: usize) -> Vec<Vec<(f64, f64)>> {
    let weights: Vec<Vec<f64>> = weight
        .chunks_exact(k)
        .map(|row| rounded_weights(reduced, row))
        .collect();
    let of_pixel = |x: &[f32]| {
        let x = rounded_pixel(reduced, x);
        let sums = weights.iter().map(|w| {
            let terms = x.iter().zip(w).map(|(a, b)| a * b);
            terms.fold((0.0, 0.0), |(sum, size), v| (sum + v, size + v.abs()))
        });
        sums.collect()
    };
    x.chunks_exact(k).map(of_pixel).collect()
}

fn check(what: &str, got: f32, (sum, size): (f64, f64)) {
    let error = (f64::from(got) - sum).abs();
    assert!(
        error <= 2e-6 * (size + 1e-6),
        "{what}: {got} is not {sum}, sizes {size}"
    );
}

/// What computes a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    /// What this processor does best.
    Best,
    Words,
    Tiles,
}

impl By {
    fn multiply(
        self,
        reduced: Reduced,
        words: usize,
        a: LeftWords<'_>,
        b: RightWords<'_>,
        c: &mut Tile<'_>,
        finish: Option<ColumnFinish<'_>>,
    ) {
        let kind = (reduced, finish.map_or(PixelsAre::Right, |_| PixelsAre::Left));
        match self {
            Self::Best => multiply(reduced, words, a, b, c, finish),
            Self::Words => multiply_by_words(kind, words, a, b, c, finish),
            Self::Tiles => tile_kernel::multiply(kind, words, a, b, c, finish),
        }
    }
}

/// Channels last: rows of pixels times weights on the right.
fn by_rows(
    by: By,
    ws: &Workspace,
    reduced: Reduced,
    x: &[f32],
    weight: &[f32],
    k: usize,
    (finish, act): (&[Vec<f32>; 3], Activation),
) -> Vec<f32> {
    let (pixels, outputs) = (x.len() / k, weight.len() / k);
    let (rows, row) = (rows_of_whole_blocks(pixels), reduced.words(k));
    let (mut words, mut factors) = (vec![0u32; rows * row], [vec![0.0; rows], vec![0.0; rows]]);
    let [scale, shift] = &mut factors;
    rows_to_words(reduced, (x, k), [pixels, k], (&mut words, row), [scale, shift]);
    let weights = RoundedWeights::right(ws, weight, k, reduced);
    let left = LeftWords {
        words: &words,
        row,
        step: 1,
        factors: factors.each_ref().map(Vec::as_slice),
    };
    let finish = ColumnFinish {
        values: finish.each_ref().map(Vec::as_slice),
        act,
    };
    let mut out = vec![f32::NAN; pixels * outputs];
    let mut tile = Tile::whole(&mut out, pixels, outputs);
    by.multiply(reduced, row, left, weights.as_right(), &mut tile, Some(finish));
    out
}

/// Channels outermost: weights on the left times columns of pixels. The result is transposed.
fn by_columns(by: By, ws: &Workspace, reduced: Reduced, x: &[f32], weight: &[f32], k: usize) -> Vec<f32> {
    let (pixels, outputs) = (x.len() / k, weight.len() / k);
    let outermost: Vec<f32> = (0..k)
        .flat_map(|p| x.chunks_exact(k).map(move |x| x[p]))
        .collect();
    let (panels, panel) = (pixels.div_ceil(NR), RightWords::panel_len(reduced.words(k)));
    let mut words = vec![0u32; panels * panel];
    let mut factors = [vec![0.0; panels * NR], vec![0.0; panels * NR]];
    let [scale, shift] = &mut factors;
    let mut to = ColumnsTo {
        words: &mut words,
        step: NR,
        panel,
    };
    columns_to_words(
        reduced,
        (&outermost, pixels),
        [pixels, k],
        &mut to,
        [scale, shift],
    );
    let right = RightWords {
        words: &words,
        panel,
        factors: factors.each_ref().map(Vec::as_slice),
    };
    let weights = RoundedWeights::left(ws, weight, k, reduced);
    let mut out = vec![f32::NAN; pixels * outputs];
    let mut tile = Tile::whole(&mut out, outputs, pixels);
    by.multiply(
        reduced,
        reduced.words(k),
        weights.as_left(),
        right,
        &mut tile,
        None,
    );
    let pixel = |i: usize| out[i..].iter().step_by(pixels).copied().collect::<Vec<_>>();
    (0..pixels).flat_map(pixel).collect()
}

/// Values of the columns that change nothing, for whole blocks.
fn plain(outputs: usize) -> [Vec<f32>; 3] {
    let columns = outputs.next_multiple_of(2 * NR);
    [vec![0.0; columns], vec![1.0; columns], vec![0.0; columns]]
}

proptest! {
    /// Both layouts sum the products of the rounded numbers, whatever the shape.
    #[test]
    fn products_are_those_of_rounded_numbers(
        pixels in 1_usize..40, k in 1_usize..150, outputs in 1_usize..70, positive: bool, seed in any::<u32>(),
    ) {
        let (mut x, weight) = (numbers(pixels * k, seed), numbers(outputs * k, seed ^ 1));
        if positive {
            x.iter_mut().for_each(|v| *v = v.max(0.0));
        }
        let ws = Workspace::new();
        for reduced in here() {
            let wanted = wanted(reduced, &x, &weight, k);
            for (what, got) in [
                ("rows", by_rows(By::Best, &ws, reduced, &x, &weight, k, (&plain(outputs), Activation::Identity))),
                ("columns", by_columns(By::Best, &ws, reduced, &x, &weight, k)),
            ] {
                for (i, (got, wanted)) in got.iter().zip(wanted.iter().flatten()).enumerate() {
                    check(&format!("{reduced:?}, {what}, number {i}"), *got, *wanted);
                }
            }
        }
    }
}

/// Channels last, of pixels that were gathered with channels outermost: words of a row are apart.
fn by_gathered_rows(
    by: By,
    ws: &Workspace,
    reduced: Reduced,
    x: &[f32],
    weight: &[f32],
    k: usize,
) -> Vec<f32> {
    let (pixels, outputs) = (x.len() / k, weight.len() / k);
    let outermost: Vec<f32> = (0..k)
        .flat_map(|p| x.chunks_exact(k).map(move |x| x[p]))
        .collect();
    let columns = rows_of_whole_blocks(pixels).next_multiple_of(NR);
    let mut words = vec![0u32; reduced.words(k) * columns];
    let mut factors = [vec![0.0; columns], vec![0.0; columns]];
    let [scale, shift] = &mut factors;
    let mut to = ColumnsTo {
        words: &mut words,
        step: columns,
        panel: NR,
    };
    columns_to_words(
        reduced,
        (&outermost, pixels),
        [pixels, k],
        &mut to,
        [scale, shift],
    );
    let left = LeftWords {
        words: &words,
        row: 1,
        step: columns,
        factors: factors.each_ref().map(Vec::as_slice),
    };
    let weights = RoundedWeights::right(ws, weight, k, reduced);
    let plain = plain(outputs);
    let finish = ColumnFinish {
        values: plain.each_ref().map(Vec::as_slice),
        act: Activation::Identity,
    };
    let mut out = vec![f32::NAN; pixels * outputs];
    let mut tile = Tile::whole(&mut out, pixels, outputs);
    by.multiply(
        reduced,
        reduced.words(k),
        left,
        weights.as_right(),
        &mut tile,
        Some(finish),
    );
    out
}

proptest! {
    /// The matrix unit sums the same products. Those of bytes are exact, so they are those of words to the last bit; a sum
    /// of bfloat16 is the same wherever a tile begins and in every layout.
    #[test]
    fn tiles_sum_the_products_of_words(
        pixels in 1_usize..100, tiles in 1_usize..10, padding in 0_usize..2, outputs in 1_usize..70, cut in 0_usize..100,
        seed in any::<u32>(),
    ) {
        let k = 32 * tiles - padding;
        let (x, weight) = (numbers(pixels * k, seed), numbers(outputs * k, seed ^ 1));
        let (ws, plain) = (Workspace::new(), plain(outputs));
        for reduced in here().into_iter().filter(|reduced| tile_kernel::takes(reduced.words(k))) {
            let rows = by_rows(By::Tiles, &ws, reduced, &x, &weight, k, (&plain, Activation::Identity));
            let columns = by_columns(By::Tiles, &ws, reduced, &x, &weight, k);
            let wanted = wanted(reduced, &x, &weight, k);
            for (i, wanted) in wanted.iter().flatten().enumerate() {
                check(&format!("{reduced:?}, rows, number {i}"), rows[i], *wanted);
                check(&format!("{reduced:?}, columns, number {i}"), columns[i], *wanted);
            }
            if reduced == Reduced::Int8 {
                prop_assert!(rows == by_rows(By::Words, &ws, reduced, &x, &weight, k, (&plain, Activation::Identity)));
                prop_assert!(columns == by_columns(By::Words, &ws, reduced, &x, &weight, k));
            } else {
                prop_assert!(rows == columns);
            }
            let (first, second) = x.split_at(cut.min(pixels) * k);
            let cut = [first, second].map(|part| match part {
                [] => Vec::new(),
                _ => by_rows(By::Tiles, &ws, reduced, part, &weight, k, (&plain, Activation::Identity)),
            });
            prop_assert!(rows == cut.concat(), "cut at {}", cut[0].len());
            prop_assert!(rows == by_gathered_rows(By::Tiles, &ws, reduced, &x, &weight, k));
        }
    }
}

#[test]
fn what_follows_a_product_is_of_single_precision() {
    let (pixels, outputs) = (13, 20_usize);
    let columns = outputs.next_multiple_of(2 * NR);
    let finish = [numbers(columns, 3), numbers(columns, 4), numbers(columns, 5)];
    let (ws, plain) = (Workspace::new(), plain(outputs));
    for (reduced, k) in here()
        .into_iter()
        .flat_map(|reduced| [(reduced, 33), (reduced, 64)])
    {
        let (x, weight) = (numbers(pixels * k, 1), numbers(outputs * k, 2));
        for by in [By::Words, By::Tiles] {
            if by == By::Tiles && !tile_kernel::takes(reduced.words(k)) {
                continue;
            }
            let product = |finish, act| by_rows(by, &ws, reduced, &x, &weight, k, (finish, act));
            let raw = product(&plain, Activation::Identity);
            let finished = product(&finish, Activation::Identity);
            let positive = product(&finish, Activation::Relu);
            for (i, (raw, finished)) in raw.iter().zip(&finished).enumerate() {
                let [mean, scale, shift] = finish.each_ref().map(|all| all[i % outputs]);
                let wanted = (raw - mean).mul_add(scale, shift);
                assert_eq!(wanted, *finished, "{reduced:?} by {by:?}, number {i}");
                assert_eq!(wanted.max(0.0), positive[i], "{reduced:?} by {by:?}, number {i}");
            }
        }
    }
}

/// Says what is not tested here.
#[test]
#[allow(clippy::print_stderr, reason = "a test that does not run says so")]
fn tiles_are_tested_where_the_processor_has_them() {
    if !tile_kernel::takes(16) {
        eprintln!("skipped: this processor has no AMX, or EARMARK_SIMD names an instruction set");
    }
}

#[test]
fn a_number_rounds_to_the_nearest_bfloat16_and_to_even() {
    for (given, wanted) in [
        (1.0f32, 0x3f80),
        (f32::from_bits(0x3f80_8000), 0x3f80),
        (f32::from_bits(0x3f81_8000), 0x3f82),
        (f32::from_bits(0x3f80_8001), 0x3f81),
        (-2.5, 0xc020),
        (f32::MAX, 0x7f80),
        (f32::NEG_INFINITY, 0xff80),
        (1e-40, 0),
        (-1e-40, 0x8000),
    ] {
        assert_eq!(bf16_bits(given), wanted, "{given}");
    }
    assert!(f32::from_bits(u32::from(bf16_bits(f32::from_bits(0x7f80_0001))) << 16).is_nan());
}

/// The vector code rounds as the definition does.
#[test]
fn rows_of_any_length_are_rounded_alike() {
    for reduced in here() {
        for length in 1..70 {
            let x: Vec<f32> = numbers(length, length as u32).iter().map(|v| v * 1e3).collect();
            let mut words = vec![u32::MAX; reduced.words(length)];
            let (mut scale, mut shift) = ([0.0], [0.0]);
            rows_to_words(
                reduced,
                (&x, length),
                [1, length],
                (&mut words, reduced.words(length)),
                [&mut scale, &mut shift],
            );
            let got: Vec<f64> = match reduced {
                Reduced::Bf16 => {
                    let halves = words.iter().flat_map(|w| [w << 16, w & 0xffff_0000]);
                    halves.map(|bits| f64::from(f32::from_bits(bits))).collect()
                }
                Reduced::Int8 => {
                    let bytes = words.iter().flat_map(|w| w.to_le_bytes());
                    let value = |q: u8| f64::from(shift[0]) + f64::from(scale[0]) * f64::from(q);
                    bytes.map(value).collect()
                }
            };
            assert_eq!(
                got[..length],
                rounded_pixel(reduced, &x),
                "{reduced:?}, {length} numbers"
            );
        }
    }
}
