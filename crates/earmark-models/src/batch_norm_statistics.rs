//! The moving statistics of BatchNorm: what a training pass records of its batch, and how the moving mean and variance follow it.

use crate::params::{VarId, Vars};
use burn::tensor::Tensor;

/// New batch statistics for a pair of moving averages.
#[derive(Debug)]
pub struct BatchStatistics {
    /// Moving mean to update.
    pub mean_id: VarId,
    /// Moving variance to update.
    pub variance_id: VarId,
    /// The batch's mean, `[C]`.
    pub mean: Tensor<1>,
    /// The batch's unbiased variance, `[C]`.
    pub variance: Tensor<1>,
    /// Share of the old value that the moving average keeps.
    pub decay: f64,
}

impl BatchStatistics {
    /// The same for averages that have moved `steps` times before: they keep at most (1 + steps) / (10 + steps) of their old value, as
    /// TensorFlow's `ExponentialMovingAverage` does with `num_updates`. Ten steps then leave 1e-5 of a start, where a decay of 0.99 alone
    /// leaves 0.9 of it.
    #[must_use]
    pub fn warmed_up(self, steps: u64) -> Self {
        let steps = steps as f64;
        let decay = self.decay.min((1.0 + steps) / (10.0 + steps));
        Self { decay, ..self }
    }

    /// The mean with another part's statistics of the same layer, which count by `share`, from 0 to 1.
    #[must_use]
    pub fn mean_with(self, other: Self, share: f64) -> Self {
        let mean = |a: Tensor<1>, b: Tensor<1>| {
            let [a, b] = [a, b].map(without_gradients);
            a.mul_scalar(1.0 - share) + b.mul_scalar(share)
        };
        Self {
            mean: mean(self.mean, other.mean),
            variance: mean(self.variance, other.variance),
            ..self
        }
    }
}

/// A tensor without its gradients, where it is one that can have them.
pub(crate) fn without_gradients<const D: usize>(t: Tensor<D>) -> Tensor<D> {
    if t.is_autodiff() { t.inner() } else { t }
}

/// Moves the moving averages towards a pass's batch statistics: `m = decay m + (1 - decay) batch`.
pub fn apply_statistics(vars: &mut Vars, statistics: Vec<BatchStatistics>) {
    for s in statistics {
        for (id, batch) in [(s.mean_id, s.mean), (s.variance_id, s.variance)] {
            let batch = without_gradients(batch).mul_scalar(1.0 - s.decay);
            let moved = vars.flat(id).mul_scalar(s.decay) + batch;
            vars.set(id, moved);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::{VarInit, VarKind, VarSpec};
    use burn::tensor::Device;

    /// A moving mean and variance of one channel, at their usual start.
    fn start() -> Vars {
        let spec = |name: &str, start| VarSpec {
            name: name.into(),
            shape: vec![1],
            kind: VarKind::Buffer,
            init: VarInit::Constant(start),
        };
        Vars::init(vec![spec("mean", 0.0), spec("variance", 1.0)], 0, &Device::flex())
    }

    fn batch(mean: f32, variance: f32, decay: f64) -> BatchStatistics {
        let tensor = |value: f32| Tensor::<1>::from_data([value], &Device::flex());
        BatchStatistics {
            mean_id: VarId(0),
            variance_id: VarId(1),
            mean: tensor(mean),
            variance: tensor(variance),
            decay,
        }
    }

    fn values(vars: &Vars) -> [f64; 2] {
        [0, 1].map(|i| f64::from(vars.to_vec(VarId(i))[0]))
    }

    #[test]
    fn the_first_steps_forget_the_start() {
        let decays =
            |network: f64| [0, 1, 8, 80, 1000].map(|steps| batch(0.0, 1.0, network).warmed_up(steps).decay);
        assert_eq!(decays(0.99), [0.1, 2.0 / 11.0, 0.5, 0.9, 0.99]);
        assert_eq!(decays(0.3), [0.1, 2.0 / 11.0, 0.3, 0.3, 0.3]);
        let mut vars = start();
        // By hand: 0.9 x 2, then 2/11 of that and 9/11 of 4; 0.1 + 0.9 x 0.004, then likewise.
        apply_statistics(&mut vars, vec![batch(2.0, 0.004, 0.99).warmed_up(0)]);
        let [mean, variance] = values(&vars);
        assert!((mean - 1.8).abs() < 1e-6 && (variance - 0.1036).abs() < 1e-7);
        apply_statistics(&mut vars, vec![batch(4.0, 0.008, 0.99).warmed_up(1)]);
        let [mean, variance] = values(&vars);
        assert!((mean - 3.6).abs() < 1e-6, "{mean}");
        assert!((variance - 0.025_381_818).abs() < 1e-7, "{variance}");
    }

    /// Of statistics that stay the same, averages are within 2e-5 of them after ten steps, however slow the network's decay; without
    /// the warm-up a slow one has hardly left its start by then.
    #[test]
    fn constant_statistics_are_reached_in_ten_steps() {
        for (mean, variance, decay) in [
            (5.0, 0.003, 0.9997),
            (-40.0, 900.0, 0.99),
            (0.01, 2.0, 0.95),
            (3.0, 0.5, 0.5),
        ] {
            let (mut warmed, mut plain) = (start(), start());
            for step in 0..10 {
                apply_statistics(&mut warmed, vec![batch(mean, variance, decay).warmed_up(step)]);
                apply_statistics(&mut plain, vec![batch(mean, variance, decay)]);
            }
            let wanted = [mean, variance].map(f64::from);
            let off = |vars: &Vars| [0, 1].map(|i| (values(vars)[i] - wanted[i]).abs());
            // Rounding to single precision comes on top.
            let near = [wanted[0].abs(), (wanted[1] - 1.0).abs()].map(|way| 2e-5 * way);
            for i in [0, 1] {
                assert!(
                    off(&warmed)[i] < near[i] + 1e-6 * wanted[i].abs(),
                    "decay {decay}: {:?} of {wanted:?}",
                    values(&warmed)
                );
            }
            if decay > 0.9 {
                assert!(off(&plain)[0] > 0.5 * wanted[0].abs(), "{:?}", values(&plain));
            }
        }
    }
}
