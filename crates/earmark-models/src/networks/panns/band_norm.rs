//! The normalisation of each mel band by itself, before the first block of PANNs' networks.

use crate::blocks::BatchNorm;
use crate::forward_pass::Forward;
use crate::networks::panns::config::PannsConfig;
use crate::onnx::OnnxPlanes;
use crate::params::{VarBuilder, Vars};
use burn::tensor::Tensor;
use earmark_onnx::Builder;

/// A BatchNorm whose channels are the bands. It also turns the images: the original's are frames high and bands wide.
#[derive(Clone, Debug)]
pub(super) struct BandNorm(BatchNorm);

impl BandNorm {
    /// Declares `input.bn.*`.
    pub(super) fn declare(b: &mut VarBuilder, config: &PannsConfig) -> Self {
        Self(BatchNorm::declare(b, "input.bn", config.bands, config.norm()))
    }

    /// `[B, channels, bands, frames]` to `[B, channels, frames, bands]`.
    pub(super) fn forward(&self, x: Tensor<4>, ctx: &mut Forward) -> Tensor<4> {
        let x = self.0.forward(x.swap_dims(1, 2), ctx); // [B, bands, channels, frames]
        x.permute([0, 2, 3, 1])
    }

    /// The same in a graph.
    pub(super) fn add_to_onnx(&self, g: &mut Builder, vars: &Vars, x: OnnxPlanes) -> OnnxPlanes {
        let ([bands, frames], channels) = (x.size, x.channels);
        let by_band = x.with(g.transpose(&x.value, &[0, 2, 1, 3])); // [B, bands, channels, frames]
        let normed = self.0.add_to_onnx(g, vars, by_band);
        OnnxPlanes {
            value: g.transpose(&normed.value, &[0, 2, 3, 1]), // [B, channels, frames, bands]
            channels,
            size: [frames, bands],
        }
    }
}
