//! `[train.gradient-clip]` of a recipe: limits gradients before a step.

use burn::tensor::Tensor;
use earmark_core::{Check, ConfigError};
use earmark_models::to_host;
use serde::{Deserialize, Serialize};

/// `[train.gradient-clip]` of a recipe.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum GradientClip {
    /// Scales all gradients together so that their Euclidean norm is at most `max`.
    GlobalNorm {
        /// Largest norm.
        max: f64,
    },
    /// Cuts every gradient to `[-max, max]`.
    Value {
        /// Largest magnitude.
        max: f64,
    },
}

impl Check for GradientClip {
    fn check(&self) -> Result<(), ConfigError> {
        let (Self::GlobalNorm { max } | Self::Value { max }) = *self;
        ConfigError::check_positive("max", max, "choose a positive number")
    }
}

impl GradientClip {
    /// Clips gradients and returns them with their norm before clipping.
    pub fn apply(self, gradients: Vec<Tensor<1>>) -> (Vec<Tensor<1>>, f64) {
        let squares = |g: &Tensor<1>| f64::from(to_host(g.clone().mul(g.clone()).sum())[0]);
        let norm = gradients.iter().map(squares).sum::<f64>().sqrt();
        let clipped = match self {
            Self::GlobalNorm { max } if norm > max => {
                gradients.into_iter().map(|g| g.mul_scalar(max / norm)).collect()
            }
            Self::GlobalNorm { .. } => gradients,
            Self::Value { max } => gradients.into_iter().map(|g| g.clamp(-max, max)).collect(),
        };
        (clipped, norm)
    }

    /// As [`Self::apply`], without waiting for the device: the norm stays there, and so does the factor.
    pub fn apply_on_device(self, gradients: Vec<Tensor<1>>) -> (Vec<Tensor<1>>, Tensor<1>) {
        let squares = gradients.iter().map(|g| g.clone().mul(g.clone()).sum());
        let norm = Tensor::cat(squares.collect(), 0).sum().sqrt();
        let clipped = match self {
            Self::GlobalNorm { max } => {
                let factor = norm.clone().recip().mul_scalar(max).clamp_max(1.0);
                gradients.into_iter().map(|g| g.mul(factor.clone())).collect()
            }
            Self::Value { max } => gradients.into_iter().map(|g| g.clamp(-max, max)).collect(),
        };
        (clipped, norm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn clipping_keeps_direction_or_bounds() {
        let d = Device::flex();
        let g = || {
            vec![
                Tensor::<1>::from_data([3.0f32], &d),
                Tensor::<1>::from_data([-4.0f32], &d),
            ]
        };
        let host = |v: Vec<Tensor<1>>| v.into_iter().map(|t| to_host(t)[0]).collect::<Vec<_>>();
        let (c, norm) = GradientClip::GlobalNorm { max: 1.0 }.apply(g());
        assert!((norm - 5.0).abs() < 1e-6);
        let c = host(c);
        assert!((c[0] - 0.6).abs() < 1e-6 && (c[1] + 0.8).abs() < 1e-6);
        assert_eq!(
            host(GradientClip::GlobalNorm { max: 6.0 }.apply(g()).0),
            [3.0, -4.0]
        );
        assert_eq!(host(GradientClip::Value { max: 3.5 }.apply(g()).0), [3.0, -3.5]);
    }

    #[test]
    fn on_the_device_it_is_the_same_up_to_rounding() {
        let d = Device::flex();
        let gradients = |scale: f32| -> Vec<Tensor<1>> {
            let values = |k: f32| [0.3 * k * scale, -1.7 * scale, k * scale];
            [1.0, -2.0]
                .map(|k| Tensor::<1>::from_data(values(k), &d))
                .to_vec()
        };
        let host = |all: Vec<Tensor<1>>| all.into_iter().flat_map(to_host).collect::<Vec<_>>();
        let clips = [
            GradientClip::GlobalNorm { max: 1.0 },
            GradientClip::Value { max: 0.5 },
        ];
        for clip in clips {
            // Nothing to scale, less than the limit, more than it.
            for scale in [0.0, 0.01, 30.0] {
                let (wanted, norm) = clip.apply(gradients(scale));
                let (found, on_device) = clip.apply_on_device(gradients(scale));
                let off = f64::from(to_host(on_device)[0]) - norm;
                assert!(off.abs() <= 1e-6 * norm, "{clip:?} {scale}: norm off by {off}");
                for (found, wanted) in host(found).into_iter().zip(host(wanted)) {
                    assert!((found - wanted).abs() <= 1e-6 * wanted.abs(), "{clip:?} {scale}");
                }
            }
        }
    }
}
