//! A pointwise convolution as a product with the weights on the right: `Y[N, O] = X[N, I] W[I, O]`.

use crate::channels_last::pixel_kernel::{After, Pixels, block};
use crate::channels_last::{Finish, row_len};
use crate::elementwise::activation::Activation;
use crate::elementwise::batch_norm::Norm;
use crate::gemm::matrix_product::{k_blocks, rhs_len, rhs_stride};
use crate::gemm::micro_kernel::{NR, OutputBlock, block_size};
use crate::gemm::tiles_by_thread::Tile;
use crate::hardware::lengths::{check_channels, check_len};
use crate::hardware::reused_buffers::{Buffer, Workspace};
use crate::hardware::simd::Isa;

/// Weights `[O, I]` packed as a right operand, `[k block][column panel][k][NR]`, and what follows the product.
#[derive(Debug)]
pub(crate) struct PixelWeights {
    data: Buffer,
    pub outputs: usize,
    pub inputs: usize,
    finish: Finish,
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
            data,
            outputs,
            inputs,
            finish: Finish::new(norm, act),
        }
    }

    /// Fills the rectangle `c` of the output, whose first row is the first of `x`. It has whole panels of channels.
    pub fn multiply(&self, isa: Isa, x: Pixels<'_>, c: &mut Tile<'_>) {
        check_channels("a row of the output", c.stride(), row_len(self.outputs));
        assert!(
            c.col0.is_multiple_of(NR) && c.cols.is_multiple_of(NR),
            "a rectangle has whole panels"
        );
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
                            (&self.data[panel..], rhs_stride(length)),
                            &place,
                            after,
                        )
                    };
                }
            }
        }
    }
}
