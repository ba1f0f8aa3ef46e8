//! The phases of a training as they run, with everything resolved.

use super::config::TrainConfig;
use super::length_in_epochs_or_steps::Length;
use super::phase::{Begin, Phase};
use crate::init::prefixes::has_prefix;
use crate::optim::{LayerRate, OptimizerConfig, Schedule};

/// A phase with everything that it says or takes from `[train]`; a training without phases is one phase.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PhasePlan {
    pub steps: u64,
    /// What makes them this number.
    pub(super) length: Length,
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
            steps: p.length().steps(steps_per_epoch),
            length: p.length(),
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
            return vec![plan(&Phase::of_length(self.length()))];
        }
        self.phases.iter().map(plan).collect()
    }

    /// Whether it has phases, frozen variables or layer rates.
    pub fn is_partial(&self) -> bool {
        !(self.phases.is_empty() && self.freeze.is_empty() && self.layer_rates.is_empty())
    }

    /// What each phase freezes and how it trains the rest, in words, for people and plans.
    pub fn describe_phases(&self) -> Vec<String> {
        numbered(&self.plan(1), PhasePlan::describe)
    }

    /// How long each phase is and why, in words, where the length in steps does not follow from `[train]` at a glance: with phases, and
    /// where `min-steps` makes a training longer than its epochs.
    pub fn describe_length(&self, steps_per_epoch: u64) -> Vec<String> {
        let plan = self.plan(steps_per_epoch);
        match plan.len() > 1 || plan.iter().any(|p| p.length.is_raised(steps_per_epoch)) {
            true => numbered(&plan, |p| p.length.describe(steps_per_epoch)),
            false => Vec::new(),
        }
    }

    /// For each phase (one without phases) the prefixes that it freezes, and its steps.
    pub fn phase_freezes(&self, steps_per_epoch: u64) -> Vec<(Vec<String>, u64)> {
        let plan = self.plan(steps_per_epoch).into_iter();
        plan.map(|p| (p.freeze, p.steps)).collect()
    }
}

/// A line for each phase, with its number where there are several.
fn numbered(plan: &[PhasePlan], describe: impl Fn(&PhasePlan) -> String) -> Vec<String> {
    let line = |(k, p): (usize, &PhasePlan)| match plan.len() {
        1 => describe(p),
        phases => format!("phase {} of {phases}: {}", k + 1, describe(p)),
    };
    plan.iter().enumerate().map(line).collect()
}

/// For how many steps before `step` a training has moved a variable: the phases before the current one ended at `ends`.
pub(super) fn steps_moved(plan: &[PhasePlan], ends: &[u64], step: u64, name: &str) -> u64 {
    let begins = std::iter::once(0).chain(ends.iter().copied());
    let spans = begins.zip(ends.iter().copied().chain([step]));
    let moved = plan.iter().zip(spans).filter(|(phase, _)| !phase.freezes(name));
    moved.map(|(_, (begin, end))| end - begin).sum()
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
    fn each_phase_is_as_long_as_its_epochs_or_its_minimum() {
        let train = config(
            r#"{ "learning-rate": 0.1, "phases": [{ "epochs": 4, "min-steps": 60 }, { "epochs": 20, "min-steps": 300 }] }"#,
        );
        train.check().unwrap();
        let steps = |per_epoch| train.plan(per_epoch).iter().map(|p| p.steps).collect::<Vec<_>>();
        assert_eq!(
            (steps(2), steps(16), steps(50)),
            (vec![60, 300], vec![64, 320], vec![200, 1000])
        );
        assert_eq!(
            train.describe_length(2),
            [
                "phase 1 of 2: 60 steps, the minimum (min-steps), as 4 epochs would be 8",
                "phase 2 of 2: 300 steps, the minimum (min-steps), as 20 epochs would be 40"
            ]
        );
        let single = config(r#"{ "learning-rate": 0.1, "epochs": 3, "min-steps": 30 }"#);
        assert_eq!(
            single.describe_length(2),
            ["30 steps, the minimum (min-steps), as 3 epochs would be 6"]
        );
        assert!(single.describe_length(10).is_empty());
    }

    #[test]
    fn steps_count_for_a_variable_while_it_is_not_frozen() {
        let train = config(
            r#"{ "learning-rate": 0.1, "phases": [
                { "steps": 5, "freeze": ["stem"] }, { "steps": 10 }, { "steps": 7, "freeze": ["head"] }
            ] }"#,
        );
        let plan = train.plan(1);
        let moved = |ends: &[u64], step, name| steps_moved(&plan, ends, step, name);
        assert_eq!(moved(&[], 3, "stem.mean"), 0);
        assert_eq!(moved(&[], 3, "head.mean"), 3);
        // The second phase ended early, after 8 steps of 10.
        assert_eq!(moved(&[5], 9, "stem.mean"), 4);
        assert_eq!(moved(&[5, 13], 15, "stem.mean"), 10);
        assert_eq!(moved(&[5, 13], 15, "head.mean"), 13);
    }

    #[test]
    fn impossible_phases_are_refused_by_key() {
        let refused = |json: &str| config(json).check().unwrap_err().key;
        assert_eq!(
            refused(r#"{ "learning-rate": 0.1, "phases": [{}] }"#),
            "phases[0].epochs"
        );
        let both = r#"{ "learning-rate": 0.1, "epochs": 2, "phases": [{ "steps": 1 }] }"#;
        assert_eq!(refused(both), "epochs");
        let least = r#"{ "learning-rate": 0.1, "min-steps": 9, "phases": [{ "steps": 1 }] }"#;
        assert_eq!(refused(least), "min-steps");
        let twice =
            r#"{ "learning-rate": 0.1, "phases": [{ "epochs": 1 }, { "steps": 1, "min-steps": 9 }] }"#;
        assert_eq!(refused(twice), "phases[1].min-steps");
        let rate = r#"{ "learning-rate": 0.1, "phases": [{ "steps": 1 }, { "steps": 1, "layer-rates": [{ "prefix": "a", "factor": 0 }] }] }"#;
        assert_eq!(refused(rate), "phases[1].layer-rates.factor");
        let schedule = r#"{ "learning-rate": 0.1, "phases": [{ "steps": 1, "schedule": { "kind": "triangular", "peak-rate": -1, "half-cycle-epochs": 1 } }] }"#;
        assert_eq!(refused(schedule), "phases[0].schedule.peak-rate");
        let best = r#"{ "learning-rate": 0.1, "phases": [{ "steps": 1, "begin": "best" }] }"#;
        assert_eq!(refused(best), "phases[0].begin");
    }
}
