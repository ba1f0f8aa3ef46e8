//! Implicit im2col: the part of a tensor that some output rows read, activated, padded and ready to be packed.

use crate::conv::window::Geometry;
use crate::elementwise::postponed_normalisation::OpInput;
use crate::gemm::matrix_product::rhs_stride;
use crate::gemm::micro_kernel::NR;
use crate::gemm::transposed::interleave;
use crate::hardware::reused_buffers::{Buffer, Workspace};

/// Output pixels of one piece of a plain convolution, about.
pub(crate) const COLUMNS: usize = 256;

/// A block of contiguous output columns: `rows` output rows from `row0` in each of `images` images from `image0`. It holds
/// either whole images or some rows of one image.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ColumnBlock {
    pub image0: usize,
    pub images: usize,
    pub row0: usize,
    pub rows: usize,
}

impl ColumnBlock {
    /// The blocks of about `columns` outputs that make up the outputs of a batch, in order.
    pub fn divide(geo: &Geometry, batch: usize, columns: usize) -> Vec<Self> {
        let [ho, wo] = geo.out;
        let (images, rows) = if ho * wo <= columns {
            ((columns / (ho * wo)).max(1), ho)
        } else {
            // Rows spread evenly over the blocks of an image.
            let per_image = ho.div_ceil(columns.div_ceil(wo).min(ho));
            (1, ho.div_ceil(per_image))
        };
        let starts = (0..batch)
            .step_by(images)
            .flat_map(|image0| (0..ho).step_by(rows).map(move |row0| (image0, row0)));
        let block = |(image0, row0)| Self {
            image0,
            images: images.min(batch - image0),
            row0,
            rows: rows.min(ho - row0),
        };
        starts.map(block).collect()
    }

    /// First output column and number of output columns.
    pub fn columns(&self, geo: &Geometry) -> (usize, usize) {
        let start = self.image0 * geo.out_pixels() + self.row0 * geo.out[1];
        (start, self.images * self.rows * geo.out[1])
    }
}

/// Activated, padded phases `[channel][image][phase]` of what one piece reads.
pub(crate) struct Im2col {
    data: Buffer,
    /// Distance between channels.
    channel: usize,
    /// For each tap its offset.
    taps: Vec<usize>,
    /// For each output column its offset.
    columns: Vec<usize>,
}

impl Im2col {
    /// An empty one for `channels` channels.
    fn new(ws: &Workspace, geo: &Geometry, piece: ColumnBlock, channels: usize) -> (Self, Geometry) {
        let part = geo.rows(piece.rows);
        let image = part.phases() * part.phase;
        let columns = (0..piece.images)
            .flat_map(|i| (0..piece.rows).map(move |r| (i, r)))
            .flat_map(|(i, r)| (0..geo.out[1]).map(move |x| (i, r, x)))
            .map(|(i, r, x)| i * image + r * part.width + x)
            .collect();
        let tap = |&(phase, at): &(usize, usize)| phase * part.phase + at;
        let channel = piece.images * image;
        let im2col = Self {
            data: ws.zeroed(channels * channel),
            channel,
            taps: part.taps.iter().map(tap).collect(),
            columns,
        };
        (im2col, part)
    }

    /// Fills one for channels `first..first + channels`; `read(channel, position, row)` gives input values from a position
    /// in the channel's `B * H * W`.
    pub fn load(
        ws: &Workspace,
        geo: &Geometry,
        piece: ColumnBlock,
        (first, channels): (usize, usize),
        read: impl Fn(usize, usize, &mut [f32]),
    ) -> Self {
        let (mut im2col, part) = Self::new(ws, geo, piece, channels);
        let (h, w) = (geo.size[0], geo.size[1]);
        let (top, stride) = (geo.window.before[0], geo.window.stride[0]);
        // Padded rows that the piece reads, and of these the ones that exist.
        let begin = piece.row0 * stride;
        let end = begin + (piece.rows - 1) * stride + geo.window.kernel[0];
        let rows = begin.max(top)..end.min(h + top);
        let mut row = ws.take(w);
        for c in 0..channels {
            for i in 0..piece.images {
                let image = part.phases() * part.phase;
                let phases = &mut im2col.data[c * im2col.channel + i * image..][..image];
                for padded in rows.clone() {
                    let position = (piece.image0 + i) * h * w + (padded - top) * w;
                    read(first + c, position, &mut row);
                    part.put_row(phases, padded - begin, &row);
                }
            }
        }
        im2col
    }

    /// The im2col of an input that may have pending normalisation; `n` is B * H * W.
    pub fn input(
        ws: &Workspace,
        geo: &Geometry,
        piece: ColumnBlock,
        channels: (usize, usize),
        x: OpInput<'_>,
        n: usize,
    ) -> Self {
        Self::load(ws, geo, piece, channels, |c, at, row| {
            x.read(ws, c, c * n + at, row)
        })
    }

    fn base(&self, p: usize) -> usize {
        p / self.taps.len() * self.channel + self.taps[p % self.taps.len()]
    }

    /// The inputs of each tap of channel `c` for the columns of one panel; lanes without a column are zero.
    pub fn gather<const T: usize>(&self, c: usize, panel: usize, to: &mut [[f32; NR]; T]) {
        assert_eq!(self.taps.len(), T, "the im2col matrix has another number of taps");
        let columns = &self.columns[panel * NR..self.columns.len().min((panel + 1) * NR)];
        let contiguous = columns.len() == NR && columns[NR - 1] - columns[0] == NR - 1;
        let channel = &self.data[c * self.channel..][..self.channel];
        for (to, &tap) in to.iter_mut().zip(&self.taps) {
            if contiguous {
                to.copy_from_slice(&channel[tap + columns[0]..][..NR]);
            } else {
                to.fill(0.0);
                for (t, &at) in to.iter_mut().zip(columns) {
                    *t = channel[tap + at];
                }
            }
        }
    }

    /// Packs rows `start..start + length` of the im2col matrix `[channel, tap] x columns` as a right operand.
    pub fn pack(&self, start: usize, length: usize, packed: &mut [f32]) {
        for (panel, columns) in self.columns.chunks(NR).enumerate() {
            let out = &mut packed[panel * rhs_stride(length)..][..length * NR];
            let contiguous = columns.len() == NR && columns[NR - 1] - columns[0] == NR - 1;
            for (p, to) in out.chunks_exact_mut(NR).enumerate() {
                let base = self.base(start + p);
                if contiguous {
                    to.copy_from_slice(&self.data[base + columns[0]..][..NR]);
                } else {
                    // Surplus lanes keep old values: nothing reads what they yield.
                    for (t, &at) in to.iter_mut().zip(columns) {
                        *t = self.data[base + at];
                    }
                }
            }
        }
    }

    /// Packs the transpose of that matrix's rows `0..rows` as a right operand: columns become k.
    pub fn pack_transposed(&self, ws: &Workspace, rows: usize, run: usize, packed: &mut [f32]) {
        let n = self.columns.len();
        let ld = n + NR;
        let mut block = ws.take(NR * ld);
        let panels = packed.chunks_mut(rhs_stride(n)).take(rows.div_ceil(NR));
        for (panel, out) in panels.enumerate() {
            let count = NR.min(rows - panel * NR);
            for (r, row) in block.chunks_exact_mut(ld).enumerate().take(count) {
                let base = self.base(panel * NR + r);
                // Output rows of `run` pixels are contiguous in it.
                let starts = self.columns.iter().step_by(run);
                for (to, at) in row[..n].chunks_exact_mut(run).zip(starts) {
                    to.copy_from_slice(&self.data[base + at..][..run]);
                }
            }
            interleave::<NR>(ws.isa(), &mut out[..n * NR], &block, ld, count, n);
        }
    }
}
