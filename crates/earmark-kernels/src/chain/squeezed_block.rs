//! An inverted residual block with squeeze-and-excitation in evaluation, as one operation: no layout changes between its
//! parts, and the planes of a few images stay in the cache from its begin to its end.

use rayon::prelude::*;

use crate::chain::inference::{GROUP, InferenceChain};
use crate::dense;
use crate::elementwise::gate::scale_in_place;
use crate::elementwise::rows::add_row;
use crate::gemm::tiles_by_thread::split_at;
use crate::hardware::chunks::each_chunk;
use crate::hardware::lengths::check_len;
use crate::hardware::reused_buffers::Workspace;
use crate::hardware::simd::multiversion;

/// A dense layer: `weight` `[outputs, inputs]` and `bias` `[outputs]`.
#[derive(Clone, Copy, Debug)]
pub struct DenseLayer<'a> {
    /// Row-major weights.
    pub weight: &'a [f32],
    /// One number for each output.
    pub bias: &'a [f32],
}

impl DenseLayer<'_> {
    fn run(&self, ws: &Workspace, x: &[f32], y: &mut [f32]) {
        dense::forward(ws, x, self.weight, self.bias, y);
    }
}

/// The parts of a block.
#[derive(Clone, Copy, Debug)]
pub struct SqueezedBlock<'a> {
    /// Up to the depthwise convolution.
    pub first: &'a InferenceChain,
    /// From the means of the planes, before a ReLU.
    pub reduce: DenseLayer<'a>,
    /// To the planes' factors, before a sigmoid.
    pub expand: DenseLayer<'a>,
    /// What is behind the factors.
    pub project: &'a InferenceChain,
    /// Whether the input is added to the output.
    pub adds: bool,
}

/// Sums that are kept side by side; their order is fixed.
const LANES: usize = 64;

#[inline(always)]
fn mean_body<const FMA: bool>(plane: &[f32]) -> f32 {
    let mut sums = [0.0f32; LANES];
    let whole = plane.len() - plane.len() % LANES;
    for part in plane[..whole].chunks_exact(LANES) {
        for (sum, &x) in sums.iter_mut().zip(part) {
            *sum += x;
        }
    }
    for (sum, &x) in sums.iter_mut().zip(&plane[whole..]) {
        *sum += x;
    }
    sums.iter().sum::<f32>() / plane.len() as f32
}
multiversion! { fn mean(plane: &[f32]) -> f32 = mean_body }

impl SqueezedBlock<'_> {
    /// Computes `out[O, B * Ho * Wo]` from `x[I, B * H * W]`.
    ///
    /// # Panics
    /// If a length does not fit.
    pub fn run(&self, ws: &Workspace, x: &[f32], out: &mut [f32]) {
        let (first, project) = (self.first.chain(), self.project.chain());
        assert_eq!(
            first.output_size(),
            project.size(0),
            "the parts have other planes"
        );
        let inputs = first.layers()[0].inputs;
        let outputs = project.layers().last().map_or(0, |layer| layer.outputs);
        let ([h, w], [oh, ow]) = (first.size(0), project.output_size());
        let (pixels, out_pixels) = (h * w, oh * ow);
        assert!(
            !x.is_empty() && x.len().is_multiple_of(inputs * pixels),
            "input must be [{inputs}, B * {h} * {w}]"
        );
        let batch = x.len() / (inputs * pixels);
        check_len("output", out, outputs * batch * out_pixels);
        if self.adds {
            check_len("output of a residual block", out, x.len());
        }
        if batch < 2 * GROUP {
            return self.group(ws, x, out);
        }
        let bound = |b: usize| (b * out_pixels, GROUP.min(batch - b) * out_pixels);
        let bounds: Vec<_> = (0..batch).step_by(GROUP).map(bound).collect();
        let serial = ws.serial();
        split_at(out, outputs, batch * out_pixels, outputs, &bounds)
            .into_par_iter()
            .with_min_len(ws.grain)
            .with_max_len(1)
            .for_each(|mut tile| {
                let (start, images) = (tile.col0 / out_pixels, tile.cols / out_pixels);
                let mut part = ws.take(inputs * images * pixels);
                for (c, to) in part.chunks_exact_mut(images * pixels).enumerate() {
                    to.copy_from_slice(&x[(c * batch + start) * pixels..][..images * pixels]);
                }
                let mut result = ws.take(outputs * tile.cols);
                self.group(&serial, &part, &mut result);
                for (c, from) in result.chunks_exact(tile.cols).enumerate() {
                    tile.row(c).copy_from_slice(from);
                }
            });
    }

    /// All parts for a few images.
    fn group(&self, ws: &Workspace, x: &[f32], out: &mut [f32]) {
        let first = self.first.chain();
        let ([h, w], [mh, mw]) = (first.size(0), first.output_size());
        let batch = x.len() / (first.layers()[0].inputs * h * w);
        let channels = self.expand.bias.len();
        let pixels = mh * mw;
        let mut y = ws.take(channels * batch * pixels);
        self.first.run(ws, x, &mut y);
        let mut seen = ws.take(batch * channels); // [B, C]
        for (c, planes) in y.chunks_exact(batch * pixels).enumerate() {
            for (b, plane) in planes.chunks_exact(pixels).enumerate() {
                seen[b * channels + c] = mean(ws.isa(), plane);
            }
        }
        let mut hidden = ws.take(batch * self.reduce.bias.len());
        self.reduce.run(ws, &seen, &mut hidden);
        for value in hidden.iter_mut() {
            // A NaN stays one.
            *value = if *value < 0.0 { 0.0 } else { *value };
        }
        let factors = &mut *seen;
        self.expand.run(ws, &hidden, factors);
        for value in factors.iter_mut() {
            *value = 1.0 / (1.0 + (-*value).exp());
        }
        let together = (PLANES / batch).max(1).max(ws.grain);
        each_chunk(&mut y, batch * pixels, together, &|c, planes| {
            for (b, plane) in planes.chunks_exact_mut(pixels).enumerate() {
                scale_in_place(ws.isa(), plane, factors[b * channels + c]);
            }
        });
        self.project.run(ws, &y, out);
        if self.adds {
            add_row(ws.isa(), out, x);
        }
    }
}

/// Planes that one thread takes in a row, at least.
const PLANES: usize = 64;
