//! The scaler in front of a layer: standardisation and principal components, fitted on the training clips, kept in buffers.

use crate::forward_pass::Forward;
use crate::params::{VarBuilder, VarId, VarInit, VarKind};
use burn::tensor::Tensor;

/// What a scaler does, and to which inputs.
#[derive(Clone, Debug, PartialEq)]
pub struct InputScalerSpec {
    /// Prefix of the buffers' names, before `standardise.mean` and so on.
    pub prefix: &'static str,
    /// Inputs go through `asinh(compress x)` first; 0 leaves them as they are.
    pub compress: f64,
    /// Standardised inputs are clipped to this number of standard deviations; 0 clips nothing.
    pub limit: f64,
    /// Principal components to keep; 0 leaves the standardised inputs as they are.
    pub components: usize,
    /// The recipe's key of `components`.
    pub key: &'static str,
    /// Whether the inputs are the clip-level features ([`Forward::with_clip_features`]) or the network's own input.
    pub scales_clip_features: bool,
}

impl InputScalerSpec {
    /// Names of the buffers.
    pub fn names(&self) -> Vec<String> {
        let mut names = vec!["standardise.mean", "standardise.deviation"];
        if self.components > 0 {
            names.extend(["pca.mean", "pca.components"]);
        }
        names
            .into_iter()
            .map(|name| format!("{}{name}", self.prefix))
            .collect()
    }
}

/// `[B, inputs]` to `[B, components]`, or to `[B, inputs]` where there are no components.
#[derive(Clone, Debug)]
pub struct InputScaler {
    spec: InputScalerSpec,
    pub(crate) inputs: usize,
    /// `[inputs]` each.
    mean: VarId,
    deviation: VarId,
    /// The mean of the standardised inputs, `[inputs]`, and the components, `[components, inputs]`.
    pca: Option<[VarId; 2]>,
}

impl InputScaler {
    /// Declares the buffers. Until they are fitted, they leave inputs as they are; components are 0.
    pub fn declare(b: &mut VarBuilder, spec: InputScalerSpec, inputs: usize) -> Self {
        let mut buffer = |name: &str, shape: &[usize], start: f32| {
            let name = format!("{}{name}", spec.prefix);
            b.add(name, shape, VarKind::Scaler, VarInit::Constant(start))
        };
        let mean = buffer("standardise.mean", &[inputs], 0.0);
        let deviation = buffer("standardise.deviation", &[inputs], 1.0);
        let pca = (spec.components > 0).then(|| {
            let mean = buffer("pca.mean", &[inputs], 0.0);
            [mean, buffer("pca.components", &[spec.components, inputs], 0.0)]
        });
        Self {
            spec,
            inputs,
            mean,
            deviation,
            pca,
        }
    }

    /// What it does, and to which inputs.
    pub fn spec(&self) -> &InputScalerSpec {
        &self.spec
    }

    /// Numbers per row after scaling.
    pub fn outputs(&self) -> usize {
        self.pca.map_or(self.inputs, |_| self.spec.components)
    }

    /// `[B, inputs]` to `[B, outputs]`.
    pub fn forward(&self, x: Tensor<2>, ctx: &Forward) -> Tensor<2> {
        let x = self.compressed(x);
        let (mean, deviation): (Tensor<1>, Tensor<1>) = (ctx.var(self.mean), ctx.var(self.deviation));
        let x = (x - mean.unsqueeze()) / deviation.unsqueeze();
        let x = if self.spec.limit > 0.0 {
            x.clamp(-self.spec.limit, self.spec.limit)
        } else {
            x
        };
        let Some([mean, components]) = self.pca else {
            return x;
        };
        let (mean, components): (Tensor<1>, Tensor<2>) = (ctx.var(mean), ctx.var(components));
        (x - mean.unsqueeze()).matmul(components.transpose()) // [B, components]
    }
}
