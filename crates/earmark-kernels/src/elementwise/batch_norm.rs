//! Batch normalisation as one scale and shift per channel, and its gradient.

use crate::elementwise::activation::Activation;
use crate::elementwise::rows::{Moments, RowGrad, RowMap};

/// `(x - mean) * scale + shift` for each channel, with what its gradient needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Norm {
    mean: Vec<f32>,
    rstd: Vec<f32>,
    scale: Vec<f32>,
    shift: Vec<f32>,
    /// Values a channel if mean and deviation came from this batch (and so have gradients).
    batch: Option<f64>,
}

impl Norm {
    /// Batch normalisation with the statistics of this batch (Ioffe and Szegedy, 2015): biased
    /// variance, `gamma` and `beta` of one value a channel.
    pub fn batch(moments: &[Moments], gamma: &[f32], beta: &[f32], epsilon: f32) -> Self {
        let c = moments.len();
        assert!(
            gamma.len() == c && beta.len() == c,
            "gamma and beta need one value for each of {c} channels"
        );
        let mean = moments.iter().map(|m| m.mean as f32).collect();
        let variance = moments.iter().map(|m| m.variance());
        Self {
            batch: moments.first().map(|m| m.count),
            ..Self::new(mean, variance, gamma, beta, epsilon)
        }
    }

    /// Normalisation with given statistics, as in evaluation: no gradient flows through them.
    pub fn fixed(mean: &[f32], variance: &[f32], gamma: &[f32], beta: &[f32], epsilon: f32) -> Self {
        let c = mean.len();
        assert!(
            variance.len() == c && gamma.len() == c && beta.len() == c,
            "variance, gamma and beta need one value for each of {c} channels"
        );
        let variance = variance.iter().map(|&v| f64::from(v));
        Self::new(mean.to_vec(), variance, gamma, beta, epsilon)
    }

    fn new(
        mean: Vec<f32>,
        variance: impl Iterator<Item = f64>,
        gamma: &[f32],
        beta: &[f32],
        epsilon: f32,
    ) -> Self {
        let rstd = |v: f64| (1.0 / (v + f64::from(epsilon)).sqrt()) as f32;
        let rstd: Vec<f32> = variance.map(rstd).collect();
        Self {
            mean,
            scale: gamma.iter().zip(&rstd).map(|(g, r)| g * r).collect(),
            rstd,
            shift: beta.to_vec(),
            batch: None,
        }
    }

    /// Number of channels.
    pub fn channels(&self) -> usize {
        self.mean.len()
    }

    pub(crate) fn row(&self, channel: usize, act: Activation) -> RowMap {
        RowMap {
            mean: self.mean[channel],
            scale: self.scale[channel],
            shift: self.shift[channel],
            act,
        }
    }

    /// The gradients of gamma (or of nothing, for a bias) and beta, and how to finish the gradient of the raw values, from the sums of `InputGrad`.
    pub fn backward(&self, sums: &[(f64, f64)]) -> NormGrad {
        let c = self.channels();
        assert_eq!(sums.len(), c, "sums need one pair for each of {c} channels");
        let mut rows = Vec::with_capacity(c);
        let (mut gamma, mut beta) = (Vec::with_capacity(c), Vec::with_capacity(c));
        for (i, &(s1, s2)) in sums.iter().enumerate() {
            let (scale, rstd) = (f64::from(self.scale[i]), f64::from(self.rstd[i]));
            gamma.push((s2 * rstd) as f32);
            beta.push(s1 as f32);
            let (k2, k3) = match self.batch {
                Some(n) => (-scale * rstd * rstd * s2 / n, -scale * s1 / n),
                None => (0.0, 0.0),
            };
            rows.push(RowGrad {
                k1: self.scale[i],
                k2: k2 as f32,
                k3: k3 as f32,
                mean: self.mean[i],
            });
        }
        NormGrad { gamma, beta, rows }
    }
}

/// Gradients of a normalisation's parameters and the coefficients that finish the gradient of its input.
#[derive(Clone, Debug)]
pub struct NormGrad {
    /// Gradient of gamma, one value a channel.
    pub gamma: Vec<f32>,
    /// Gradient of beta, one value a channel.
    pub beta: Vec<f32>,
    pub(super) rows: Vec<RowGrad>,
}
