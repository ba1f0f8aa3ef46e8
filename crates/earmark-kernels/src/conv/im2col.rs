//! Implicit im2col: the part of a tensor that some output rows read, activated, padded and ready to be packed.

use crate::conv::window::Geometry;
use crate::elementwise::postponed_normalisation::OpInput;
use crate::gemm::matrix_product::{PackedWeights, rhs_stride};
use crate::gemm::micro_kernel::NR;
use crate::gemm::tiles_by_thread::Tile;
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
    /// Output columns whose offsets follow each other: those of a row.
    run: usize,
}

impl Im2col {
    /// One for `channels` channels, not yet filled.
    fn new(ws: &Workspace, geo: &Geometry, piece: ColumnBlock, channels: usize) -> (Self, Geometry) {
        let part = geo.rows(piece.rows);
        let image = part.phases() * part.phase;
        let mut columns = Vec::with_capacity(piece.images * piece.rows * geo.out[1]);
        for i in 0..piece.images {
            for r in 0..piece.rows {
                let first = i * image + r * part.width;
                columns.extend(first..first + geo.out[1]);
            }
        }
        let tap = |&(phase, at): &(usize, usize)| phase * part.phase + at;
        let channel = piece.images * image;
        let im2col = Self {
            // Vectors of the last row may be longer than it is.
            data: ws.take(channels * channel + NR),
            channel,
            taps: part.taps.iter().map(tap).collect(),
            columns,
            run: geo.out[1],
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
        let in_place = part.row_in_place();
        let mut row = ws.take(w);
        let image = part.phases() * part.phase;
        for (index, phases) in im2col
            .data
            .chunks_exact_mut(image)
            .enumerate()
            .take(channels * piece.images)
        {
            let (c, i) = (first + index / piece.images, index % piece.images);
            let position = |padded: usize| (piece.image0 + i) * h * w + (padded - top) * w;
            let Some((left, count)) = in_place else {
                phases.fill(0.0);
                for padded in rows.clone() {
                    read(c, position(padded), &mut row);
                    part.put_row(phases, padded - begin, &row);
                }
                continue;
            };
            for (padded, to) in (begin..end).zip(phases.chunks_exact_mut(part.width)) {
                if rows.contains(&padded) {
                    to[..left].fill(0.0);
                    read(c, position(padded), &mut to[left..left + count]);
                    to[left + count..].fill(0.0);
                } else {
                    to.fill(0.0);
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

    /// `C = A B` for the rows of A that `c` covers, where B is the im2col matrix `[channel, tap] x columns` from column `first` on. Long
    /// rows are read where they are; columns of short ones are packed.
    pub fn multiply(&self, ws: &Workspace, weight: &PackedWeights, first: usize, c: &mut Tile<'_>) {
        let (run, whole) = (self.run, self.run.next_multiple_of(NR));
        if 4 * (whole - run) > run {
            return weight.multiply_packing(ws, c, |block, packed| self.pack(first, block, packed));
        }
        let offsets: Vec<usize> = (0..weight.k).map(|p| self.base(p)).collect();
        // Where rows are whole panels, they follow each other.
        let width = if run == whole { c.cols } else { run };
        for mut part in c.cut(width) {
            let columns = &self.columns[first + part.col0..][..part.cols];
            let starts: Vec<usize> = columns.iter().copied().step_by(NR).collect();
            weight.multiply_indexed(ws.isa(), (&self.data, &starts, &offsets), &mut part);
        }
    }

    /// Packs rows `start..start + length` of the im2col matrix as a right operand, from column `first` on.
    fn pack(&self, first: usize, (start, length): (usize, usize), packed: &mut [f32]) {
        let panels = packed.chunks_mut(rhs_stride(length));
        for (out, columns) in panels.zip(self.columns[first..].chunks(NR)) {
            let contiguous = columns.len() == NR && columns[NR - 1] - columns[0] == NR - 1;
            for (p, to) in out.chunks_exact_mut(NR).enumerate().take(length) {
                let from = &self.data[self.base(start + p)..];
                match self.run {
                    _ if contiguous => to.copy_from_slice(&from[columns[0]..][..NR]),
                    8 => copy_runs::<8>(to, from, columns),
                    4 => copy_runs::<4>(to, from, columns),
                    2 => copy_runs::<2>(to, from, columns),
                    // Surplus lanes keep old values: nothing reads what they yield.
                    _ => to.iter_mut().zip(columns).for_each(|(t, &at)| *t = from[at]),
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

/// Copies columns that follow each other R at a time.
#[inline]
fn copy_runs<const R: usize>(to: &mut [f32], from: &[f32], columns: &[usize]) {
    for (to, &at) in to.chunks_exact_mut(R).zip(columns.iter().step_by(R)) {
        to.copy_from_slice(&from[at..at + R]);
    }
}
