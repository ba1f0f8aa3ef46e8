//! Initial values of weights.
//!
//! The draws have their own rules, older than those of `earmark_core::random`. They stay as they are, so that a seed keeps giving
//! the same weights.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a network's weights are initialised. BatchNorm always starts with scale 1 and offset 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, Default, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum WeightInit {
    /// Uniform in +-sqrt(6 / (fan in + fan out)) (Glorot and Bengio 2010; "Xavier").
    #[default]
    GlorotUniform,
    /// Normal with mean 0, redrawn beyond two standard deviations, as TensorFlow's truncated normal.
    TruncatedNormal {
        /// Standard deviation before truncation.
        #[serde(rename = "standard-deviation")]
        standard_deviation: f64,
    },
    /// Normal with mean 0 and variance 2 / fan in (He et al. 2015, arXiv:1502.01852; PyTorch's `kaiming_normal_` with its default
    /// arguments): keeps the size of activations through ReLUs.
    KaimingNormal,
    /// Uniform in +-1 / sqrt(fan in), biases too: PyTorch's default for convolutions and linear layers.
    FanInUniform,
}

impl WeightInit {
    /// The initial values of a weight with these fans.
    pub fn with_fans(self, fan_in: usize, fan_out: usize) -> VarInit {
        match self {
            Self::GlorotUniform => VarInit::Uniform {
                bound: (6.0 / (fan_in + fan_out) as f64).sqrt(),
            },
            Self::TruncatedNormal { standard_deviation } => VarInit::TruncatedNormal { standard_deviation },
            Self::KaimingNormal => VarInit::Normal {
                standard_deviation: (2.0 / fan_in as f64).sqrt(),
            },
            Self::FanInUniform => VarInit::Uniform {
                bound: 1.0 / (fan_in as f64).sqrt(),
            },
        }
    }

    /// The initial values of the bias of a weight with this fan: 0, except with PyTorch's default.
    pub fn bias(self, fan_in: usize) -> VarInit {
        match self {
            Self::GlorotUniform | Self::TruncatedNormal { .. } | Self::KaimingNormal => {
                VarInit::Constant(0.0)
            }
            Self::FanInUniform => self.with_fans(fan_in, 0),
        }
    }
}

/// Initial values of one variable.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum VarInit {
    /// Every scalar the same.
    Constant(f32),
    /// Uniform in `[-bound, bound)`.
    Uniform {
        /// Half the width of the interval.
        bound: f64,
    },
    /// Normal with mean 0.
    Normal {
        /// Standard deviation.
        standard_deviation: f64,
    },
    /// Normal, redrawn beyond two standard deviations.
    TruncatedNormal {
        /// Standard deviation before truncation.
        standard_deviation: f64,
    },
}

impl VarInit {
    /// Draws the `len` initial values of the variable `name`, from the stream of `seed` and this name.
    pub fn draw(&self, name: &str, len: usize, seed: u64) -> Vec<f32> {
        let mut rng = stream(seed, name);
        let mut unit = || f64::from(rng.next_u32()) / 4_294_967_296.0; // [0, 1)
        match *self {
            Self::Constant(c) => vec![c; len],
            Self::Uniform { bound } => (0..len).map(|_| ((2.0 * unit() - 1.0) * bound) as f32).collect(),
            Self::Normal { standard_deviation } => (0..len)
                .map(|_| (normal(&mut unit) * standard_deviation) as f32)
                .collect(),
            Self::TruncatedNormal { standard_deviation } => (0..len)
                .map(|_| {
                    loop {
                        let z = normal(&mut unit);
                        if z.abs() <= 2.0 {
                            return (z * standard_deviation) as f32;
                        }
                    }
                })
                .collect(),
        }
    }
}

/// A standard normal number from two in `[0, 1)` (Box and Muller 1958).
fn normal(unit: &mut impl FnMut() -> f64) -> f64 {
    // (0, 1], so that the logarithm is finite.
    let (u, v) = (1.0 - unit(), unit());
    (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
}

/// A generator of its own for each (seed, name).
fn stream(seed: u64, name: &str) -> ChaCha8Rng {
    // FNV-1a spreads the name over the second half of the key; ChaCha does the mixing.
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| {
        (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3)
    });
    let mut key = [0u8; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&hash.to_le_bytes());
    key[16..24].copy_from_slice(b"var-init");
    ChaCha8Rng::from_seed(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn glorot_has_the_stated_range_and_spread() {
        let init = WeightInit::GlorotUniform.with_fans(30, 20);
        let bound = (6.0f64 / 50.0).sqrt() as f32;
        let v = init.draw("w", 20_000, 1);
        assert!(v.iter().all(|x| x.abs() <= bound));
        let var = v.iter().map(|x| x * x).sum::<f32>() / v.len() as f32;
        assert!((var / (bound * bound / 3.0) - 1.0).abs() < 0.03, "variance {var}");
        assert!(v.iter().sum::<f32>().abs() / (v.len() as f32) < 0.01);
    }

    #[test]
    fn truncated_normal_stays_within_two_deviations() {
        let init = WeightInit::TruncatedNormal {
            standard_deviation: 0.5,
        }
        .with_fans(1, 1);
        let v = init.draw("w", 20_000, 1);
        assert!(v.iter().all(|x| x.abs() <= 1.0));
        // A normal cut at two deviations keeps 0.7737 of its variance.
        let var = v.iter().map(|x| x * x).sum::<f32>() / v.len() as f32;
        assert!((var / (0.25 * 0.7737) - 1.0).abs() < 0.05, "variance {var}");
    }

    #[test]
    fn kaiming_has_the_spread_that_relu_asks_for() {
        let init = WeightInit::KaimingNormal.with_fans(32, 1);
        let v = init.draw("w", 50_000, 1);
        let moment = |p: i32| v.iter().map(|x| f64::from(*x).powi(p)).sum::<f64>() / v.len() as f64;
        assert!(
            (moment(2) / (2.0 / 32.0) - 1.0).abs() < 0.03,
            "variance {}",
            moment(2)
        );
        assert!(moment(1).abs() < 0.005, "mean {}", moment(1));
        // Nothing is cut off: the fourth moment of a normal is 3 variances squared.
        assert!(
            (moment(4) / moment(2).powi(2) - 3.0).abs() < 0.15,
            "kurtosis {}",
            moment(4) / moment(2).powi(2)
        );
    }

    #[test]
    fn biases_start_at_zero_except_with_pytorchs_default() {
        assert_eq!(
            WeightInit::FanInUniform.with_fans(16, 5),
            VarInit::Uniform { bound: 0.25 }
        );
        assert_eq!(
            WeightInit::FanInUniform.bias(16),
            VarInit::Uniform { bound: 0.25 }
        );
        assert_eq!(WeightInit::KaimingNormal.bias(16), VarInit::Constant(0.0));
    }

    #[test]
    fn each_name_and_seed_has_its_own_stream() {
        let init = VarInit::Uniform { bound: 1.0 };
        let a = init.draw("a", 8, 1);
        assert_eq!(a, init.draw("a", 8, 1));
        assert_ne!(a, init.draw("b", 8, 1));
        assert_ne!(a, init.draw("a", 8, 2));
    }
}
