//! Learning-rate schedules: the rate of a step, from the step and (for plateaus) from the scores so far.

use earmark_core::{Check, ConfigError};
use serde::{Deserialize, Serialize};

/// `[train.schedule]` of a recipe. The rates multiply or replace `train.learning-rate`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, Default, schemars::JsonSchema)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case",
    deny_unknown_fields
)]
pub enum Schedule {
    /// The same rate throughout.
    #[default]
    Constant,
    /// `rate * decay ^ (epochs / every-epochs)`, or `^ (steps / every-steps)`; with `staircase` the exponent is rounded down, as in the
    /// DCASE 2019 baseline.
    Exponential {
        /// Factor of each interval.
        decay: f64,
        /// Length of the interval in epochs; or `every-steps`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        every_epochs: Option<f64>,
        /// Length of the interval in steps; or `every-epochs`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        every_steps: Option<u64>,
        /// Whether the rate falls once per interval, not continuously.
        #[serde(default = "yes")]
        staircase: bool,
    },
    /// Multiplies the rate by `factor` once the validation score has not improved for `patience` validations in a row.
    Plateau {
        /// Factor of each reduction.
        factor: f64,
        /// Validations without improvement that are allowed.
        patience: u32,
        /// Smallest absolute gain that counts as an improvement.
        #[serde(default)]
        min_delta: f64,
        /// Rate below which it is not reduced.
        #[serde(default)]
        min_rate: f64,
    },
    /// Linear rise over `warm-up-epochs`, then half a cosine down to `final-rate` at the end of training (Loshchilov and Hutter 2017).
    Cosine {
        /// Epochs of linear rise from 0.
        #[serde(default)]
        warm_up_epochs: f64,
        /// Rate at the last step.
        #[serde(default)]
        final_rate: f64,
    },
    /// Between `train.learning-rate` and `peak-rate` and back, linearly (Smith 2017, triangular policy).
    Triangular {
        /// Highest rate.
        peak_rate: f64,
        /// Epochs of the rise, and again of the fall.
        half_cycle_epochs: f64,
    },
}

fn yes() -> bool {
    true
}

/// How far training is, as far as a learning rate depends on it.
#[derive(Clone, Copy, Debug)]
pub struct TrainingPosition {
    /// Steps done before this one.
    pub step: u64,
    /// Steps per epoch.
    pub steps_per_epoch: u64,
    /// Steps of the whole training.
    pub total_steps: u64,
}

/// Memory of the plateau schedule; part of a resume state.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlateauState {
    /// Product of the reductions so far.
    pub factor: f64,
    /// Best validation score so far, higher is better.
    pub best: Option<f64>,
    /// Validations since the best score.
    pub waited: u32,
}

impl Default for PlateauState {
    fn default() -> Self {
        Self {
            factor: 1.0,
            best: None,
            waited: 0,
        }
    }
}

impl Schedule {
    /// The learning rate of a step.
    pub fn rate(&self, base: f64, at: TrainingPosition, plateau: &PlateauState) -> f64 {
        let epochs = at.step as f64 / at.steps_per_epoch.max(1) as f64;
        match *self {
            Self::Constant => base,
            Self::Exponential {
                decay,
                every_epochs,
                every_steps,
                staircase,
            } => {
                let n = match (every_steps, every_epochs) {
                    (Some(every), _) => at.step as f64 / every as f64,
                    (None, Some(every)) => epochs / every,
                    (None, None) => 0.0,
                };
                base * decay.powf(if staircase { n.floor() } else { n })
            }
            Self::Plateau { min_rate, .. } => (base * plateau.factor).max(min_rate.min(base)),
            Self::Cosine {
                warm_up_epochs,
                final_rate,
            } => {
                let warm_up = warm_up_epochs * at.steps_per_epoch as f64;
                if (at.step as f64) < warm_up {
                    return base * (at.step + 1) as f64 / warm_up.ceil().max(1.0);
                }
                let rest = (at.total_steps as f64 - 1.0 - warm_up).max(1.0);
                let t = ((at.step as f64 - warm_up) / rest).min(1.0);
                final_rate + (base - final_rate) * 0.5 * (1.0 + (std::f64::consts::PI * t).cos())
            }
            Self::Triangular {
                peak_rate,
                half_cycle_epochs,
            } => {
                let phase = (epochs / half_cycle_epochs) % 2.0;
                base + (peak_rate - base) * (1.0 - (phase - 1.0).abs())
            }
        }
    }

    /// Takes a validation score into account (higher is better); true when the rate falls because of it.
    pub fn observe(&self, score: f64, state: &mut PlateauState) -> bool {
        let Self::Plateau {
            factor,
            patience,
            min_delta,
            ..
        } = *self
        else {
            return false;
        };
        if state.best.is_none_or(|best| score > best + min_delta) {
            state.best = Some(score);
            state.waited = 0;
            return false;
        }
        state.waited += 1;
        if state.waited <= patience {
            return false;
        }
        state.factor *= factor;
        state.waited = 0;
        true
    }
}

impl Check for Schedule {
    fn check(&self) -> Result<(), ConfigError> {
        let not_negative = |key, v| ConfigError::check_range(key, v, 0.0..f64::INFINITY, "choose 0 or more");
        match *self {
            Self::Constant => Ok(()),
            Self::Exponential {
                decay,
                every_epochs,
                every_steps,
                ..
            } => {
                let remedy = "choose a factor above 0, at most 1; for no decay use kind = \"constant\"";
                ConfigError::unless(decay > 0.0 && decay <= 1.0, "decay", decay, remedy)?;
                let refuse = |key, value: String, remedy| Err(ConfigError::new(key, value, remedy));
                match (every_epochs, every_steps) {
                    (None, None) => {
                        let remedy =
                            "set every-epochs or every-steps: how long the rate takes to fall by decay";
                        refuse("every-epochs", "missing".into(), remedy)
                    }
                    (Some(e), Some(_)) => {
                        let remedy = "every-steps is set as well; keep one of the two";
                        refuse("every-epochs", e.to_string(), remedy)
                    }
                    (Some(e), None) => {
                        ConfigError::check_positive("every-epochs", e, "choose a positive number of epochs")
                    }
                    (None, Some(0)) => refuse("every-steps", "0".into(), "choose 1 step or more"),
                    (None, Some(_)) => Ok(()),
                }
            }
            Self::Plateau {
                factor,
                min_delta,
                min_rate,
                ..
            } => {
                let remedy = "choose a factor between 0 and 1";
                ConfigError::unless(factor > 0.0 && factor < 1.0, "factor", factor, remedy)?;
                not_negative("min-delta", min_delta)?;
                not_negative("min-rate", min_rate)
            }
            Self::Cosine {
                warm_up_epochs,
                final_rate,
            } => {
                not_negative("warm-up-epochs", warm_up_epochs)?;
                not_negative("final-rate", final_rate)
            }
            Self::Triangular {
                peak_rate,
                half_cycle_epochs,
            } => {
                ConfigError::check_positive("peak-rate", peak_rate, "choose a positive rate")?;
                let remedy = "choose a positive number of epochs";
                ConfigError::check_positive("half-cycle-epochs", half_cycle_epochs, remedy)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(schedule: Schedule, base: f64, steps: &[u64]) -> Vec<f64> {
        let at = |step| TrainingPosition {
            step,
            steps_per_epoch: 10,
            total_steps: 101,
        };
        steps
            .iter()
            .map(|&s| schedule.rate(base, at(s), &PlateauState::default()))
            .collect()
    }

    #[track_caller]
    fn close(got: &[f64], want: &[f64]) {
        assert_eq!(got.len(), want.len());
        for (g, w) in got.iter().zip(want) {
            assert!((g - w).abs() < 1e-12, "{got:?} against {want:?}");
        }
    }

    #[test]
    fn exponential_falls_in_steps_or_continuously() {
        let s = |staircase| Schedule::Exponential {
            decay: 0.5,
            every_epochs: Some(2.5),
            every_steps: None,
            staircase,
        };
        close(&rates(s(true), 1.0, &[0, 24, 25, 50]), &[1.0, 1.0, 0.5, 0.25]);
        close(&rates(s(false), 1.0, &[0, 25]), &[1.0, 0.5]);
        let half = rates(s(false), 1.0, &[12])[0];
        assert!(half < 0.73 && half > 0.71);
    }

    #[test]
    fn cosine_rises_then_falls_to_the_final_rate() {
        let s = Schedule::Cosine {
            warm_up_epochs: 2.0,
            final_rate: 0.1,
        };
        close(
            &rates(s, 1.0, &[0, 9, 19, 20, 60, 100]),
            &[0.05, 0.5, 1.0, 1.0, 0.55, 0.1],
        );
    }

    #[test]
    fn triangle_peaks_after_half_a_cycle() {
        let s = Schedule::Triangular {
            peak_rate: 1.0,
            half_cycle_epochs: 1.0,
        };
        close(&rates(s, 0.1, &[0, 5, 10, 15, 20]), &[0.1, 0.55, 1.0, 0.55, 0.1]);
    }

    #[test]
    fn plateau_waits_then_reduces() {
        let s = Schedule::Plateau {
            factor: 0.5,
            patience: 1,
            min_delta: 0.01,
            min_rate: 0.2,
        };
        let mut state = PlateauState::default();
        // 0.505 does not improve on 0.5 by min-delta.
        let falls: Vec<bool> = [0.5, 0.505, 0.4, 0.6, 0.6, 0.6, 0.6, 0.6]
            .iter()
            .map(|&x| s.observe(x, &mut state))
            .collect();
        assert_eq!(falls, [false, false, true, false, false, true, false, true]);
        assert_eq!(state.factor, 0.125);
        let at = TrainingPosition {
            step: 0,
            steps_per_epoch: 1,
            total_steps: 1,
        };
        assert_eq!(s.rate(1.0, at, &state), 0.2, "min-rate holds");
    }
}
