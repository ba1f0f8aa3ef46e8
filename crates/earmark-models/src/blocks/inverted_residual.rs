//! The inverted residual of MobileNetV2 (Sandler et al. 2018, arXiv:1801.04381) with MobileNetV3's squeeze-and-excitation
//! (Howard et al. 2019, arXiv:1905.02244).

use super::conv::{Activation, Conv, ConvSpec, Padding};
use super::{BatchNormConfig, SqueezeExcite, conv_chain};
use crate::forward::Forward;
use crate::init::WeightInit;
use crate::summary::LayerRow;
use crate::vars::VarBuilder;
use burn::tensor::Tensor;

/// Sizes and rules of an [`InvertedResidual`].
#[derive(Clone, Copy, Debug)]
pub struct InvertedResidualSpec {
    /// Channels in.
    pub input: usize,
    /// Channels of the depthwise convolution; where they are as many as come in, there is no convolution before it.
    pub expanded: usize,
    /// Channels out.
    pub output: usize,
    /// Rows and columns of the depthwise kernel; odd.
    pub kernel: usize,
    /// Step of the depthwise convolution along both axes.
    pub stride: usize,
    /// Means over 2x2 follow the depthwise convolution, whose step is then 1.
    pub halved: bool,
    /// What follows the first two convolutions; nothing follows the last.
    pub activation: Activation,
    /// Channels between the layers of squeeze-and-excitation, where there is one.
    pub squeezed: Option<usize>,
}

/// Pointwise, depthwise, squeeze-and-excitation, pointwise; what came in is added where it has the same shape.
#[derive(Clone, Debug)]
pub struct InvertedResidual {
    spec: InvertedResidualSpec,
    /// The convolutions before squeeze-and-excitation: one or two.
    pub(super) first: Vec<Conv>,
    pub(super) squeeze: Option<SqueezeExcite>,
    pub(super) project: Conv,
}

impl InvertedResidual {
    /// Declares `expand.*`, `depthwise.*`, `squeeze.*` and `project.*` under `scope`, as far as there are such layers.
    pub fn declare(
        b: &mut VarBuilder,
        scope: &str,
        spec: InvertedResidualSpec,
        norm: BatchNormConfig,
        [init, dense_init]: [WeightInit; 2],
    ) -> Self {
        let s = spec;
        let depthwise = ConvSpec {
            kernel: [s.kernel; 2],
            padding: Padding::Symmetric([s.kernel / 2; 2]),
            activation: s.activation,
            halved: s.halved,
            ..ConvSpec::depthwise3(s.expanded, s.stride)
        };
        let pointwise = |input, output, activation| ConvSpec {
            activation,
            ..ConvSpec::pointwise(input, output)
        };
        let expand =
            (s.expanded != s.input).then(|| ("expand", pointwise(s.input, s.expanded, s.activation)));
        let first = expand
            .into_iter()
            .chain([("depthwise", depthwise)])
            .map(|(name, spec)| Conv::declare(b, &format!("{scope}.{name}"), spec, Some(norm), init))
            .collect();
        let squeeze = s.squeezed.map(|squeezed| {
            SqueezeExcite::declare(
                b,
                &format!("{scope}.squeeze"),
                s.expanded,
                squeezed,
                Activation::Relu,
                dense_init,
            )
        });
        let project = pointwise(s.expanded, s.output, Activation::Identity);
        let project = Conv::declare(b, &format!("{scope}.project"), project, Some(norm), init);
        Self {
            spec,
            first,
            squeeze,
            project,
        }
    }

    /// Whether what came in has the shape of what goes out.
    pub(super) fn adds(&self) -> bool {
        self.spec.stride == 1 && !self.spec.halved && self.spec.input == self.spec.output
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
                let y = conv_chain(&convs, x, ctx); // [B, expanded, H', W']
                conv_chain(&[&self.project], squeeze.forward(y, ctx), ctx)
            }
        };
        match residual {
            Some(x) => y + x,
            None => y,
        }
    }

    /// The block as one row of a table, and the plane that leaves it, for a plane of `size`.
    pub fn row(&self, name: &str, size: [usize; 2]) -> (LayerRow, [usize; 2]) {
        let (mut weights, mut multiplies, mut now) = (0, 0, size);
        for conv in &self.first {
            weights += conv.spec.weights();
            multiplies += conv.spec.multiplies(now);
            now = conv.spec.output_size(now);
        }
        let squeeze = self.squeeze.as_ref().map_or(0, SqueezeExcite::weights);
        weights += squeeze + self.project.spec.weights();
        multiplies += squeeze + self.project.spec.multiplies(now);
        let s = &self.spec;
        let squeezed = self
            .squeeze
            .as_ref()
            .map_or(String::new(), |q| format!(", SE {}", q.squeezed()));
        let text = format!(
            "{name} IR({0}x{0}, {1}, {2}, {3}{squeezed})",
            s.kernel,
            s.expanded,
            s.output,
            if s.halved { 2 } else { s.stride }
        );
        (
            LayerRow::new(text, [now[0], now[1], s.output], weights, multiplies),
            now,
        )
    }
}
