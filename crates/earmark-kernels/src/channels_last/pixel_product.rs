//! A pointwise convolution as a product with the weights on the right: `Y[N, O] = X[N, I] W[I, O]`.

use crate::channels_last::pixel_kernel::{After, Pixels, block};
use crate::channels_last::{Finish, row_len};
use crate::elementwise::activation::Activation;
use crate::elementwise::batch_norm::Norm;
use crate::gemm::matrix_product::{k_blocks, rhs_len, rhs_stride};
use crate::gemm::micro_kernel::{NR, OutputBlock, block_size};
use crate::gemm::tiles_by_thread::Tile;
use crate::hardware::lengths::{check_channels, check_len};
use crate::hardware::products::Reduced;
use crate::hardware::reused_buffers::{Buffer, Workspace};
use crate::hardware::simd::Isa;
use crate::reduced::{ColumnFinish, LeftWords, RoundedWeights, multiply};

/// Weights `[O, I]` as a right operand, and what follows the product.
#[derive(Debug)]
pub(crate) struct PixelWeights {
    data: Data,
    pub outputs: usize,
    pub inputs: usize,
    finish: Finish,
}

#[derive(Debug)]
enum Data {
    /// `[k block][column panel][k][NR]`.
    Single(Buffer),
    Rounded(RoundedWeights),
}

impl PixelWeights {
    /// # Panics
    /// If a length does not fit.
    pub fn pack(ws: &Workspace, weight: &[f32], inputs: usize, norm: &Norm, act: Activation) -> Self {
        let outputs = norm.channels();
        check_len("weights", weight, outputs * inputs);
        let blocks = || k_blocks(inputs);
        let mut data = ws.zeroed(blocks().map(|(_, length)| rhs_len(length, outputs)).sum());
        let mut begin = 0;
        for (start, length) in blocks() {
            for (o, row) in weight.chunks_exact(inputs).enumerate() {
                let at = begin + o / NR * rhs_stride(length) + o % NR;
                for (p, &w) in row[start..start + length].iter().enumerate() {
                    data[at + p * NR] = w;
                }
            }
            begin += rhs_len(length, outputs);
        }
        Self {
            data: Data::Single(data),
            outputs,
            inputs,
            finish: Finish::new(norm, act),
        }
    }

    /// The same for products of fewer bits: weights are rounded once.
    ///
    /// # Panics
    /// If a length does not fit.
    pub fn round(
        ws: &Workspace,
        weight: &[f32],
        inputs: usize,
        norm: &Norm,
        act: Activation,
        reduced: Reduced,
    ) -> Self {
        let outputs = norm.channels();
        check_len("weights", weight, outputs * inputs);
        Self {
            data: Data::Rounded(RoundedWeights::right(ws, weight, inputs, reduced)),
            outputs,
            inputs,
            finish: Finish::new(norm, act),
        }
    }

    /// What pixels must be rounded to for [`PixelWeights::multiply_words`]; `None` for [`PixelWeights::multiply`].
    pub fn reduced(&self) -> Option<Reduced> {
        match &self.data {
            Data::Single(_) => None,
            Data::Rounded(weights) => Some(weights.reduced),
        }
    }

    /// [`PixelWeights::multiply`] of rounded pixels.
    pub fn multiply_words(&self, x: LeftWords<'_>, c: &mut Tile<'_>) {
        let Data::Rounded(weights) = &self.data else {
            unreachable!("pixels are rounded for rounded weights");
        };
        check_channels("a row of the output", c.stride(), row_len(self.outputs));
        let (reduced, first) = (weights.reduced, c.col0);
        assert!(first.is_multiple_of(NR), "a rectangle has whole panels");
        // What pads a row may be a rectangle of its own.
        let columns = self
            .outputs
            .next_multiple_of(NR)
            .saturating_sub(first)
            .min(c.cols);
        if columns == 0 {
            return;
        }
        let right = weights.as_right().after_columns(first);
        let finish = ColumnFinish {
            values: self.finish.from(first),
            act: self.finish.act,
        };
        for part in c.cut(columns).iter_mut().take(1) {
            multiply(reduced, reduced.words(self.inputs), x, right, part, Some(finish));
        }
    }

    /// Fills the rectangle `c` of the output, whose first row is the first of `x`. It has whole panels of channels.
    pub fn multiply(&self, isa: Isa, x: Pixels<'_>, c: &mut Tile<'_>) {
        check_channels("a row of the output", c.stride(), row_len(self.outputs));
        assert!(
            c.col0.is_multiple_of(NR) && c.cols.is_multiple_of(NR),
            "a rectangle has whole panels"
        );
        let Data::Single(data) = &self.data else {
            unreachable!("pixels of single precision are multiplied by such weights");
        };
        let (mr, nr) = block_size(isa);
        let columns = c.cols.min(self.outputs.next_multiple_of(NR) - c.col0);
        for j in (0..columns).step_by(nr) {
            let mut begin = 0;
            for (start, length) in k_blocks(self.inputs) {
                let panel = begin + (c.col0 + j) / NR * rhs_stride(length);
                begin += rhs_len(length, self.outputs);
                let last = start + length == self.inputs;
                let after = After {
                    accumulate: start > 0,
                    finish: last.then_some((&self.finish, c.col0 + j)),
                };
                for i in (0..c.rows).step_by(mr) {
                    let (to, ld) = c.corner(i, j);
                    let place = OutputBlock {
                        to,
                        ld,
                        rows: mr.min(c.rows - i),
                        columns: nr.min(columns - j),
                    };
                    let x = Pixels {
                        data: &x.data[i * x.row + start * x.step..],
                        ..x
                    };
                    // SAFETY: the block is inside `c`, which is borrowed exclusively and has whole panels of channels.
                    unsafe {
                        block(
                            isa,
                            length,
                            x,
                            (&data[panel..], rhs_stride(length)),
                            &place,
                            after,
                        )
                    };
                }
            }
        }
    }
}
