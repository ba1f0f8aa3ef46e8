//! A chain of convolutions, each followed by batch normalisation and an activation: the body of
//! MobileNetV1, an inverted residual block, or a pair of 3x3 convolutions, as one operation each way.
//!
//! Inside the chain no activated tensor exists: see [`crate::norm`].

use std::fmt;

use crate::activation::Activation;
use crate::conv::{self, Algorithm, ConvShape};
use crate::depthwise::{self, DepthwiseShape};
use crate::epilogue::Epilogue;
use crate::memory::{Buffer, Workspace};
use crate::norm::{Input, InputGrad, Norm, OutputGrad};
use crate::pointwise;
use crate::pool::{self, Pool, PoolShape};
use crate::rows::Moments;
use crate::window::Window;

/// What a layer of a chain convolves with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Weights `[O, I, kernel rows, kernel columns]`.
    Dense(Window),
    /// Weights `[C, kernel rows, kernel columns]`.
    Depthwise(Window),
    /// Weights `[O, I]`.
    Pointwise,
}

/// A convolution, its batch normalisation and its activation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Layer {
    /// The convolution.
    pub kind: Kind,
    /// Input channels.
    pub inputs: usize,
    /// Output channels; as many as inputs if depthwise.
    pub outputs: usize,
    /// What follows the normalisation.
    pub act: Activation,
    /// Added to the variance.
    pub epsilon: f32,
}

impl Layer {
    /// Numbers in the weights.
    pub fn weights(&self) -> usize {
        match self.kind {
            Kind::Dense(w) => self.outputs * self.inputs * w.kernel[0] * w.kernel[1],
            Kind::Depthwise(w) => self.inputs * w.kernel[0] * w.kernel[1],
            Kind::Pointwise => self.outputs * self.inputs,
        }
    }

    /// Whether the same packed weights serve both: all is equal but the padding.
    pub(crate) fn same_weights(&self, other: &Self) -> bool {
        let kinds = match (self.kind, other.kind) {
            (Kind::Dense(a), Kind::Dense(b)) | (Kind::Depthwise(a), Kind::Depthwise(b)) => {
                (a.kernel, a.stride) == (b.kernel, b.stride)
            }
            (a, b) => a == b,
        };
        kinds
            && (self.inputs, self.outputs, self.act, self.epsilon)
                == (other.inputs, other.outputs, other.act, other.epsilon)
    }

    fn output(&self, size: [usize; 2]) -> Option<[usize; 2]> {
        match self.kind {
            Kind::Dense(w) | Kind::Depthwise(w) => w.output(size),
            Kind::Pointwise => Some(size),
        }
    }
}

/// Why layers do not make a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChainError {
    /// There is no layer.
    Empty,
    /// A layer has other input channels than the layer before has outputs, or none, or (depthwise) other outputs than inputs.
    Channels {
        /// Which layer, from 0.
        layer: usize,
        /// How many channels reach it.
        reached: usize,
        /// How many it takes and gives.
        declared: (usize, usize),
    },
    /// A layer's kernel is larger than the padded plane that reaches it.
    Window {
        /// Which layer, from 0.
        layer: usize,
        /// Rows and columns of that plane.
        size: [usize; 2],
    },
}

impl fmt::Display for ChainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "a chain needs at least one layer"),
            Self::Channels {
                layer,
                reached,
                declared: (i, o),
            } => write!(
                f,
                "layer {layer}: {reached} channels reach it, but it is declared with {i} inputs and {o} outputs; \
                 make the inputs equal to the outputs of the layer before, and both equal if it is depthwise"
            ),
            Self::Window { layer, size: [h, w] } => write!(
                f,
                "layer {layer}: its window does not fit the plane of {h} x {w} that reaches it; \
                 give longer input, more padding or a smaller kernel"
            ),
        }
    }
}

impl std::error::Error for ChainError {}

/// Checked layers and the plane sizes between them.
#[derive(Clone, Debug, PartialEq)]
pub struct Chain {
    layers: Vec<Layer>,
    /// Plane before each layer, and after the last.
    sizes: Vec<[usize; 2]>,
    /// What pools the last layer's activated output, and its window.
    tail: Option<(Pool, [usize; 2])>,
}

/// The parameters of one layer.
#[derive(Clone, Copy, Debug)]
pub struct Params<'a> {
    /// Weights as the layer's [`Kind`] says.
    pub weight: &'a [f32],
    /// Scale of the normalisation, one value an output channel.
    pub gamma: &'a [f32],
    /// Centre of the normalisation, one value an output channel.
    pub beta: &'a [f32],
}

/// The gradients of one layer's parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct ParamGrads {
    /// Gradient of the weights.
    pub weight: Vec<f32>,
    /// Gradient of gamma.
    pub gamma: Vec<f32>,
    /// Gradient of beta.
    pub beta: Vec<f32>,
}

/// What the way forward leaves for the way back: the raw output of each layer and its statistics.
#[derive(Debug)]
pub struct Saved {
    raw: Vec<Buffer>,
    norms: Vec<Norm>,
    moments: Vec<Vec<Moments>>,
    acts: Vec<Activation>,
}

impl Saved {
    /// The chain's output, still to be normalised and activated by who reads it.
    pub fn output(&self) -> Input<'_> {
        self.after(self.raw.len() - 1)
    }

    /// The output of one layer, likewise.
    pub fn after(&self, layer: usize) -> Input<'_> {
        Input::pending(&self.raw[layer], &self.norms[layer], self.acts[layer])
    }

    /// Each layer's channel means and variances in this batch, for the moving statistics.
    pub fn moments(&self) -> &[Vec<Moments>] {
        &self.moments
    }
}

impl Chain {
    /// Checks that the layers follow each other for input planes of `size` rows and columns.
    ///
    /// # Errors
    /// If they do not.
    pub fn new(size: [usize; 2], layers: Vec<Layer>) -> Result<Self, ChainError> {
        let mut reached = layers.first().ok_or(ChainError::Empty)?.inputs;
        let mut sizes = vec![size];
        let mut now = size;
        for (i, layer) in layers.iter().enumerate() {
            let odd = matches!(layer.kind, Kind::Depthwise(_)) && layer.inputs != layer.outputs;
            if layer.inputs != reached || layer.inputs == 0 || layer.outputs == 0 || odd {
                return Err(ChainError::Channels {
                    layer: i,
                    reached,
                    declared: (layer.inputs, layer.outputs),
                });
            }
            now = match layer.output(now) {
                Some(next) if now[0] * now[1] > 0 => next,
                _ => return Err(ChainError::Window { layer: i, size: now }),
            };
            reached = layer.outputs;
            sizes.push(now);
        }
        Ok(Self {
            layers,
            sizes,
            tail: None,
        })
    }

    /// The same chain, ending in a pool: the last layer's activated output then never exists as a whole.
    ///
    /// # Errors
    /// If the window is empty or larger than the plane that reaches it.
    pub fn pooled(mut self, pool: Pool, window: [usize; 2]) -> Result<Self, ChainError> {
        let size = self.sizes[self.layers.len()];
        if pool::output(size, window).is_none() {
            let layer = self.layers.len();
            return Err(ChainError::Window { layer, size });
        }
        self.tail = Some((pool, window));
        Ok(self)
    }

    /// The pool at the end, if there is one.
    pub fn tail(&self) -> Option<PoolShape> {
        let channels = self.layers.last()?.outputs;
        self.tail.map(|(pool, window)| PoolShape {
            pool,
            window,
            channels,
            size: self.sizes[self.layers.len()],
        })
    }

    /// The layers.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// Rows and columns of the planes that reach a layer (or leave the last, for the index after it).
    pub fn size(&self, layer: usize) -> [usize; 2] {
        self.sizes[layer]
    }

    /// Rows and columns of an output plane, pooled if the chain ends so.
    pub fn output_size(&self) -> [usize; 2] {
        let size = self.sizes[self.layers.len()];
        self.tail
            .and_then(|(_, window)| pool::output(size, window))
            .unwrap_or(size)
    }

    /// Length of the raw output of a layer.
    pub(crate) fn raw_len(&self, layer: usize, batch: usize) -> usize {
        let [h, w] = self.sizes[layer + 1];
        self.layers[layer].outputs * batch * h * w
    }

    fn check(&self, params: &[Params<'_>], x: &[f32]) -> usize {
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

    /// The way forward in training, with the statistics of the batch.
    ///
    /// `x` is `[I, B * H * W]`, used as it is.
    ///
    /// # Panics
    /// If a length does not fit.
    pub fn forward(&self, ws: &Workspace, params: &[Params<'_>], x: &[f32]) -> Saved {
        let batch = self.check(params, x);
        let count = self.layers.len();
        let mut saved = Saved {
            raw: Vec::with_capacity(count),
            norms: Vec::with_capacity(count),
            moments: Vec::with_capacity(count),
            acts: Vec::with_capacity(count),
        };
        for (i, (layer, p)) in self.layers.iter().zip(params).enumerate() {
            let mut out = ws.take(self.raw_len(i, batch));
            let input = if i == 0 {
                Input::plain(x)
            } else {
                saved.after(i - 1)
            };
            let size = self.sizes[i];
            let moments = match layer.kind {
                Kind::Dense(window) => {
                    let shape = ConvShape {
                        inputs: layer.inputs,
                        outputs: layer.outputs,
                        window,
                        size,
                        algorithm: Algorithm::Auto,
                    }
                    .for_training(batch);
                    conv::forward(
                        ws,
                        &conv::pack(ws, p.weight, &shape),
                        &shape,
                        input,
                        &mut out,
                        Epilogue::Moments,
                    )
                }
                Kind::Depthwise(window) => {
                    let shape = DepthwiseShape {
                        channels: layer.inputs,
                        window,
                        size,
                    };
                    depthwise::forward(ws, p.weight, &shape, input, &mut out, Epilogue::Moments)
                }
                Kind::Pointwise => {
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

    /// The way back.
    ///
    /// `(g, sums)` is the gradient of the *normalised* output and its sums: what
    /// [`crate::pool::backward`] or [`Input::materialise_backward`] of [`Saved::output`] give. Fills `dx`, if given, with the
    /// gradient of `x`; returns the gradients of each layer's parameters.
    ///
    /// # Panics
    /// If a length does not fit, or `saved` comes from another chain.
    pub fn backward(
        &self,
        ws: &Workspace,
        params: &[Params<'_>],
        x: &[f32],
        saved: &Saved,
        (mut g, mut sums): (Buffer, Vec<(f64, f64)>),
        mut dx: Option<&mut [f32]>,
    ) -> Vec<ParamGrads> {
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
                Input::plain(x)
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
                Kind::Dense(window) => {
                    let shape = ConvShape {
                        inputs: layer.inputs,
                        outputs: layer.outputs,
                        window,
                        size,
                        algorithm: Algorithm::Auto,
                    }
                    .for_training(batch);
                    conv::backward(ws, p.weight, &shape, input, dy, target)
                }
                Kind::Depthwise(window) => {
                    let shape = DepthwiseShape {
                        channels: layer.inputs,
                        window,
                        size,
                    };
                    depthwise::backward(ws, p.weight, &shape, input, dy, target)
                }
                Kind::Pointwise => {
                    pointwise::backward(ws, p.weight, (layer.outputs, layer.inputs), input, dy, target)
                }
            };
            grads.push(ParamGrads {
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
