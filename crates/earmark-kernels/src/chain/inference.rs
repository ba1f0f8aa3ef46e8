//! A chain prepared for inference: weights packed once, normalisations fixed and applied while results are in the cache.

use rayon::prelude::*;

use crate::chain::chain_shape::Chain;
use crate::chain::conv_layer::ConvKind;
use crate::chain::training::LayerParams;
use crate::conv::pointwise;
use crate::conv::{self, ConvWeights};
use crate::depthwise;
use crate::depthwise::fused_with_pointwise::{self, FusedStage};
use crate::elementwise::batch_norm::Norm;
use crate::elementwise::epilogue::Epilogue;
use crate::elementwise::pool;
use crate::elementwise::postponed_normalisation::OpInput;
use crate::gemm::matrix_product::PackedWeights;
use crate::gemm::tiles_by_thread::split_at;
use crate::hardware::lengths::check_len;
use crate::hardware::reused_buffers::Workspace;
use std::sync::Arc;

/// Images that one thread takes through the whole chain together: few enough that what is between
/// layers stays in the cache, enough that the last layers' small planes fill the product kernel.
const GROUP: usize = 4;

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
}

/// A [`Chain`] with its parameters, ready to run.
#[derive(Clone, Debug)]
pub struct InferenceChain {
    chain: Chain,
    /// The same for planes of every size.
    layers: Arc<[(Ready, Norm)]>,
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
        let count = chain.layers().len();
        assert!(
            params.len() == count && statistics.len() == count,
            "one set of parameters for each of {count} layers"
        );
        let layer = |i: usize| {
            let (layer, p, s) = (&chain.layers()[i], &params[i], &statistics[i]);
            assert_eq!(p.weight.len(), layer.weights(), "weights of layer {i}");
            let norm = Norm::fixed(s.mean, s.variance, p.gamma, p.beta, layer.epsilon);
            assert_eq!(norm.channels(), layer.outputs, "statistics of layer {i}");
            let ready = match layer.kind {
                ConvKind::Dense(window) => {
                    let shape = layer.conv_shape(window, chain.size(i));
                    Ready::Dense(conv::pack(ws, p.weight, &shape))
                }
                ConvKind::Depthwise(_) => Ready::Depthwise(p.weight.to_vec()),
                ConvKind::Pointwise => {
                    Ready::Pointwise(pointwise::pack(ws, p.weight, layer.outputs, layer.inputs))
                }
            };
            (ready, norm)
        };
        Self {
            layers: (0..count).map(layer).collect(),
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
        if batch < 2 * GROUP {
            return self.group(ws, x, batch, out);
        }
        let inputs = self.chain.layers()[0].inputs;
        let outputs = out.len() / (batch * out_pixels);
        let bound = |b: usize| (b * out_pixels, GROUP.min(batch - b) * out_pixels);
        let bounds: Vec<_> = (0..batch).step_by(GROUP).map(bound).collect();
        let serial = ws.serial();
        split_at(out, outputs, batch * out_pixels, outputs, &bounds)
            .into_par_iter()
            .with_max_len(1)
            .for_each(|mut tile| {
                let (first, images) = (tile.col0 / out_pixels, tile.cols / out_pixels);
                let mut part = ws.take(inputs * images * pixels);
                for (c, to) in part.chunks_exact_mut(images * pixels).enumerate() {
                    to.copy_from_slice(&x[(c * batch + first) * pixels..][..images * pixels]);
                }
                let mut result = ws.take(outputs * tile.cols);
                self.group(&serial, &part, images, &mut result);
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

    /// All layers, one after the other.
    fn group(&self, ws: &Workspace, x: &[f32], batch: usize, out: &mut [f32]) {
        let pool = self.chain.final_pool();
        let (count, mut now, mut i) = (self.layers.len(), None, 0);
        while i < count {
            let last = i + usize::from(self.is_fused(i));
            let whole = last + 1 == count && pool.is_none();
            let mut next = ws.take(if whole { 0 } else { self.chain.raw_len(last, batch) });
            let input = now.as_deref().unwrap_or(x);
            let target = if whole { &mut *out } else { &mut next[..] };
            self.step(ws, i, input, target);
            now = Some(next);
            i = last + 1;
        }
        if let (Some(shape), Some(last)) = (pool, now) {
            pool::forward(ws, &shape, OpInput::plain(&last), out);
        }
    }

    /// Whether layer `i` is fused with the next: a depthwise one with a pointwise one.
    fn is_fused(&self, i: usize) -> bool {
        matches!(
            self.layers[i..],
            [(Ready::Depthwise(_), _), (Ready::Pointwise(_), _), ..]
        )
    }

    /// Layer `i`, with the next one if the two are fused.
    fn step(&self, ws: &Workspace, i: usize, x: &[f32], out: &mut [f32]) {
        let (layer, size) = (&self.chain.layers()[i], self.chain.size(i));
        let (ready, norm) = &self.layers[i];
        let (input, then) = (OpInput::plain(x), Epilogue::Apply(norm, layer.act));
        match (ready, layer.kind) {
            (Ready::Dense(packed), ConvKind::Dense(window)) => {
                let shape = layer.conv_shape(window, size);
                conv::forward(ws, packed, &shape, input, out, then);
            }
            (Ready::Depthwise(weight), ConvKind::Depthwise(window)) => {
                let shape = layer.depthwise_shape(window, size);
                let Some((Ready::Pointwise(packed), after)) = self.layers.get(i + 1) else {
                    depthwise::forward(ws, weight, &shape, input, out, then);
                    return;
                };
                let first = FusedStage {
                    weight: &weight[..],
                    norm,
                    act: layer.act,
                };
                let second = FusedStage {
                    weight: packed,
                    norm: after,
                    act: self.chain.layers()[i + 1].act,
                };
                fused_with_pointwise::forward(ws, first, &shape, second, x, out);
            }
            (Ready::Pointwise(packed), ConvKind::Pointwise) => {
                pointwise::forward(ws, packed, input, out, then);
            }
            _ => unreachable!("weights are packed for the layer's own kind"),
        }
    }
}
