//! Chains of convolutions as one operation each way.

use super::prelude::*;
use super::{Values, WORKSPACE, cut, in_pool, innermost, outermost, slice};
use crate::chain::{
    Chain, ConvKind, DenseLayer, InferenceChain, LayerParams, MovingStatistics, SavedTensors, SqueezedBlock,
};
use crate::conv::window::ConvWindow;
use crate::elementwise::pool;
use crate::hardware::layout::to_channels_outermost;
use crate::hardware::products::Products;
use std::sync::Arc;

/// A chain's output and the statistics of the batch.
#[derive(Debug)]
pub struct ChainOutput {
    /// Normalised and activated, `[B, O, H', W']`.
    pub output: Tensor<4>,
    /// For each layer the mean and the unbiased variance of each channel.
    pub statistics: Vec<(Tensor<1>, Tensor<1>)>,
}

/// The way through a chain in training, with gradients for `x` and `params`.
///
/// `x` is `[B, I, H, W]`; `params` is each layer's weights, gamma and beta, one after the other.
///
/// # Panics
/// If a length does not fit the chain, or the device is not served (see [`super::runs_on`]).
pub fn chain_train(chain: &Arc<Chain>, x: Tensor<4>, params: Tensor<1>) -> ChainOutput {
    let (output, statistics) =
        Dispatch::chain_train(x.into_dispatch(), params.into_dispatch(), Arc::clone(chain));
    let statistics = Tensor::<1>::from_dispatch(statistics);
    let mut at = 0;
    let mut next = |n: usize| {
        at += n;
        statistics.clone().slice(at - n..at)
    };
    let layers = chain.layers().iter();
    ChainOutput {
        output: Tensor::from_dispatch(output),
        statistics: layers.map(|l| (next(l.outputs), next(l.outputs))).collect(),
    }
}

/// Packs the weights and fixes the normalisations for [`chain_eval`]: once for many batches.
///
/// `params` is each layer's weights, gamma and beta, `statistics` each layer's moving mean and variance, one after the other.
///
/// `products` says what its products multiply.
///
/// # Panics
/// If a length does not fit the chain.
pub fn pack_for_inference(
    chain: &Chain,
    params: &[f32],
    statistics: &[f32],
    products: Products,
) -> InferenceChain {
    let mut rest = statistics;
    let statistics: Vec<MovingStatistics> = chain
        .layers()
        .iter()
        .map(|l| MovingStatistics {
            mean: cut(&mut rest, l.outputs),
            variance: cut(&mut rest, l.outputs),
        })
        .collect();
    let params = layer_params(chain, params);
    // On this thread alone: callers pack under a lock, under which a wait for others could take up work that needs it.
    InferenceChain::with_products(&WORKSPACE.serial(), chain, &params, &statistics, products)
}

/// The way through a chain in evaluation, without gradients: `[B, I, H, W]` to `[B, O, H', W']`.
///
/// # Panics
/// If the input does not fit the chain, or the device is not served (see [`super::runs_on`]).
pub fn chain_eval(ready: &Arc<InferenceChain>, x: Tensor<4>) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::chain_eval(x.into_dispatch(), Arc::clone(ready)))
}

/// The variables of squeeze-and-excitation: `[squeezed, channels]`, `[squeezed]`, `[channels, squeezed]`, `[channels]`.
#[derive(Debug)]
pub struct SqueezeVariables {
    /// Weights from the means of the planes.
    pub reduce: Tensor<2>,
    /// Their bias.
    pub reduce_bias: Tensor<1>,
    /// Weights to the planes' factors.
    pub expand: Tensor<2>,
    /// Their bias.
    pub expand_bias: Tensor<1>,
}

/// An inverted residual block with squeeze-and-excitation in evaluation, without gradients: `[B, I, H, W]` through
/// `first`, each plane times its factor, through `project`, and with the input where the block `adds` it.
///
/// # Panics
/// If a shape does not fit, or the device is not served (see [`super::runs_on`]).
pub fn squeezed_block_eval(
    [first, project]: [&Arc<InferenceChain>; 2],
    squeeze: SqueezeVariables,
    x: Tensor<4>,
    adds: bool,
) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::squeezed_block_eval(
        x.into_dispatch(),
        squeeze.reduce.into_dispatch(),
        squeeze.reduce_bias.into_dispatch(),
        squeeze.expand.into_dispatch(),
        squeeze.expand_bias.into_dispatch(),
        [Arc::clone(first), Arc::clone(project)],
        adds,
    ))
}

/// Chains as a backend operation; see [`chain_train`], [`chain_eval`] and [`squeezed_block_eval`].
#[backend_extension(Autodiff, Flex)]
pub trait ChainBackend: Backend {
    /// Output and statistics of a training pass.
    fn chain_train(
        x: FloatTensor<Self>,
        params: FloatTensor<Self>,
        chain: Arc<Chain>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);

    /// Output of an evaluation pass.
    fn chain_eval(x: FloatTensor<Self>, ready: Arc<InferenceChain>) -> FloatTensor<Self>;

    /// Output of an evaluation pass.
    fn squeezed_block_eval(
        x: FloatTensor<Self>,
        reduce: FloatTensor<Self>,
        reduce_bias: FloatTensor<Self>,
        expand: FloatTensor<Self>,
        expand_bias: FloatTensor<Self>,
        parts: [Arc<InferenceChain>; 2],
        adds: bool,
    ) -> FloatTensor<Self>;
}

impl ChainBackend for Flex {
    fn chain_train(x: FlexTensor, params: FlexTensor, chain: Arc<Chain>) -> (FlexTensor, FlexTensor) {
        let (_, output, statistics) = Tape::forward(x, params, chain);
        (output, statistics)
    }

    fn chain_eval(x: FlexTensor, ready: Arc<InferenceChain>) -> FlexTensor {
        let ws = &*WORKSPACE;
        let chain = ready.chain();
        in_pool(|| {
            let (x, [batch, ..]) = outermost(ws, &x.to_contiguous(), chain.size(0));
            let (channels, size) = output_shape(chain);
            let mut out = ws.take(channels * batch * size[0] * size[1]);
            ready.run(ws, &x, &mut out);
            innermost(&out, batch, channels, size)
        })
    }

    fn squeezed_block_eval(
        x: FlexTensor,
        reduce: FlexTensor,
        reduce_bias: FlexTensor,
        expand: FlexTensor,
        expand_bias: FlexTensor,
        [first, project]: [Arc<InferenceChain>; 2],
        adds: bool,
    ) -> FlexTensor {
        let ws = &*WORKSPACE;
        let dense = [reduce, reduce_bias, expand, expand_bias].map(|t| t.to_contiguous());
        let [reduce, reduce_bias, expand, expand_bias] = dense.each_ref().map(slice);
        let layer = |weight, bias| DenseLayer { weight, bias };
        let block = SqueezedBlock {
            first: &first,
            reduce: layer(reduce, reduce_bias),
            expand: layer(expand, expand_bias),
            project: &project,
            adds,
        };
        in_pool(|| {
            let (x, [batch, ..]) = outermost(ws, &x.to_contiguous(), first.chain().size(0));
            let (channels, size) = output_shape(project.chain());
            let mut out = ws.take(channels * batch * size[0] * size[1]);
            block.run(ws, &x, &mut out);
            innermost(&out, batch, channels, size)
        })
    }
}

impl<C: CheckpointStrategy> ChainBackend for Autodiff<Flex, C> {
    fn chain_train(
        x: FloatTensor<Self>,
        params: FloatTensor<Self>,
        chain: Arc<Chain>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let nodes = [x.node(), params.node()];
        let (x, params) = (x.into_primitive(), params.into_primitive());
        let (tape, output, statistics) = Tape::forward(x, params, chain);
        let output = match ChainTrain.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish(Arc::new(tape), output),
            OpsKind::UnTracked(prep) => prep.finish(output),
        };
        (output, <Self as AutodiffBackend>::from_inner(statistics))
    }

    fn chain_eval(x: FloatTensor<Self>, ready: Arc<InferenceChain>) -> FloatTensor<Self> {
        let out = Flex::chain_eval(x.into_primitive(), ready);
        <Self as AutodiffBackend>::from_inner(out)
    }

    fn squeezed_block_eval(
        x: FloatTensor<Self>,
        reduce: FloatTensor<Self>,
        reduce_bias: FloatTensor<Self>,
        expand: FloatTensor<Self>,
        expand_bias: FloatTensor<Self>,
        parts: [Arc<InferenceChain>; 2],
        adds: bool,
    ) -> FloatTensor<Self> {
        let inner = [x, reduce, reduce_bias, expand, expand_bias].map(|t| t.into_primitive());
        let [x, reduce, reduce_bias, expand, expand_bias] = inner;
        let out = Flex::squeezed_block_eval(x, reduce, reduce_bias, expand, expand_bias, parts, adds);
        <Self as AutodiffBackend>::from_inner(out)
    }
}

#[derive(Debug)]
struct ChainTrain;

impl Backward<Flex, 2> for ChainTrain {
    type State = Arc<Tape>;

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [node_x, node_params] = ops.parents;
        let grad = grads.consume::<Flex>(&ops.node);
        let (dx, dparams) = in_pool(|| ops.state.backward(grad, node_x.is_some()));
        if let (Some(node), Some(dx)) = (node_x, dx) {
            grads.register::<Flex>(node.id, dx);
        }
        if let Some(node) = node_params {
            grads.register::<Flex>(node.id, dparams);
        }
    }
}

/// What a training pass keeps for the backward pass.
#[derive(Debug)]
struct Tape {
    chain: Arc<Chain>,
    /// Input, channels outermost.
    x: Values,
    /// Shape of the input as it came.
    shape: [usize; 4],
    params: FlexTensor,
    saved: SavedTensors,
}

impl Tape {
    /// A training pass: what it keeps, its output and its statistics.
    fn forward(x: FlexTensor, params: FlexTensor, chain: Arc<Chain>) -> (Self, FlexTensor, FlexTensor) {
        let ws = &*WORKSPACE;
        in_pool(|| {
            let params = params.to_contiguous();
            let (x, shape) = outermost(ws, &x.to_contiguous(), chain.size(0));
            let saved = chain.forward(ws, &layer_params(&chain, slice(&params)), &x);
            let tape = Self {
                chain,
                x,
                shape,
                params,
                saved,
            };
            let (output, statistics) = (tape.output(), tape.statistics());
            (tape, output, statistics)
        })
    }

    fn output(&self) -> FlexTensor {
        let ws = &*WORKSPACE;
        let (channels, size) = output_shape(&self.chain);
        let batch = self.shape[0];
        let mut out = ws.take(channels * batch * size[0] * size[1]);
        match self.chain.final_pool() {
            Some(shape) => pool::forward(ws, &shape, self.saved.output(), &mut out),
            None => self.saved.output().materialise(ws, channels, &mut out),
        }
        innermost(&out, batch, channels, size)
    }

    /// Means and unbiased variances, layer by layer.
    fn statistics(&self) -> FlexTensor {
        let mut out = Vec::new();
        for moments in self.saved.moments() {
            out.extend(moments.iter().map(|m| m.mean as f32));
            out.extend(moments.iter().map(|m| (m.m2 / (m.count - 1.0).max(1.0)) as f32));
        }
        let n = out.len();
        FlexTensor::from_data(TensorData::new(out, [n]))
    }

    fn backward(&self, grad: FlexTensor, want_dx: bool) -> (Option<FlexTensor>, FlexTensor) {
        let ws = &*WORKSPACE;
        let (channels, size) = output_shape(&self.chain);
        let [batch, inputs, h, w] = self.shape;
        let grad = grad.to_contiguous();
        let mut g = ws.take(channels * batch * size[0] * size[1]);
        to_channels_outermost(slice(&grad), &mut g, batch, channels, size[0] * size[1]);
        let mut dx = want_dx.then(|| ws.take(self.x.len()));
        let params = layer_params(&self.chain, slice(&self.params));
        let (chain, saved) = (&self.chain, &self.saved);
        let layers = match chain.final_pool() {
            Some(_) => chain.backward_pooled(ws, &params, &self.x, saved, &g, dx.as_deref_mut()),
            None => {
                let sums = saved.output().materialise_backward(ws, channels, &mut g);
                chain.backward(ws, &params, &self.x, saved, (g, sums), dx.as_deref_mut())
            }
        };
        let parts = layers.into_iter().flat_map(|l| [l.weight, l.gamma, l.beta]);
        let flat = parts.collect::<Vec<_>>().concat();
        let n = flat.len();
        let dx = dx.map(|dx| innermost(&dx, batch, inputs, [h, w]));
        (dx, FlexTensor::from_data(TensorData::new(flat, [n])))
    }
}

fn output_shape(chain: &Chain) -> (usize, [usize; 2]) {
    let channels = chain.layers().last().map_or(0, |l| l.outputs);
    (channels, chain.output_size())
}

fn layer_params<'a>(chain: &Chain, flat: &'a [f32]) -> Vec<LayerParams<'a>> {
    let mut rest = flat;
    let params = chain
        .layers()
        .iter()
        .map(|l| LayerParams {
            weight: cut(&mut rest, l.weights()),
            gamma: cut(&mut rest, l.outputs),
            beta: cut(&mut rest, l.outputs),
        })
        .collect();
    let more = rest.len();
    assert!(more == 0, "{more} parameters more than the chain's layers have");
    params
}

/// The kind of a convolution with these groups; `None` unless there is one group, or one per channel.
pub fn conv_kind(window: ConvWindow, inputs: usize, groups: usize) -> Option<ConvKind> {
    match groups {
        g if g == inputs && g > 1 => Some(ConvKind::Depthwise(window)),
        1 if window == ConvWindow::valid([1, 1], [1, 1]) => Some(ConvKind::Pointwise),
        1 => Some(ConvKind::Dense(window)),
        _ => None,
    }
}
