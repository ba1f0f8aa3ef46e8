//! Dense layers in evaluation: a few examples, each with all rows of a matrix.
//!
//! A row of weights is read once for four examples. Each output is summed in one order, whatever the batch.

use crate::hardware::chunks::each_chunk;
use crate::hardware::lengths::check_len;
use crate::hardware::reused_buffers::Workspace;
use crate::hardware::simd::{madd, multiversion};

/// Independent sums of an output, whose order is fixed.
const LANES: usize = 16;

/// Examples that share a row of weights.
const TOGETHER: usize = 4;

/// Multiplications that are worth a task of their own.
const TASK: usize = 1 << 16;

/// The products of `N` examples with a row.
#[inline(always)]
fn products<const FMA: bool, const N: usize>(xs: [&[f32]; N], row: &[f32]) -> [f32; N] {
    let mut sums = [[0.0f32; LANES]; N];
    let whole = row.len() - row.len() % LANES;
    for at in (0..whole).step_by(LANES) {
        let w = &row[at..at + LANES];
        for (sums, x) in sums.iter_mut().zip(xs) {
            let x = &x[at..at + LANES];
            for lane in 0..LANES {
                sums[lane] = madd::<FMA>(x[lane], w[lane], sums[lane]);
            }
        }
    }
    let mut totals = [0.0; N];
    for ((total, sums), x) in totals.iter_mut().zip(&mut sums).zip(xs) {
        for ((sum, &x), &w) in sums.iter_mut().zip(&x[whole..]).zip(&row[whole..]) {
            *sum = madd::<FMA>(x, w, *sum);
        }
        let mut half = LANES / 2;
        while half > 0 {
            for lane in 0..half {
                sums[lane] += sums[lane + half];
            }
            half /= 2;
        }
        *total = sums[0];
    }
    totals
}

/// `y[outputs, batch]` of some rows of weights.
#[inline(always)]
fn rows_body<const FMA: bool>(x: &[f32], rows: &[f32], bias: &[f32], y: &mut [f32]) {
    let inputs = rows.len() / bias.len();
    let batch = x.len() / inputs;
    let example = |b: usize| &x[b * inputs..(b + 1) * inputs];
    for ((row, &bias), y) in rows.chunks_exact(inputs).zip(bias).zip(y.chunks_exact_mut(batch)) {
        let mut four = y.chunks_exact_mut(TOGETHER);
        let mut first = 0;
        for y in &mut four {
            let xs: [&[f32]; TOGETHER] = std::array::from_fn(|i| example(first + i));
            for (y, sum) in y.iter_mut().zip(products::<FMA, TOGETHER>(xs, row)) {
                *y = sum + bias;
            }
            first += TOGETHER;
        }
        for (i, y) in four.into_remainder().iter_mut().enumerate() {
            let [sum] = products::<FMA, 1>([example(first + i)], row);
            *y = sum + bias;
        }
    }
}
multiversion! { fn rows_of_weights(x: &[f32], rows: &[f32], bias: &[f32], y: &mut [f32]) = rows_body }

/// Computes `y[B, O] = x[B, I] weight[O, I]^T + bias[O]`.
///
/// # Panics
/// If there is no input or no output, or a length does not fit.
pub fn forward(ws: &Workspace, x: &[f32], weight: &[f32], bias: &[f32], y: &mut [f32]) {
    let outputs = bias.len();
    assert!(
        outputs > 0 && !weight.is_empty() && weight.len().is_multiple_of(outputs),
        "{} weights are not {outputs} rows",
        weight.len()
    );
    let inputs = weight.len() / outputs;
    assert!(
        x.len().is_multiple_of(inputs),
        "{} numbers are not examples of {inputs}",
        x.len()
    );
    let batch = x.len() / inputs;
    check_len("output", y, batch * outputs);
    if batch == 0 {
        return;
    }
    let mut by_output = ws.take(outputs * batch);
    let rows = (TASK / (inputs * batch)).max(1);
    each_chunk(&mut by_output, rows * batch, ws.grain, &|task, y| {
        let (first, last) = (task * rows, (task * rows + rows).min(outputs));
        let weight = &weight[first * inputs..last * inputs];
        rows_of_weights(ws.isa(), x, weight, &bias[first..last], y);
    });
    for (b, y) in y.chunks_exact_mut(outputs).enumerate() {
        for (o, y) in y.iter_mut().enumerate() {
            *y = by_output[o * batch + b];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware::simd::Isa;
    use proptest::prelude::*;

    fn numbers(count: usize, seed: u32) -> Vec<f32> {
        let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 24) as f32 - 0.5
        };
        (0..count).map(|_| next()).collect()
    }

    fn of(isa: Isa, [batch, inputs, outputs]: [usize; 3], seed: u32) -> [Vec<f32>; 4] {
        let (x, weight) = (numbers(batch * inputs, seed), numbers(outputs * inputs, seed ^ 1));
        let bias = numbers(outputs, seed ^ 2);
        let mut y = vec![f32::NAN; batch * outputs];
        forward(&Workspace::with_isa(isa), &x, &weight, &bias, &mut y);
        [x, weight, bias, y]
    }

    proptest! {
        /// Each instruction set is as exact as single precision allows.
        #[test]
        fn outputs_are_sums_of_products(batch in 1_usize..11, inputs in 1_usize..90, outputs in 1_usize..40, seed in any::<u32>()) {
            for isa in Isa::available() {
                let [x, weight, bias, y] = of(isa, [batch, inputs, outputs], seed);
                for b in 0..batch {
                    for o in 0..outputs {
                        let pairs = x[b * inputs..][..inputs].iter().zip(&weight[o * inputs..][..inputs]);
                        let terms = pairs.map(|(x, w)| f64::from(*x) * f64::from(*w));
                        let (sum, size) = terms.fold((0.0, 0.0), |(sum, size), t| (sum + t, size + t.abs()));
                        let (got, want) = (f64::from(y[b * outputs + o]), sum + f64::from(bias[o]));
                        prop_assert!((got - want).abs() <= 1e-6 * (size + want.abs()), "{}: {got}, {want}", isa.name());
                    }
                }
            }
        }

        /// An example's outputs have the same bits alone and in a batch, however many threads work.
        #[test]
        fn neither_batch_nor_threads_decide_sums(batch in 2_usize..11, inputs in 1_usize..300, seed in any::<u32>()) {
            let outputs = 70;
            for isa in Isa::available() {
                let [x, weight, bias, y] = of(isa, [batch, inputs, outputs], seed);
                let serial = Workspace::with_isa(isa).serial();
                let mut one = vec![f32::NAN; outputs];
                for (x, y) in x.chunks_exact(inputs).zip(y.chunks_exact(outputs)) {
                    forward(&serial, x, &weight, &bias, &mut one);
                    prop_assert_eq!(&one[..], y);
                }
            }
        }
    }

    /// Sets with fused multiply-adds give the same bits.
    #[test]
    fn vectors_do_not_decide_sums() {
        let fused = Isa::available().into_iter().filter(|isa| *isa != Isa::portable());
        let all: Vec<_> = fused.map(|isa| of(isa, [5, 963, 33], 7)).collect();
        assert!(all.windows(2).all(|pair| pair[0] == pair[1]));
    }

    #[test]
    #[should_panic(expected = "10 numbers are not examples of 3")]
    fn lengths_that_do_not_fit_panic() {
        forward(&Workspace::new(), &[0.0; 10], &[0.0; 6], &[0.0; 2], &mut [0.0; 6]);
    }
}
