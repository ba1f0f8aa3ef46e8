//! Standardisation and principal components in front of a layer: fitted on the training clips, kept in buffers.

use crate::forward::Forward;
use crate::init::Init;
use crate::vars::{VarBuilder, VarId, VarKind};
use burn::tensor::Tensor;

/// What is fitted, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct InputFit {
    /// Beginning of the buffers' names: `standardise.mean` and so on stand behind it.
    pub scope: &'static str,
    /// Inputs go through `asinh(compress x)` first; 0 leaves them as they are.
    pub compress: f64,
    /// Standardised inputs are cut off beyond so many standard deviations; 0 cuts nothing.
    pub limit: f64,
    /// Principal components that go on; 0 leaves the standardised inputs as they are.
    pub components: usize,
    /// The recipe's key for `components`.
    pub key: &'static str,
    /// Whether the inputs are what is known of the clip besides its image ([`Forward::with_side`]), or the image itself.
    pub beside: bool,
}

impl InputFit {
    /// A number as the standardisation takes it: `asinh(compress x) = ln(y + sqrt(y^2 + 1))` with `y = compress x`.
    pub fn compressed(&self, x: f32) -> f32 {
        if self.compress == 0.0 {
            return x;
        }
        (self.compress * f64::from(x)).asinh() as f32
    }

    /// Names of the buffers.
    pub fn names(&self) -> Vec<String> {
        let mut names = vec!["standardise.mean", "standardise.deviation"];
        if self.components > 0 {
            names.extend(["pca.mean", "pca.components"]);
        }
        names
            .into_iter()
            .map(|name| format!("{}{name}", self.scope))
            .collect()
    }
}

/// Mean and weights of the principal components.
#[derive(Clone, Debug)]
struct Turn {
    /// `[inputs]`
    mean: VarId,
    /// `[components, inputs]`
    components: VarId,
}

/// `[B, inputs]` to `[B, components]`, or to `[B, inputs]` where there are no components.
#[derive(Clone, Debug)]
pub(crate) struct FittedInput {
    fit: InputFit,
    pub(crate) inputs: usize,
    /// `[inputs]` each.
    mean: VarId,
    deviation: VarId,
    turn: Option<Turn>,
}

impl FittedInput {
    /// Declares the buffers. Until they are fitted they leave inputs as they are, but for components, of which they give none.
    pub fn declare(b: &mut VarBuilder, fit: InputFit, inputs: usize) -> Self {
        let mut buffer = |name: &str, shape: &[usize], start: f32| {
            b.add(
                format!("{}{name}", fit.scope),
                shape,
                VarKind::Fitted,
                Init::Constant(start),
            )
        };
        let mean = buffer("standardise.mean", &[inputs], 0.0);
        let deviation = buffer("standardise.deviation", &[inputs], 1.0);
        let turn = (fit.components > 0).then(|| Turn {
            mean: buffer("pca.mean", &[inputs], 0.0),
            components: buffer("pca.components", &[fit.components, inputs], 0.0),
        });
        Self {
            fit,
            inputs,
            mean,
            deviation,
            turn,
        }
    }

    pub fn fit(&self) -> &InputFit {
        &self.fit
    }

    /// Numbers that come out for each row.
    pub fn outputs(&self) -> usize {
        match self.turn {
            Some(_) => self.fit.components,
            None => self.inputs,
        }
    }

    /// As [`InputFit::compressed`].
    fn compressed(&self, x: Tensor<2>) -> Tensor<2> {
        if self.fit.compress == 0.0 {
            return x;
        }
        // With the sign apart, as a difference would lose its digits below zero.
        let y = x.mul_scalar(self.fit.compress);
        let size = y.clone().abs();
        let root = (size.clone() * size.clone()).add_scalar(1.0).sqrt();
        (size + root).log() * y.sign()
    }

    /// `[B, inputs]` to `[B, outputs]`.
    pub fn forward(&self, x: Tensor<2>, ctx: &Forward) -> Tensor<2> {
        let x = self.compressed(x);
        let (mean, deviation): (Tensor<1>, Tensor<1>) = (ctx.var(self.mean), ctx.var(self.deviation));
        let x = (x - mean.unsqueeze()) / deviation.unsqueeze();
        let x = if self.fit.limit > 0.0 {
            x.clamp(-self.fit.limit, self.fit.limit)
        } else {
            x
        };
        let Some(Turn { mean, components }) = &self.turn else {
            return x;
        };
        let (mean, components): (Tensor<1>, Tensor<2>) = (ctx.var(*mean), ctx.var(*components));
        (x - mean.unsqueeze()).matmul(components.transpose()) // [B, components]
    }
}
