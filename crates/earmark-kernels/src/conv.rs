//! Dense convolution over channels-outermost tensors, as a matrix product whose right operand is gathered
//! piece by piece (implicit im2col; never the whole of it in memory).

use rayon::prelude::*;

use crate::epilogue::{Epilogue, merge_moments};
use crate::memory::Workspace;
use crate::norm::{Input, InputGrad, OutputGrad};
use crate::panels::{PackedWeights, k_blocks, longest_k_block, rhs_len};
use crate::rows::Moments;
use crate::slab::{COLUMNS, Cut, Piece, Slab};
use crate::tile_kernel::MR;
use crate::tiles::{Tile, split_at};
use crate::window::{Geometry, Window};
use crate::{conv_backward, winograd};

/// With fewer pieces than this, output channels are cut as well, so that all cores have work.
const FEW_PIECES: usize = 12;
/// Output channels of a piece when they are cut.
const ROWS: usize = 16 * MR;
/// Fewest channels on both sides for which transforming tiles pays.
const WINOGRAD_CHANNELS: usize = 32;
/// Fewest 4x4 output tiles for which transforming the kernels anew for each call pays.
const WINOGRAD_TILES: usize = 192;

/// How a dense convolution is computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Algorithm {
    /// [`Algorithm::Winograd`] for 3x3 kernels with stride 1 between enough channels, else [`Algorithm::Direct`].
    #[default]
    Auto,
    /// A matrix product with the gathered input: any shape, f32 accuracy.
    Direct,
    /// F(4x4, 3x3) of Lavin and Gray (2016): only 3x3 with stride 1; about twice as fast, one decimal digit less accurate.
    Winograd,
}

/// The shape of a dense convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvShape {
    /// Input channels.
    pub inputs: usize,
    /// Output channels.
    pub outputs: usize,
    /// Kernel, stride and padding.
    pub window: Window,
    /// Rows and columns of an input plane.
    pub size: [usize; 2],
    /// How it is computed.
    pub algorithm: Algorithm,
}

impl ConvShape {
    /// Numbers in one kernel of one input channel.
    pub fn taps(&self) -> usize {
        self.window.kernel[0] * self.window.kernel[1]
    }

    /// The same shape with the faster algorithm for training with a batch: with few tiles, transforming the kernels
    /// at each step costs more than it saves.
    pub fn for_training(self, batch: usize) -> Self {
        let [h, w] = self.window.output(self.size).unwrap_or([0, 0]);
        let few = batch * h.div_ceil(4) * w.div_ceil(4) < WINOGRAD_TILES;
        match self.algorithm {
            Algorithm::Auto if few => Self {
                algorithm: Algorithm::Direct,
                ..self
            },
            _ => self,
        }
    }

    /// Whether Winograd's algorithm is used.
    pub(crate) fn transformed(&self) -> bool {
        let fits = self.window.kernel == [3, 3]
            && self.window.stride == [1, 1]
            && self.window.before.iter().all(|&b| b < 3);
        match self.algorithm {
            Algorithm::Direct => false,
            Algorithm::Auto => fits && self.inputs.min(self.outputs) >= WINOGRAD_CHANNELS,
            Algorithm::Winograd => {
                assert!(
                    fits,
                    "Winograd's algorithm needs a 3x3 kernel, stride 1 and padding below 3, not {:?}",
                    self.window
                );
                true
            }
        }
    }

    pub(crate) fn check(&self, x: &Input<'_>) -> (Geometry, usize) {
        let geo = Geometry::new(self.window, self.size);
        let image = self.inputs * geo.pixels();
        assert!(
            image > 0 && x.raw.len().is_multiple_of(image),
            "input must be [{}, B * {} * {}]",
            self.inputs,
            self.size[0],
            self.size[1]
        );
        let batch = x.raw.len() / image;
        x.check(self.inputs, batch * geo.pixels());
        (geo, batch)
    }
}

/// Weights of a dense convolution, packed for its algorithm.
#[derive(Debug)]
pub struct ConvWeights(Packed);

#[derive(Debug)]
enum Packed {
    Direct(PackedWeights),
    Winograd(Vec<PackedWeights>),
}

impl ConvWeights {
    /// Packs `[outputs, inputs, taps]`.
    pub(crate) fn new(
        ws: &Workspace,
        weight: &[f32],
        outputs: usize,
        inputs: usize,
        taps: usize,
        transformed: bool,
    ) -> Self {
        Self(match transformed {
            true => Packed::Winograd(winograd::pack(ws, weight, outputs, inputs)),
            false => Packed::Direct(PackedWeights::pack(
                ws,
                weight,
                outputs,
                inputs * taps,
                inputs * taps,
                1,
            )),
        })
    }

    /// Computes `out` from what the slab of each piece reads.
    pub(crate) fn product<R: Send>(
        &self,
        ws: &Workspace,
        geo: &Geometry,
        batch: usize,
        out: &mut [f32],
        slab: impl Fn(&Geometry, Piece) -> Slab + Sync,
        finish: impl Fn(&mut Tile<'_>) -> R + Sync,
    ) -> Vec<(usize, R)> {
        match &self.0 {
            Packed::Direct(weight) => gather_product(ws, weight, geo, batch, out, |p| slab(geo, p), finish),
            Packed::Winograd(weight) => winograd::product(ws, weight, geo, batch, out, slab, finish),
        }
    }
}

/// Packs the weights `[O, I, kernel rows, kernel columns]` for [`forward`].
///
/// # Panics
/// If the length does not fit the shape.
pub fn pack(ws: &Workspace, weight: &[f32], shape: &ConvShape) -> ConvWeights {
    let ConvShape { inputs, outputs, .. } = *shape;
    assert_eq!(
        weight.len(),
        outputs * inputs * shape.taps(),
        "convolution weights do not fit {shape:?}"
    );
    ConvWeights::new(ws, weight, outputs, inputs, shape.taps(), shape.transformed())
}

/// Computes `out[O, B * Ho * Wo]` from `x[I, B * H * W]`; returns the moments of each output channel if the epilogue asks for them.
///
/// # Panics
/// If a length does not fit the shape, or the kernel is longer than the padded plane.
pub fn forward(
    ws: &Workspace,
    weight: &ConvWeights,
    shape: &ConvShape,
    x: Input<'_>,
    out: &mut [f32],
    epilogue: Epilogue<'_>,
) -> Vec<Moments> {
    let (geo, batch) = shape.check(&x);
    let n = batch * geo.pixels();
    let packed = match &weight.0 {
        Packed::Direct(w) => (w.m, w.k),
        Packed::Winograd(w) => (w[0].m, w[0].k * shape.taps()),
    };
    assert_eq!(
        packed,
        (shape.outputs, shape.inputs * shape.taps()),
        "packed weights have another shape"
    );
    assert_eq!(
        out.len(),
        shape.outputs * batch * geo.out_pixels(),
        "output must be [{}, {batch} * {:?}]",
        shape.outputs,
        geo.out
    );
    epilogue.check(shape.outputs);
    let slab = |geo: &Geometry, piece| Slab::input(ws, geo, piece, (0, shape.inputs), x, n);
    let parts = weight.product(ws, &geo, batch, out, slab, |tile| epilogue.finish(ws, tile));
    merge_moments(shape.outputs, &parts)
}

/// The way back of [`forward`]: fills `dx[I, B * H * W]` (if given) with the gradient of the normalised input and returns
/// the weight gradient `[O, I, kernel rows, kernel columns]` and the sums for [`crate::norm::Norm::backward`].
///
/// # Panics
/// As [`forward`].
pub fn backward(
    ws: &Workspace,
    weight: &[f32],
    shape: &ConvShape,
    x: Input<'_>,
    dy: OutputGrad<'_>,
    dx: Option<&mut [f32]>,
) -> InputGrad {
    conv_backward::backward(ws, weight, shape, x, dy, dx)
}

/// `out = weight x im2col`, piece by piece, with `finish` run on each finished tile.
fn gather_product<R: Send>(
    ws: &Workspace,
    weight: &PackedWeights,
    geo: &Geometry,
    batch: usize,
    out: &mut [f32],
    slab: impl Fn(Piece) -> Slab + Sync,
    finish: impl Fn(&mut Tile<'_>) -> R + Sync,
) -> Vec<(usize, R)> {
    let (o, k, columns) = (weight.m, weight.k, batch * geo.out_pixels());
    assert_eq!(
        out.len(),
        o * columns,
        "output must be [{o}, B * {} * {}]",
        geo.out[0],
        geo.out[1]
    );
    let cut = Cut::new(geo, batch, COLUMNS);
    let pieces: Vec<_> = (0..cut.pieces()).map(|i| cut.piece(i, geo)).collect();
    let rows = if pieces.len() < FEW_PIECES { ROWS.min(o) } else { o };
    let bounds: Vec<(usize, usize)> = pieces.iter().map(|p| p.columns(geo)).collect();
    split_at(out, o, columns, rows, &bounds)
        .into_par_iter()
        .enumerate()
        .with_min_len(ws.grain())
        .with_max_len(1)
        .map(|(i, mut tile)| {
            let slab = slab(pieces[i / o.div_ceil(rows)]);
            let mut packed = ws.take(rhs_len(longest_k_block(k), tile.cols));
            for (start, length) in k_blocks(k) {
                slab.pack(start, length, &mut packed);
                weight.multiply(ws.isa(), (start, length), &packed, &mut tile, start > 0);
            }
            (tile.row0, finish(&mut tile))
        })
        .collect()
}
