//! The inverted residual of MobileNetV2 (Sandler et al. 2018, arXiv:1801.04381) with MobileNetV3's squeeze-and-excitation
//! (Howard et al. 2019, arXiv:1905.02244).

use super::activation::Activation;
use super::batch_norm::BatchNormConfig;
use super::conv::Conv;
use super::conv_chain::{conv_chain, ready_for_evaluation};
use super::conv_spec::{ConvPadding, ConvSpec};
use super::squeeze_excite::SqueezeExcite;
use crate::forward_pass::Forward;
use crate::layer_table::LayerTableBuilder;
use crate::params::{VarBuilder, WeightInit};
use burn::tensor::Tensor;
use earmark_kernels::burn_ops::{runs_on, squeezed_block_eval};

/// Sizes and rules of an [`InvertedResidual`].
#[derive(Clone, Copy, Debug)]
pub struct InvertedResidualSpec {
    /// Channels in.
    pub input: usize,
    /// Channels of the depthwise convolution; if equal to `input`, there is no convolution before it.
    pub expanded: usize,
    /// Channels out.
    pub output: usize,
    /// Rows and columns of the depthwise kernel; odd.
    pub kernel: usize,
    /// Padding of the depthwise convolution.
    pub padding: ConvPadding,
    /// Step of the depthwise convolution along both axes.
    pub stride: usize,
    /// Means over 2x2 follow the depthwise convolution, whose step is then 1.
    pub mean_2x2: bool,
    /// Activation of the first two convolutions; the last has none.
    pub activation: Activation,
    /// Channels between the layers of squeeze-and-excitation, if there is one.
    pub squeezed: Option<usize>,
}

/// Pointwise, depthwise, squeeze-and-excitation, pointwise; the input is added if it has the shape of the output.
#[derive(Clone, Debug)]
pub struct InvertedResidual {
    spec: InvertedResidualSpec,
    /// The convolutions before squeeze-and-excitation: one or two.
    pub(super) first: Vec<Conv>,
    pub(super) squeeze: Option<SqueezeExcite>,
    pub(super) project: Conv,
}

impl InvertedResidual {
    /// Declares `expand.*`, `depthwise.*`, `squeeze.*` and `project.*` under `prefix`, for the layers that exist.
    pub fn declare(
        b: &mut VarBuilder,
        prefix: &str,
        spec: InvertedResidualSpec,
        norm: BatchNormConfig,
        [init, dense_init]: [WeightInit; 2],
    ) -> Self {
        let s = spec;
        let depthwise = ConvSpec {
            kernel: [s.kernel; 2],
            padding: s.padding,
            activation: s.activation,
            mean_2x2: s.mean_2x2,
            ..ConvSpec::depthwise3(s.expanded, s.stride)
        };
        let expand = ConvSpec::pointwise(s.input, s.expanded).with_activation(s.activation);
        let project = ConvSpec::pointwise(s.expanded, s.output).with_activation(Activation::Identity);
        let name = |part: &str| format!("{prefix}.{part}");
        let conv =
            |b: &mut VarBuilder, part: &str, spec| Conv::declare(b, &name(part), spec, Some(norm), init);
        let expand = (s.expanded != s.input).then(|| conv(b, "expand", expand));
        let first = expand.into_iter().chain([conv(b, "depthwise", depthwise)]);
        let squeeze = |n| SqueezeExcite::declare(b, &name("squeeze"), s.expanded, n, dense_init);
        Self {
            spec,
            first: first.collect(),
            squeeze: s.squeezed.map(squeeze),
            project: conv(b, "project", project),
        }
    }

    /// Whether the input is added to the output.
    pub(super) fn adds(&self) -> bool {
        self.spec.stride == 1 && !self.spec.mean_2x2 && self.spec.input == self.spec.output
    }

    /// `[B, in, H, W]` to `[B, out, H / stride, W / stride]`, rounded up.
    pub fn forward(&self, x: Tensor<4>, ctx: &mut Forward) -> Tensor<4> {
        let residual = self.adds().then(|| x.clone());
        let mut convs: Vec<&Conv> = self.first.iter().collect();
        let y = match &self.squeeze {
            None => {
                convs.push(&self.project);
                conv_chain(&convs, x, ctx)
            }
            Some(squeeze) => {
                if let Some(y) = self.evaluated_at_once(&convs, squeeze, &x, ctx) {
                    return y;
                }
                let y = conv_chain(&convs, x, ctx); // [B, expanded, H', W']
                conv_chain(&[&self.project], squeeze.forward(y, ctx), ctx)
            }
        };
        match residual {
            Some(x) => y + x,
            None => y,
        }
    }

    /// The whole block by one kernel, where one serves it and nothing needs gradients.
    fn evaluated_at_once(
        &self,
        convs: &[&Conv],
        squeeze: &SqueezeExcite,
        x: &Tensor<4>,
        ctx: &Forward,
    ) -> Option<Tensor<4>> {
        let frozen = !ctx.is_training() || self.convs().all(|conv| conv.is_frozen(ctx));
        let served = ctx.uses_kernels() && runs_on(&x.device());
        if !(frozen && served && ctx.needs_no_gradients(x, &squeeze.ids())) {
            return None;
        }
        let [_, _, h, w] = x.dims();
        let first = ready_for_evaluation(convs, [h, w], ctx)?;
        let project = ready_for_evaluation(&[&self.project], first.chain().output_size(), ctx)?;
        let (variables, adds) = (squeeze.variables(ctx), self.adds());
        let block = |x| squeezed_block_eval([&first, &project], variables, x, adds);
        Some(Forward::without_gradients(x.clone(), block))
    }

    /// The convolutions in the order of the data.
    pub(crate) fn convs(&self) -> impl Iterator<Item = &Conv> {
        self.first.iter().chain([&self.project])
    }

    /// Adds the block to a table as one row.
    pub(crate) fn add_row(&self, name: &str, table: &mut LayerTableBuilder) {
        let squeeze = self.squeeze.as_ref().map(|squeeze| &squeeze.reduce);
        // Both dense layers multiply once per weight.
        let mut weights = squeeze.map_or(0, |reduce| 2 * reduce.input * reduce.output);
        let mut multiplies = weights;
        for conv in self.convs() {
            weights += conv.spec.weights();
            multiplies += conv.spec.multiplies(table.size);
            table.size = conv.spec.output_size(table.size);
        }
        let s = &self.spec;
        let step = if s.mean_2x2 { 2 } else { s.stride };
        let squeezed = squeeze.map_or(String::new(), |reduce| format!(", SE {}", reduce.output));
        let kind = format!(
            "IR({0}x{0}, {1}, {2}, {step}{squeezed})",
            s.kernel, s.expanded, s.output
        );
        table.plane(format!("{name} {kind}"), s.output, weights, multiplies);
    }
}
