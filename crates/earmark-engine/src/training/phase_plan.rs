//! The phases of a training as they run, with everything resolved.

use super::config::TrainConfig;
use super::length_in_epochs_or_steps::steps_of;
use super::phase::{Begin, Phase};
use crate::init::prefixes::has_prefix;
use crate::optim::{LayerRate, OptimizerConfig, Schedule};

/// A phase with everything that it says or takes from `[train]`; a training without phases is one phase.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PhasePlan {
    pub steps: u64,
    pub learning_rate: f64,
    pub schedule: Schedule,
    pub optimizer: OptimizerConfig,
    pub freeze: Vec<String>,
    pub layer_rates: Vec<LayerRate>,
    pub mixing: bool,
    pub begin: Begin,
    /// None: as `[validation]` says.
    pub patience: Option<u32>,
}

impl TrainConfig {
    /// Steps of the whole training.
    pub fn total_steps(&self, steps_per_epoch: u64) -> u64 {
        self.plan(steps_per_epoch).iter().map(|p| p.steps).sum()
    }

    /// The phases in order; one where the recipe has none.
    pub(crate) fn plan(&self, steps_per_epoch: u64) -> Vec<PhasePlan> {
        let plan = |p: &Phase| PhasePlan {
            steps: steps_of(p.steps, p.epochs, steps_per_epoch),
            learning_rate: p.learning_rate.unwrap_or(self.learning_rate),
            schedule: p.schedule.unwrap_or(self.schedule),
            optimizer: p.optimizer.unwrap_or(self.optimizer),
            freeze: p.freeze.clone().unwrap_or_else(|| self.freeze.clone()),
            layer_rates: p.layer_rates.clone().unwrap_or_else(|| self.layer_rates.clone()),
            mixing: p.mixing,
            begin: p.begin,
            patience: p.early_stop_patience,
        };
        if self.phases.is_empty() {
            let (steps, epochs) = (self.steps, self.epochs);
            return vec![plan(&Phase::of_length(steps, epochs))];
        }
        self.phases.iter().map(plan).collect()
    }

    /// Whether it has phases, frozen variables or layer rates.
    pub fn is_partial(&self) -> bool {
        !(self.phases.is_empty() && self.freeze.is_empty() && self.layer_rates.is_empty())
    }

    /// What each phase freezes and how it trains the rest, in words, for people and plans.
    pub fn describe_phases(&self) -> Vec<String> {
        let plan = self.plan(1);
        plan.iter()
            .enumerate()
            .map(|(k, p)| {
                let of = if plan.len() > 1 {
                    format!("phase {} of {}: ", k + 1, plan.len())
                } else {
                    String::new()
                };
                format!("{of}{}", p.describe())
            })
            .collect()
    }

    /// For each phase (one without phases) the prefixes that it freezes, and its steps.
    pub fn phase_freezes(&self, steps_per_epoch: u64) -> Vec<(Vec<String>, u64)> {
        let plan = self.plan(steps_per_epoch).into_iter();
        plan.map(|p| (p.freeze, p.steps)).collect()
    }
}

impl PhasePlan {
    /// Whether a name is frozen here.
    pub fn freezes(&self, name: &str) -> bool {
        has_prefix(&self.freeze, name)
    }

    /// What it freezes and how it begins, in words.
    pub fn describe(&self) -> String {
        let mut words = vec![format!("learning rate {:e}", self.learning_rate)];
        if !self.freeze.is_empty() {
            words.push(format!("frozen {}", self.freeze.join(", ")));
        }
        for r in &self.layer_rates {
            words.push(format!("{} x {}", r.prefix, r.factor));
        }
        if !self.mixing {
            words.push("without mixing".into());
        }
        if self.begin == Begin::Best {
            words.push("from the best weights so far".into());
        }
        words.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use earmark_core::Check;

    fn config(json: &str) -> TrainConfig {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_phase_takes_from_the_training_what_it_does_not_say() {
        let train = config(
            r#"{ "learning-rate": 0.1, "freeze": ["a"], "phases": [
                { "epochs": 1.5 },
                { "steps": 7, "learning-rate": 0.01, "freeze": [], "mixing": false, "begin": "best", "schedule": { "kind": "cosine" } }
            ] }"#,
        );
        train.check().unwrap();
        let plan = train.plan(10);
        assert_eq!((plan[0].steps, plan[1].steps, train.total_steps(10)), (15, 7, 22));
        assert_eq!((plan[0].learning_rate, plan[1].learning_rate), (0.1, 0.01));
        assert_eq!(plan[0].freeze, ["a"]);
        assert!(plan[1].freeze.is_empty() && plan[0].mixing && !plan[1].mixing);
        assert_eq!(
            train.describe_phases(),
            [
                "phase 1 of 2: learning rate 1e-1, frozen a",
                "phase 2 of 2: learning rate 1e-2, without mixing, from the best weights so far"
            ]
        );
    }

    #[test]
    fn impossible_phases_are_refused_by_key() {
        let refused = |json: &str| config(json).check().unwrap_err().key;
        assert_eq!(
            refused(r#"{ "learning-rate": 0.1, "phases": [{}] }"#),
            "phases[1].epochs"
        );
        let both = r#"{ "learning-rate": 0.1, "epochs": 2, "phases": [{ "steps": 1 }] }"#;
        assert_eq!(refused(both), "epochs");
        let rate = r#"{ "learning-rate": 0.1, "phases": [{ "steps": 1 }, { "steps": 1, "layer-rates": [{ "prefix": "a", "factor": 0 }] }] }"#;
        assert_eq!(refused(rate), "phases[2].layer-rates.factor");
        let schedule = r#"{ "learning-rate": 0.1, "phases": [{ "steps": 1, "schedule": { "kind": "triangular", "peak-rate": -1, "half-cycle-epochs": 1 } }] }"#;
        assert_eq!(refused(schedule), "phases[1].schedule.peak-rate");
        let best = r#"{ "learning-rate": 0.1, "phases": [{ "steps": 1, "begin": "best" }] }"#;
        assert_eq!(refused(best), "phases[1].begin");
    }
}
