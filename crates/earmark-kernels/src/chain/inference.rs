//! A chain prepared for inference: weights packed once, normalisations fixed and applied while results are in the cache.

use rayon::prelude::*;

use crate::chain::chain_shape::Chain;
use crate::chain::conv_layer::ConvKind;
use crate::chain::pixel_stages::{self, PixelStages};
use crate::chain::training::LayerParams;
use crate::channels_last::first_layer::OutermostPlanes;
use crate::conv::pointwise;
use crate::conv::rounded_pointwise::RoundedPointwise;
use crate::conv::{self, ConvWeights};
use crate::depthwise;
use crate::elementwise::batch_norm::Norm;
use crate::elementwise::epilogue::Epilogue;
use crate::elementwise::pool;
use crate::elementwise::postponed_normalisation::OpInput;
use crate::gemm::matrix_product::PackedWeights;
use crate::gemm::tiles_by_thread::{Tile, split_at};
use crate::hardware::lengths::check_len;
use crate::hardware::products::Products;
use crate::hardware::reused_buffers::Workspace;
use std::sync::Arc;

/// Images that one thread takes through the whole chain together: few enough that what is between
/// layers stays in the cache, enough that the last layers' small planes fill the product kernel.
pub(super) const GROUP: usize = 4;

/// Moving statistics of one layer's normalisation.
#[derive(Clone, Copy, Debug)]
pub struct MovingStatistics<'a> {
    /// Mean of each channel.
    pub mean: &'a [f32],
    /// Variance of each channel.
    pub variance: &'a [f32],
}

#[derive(Debug)]
enum Ready {
    Dense(ConvWeights),
    Depthwise(Vec<f32>),
    Pointwise(PackedWeights),
    Rounded(RoundedPointwise),
}

impl Ready {
    fn new(ws: &Workspace, chain: &Chain, i: usize, weight: &[f32], products: Products) -> Self {
        let layer = &chain.layers()[i];
        let reduced = products.reduced().filter(|_| layer.gains_by_fewer_bits());
        if let Some(reduced) = reduced {
            return Self::Rounded(RoundedPointwise::new(ws, weight, layer.inputs, reduced));
        }
        match layer.kind {
            ConvKind::Dense(window) => {
                Self::Dense(conv::pack(ws, weight, &layer.conv_shape(window, chain.size(i))))
            }
            ConvKind::Depthwise(_) => Self::Depthwise(weight.to_vec()),
            ConvKind::Pointwise => Self::Pointwise(pointwise::pack(ws, weight, layer.outputs, layer.inputs)),
        }
    }
}

/// A chain's parameters in the layout that it is computed in; the same for planes of every size.
#[derive(Debug)]
enum Layers {
    /// Channels outermost, layer by layer.
    Outermost(Vec<(Ready, Norm)>),
    /// Channels last: chains of depthwise and pointwise convolutions.
    Last(PixelStages),
}

/// A [`Chain`] with its parameters, ready to run.
#[derive(Clone, Debug)]
pub struct InferenceChain {
    chain: Chain,
    layers: Arc<Layers>,
}

impl InferenceChain {
    /// Packs the weights; later changes of `params` have no effect.
    ///
    /// # Panics
    /// If a length does not fit the chain.
    pub fn new(
        ws: &Workspace,
        chain: &Chain,
        params: &[LayerParams<'_>],
        statistics: &[MovingStatistics<'_>],
    ) -> Self {
        Self::with_products(ws, chain, params, statistics, Products::single())
    }

    /// The same with products of fewer bits in the layers that gain by them: pointwise convolutions of more than a few
    /// channels.
    ///
    /// # Panics
    /// As [`InferenceChain::new`].
    pub fn with_products(
        ws: &Workspace,
        chain: &Chain,
        params: &[LayerParams<'_>],
        statistics: &[MovingStatistics<'_>],
        products: Products,
    ) -> Self {
        let count = chain.layers().len();
        assert!(
            params.len() == count && statistics.len() == count,
            "one set of parameters for each of {count} layers"
        );
        let norm = |i: usize| {
            let (layer, p, s) = (&chain.layers()[i], &params[i], &statistics[i]);
            assert_eq!(p.weight.len(), layer.weights(), "weights of layer {i}");
            let norm = Norm::fixed(s.mean, s.variance, p.gamma, p.beta, layer.epsilon);
            assert_eq!(norm.channels(), layer.outputs, "statistics of layer {i}");
            norm
        };
        let norms: Vec<Norm> = (0..count).map(norm).collect();
        let weights: Vec<&[f32]> = params.iter().map(|p| p.weight).collect();
        let layers = if pixel_stages::serves(chain) {
            Layers::Last(PixelStages::new(ws, chain, &weights, &norms, products))
        } else {
            let ready = (0..count).map(|i| Ready::new(ws, chain, i, weights[i], products));
            Layers::Outermost(ready.zip(norms).collect())
        };
        Self {
            layers: Arc::new(layers),
            chain: chain.clone(),
        }
    }

    /// The same weights for planes of another size: `chain` has the same layers except for their padding. Nothing is
    /// packed again.
    ///
    /// # Panics
    /// If a layer differs.
    pub fn resized(&self, chain: Chain) -> Self {
        let (new, old) = (chain.layers(), self.chain.layers());
        assert_eq!(new.len(), old.len(), "another number of layers");
        for (i, (new, old)) in new.iter().zip(old).enumerate() {
            let same = new.same_weights(old);
            assert!(same, "layer {i} is another: {new:?} and not {old:?}");
        }
        Self {
            chain,
            layers: Arc::clone(&self.layers),
        }
    }

    /// The chain that was prepared.
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// Computes the normalised and activated output `[O, B * Ho * Wo]` from `x[I, B * H * W]`.
    ///
    /// A larger batch is cut into groups of images that go through all layers on one thread each; a small one is
    /// spread over the threads within each layer. The results are the same bits.
    ///
    /// # Panics
    /// If a length does not fit.
    pub fn run(&self, ws: &Workspace, x: &[f32], out: &mut [f32]) {
        let (pixels, out_pixels, batch) = self.check(x, out);
        let inputs = self.chain.layers()[0].inputs;
        let outputs = out.len() / (batch * out_pixels);
        let planes = |first: usize| OutermostPlanes {
            x,
            inputs,
            batch,
            first,
        };
        if batch < 2 * GROUP {
            return match &*self.layers {
                Layers::Outermost(layers) => self.group(ws, layers, x, out),
                Layers::Last(stages) => {
                    let mut all = Tile::whole(out, outputs, batch * out_pixels);
                    stages.run(ws, &self.chain, planes(0), batch, &mut all);
                }
            };
        }
        let bound = |b: usize| (b * out_pixels, GROUP.min(batch - b) * out_pixels);
        let bounds: Vec<_> = (0..batch).step_by(GROUP).map(bound).collect();
        let serial = ws.serial();
        split_at(out, outputs, batch * out_pixels, outputs, &bounds)
            .into_par_iter()
            .with_min_len(ws.grain)
            .with_max_len(1)
            .for_each(|mut tile| {
                let (first, images) = (tile.col0 / out_pixels, tile.cols / out_pixels);
                let layers = match &*self.layers {
                    Layers::Outermost(layers) => layers,
                    Layers::Last(stages) => {
                        return stages.run(&serial, &self.chain, planes(first), images, &mut tile);
                    }
                };
                let mut part = ws.take(inputs * images * pixels);
                for (c, to) in part.chunks_exact_mut(images * pixels).enumerate() {
                    to.copy_from_slice(&x[(c * batch + first) * pixels..][..images * pixels]);
                }
                let mut result = ws.take(outputs * tile.cols);
                self.group(&serial, layers, &part, &mut result);
                for (c, from) in result.chunks_exact(tile.cols).enumerate() {
                    tile.row(c).copy_from_slice(from);
                }
            });
    }

    fn check(&self, x: &[f32], out: &[f32]) -> (usize, usize, usize) {
        let first = self.chain.layers()[0].inputs;
        let [h, w] = self.chain.size(0);
        assert!(
            !x.is_empty() && x.len().is_multiple_of(first * h * w),
            "input must be [{first}, B * {h} * {w}]"
        );
        let batch = x.len() / (first * h * w);
        let [oh, ow] = self.chain.output_size();
        let channels = self.chain.layers().last().map_or(0, |l| l.outputs);
        check_len("output", out, channels * batch * oh * ow);
        (h * w, oh * ow, batch)
    }

    /// All layers, one after the other, with channels outermost.
    fn group(&self, ws: &Workspace, layers: &[(Ready, Norm)], x: &[f32], out: &mut [f32]) {
        let pool = self.chain.final_pool();
        let [h, w] = self.chain.size(0);
        let batch = x.len() / (self.chain.layers()[0].inputs * h * w);
        let mut now = None;
        for (i, layer) in layers.iter().enumerate() {
            let whole = i + 1 == layers.len() && pool.is_none();
            let mut next = ws.take(if whole { 0 } else { self.chain.raw_len(i, batch) });
            let input = now.as_deref().unwrap_or(x);
            let target = if whole { &mut *out } else { &mut next[..] };
            self.step(ws, (i, layer), input, target);
            now = Some(next);
        }
        if let (Some(shape), Some(last)) = (pool, now) {
            pool::forward(ws, &shape, OpInput::plain(&last), out);
        }
    }

    fn step(&self, ws: &Workspace, (i, (ready, norm)): (usize, &(Ready, Norm)), x: &[f32], out: &mut [f32]) {
        let (layer, size) = (&self.chain.layers()[i], self.chain.size(i));
        let (input, then) = (OpInput::plain(x), Epilogue::Apply(norm, layer.act));
        match (ready, layer.kind) {
            (Ready::Dense(packed), ConvKind::Dense(window)) => {
                let shape = layer.conv_shape(window, size);
                conv::forward(ws, packed, &shape, input, out, then);
            }
            (Ready::Depthwise(weight), ConvKind::Depthwise(window)) => {
                let shape = layer.depthwise_shape(window, size);
                depthwise::forward(ws, weight, &shape, input, out, then);
            }
            (Ready::Pointwise(packed), ConvKind::Pointwise) => {
                pointwise::forward(ws, packed, input, out, then);
            }
            (Ready::Rounded(weight), ConvKind::Pointwise) => weight.forward(ws, x, out, then),
            _ => unreachable!("weights are packed for the layer's own kind"),
        }
    }
}
