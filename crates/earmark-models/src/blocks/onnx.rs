//! The blocks as nodes of an ONNX graph, as they are in evaluation. Weights have the names of their variables.

use super::activation::Activation;
use super::attention::Attention;
use super::batch_norm::BatchNorm;
use super::conv::Conv;
use super::conv_spec::ConvPadding;
use super::dense::Dense;
use super::head::Head;
use super::inverted_residual::InvertedResidual;
use super::lstm::BidirectionalLstm;
use super::squeeze_excite::SqueezeExcite;
use crate::onnx::OnnxPlanes;
use crate::params::{VarId, Vars};
use earmark_onnx::{Attribute, Builder, Tensor, Value, signed};

/// The values of a variable as a weight with its name.
fn weight(g: &mut Builder, vars: &Vars, id: VarId, values: Vec<f32>) -> Value {
    let spec = &vars.specs()[id.0];
    g.weight(&spec.name, &spec.shape, values)
}

/// The bias that belongs to a weight, named after it.
fn bias(g: &mut Builder, vars: &Vars, weight: VarId, values: Vec<f32>) -> Value {
    let name = &vars.specs()[weight.0].name;
    let prefix = name.strip_suffix("weight").unwrap_or(name);
    g.constant(&format!("{prefix}bias"), Tensor::floats(&[values.len()], values))
}

/// Values with the name of a variable, in another shape.
fn constant(g: &mut Builder, vars: &Vars, id: VarId, shape: &[usize], values: Vec<f32>) -> Value {
    g.constant(&vars.specs()[id.0].name, Tensor::floats(shape, values))
}

impl BatchNorm {
    /// In evaluation it is `factor x + offset`, a pair for each channel; in double precision.
    fn affine(&self, vars: &Vars) -> Vec<(f64, f64)> {
        let [gamma, beta, mean, variance] =
            [self.gamma, self.beta, self.mean, self.variance].map(|id| vars.to_vec(id));
        (0..gamma.len())
            .map(|c| {
                let factor = f64::from(gamma[c]) / (f64::from(variance[c]) + self.config.epsilon).sqrt();
                (factor, f64::from(beta[c]) - f64::from(mean[c]) * factor)
            })
            .collect()
    }

    /// `[B, C, H, W]` to the same shape, where no layer follows that it could be folded into: padding is added after
    /// it.
    pub(crate) fn add_to_onnx(&self, g: &mut Builder, vars: &Vars, x: OnnxPlanes) -> OnnxPlanes {
        let affine = self.affine(vars);
        let (factors, offsets) = affine.iter().map(|(f, o)| (*f as f32, *o as f32)).unzip();
        let shape = [affine.len(), 1, 1];
        let factors = constant(g, vars, self.gamma, &shape, factors);
        let offsets = constant(g, vars, self.beta, &shape, offsets);
        let scaled = g.op("Mul", &[&x.value, &factors], &[]);
        x.with(g.op("Add", &[&scaled, &offsets], &[]))
    }
}

/// An activation, any shape to the same.
pub(crate) fn add_activation(g: &mut Builder, activation: Activation, x: Value) -> Value {
    match activation {
        Activation::Relu => g.op("Relu", &[&x], &[]),
        Activation::Relu6 => {
            let (low, high) = (g.float(0.0), g.float(6.0));
            g.op("Clip", &[&x, &low, &high], &[])
        }
        Activation::HardSwish => g.op("HardSwish", &[&x], &[]),
        Activation::Identity => x,
    }
}

impl ConvPadding {
    /// The zeros around planes of this size as an ONNX attribute. With stride 1 the size does not matter.
    fn attribute(
        self,
        size: [Option<usize>; 2],
        kernel: [usize; 2],
        stride: [usize; 2],
    ) -> (&'static str, Attribute) {
        let amounts = |axis: usize| {
            let n = match self {
                Self::Same if stride[axis] > 1 => size[axis]?,
                Self::Same | Self::Symmetric(_) => 1,
            };
            Some(self.amounts(axis, n, kernel[axis], stride[axis]))
        };
        match (amounts(0), amounts(1)) {
            (Some((top, bottom)), Some((left, right))) => ("pads", [top, left, bottom, right][..].into()),
            _ => ("auto_pad", "SAME_UPPER".into()),
        }
    }
}

impl Conv {
    /// `[B, in, H, W]` to `[B, out, H', W']`, BatchNorm folded in, with the activation.
    pub(crate) fn add_to_onnx(&self, g: &mut Builder, vars: &Vars, x: &OnnxPlanes) -> OnnxPlanes {
        let s = &self.spec.effective();
        let mut weights = self.host_kernel(vars.to_vec(self.weight));
        let biases = self.bias.map(|id| vars.to_vec(id));
        let mut biases = biases.unwrap_or_else(|| vec![0.0; s.output]);
        if let Some(norm) = &self.norm {
            let each = weights.len() / s.output;
            for (c, (factor, offset)) in norm.affine(vars).into_iter().enumerate() {
                for w in &mut weights[c * each..(c + 1) * each] {
                    *w = (f64::from(*w) * factor) as f32;
                }
                biases[c] = (f64::from(biases[c]) * factor + offset) as f32;
            }
        }
        let shape = [s.output, s.input / s.groups, s.kernel[0], s.kernel[1]];
        let weights = g.weight(&vars.specs()[self.weight.0].name, &shape, weights);
        let biases = bias(g, vars, self.weight, biases);
        let attributes = [
            ("kernel_shape", s.kernel[..].into()),
            ("strides", s.stride[..].into()),
            ("group", s.groups.into()),
            s.padding.attribute(x.size, s.kernel, s.stride),
        ];
        let value = g.op("Conv", &[&x.value, &weights, &biases], &attributes);
        OnnxPlanes {
            value: add_activation(g, s.activation, value),
            channels: s.output,
            size: [0, 1].map(|a| Some(s.padding.output(a, x.size[a]?, s.kernel[a], s.stride[a]))),
        }
    }
}

impl Dense {
    /// `[B, in]` to `[B, out]`.
    pub(crate) fn add_to_onnx(&self, g: &mut Builder, vars: &Vars, x: &Value) -> Value {
        self.add_after_norm(g, vars, x, None)
    }

    /// The same, with a BatchNorm of its inputs folded in.
    pub(crate) fn add_after_norm(
        &self,
        g: &mut Builder,
        vars: &Vars,
        x: &Value,
        before: Option<&BatchNorm>,
    ) -> Value {
        let mut weights = vars.to_vec(self.weight);
        let mut biases = vars.to_vec(self.bias);
        if let Some(norm) = before {
            let affine = norm.affine(vars);
            for (row, b) in weights.chunks_exact_mut(self.input).zip(&mut biases) {
                let mut sum = f64::from(*b);
                for (w, (factor, offset)) in row.iter_mut().zip(&affine) {
                    sum += f64::from(*w) * offset;
                    *w = (f64::from(*w) * factor) as f32;
                }
                *b = sum as f32;
            }
        }
        let weights = weight(g, vars, self.weight, weights);
        let biases = bias(g, vars, self.weight, biases);
        g.op("Gemm", &[x, &weights, &biases], &[("transB", 1.into())])
    }
}

impl Head {
    /// Features `[B, input]`, the means of planes, to logits `[B, classes]`.
    pub(crate) fn add_to_onnx(&self, g: &mut Builder, vars: &Vars, x: &Value) -> Value {
        let x = self.hidden.add_to_onnx(g, vars, x);
        let slope = self.prelu.slope;
        let slope = constant(g, vars, slope, &[1], vars.to_vec(slope));
        let x = g.op("PRelu", &[&x, &slope], &[]);
        self.logits.add_after_norm(g, vars, &x, Some(&self.norm))
    }
}

impl Attention {
    /// `[B, C, H, W]` to the same shape.
    pub(crate) fn add_to_onnx(&self, g: &mut Builder, vars: &Vars, x: &OnnxPlanes) -> OnnxPlanes {
        let plain = |g: &mut Builder, id: VarId| weight(g, vars, id, vars.to_vec(id));
        let (reduce, expand) = (plain(g, self.reduce), plain(g, self.expand));
        // Of each channel its mean and its maximum, through the same two layers.
        let layer = |g: &mut Builder, x: &Value, w: &Value| {
            g.op("Conv", &[x, w], &[("kernel_shape", [1_usize, 1][..].into())])
        };
        let [mean, most] = ["ReduceMean", "ReduceMax"].map(|op| {
            let seen = g.op(op, &[&x.value], &[("axes", [2_usize, 3][..].into())]); // [B, C, 1, 1]
            let hidden = layer(g, &seen, &reduce);
            g.op("Relu", &[&hidden], &[])
        });
        let both = g.op("Add", &[&mean, &most], &[]);
        let factors = layer(g, &both, &expand);
        let factors = g.op("Sigmoid", &[&factors], &[]);
        let value = g.op("Mul", &[&x.value, &factors], &[]);
        // Of each place the mean and the maximum over channels.
        let [mean, most] =
            ["ReduceMean", "ReduceMax"].map(|op| g.op(op, &[&value], &[("axes", [1_usize][..].into())]));
        let seen = g.concat(&[&mean, &most], 1); // [B, 2, H, W]
        let spatial = plain(g, self.spatial);
        let kernel = [self.spec.kernel; 2];
        let attributes = [
            ("kernel_shape", kernel[..].into()),
            ConvPadding::Same.attribute(x.size, kernel, [1, 1]),
        ];
        let places = g.op("Conv", &[&seen, &spatial], &attributes);
        let places = g.op("Sigmoid", &[&places], &[]);
        x.with(g.op("Mul", &[&value, &places], &[]))
    }
}

impl BidirectionalLstm {
    /// `[steps, B, width]` to the mean over all steps of both directions' outputs, `[B, 2 width]`.
    pub(crate) fn add_to_onnx(&self, g: &mut Builder, vars: &Vars, x: &Value) -> Value {
        let width = self.width;
        let weight = |g: &mut Builder, name: &str, directions: [&Dense; 2]| {
            let values = directions.map(|dense| onnx_gates(&vars.to_vec(dense.weight)));
            let both = g.weight(name, &[8 * width, width], values.concat());
            g.reshape(&both, &[2, signed(4 * width), signed(width)])
        };
        let [forward, backward] = &self.directions;
        let input = weight(g, "lstm.input.weight", [&forward.input, &backward.input]);
        let hidden = weight(g, "lstm.hidden.weight", [&forward.hidden, &backward.hidden]);
        let biases = [forward, backward].map(|d| [&d.input, &d.hidden]);
        let biases = biases
            .as_flattened()
            .iter()
            .flat_map(|dense| onnx_gates(&vars.to_vec(dense.bias)));
        let biases = Tensor::floats(&[2, 8 * width], biases.collect());
        let biases = g.constant("lstm.bias", biases);
        let attributes = [
            ("direction", "bidirectional".into()),
            ("hidden_size", width.into()),
        ];
        let outputs = g.op("LSTM", &[x, &input, &hidden, &biases], &attributes); // [steps, 2, B, width]
        let time = ("axes", [0_usize][..].into());
        let means = g.op("ReduceMean", &[&outputs], &[time, ("keepdims", 0.into())]);
        let means = g.transpose(&means, &[1, 0, 2]);
        g.reshape(&means, &[0, signed(2 * width)])
    }
}

/// Rows of the four gates in ONNX's order: input, output, forget, cell.
fn onnx_gates(rows: &[f32]) -> Vec<f32> {
    let each = rows.len() / 4;
    [0, 3, 1, 2].map(|gate| &rows[gate * each..][..each]).concat()
}

impl SqueezeExcite {
    /// `[B, C, H, W]` to the same shape.
    fn add_to_onnx(&self, g: &mut Builder, vars: &Vars, x: &OnnxPlanes) -> OnnxPlanes {
        let seen = x.mean(g); // [B, C]
        let hidden = self.reduce.add_to_onnx(g, vars, &seen);
        let hidden = add_activation(g, Activation::Relu, hidden);
        let factors = self.expand.add_to_onnx(g, vars, &hidden);
        let factors = g.op("Sigmoid", &[&factors], &[]);
        let factors = g.reshape(&factors, &[0, 0, 1, 1]);
        x.with(g.op("Mul", &[&x.value, &factors], &[]))
    }
}

impl InvertedResidual {
    /// `[B, in, H, W]` to `[B, out, H / stride, W / stride]`, rounded up.
    pub(crate) fn add_to_onnx(&self, g: &mut Builder, vars: &Vars, x: OnnxPlanes) -> OnnxPlanes {
        let mut y = x.clone();
        for conv in &self.first {
            y = conv.add_to_onnx(g, vars, &y);
        }
        if let Some(squeeze) = &self.squeeze {
            y = squeeze.add_to_onnx(g, vars, &y);
        }
        let y = self.project.add_to_onnx(g, vars, &y);
        if self.adds() {
            y.with(g.op("Add", &[&y.value, &x.value], &[]))
        } else {
            y
        }
    }
}
