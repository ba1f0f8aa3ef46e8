//! The part of a tensor that some output rows read, activated, padded and ready to be packed:
//! the implicit im2col of dense convolutions.

use crate::memory::{Buffer, Workspace};
use crate::norm::Input;
use crate::panels::rhs_stride;
use crate::rows::map_row;
use crate::simd::Isa;
use crate::tile_kernel::NR;
use crate::transpose::interleave;
use crate::window::Geometry;

/// Output pixels of one piece of a plain convolution, about.
pub(crate) const COLUMNS: usize = 256;

/// How the outputs of a convolution are cut into pieces of contiguous columns: either whole
/// images or some rows of one image.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut {
    /// Images of a piece, if it has whole ones.
    images: usize,
    /// Rows of a piece.
    rows: usize,
    /// Pieces in one image (1 if pieces have whole images).
    per_image: usize,
    batch: usize,
}

/// One piece: `rows` output rows from `row0` in each of `images` images from `image0`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece {
    pub image0: usize,
    pub images: usize,
    pub row0: usize,
    pub rows: usize,
}

impl Cut {
    /// Pieces of about `columns` outputs.
    pub fn new(geo: &Geometry, batch: usize, columns: usize) -> Self {
        let [ho, wo] = geo.out;
        if ho * wo <= columns {
            return Self {
                images: (columns / (ho * wo)).max(1),
                rows: ho,
                per_image: 1,
                batch,
            };
        }
        let rows = columns.div_ceil(wo).min(ho);
        // Rows spread evenly over the pieces of an image.
        let per_image = ho.div_ceil(rows);
        let rows = ho.div_ceil(per_image);
        Self {
            images: 1,
            rows,
            per_image: ho.div_ceil(rows),
            batch,
        }
    }

    pub fn pieces(&self) -> usize {
        self.batch.div_ceil(self.images) * self.per_image
    }

    pub fn piece(&self, index: usize, geo: &Geometry) -> Piece {
        let image0 = index / self.per_image * self.images;
        let row0 = index % self.per_image * self.rows;
        Piece {
            image0,
            images: self.images.min(self.batch - image0),
            row0,
            rows: self.rows.min(geo.out[0] - row0),
        }
    }
}

impl Piece {
    /// First output column and number of output columns.
    pub fn columns(&self, geo: &Geometry) -> (usize, usize) {
        (
            self.image0 * geo.out_pixels() + self.row0 * geo.out[1],
            self.images * self.rows * geo.out[1],
        )
    }
}

/// Activated, padded phases `[channel][image][phase]` of what one piece reads.
pub(crate) struct Slab {
    data: Buffer,
    /// Distance between channels.
    channel: usize,
    /// For each tap its offset.
    taps: Vec<usize>,
    /// For each output column its offset.
    columns: Vec<usize>,
}

impl Slab {
    /// An empty slab for `channels` channels.
    fn new(ws: &Workspace, geo: &Geometry, piece: Piece, channels: usize) -> (Self, Geometry) {
        let part = geo.rows(piece.rows);
        let image = part.phases() * part.phase;
        let columns = (0..piece.images)
            .flat_map(|i| (0..piece.rows).map(move |r| (i, r)))
            .flat_map(|(i, r)| (0..geo.out[1]).map(move |x| (i, r, x)))
            .map(|(i, r, x)| i * image + r * part.width + x)
            .collect();
        let taps = part
            .taps
            .iter()
            .map(|&(phase, at)| phase * part.phase + at)
            .collect();
        let channel = piece.images * image;
        (
            Self {
                data: ws.zeroed(channels * channel),
                channel,
                taps,
                columns,
            },
            part,
        )
    }

    /// Fills a slab for channels `first..first + channels`; `read(channel, position, row)` gives input values from a position
    /// in the channel's `B * H * W`.
    pub fn load(
        ws: &Workspace,
        geo: &Geometry,
        piece: Piece,
        (first, channels): (usize, usize),
        read: impl Fn(usize, usize, &mut [f32]),
    ) -> Self {
        let (mut slab, part) = Self::new(ws, geo, piece, channels);
        let (h, w) = (geo.size[0], geo.size[1]);
        let (top, stride) = (geo.window.before[0], geo.window.stride[0]);
        // Padded rows that the piece reads, and of these the ones that exist.
        let begin = piece.row0 * stride;
        let end = begin + (piece.rows - 1) * stride + geo.window.kernel[0];
        let rows = begin.max(top)..end.min(h + top);
        let mut row = ws.take(w);
        for c in 0..channels {
            for i in 0..piece.images {
                let phases = &mut slab.data[c * slab.channel + i * part.phases() * part.phase..]
                    [..part.phases() * part.phase];
                for padded in rows.clone() {
                    let position = (piece.image0 + i) * h * w + (padded - top) * w;
                    read(first + c, position, &mut row);
                    part.put_row(phases, padded - begin, &row);
                }
            }
        }
        slab
    }

    /// A slab of an input that may have pending normalisation; `n` is B * H * W.
    pub fn input(
        ws: &Workspace,
        geo: &Geometry,
        piece: Piece,
        channels: (usize, usize),
        x: Input<'_>,
        n: usize,
    ) -> Self {
        Self::load(ws, geo, piece, channels, |c, at, row| {
            let w = row.len();
            map_row(ws.isa(), row, &x.raw[c * n + at..][..w], x.map(c));
        })
    }

    fn base(&self, p: usize) -> usize {
        p / self.taps.len() * self.channel + self.taps[p % self.taps.len()]
    }

    /// The inputs of each tap of channel `c` for the columns of one panel; lanes without a column are zero.
    pub fn gather<const T: usize>(&self, c: usize, panel: usize, to: &mut [[f32; NR]; T]) {
        assert_eq!(self.taps.len(), T, "the slab has another number of taps");
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
        let isa: Isa = ws.isa();
        let n = self.columns.len();
        let ld = n + NR;
        let mut block = ws.take(NR * ld);
        for (panel, out) in packed
            .chunks_mut(rhs_stride(n))
            .enumerate()
            .take(rows.div_ceil(NR))
        {
            let count = NR.min(rows - panel * NR);
            for (r, row) in block.chunks_exact_mut(ld).enumerate().take(count) {
                let base = self.base(panel * NR + r);
                // Output rows of `run` pixels are contiguous in the slab.
                for (to, at) in row[..n]
                    .chunks_exact_mut(run)
                    .zip(self.columns.iter().step_by(run))
                {
                    to.copy_from_slice(&self.data[base + at..][..run]);
                }
            }
            interleave::<NR>(isa, &mut out[..n * NR], &block, ld, count, n);
        }
    }
}
