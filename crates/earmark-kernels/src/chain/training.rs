//! A chain in training: the forward pass with the statistics of the batch, and the backward pass.

use crate::chain::layer::ConvKind;
use crate::chain::layers::Chain;
use crate::conv::{self, pointwise};
use crate::depthwise;
use crate::elementwise::activation::Activation;
use crate::elementwise::epilogue::Epilogue;
use crate::elementwise::norm::Norm;
use crate::elementwise::pending::{InputGrad, OpInput, OutputGrad};
use crate::elementwise::rows::Moments;
use crate::hardware::memory::{Buffer, Workspace};

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
pub struct SavedTensors {
    raw: Vec<Buffer>,
    norms: Vec<Norm>,
    moments: Vec<Vec<Moments>>,
    acts: Vec<Activation>,
}

impl SavedTensors {
    /// The chain's output, still to be normalised and activated by who reads it.
    pub fn output(&self) -> OpInput<'_> {
        self.after(self.raw.len() - 1)
    }

    /// The output of one layer, likewise.
    pub fn after(&self, layer: usize) -> OpInput<'_> {
        OpInput::pending(&self.raw[layer], &self.norms[layer], self.acts[layer])
    }

    /// Each layer's channel means and variances in this batch, for the moving statistics.
    pub fn moments(&self) -> &[Vec<Moments>] {
        &self.moments
    }
}

impl Chain {
    fn check(&self, params: &[LayerParams<'_>], x: &[f32]) -> usize {
        assert_eq!(
            params.len(),
            self.layers.len(),
            "one set of parameters for each layer"
        );
        for (i, (layer, p)) in self.layers.iter().zip(params).enumerate() {
            let (w, o) = (layer.weights(), layer.outputs);
            assert_eq!(
                (p.weight.len(), p.gamma.len(), p.beta.len()),
                (w, o, o),
                "parameters of layer {i}"
            );
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
        let count = self.layers.len();
        let mut saved = SavedTensors {
            raw: Vec::with_capacity(count),
            norms: Vec::with_capacity(count),
            moments: Vec::with_capacity(count),
            acts: Vec::with_capacity(count),
        };
        for (i, (layer, p)) in self.layers.iter().zip(params).enumerate() {
            let mut out = ws.take(self.raw_len(i, batch));
            let input = if i == 0 {
                OpInput::plain(x)
            } else {
                saved.after(i - 1)
            };
            let size = self.sizes[i];
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
            saved
                .norms
                .push(Norm::batch(&moments, p.gamma, p.beta, layer.epsilon));
            saved.moments.push(moments);
            saved.acts.push(layer.act);
            saved.raw.push(out);
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
        (mut g, mut sums): (Buffer, Vec<(f64, f64)>),
        mut dx: Option<&mut [f32]>,
    ) -> Vec<LayerGrads> {
        let batch = self.check(params, x);
        assert_eq!(
            saved.raw.len(),
            self.layers.len(),
            "the saved tensors come from another chain"
        );
        let mut grads = Vec::with_capacity(self.layers.len());
        for (i, (layer, p)) in self.layers.iter().zip(params).enumerate().rev() {
            assert_eq!(
                saved.raw[i].len(),
                self.raw_len(i, batch),
                "the saved tensors come from another batch"
            );
            let norm = saved.norms[i].backward(&sums);
            let dy = OutputGrad::pending(&g, &saved.raw[i], &norm);
            let input = if i == 0 {
                OpInput::plain(x)
            } else {
                saved.after(i - 1)
            };
            let size = self.sizes[i];
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
                g = buffer;
            }
        }
        grads.reverse();
        grads
    }
}
