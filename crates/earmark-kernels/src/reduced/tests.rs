//! Products of rounded numbers against the same products in double precision.

use super::operands::{RoundedWeights, signed_bytes};
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

/// Channels last: rows of pixels times weights on the right.
fn by_rows(
    ws: &Workspace,
    reduced: Reduced,
    x: &[f32],
    weight: &[f32],
    k: usize,
    finish: &[Vec<f32>; 3],
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
        act: Activation::Identity,
    };
    let mut out = vec![f32::NAN; pixels * outputs];
    let mut tile = Tile::whole(&mut out, pixels, outputs);
    multiply(reduced, row, left, weights.as_right(), &mut tile, Some(finish));
    out
}

/// Channels outermost: weights on the left times columns of pixels. The result is transposed.
fn by_columns(ws: &Workspace, reduced: Reduced, x: &[f32], weight: &[f32], k: usize) -> Vec<f32> {
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
    multiply(
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
                ("rows", by_rows(&ws, reduced, &x, &weight, k, &plain(outputs))),
                ("columns", by_columns(&ws, reduced, &x, &weight, k)),
            ] {
                for (i, (got, wanted)) in got.iter().zip(wanted.iter().flatten()).enumerate() {
                    check(&format!("{reduced:?}, {what}, number {i}"), *got, *wanted);
                }
            }
        }
    }
}

#[test]
fn what_follows_a_product_is_of_single_precision() {
    let (pixels, k, outputs) = (13, 33, 20);
    let (x, weight) = (numbers(pixels * k, 1), numbers(outputs * k, 2));
    let columns = outputs.next_multiple_of(2 * NR);
    let finish = [numbers(columns, 3), numbers(columns, 4), numbers(columns, 5)];
    let ws = Workspace::new();
    for reduced in here() {
        let raw = by_rows(&ws, reduced, &x, &weight, k, &plain(outputs));
        let finished = by_rows(&ws, reduced, &x, &weight, k, &finish);
        for (i, (raw, finished)) in raw.iter().zip(&finished).enumerate() {
            let [mean, scale, shift] = finish.each_ref().map(|all| all[i % outputs]);
            assert_eq!(
                (raw - mean).mul_add(scale, shift),
                *finished,
                "{reduced:?}, number {i}"
            );
        }
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
