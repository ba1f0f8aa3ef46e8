//! Operands of words, and weights rounded to them.

use crate::gemm::micro_kernel::{MR, NR};
use crate::hardware::products::Reduced;
use crate::hardware::reused_buffers::{Buffer, Workspace};
use crate::reduced::words_of_numbers::{bf16_bits, word_of_bf16};

/// Rows that a left operand has room for: the product reads whole blocks.
pub(crate) fn rows_of_whole_blocks(rows: usize) -> usize {
    rows.next_multiple_of(2 * MR)
}

/// A left operand: word p of row i is `words[i * row + p * step]`.
#[derive(Clone, Copy)]
pub(crate) struct LeftWords<'a> {
    pub words: &'a [u32],
    pub row: usize,
    pub step: usize,
    /// Of bytes: what a row's exact sums are multiplied by, then what is added for the column's `shift`.
    pub factors: [&'a [f32]; 2],
}

impl<'a> LeftWords<'a> {
    /// The same from a row on.
    pub fn after_rows(self, row: usize) -> Self {
        let factors = self.factors.map(|all| all.get(row..).unwrap_or(&[]));
        Self {
            words: &self.words[row * self.row..],
            factors,
            ..self
        }
    }
}

/// A right operand, `[column panel][word][NR]`, its panels `panel` apart, which is one line more than their words.
#[derive(Clone, Copy)]
pub(crate) struct RightWords<'a> {
    pub words: &'a [u32],
    pub panel: usize,
    /// As those of a left operand, of columns.
    pub factors: [&'a [f32]; 2],
}

impl RightWords<'_> {
    /// The same from a column on, which is the first of a panel.
    pub fn after_columns(self, column: usize) -> Self {
        let factors = self.factors.map(|all| all.get(column..).unwrap_or(&[]));
        Self {
            words: &self.words[column / NR * self.panel..],
            factors,
            ..self
        }
    }

    /// The distance between panels whose columns have this number of words.
    pub const fn panel_len(words: usize) -> usize {
        (words + 1) * NR
    }
}

/// Weights `[O, I]` rounded once. As a left operand `[O][word]`, as a right one `[column panel][word][NR]`.
#[derive(Debug)]
pub(crate) struct RoundedWeights {
    pub reduced: Reduced,
    pub outputs: usize,
    pub inputs: usize,
    words: Buffer,
    /// Of bytes, for each output channel: its scale, and that times the sum of its bytes.
    factors: [Vec<f32>; 2],
}

impl RoundedWeights {
    /// As the left operand.
    pub fn left(ws: &Workspace, weight: &[f32], inputs: usize, reduced: Reduced) -> Self {
        let outputs = weight.len() / inputs;
        let row = reduced.words(inputs);
        let rows = rows_of_whole_blocks(outputs);
        let words = ws.zeroed(rows * row);
        Self::pack(words, weight, (inputs, rows), reduced, |o, p| o * row + p)
    }

    /// As the right operand.
    pub fn right(ws: &Workspace, weight: &[f32], inputs: usize, reduced: Reduced) -> Self {
        let outputs = weight.len() / inputs;
        let panel = RightWords::panel_len(reduced.words(inputs));
        let columns = outputs.next_multiple_of(2 * NR);
        let words = ws.zeroed(columns / NR * panel);
        let place = |o: usize, p: usize| o / NR * panel + p * NR + o % NR;
        Self::pack(words, weight, (inputs, columns), reduced, place)
    }

    fn pack(
        mut words: Buffer,
        weight: &[f32],
        (inputs, padded): (usize, usize),
        reduced: Reduced,
        place: impl Fn(usize, usize) -> usize,
    ) -> Self {
        let mut factors = [vec![0.0; padded], vec![0.0; padded]];
        let to = words.words_mut();
        for (o, row) in weight.chunks_exact(inputs).enumerate() {
            match reduced {
                Reduced::Bf16 => {
                    for (p, pair) in row.chunks(2).enumerate() {
                        let second = pair.get(1).map_or(0, |&v| bf16_bits(v));
                        to[place(o, p)] = word_of_bf16(bf16_bits(pair[0]), second);
                    }
                }
                Reduced::Int8 => {
                    let (scale, bytes) = signed_bytes(row);
                    for (p, four) in bytes.chunks(4).enumerate() {
                        let mut word = [0u8; 4];
                        for (to, byte) in word.iter_mut().zip(four) {
                            *to = byte.cast_unsigned();
                        }
                        to[place(o, p)] = u32::from_le_bytes(word);
                    }
                    let sum: i32 = bytes.iter().map(|&q| i32::from(q)).sum();
                    (factors[0][o], factors[1][o]) = (scale, scale * sum as f32);
                }
            }
        }
        Self {
            reduced,
            outputs: weight.len() / inputs,
            inputs,
            words,
            factors,
        }
    }

    /// Of weights that were packed as a left operand.
    pub fn as_left(&self) -> LeftWords<'_> {
        LeftWords {
            words: self.words.words(),
            row: self.reduced.words(self.inputs),
            step: 1,
            factors: self.factors.each_ref().map(Vec::as_slice),
        }
    }

    /// Of weights that were packed as a right operand.
    pub fn as_right(&self) -> RightWords<'_> {
        RightWords {
            words: self.words.words(),
            panel: RightWords::panel_len(self.reduced.words(self.inputs)),
            factors: self.factors.each_ref().map(Vec::as_slice),
        }
    }
}

/// One output channel's scale and its weights divided by it, rounded. A weight that is not finite makes the scale so.
pub(crate) fn signed_bytes(row: &[f32]) -> (f32, Vec<i8>) {
    let largest = row.iter().fold(0.0f32, |most, v| match v.is_nan() {
        true => f32::NAN,
        false if most.is_nan() => most,
        false => most.max(v.abs()),
    });
    let scale = largest / 127.0;
    let inverse = if scale > 0.0 { 1.0 / scale } else { 0.0 };
    let byte = |v: &f32| (v * inverse).round_ties_even().clamp(-127.0, 127.0) as i8;
    (scale, row.iter().map(byte).collect())
}
