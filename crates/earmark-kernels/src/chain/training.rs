//! A chain in training: the forward pass with the statistics of the batch, and the backward pass.

use crate::chain::chain_shape::Chain;
use crate::chain::conv_layer::ConvKind;
use crate::conv::window::ConvWindow;
use crate::conv::{self, pointwise};
use crate::depthwise;
use crate::elementwise::activation::Activation;
use crate::elementwise::batch_norm::Norm;
use crate::elementwise::epilogue::Epilogue;
use crate::elementwise::output_gradient::OutputGrad;
use crate::elementwise::pool::{self, MeanGrad, Pool};
use crate::elementwise::postponed_normalisation::{InputGrad, OpInput};
use crate::elementwise::rows::Moments;
use crate::hardware::reused_buffers::{Buffer, Workspace};

/// The parameters of one layer.
#[derive(Clone, Copy, Debug)]
pub struct LayerParams<'a> {
    /// Weights as the layer's [`ConvKind`] says.
    pub weight: &'a [f32],
    /// Scale of the normalisation, one value an output channel.
    pub gamma: &'a [f32],
    /// Centre of the normalisation, one value an output channel.
    pub beta: &'a [f32],
}

/// The gradients of one layer's parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerGrads {
    /// Gradient of the weights.
    pub weight: Vec<f32>,
    /// Gradient of gamma.
    pub gamma: Vec<f32>,
    /// Gradient of beta.
    pub beta: Vec<f32>,
}

/// What the forward pass keeps for the backward pass: the raw output of each layer and its statistics.
#[derive(Debug)]
pub struct SavedTensors(Vec<SavedLayer>);

#[derive(Debug)]
struct SavedLayer {
    raw: Buffer,
    moments: Vec<Moments>,
    norm: Norm,
    act: Activation,
}

impl SavedTensors {
    /// The chain's output, still to be normalised and activated by who reads it.
    pub fn output(&self) -> OpInput<'_> {
        self.after(self.0.len() - 1)
    }

    /// The output of one layer, likewise.
    pub fn after(&self, layer: usize) -> OpInput<'_> {
        let SavedLayer { raw, norm, act, .. } = &self.0[layer];
        OpInput::pending(raw, norm, *act)
    }

    /// Each layer's channel means and variances in this batch, for the moving statistics.
    pub fn moments(&self) -> impl Iterator<Item = &[Moments]> {
        self.0.iter().map(|layer| &layer.moments[..])
    }

    /// What a layer reads: the output of the one before it, or the chain's input.
    fn input<'a>(&'a self, layer: usize, x: &'a [f32]) -> OpInput<'a> {
        match layer {
            0 => OpInput::plain(x),
            _ => self.after(layer - 1),
        }
    }
}

/// The gradient that a layer's backward pass begins with.
enum LastGrad<'a> {
    /// That of its normalised output.
    Normalised(Buffer),
    /// That of the pool after it.
    Pooled(MeanGrad<'a>),
}

impl Chain {
    fn check(&self, params: &[LayerParams<'_>], x: &[f32]) -> usize {
        let (given, count) = (params.len(), self.layers.len());
        assert_eq!(given, count, "one set of parameters for each layer");
        for (i, (layer, p)) in self.layers.iter().zip(params).enumerate() {
            let lengths = (p.weight.len(), p.gamma.len(), p.beta.len());
            let wanted = (layer.weights(), layer.outputs, layer.outputs);
            assert_eq!(lengths, wanted, "parameters of layer {i}");
        }
        let image = self.layers[0].inputs * self.sizes[0][0] * self.sizes[0][1];
        assert!(
            !x.is_empty() && x.len().is_multiple_of(image),
            "input must be a batch of {image} numbers each"
        );
        x.len() / image
    }

    /// The forward pass in training, with the statistics of the batch.
    ///
    /// `x` is `[I, B * H * W]`, used as it is.
    ///
    /// # Panics
    /// If a length does not fit.
    pub fn forward(&self, ws: &Workspace, params: &[LayerParams<'_>], x: &[f32]) -> SavedTensors {
        let batch = self.check(params, x);
        let mut saved = SavedTensors(Vec::with_capacity(self.layers.len()));
        for (i, (layer, p)) in self.layers.iter().zip(params).enumerate() {
            let mut out = ws.take(self.raw_len(i, batch));
            let (input, size) = (saved.input(i, x), self.sizes[i]);
            let moments = match layer.kind {
                ConvKind::Dense(window) => {
                    let shape = layer.conv_shape(window, size).for_training(batch);
                    let packed = conv::pack(ws, p.weight, &shape);
                    conv::forward(ws, &packed, &shape, input, &mut out, Epilogue::Moments)
                }
                ConvKind::Depthwise(window) => {
                    let shape = layer.depthwise_shape(window, size);
                    depthwise::forward(ws, p.weight, &shape, input, &mut out, Epilogue::Moments)
                }
                ConvKind::Pointwise => {
                    let packed = pointwise::pack(ws, p.weight, layer.outputs, layer.inputs);
                    pointwise::forward(ws, &packed, input, &mut out, Epilogue::Moments)
                }
            };
            saved.0.push(SavedLayer {
                raw: out,
                norm: Norm::batch(&moments, p.gamma, p.beta, layer.epsilon),
                moments,
                act: layer.act,
            });
        }
        saved
    }

    /// The backward pass.
    ///
    /// `(g, sums)` is the gradient of the *normalised* output and its sums: what
    /// [`crate::elementwise::pool::backward`] or [`OpInput::materialise_backward`] of [`SavedTensors::output`] give. Fills `dx`, if given, with the
    /// gradient of `x`; returns the gradients of each layer's parameters.
    ///
    /// # Panics
    /// If a length does not fit, or `saved` comes from another chain.
    pub fn backward(
        &self,
        ws: &Workspace,
        params: &[LayerParams<'_>],
        x: &[f32],
        saved: &SavedTensors,
        (g, sums): (Buffer, Vec<(f64, f64)>),
        dx: Option<&mut [f32]>,
    ) -> Vec<LayerGrads> {
        self.backward_from(ws, params, x, saved, (LastGrad::Normalised(g), sums), dx)
    }

    /// The backward pass of a chain that ends in a pool: `g` is the gradient of what the pool yields.
    ///
    /// # Panics
    /// As [`Chain::backward`], and if the chain ends without a pool.
    pub fn backward_pooled(
        &self,
        ws: &Workspace,
        params: &[LayerParams<'_>],
        x: &[f32],
        saved: &SavedTensors,
        g: &[f32],
        dx: Option<&mut [f32]>,
    ) -> Vec<LayerGrads> {
        let shape = self.final_pool().expect("the chain ends in a pool");
        let output = saved.output();
        // Dense convolutions read whole rows of the gradient, unless they are padded beyond their kernel.
        let whole_rows = |window: &ConvWindow| (0..2).all(|a| window.after[a] < window.kernel[a]);
        let dense = self
            .layers
            .last()
            .is_some_and(|layer| matches!(&layer.kind, ConvKind::Dense(window) if whole_rows(window)));
        let last = if dense && shape.pool == Pool::Mean {
            let mean = MeanGrad::new(shape, output, g);
            let sums = mean.sums(ws);
            (LastGrad::Pooled(mean), sums)
        } else {
            let mut wide = ws.take(output.raw.len());
            let sums = pool::backward(ws, &shape, output, g, &mut wide);
            (LastGrad::Normalised(wide), sums)
        };
        self.backward_from(ws, params, x, saved, last, dx)
    }

    fn backward_from(
        &self,
        ws: &Workspace,
        params: &[LayerParams<'_>],
        x: &[f32],
        saved: &SavedTensors,
        (mut g, mut sums): (LastGrad<'_>, Vec<(f64, f64)>),
        mut dx: Option<&mut [f32]>,
    ) -> Vec<LayerGrads> {
        let (batch, count) = (self.check(params, x), self.layers.len());
        let found = saved.0.len();
        assert_eq!(found, count, "the saved tensors come from another chain");
        let mut grads = Vec::with_capacity(count);
        for (i, (layer, p)) in self.layers.iter().zip(params).enumerate().rev() {
            let SavedLayer { raw, norm, .. } = &saved.0[i];
            let (found, wanted) = (raw.len(), self.raw_len(i, batch));
            assert_eq!(found, wanted, "the saved tensors come from another batch");
            let norm = norm.backward(&sums);
            let dy = match &g {
                LastGrad::Normalised(g) => OutputGrad::pending(g, raw, &norm),
                LastGrad::Pooled(mean) => OutputGrad::pooled(*mean, &norm),
            };
            let (input, size) = (saved.input(i, x), self.sizes[i]);
            let mut inner = (i > 0).then(|| ws.take(input.raw.len()));
            let target = match &mut inner {
                Some(buffer) => Some(&mut buffer[..]),
                None => dx.take(),
            };
            let InputGrad { sums: next, weight } = match layer.kind {
                ConvKind::Dense(window) => {
                    let shape = layer.conv_shape(window, size).for_training(batch);
                    conv::backward(ws, p.weight, &shape, input, dy, target)
                }
                ConvKind::Depthwise(window) => {
                    let shape = layer.depthwise_shape(window, size);
                    depthwise::backward(ws, p.weight, &shape, input, dy, target)
                }
                ConvKind::Pointwise => {
                    pointwise::backward(ws, p.weight, (layer.outputs, layer.inputs), input, dy, target)
                }
            };
            grads.push(LayerGrads {
                weight,
                gamma: norm.gamma,
                beta: norm.beta,
            });
            sums = next;
            if let Some(buffer) = inner {
                g = LastGrad::Normalised(buffer);
            }
        }
        grads.reverse();
        grads
    }
}
