//! Trainings in phases, frozen variables and rates by layer.

use crate::optim::config::OptimizerConfig;
use crate::optim::schedule::Schedule;
use crate::refusal::Refusal;
use crate::training::config::TrainConfig;
use earmark_models::{VarKind, VarSpec, Vars};
use serde::{Deserialize, Serialize};

/// A learning rate of its own for the variables of a scope.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LayerRate {
    /// Prefix of their names; of several that match, the longest counts.
    pub scope: String,
    /// Times the rate of the schedule.
    pub factor: f64,
}

/// Which weights a phase begins with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Begin {
    /// Those that the phase before ended with.
    #[default]
    Last,
    /// The best ones of validation so far.
    Best,
}

/// One of `[[train.phases]]`: what it leaves out is as `[train]` says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Phase {
    /// Its length in epochs; or `steps`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epochs: Option<f64>,
    /// Its length in steps; or `epochs`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<u64>,
    /// Learning rate that its schedule begins from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learning_rate: Option<f64>,
    /// How the rate changes; steps and epochs count from the phase's beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    /// How weights move. Every phase begins with fresh moments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub optimizer: Option<OptimizerConfig>,
    /// Scopes of the variables that stay as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freeze: Option<Vec<String>>,
    /// Learning rates by layer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layer_rates: Option<Vec<LayerRate>>,
    /// Whether `batches.mixup` or `batches.mix` is used.
    #[serde(default = "yes")]
    pub mixing: bool,
    /// Which weights it begins with.
    #[serde(default)]
    pub begin: Begin,
    /// Ends the phase after so many validations without a better one than any before; 0 never does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub early_stop_patience: Option<u32>,
}

fn yes() -> bool {
    true
}

/// A phase with everything that it says or takes from `[train]`; a training without phases is one.
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

/// Steps of a length that is given in steps or epochs.
pub(crate) fn length(steps: Option<u64>, epochs: Option<f64>, steps_per_epoch: u64) -> u64 {
    match (steps, epochs) {
        (Some(steps), _) => steps,
        (None, Some(epochs)) => ((epochs * steps_per_epoch as f64).round() as u64).max(1),
        (None, None) => 0,
    }
}

/// Refuses a length that is missing, given twice or can't be.
pub(crate) fn check_length(epochs: Option<f64>, steps: Option<u64>, place: &str) -> Result<(), Refusal> {
    let refuse = |key: &str, value: String, remedy| Err((format!("{place}{key}"), value, remedy));
    match (epochs, steps) {
        (None, None) => refuse("epochs", "missing".into(), "set epochs or steps here"),
        (Some(e), Some(_)) => refuse(
            "epochs",
            e.to_string(),
            "steps is set as well; keep one of the two",
        ),
        (Some(e), None) if !(e > 0.0 && e <= 1e6) => refuse(
            "epochs",
            e.to_string(),
            "choose a number above 0, at most 1000000",
        ),
        (None, Some(0)) => refuse("steps", "0".into(), "choose 1 or more"),
        _ => Ok(()),
    }
}

/// Refuses factors that can't work.
pub(crate) fn check_rates(rates: &[LayerRate]) -> Result<(), Refusal> {
    match rates.iter().find(|r| !(r.factor > 0.0 && r.factor.is_finite())) {
        None => Ok(()),
        Some(r) => Err((
            "layer-rates.factor".into(),
            r.factor.to_string(),
            "choose a positive factor, such as 0.1; what shall not move at all stands in freeze",
        )),
    }
}

impl Phase {
    /// Refuses values that can't work; `place` is the phase's own.
    pub(crate) fn check(&self, place: &str) -> Result<(), Refusal> {
        let below = |section: &str| {
            let section = format!("{place}{section}");
            move |(key, value, remedy): (&'static str, String, &'static str)| {
                (format!("{section}.{key}"), value, remedy)
            }
        };
        check_length(self.epochs, self.steps, place)?;
        if let Some(rate) = self.learning_rate
            && !(rate > 0.0 && rate.is_finite())
        {
            let remedy = "choose a positive number, such as 0.001";
            return Err((format!("{place}learning-rate"), rate.to_string(), remedy));
        }
        self.schedule
            .iter()
            .try_for_each(Schedule::check)
            .map_err(below("schedule"))?;
        self.optimizer
            .iter()
            .try_for_each(OptimizerConfig::check)
            .map_err(below("optimizer"))?;
        check_rates(self.layer_rates.as_deref().unwrap_or_default())
            .map_err(|(key, value, remedy)| (format!("{place}{key}"), value, remedy))
    }
}

impl TrainConfig {
    /// The phases in turn; one where the recipe names none.
    pub(crate) fn plan(&self, steps_per_epoch: u64) -> Vec<PhasePlan> {
        let whole = PhasePlan {
            steps: length(self.steps, self.epochs, steps_per_epoch),
            learning_rate: self.learning_rate,
            schedule: self.schedule,
            optimizer: self.optimizer,
            freeze: self.freeze.clone(),
            layer_rates: self.layer_rates.clone(),
            mixing: true,
            begin: Begin::Last,
            patience: None,
        };
        if self.phases.is_empty() {
            return vec![whole];
        }
        let plan = |p: &Phase| PhasePlan {
            steps: length(p.steps, p.epochs, steps_per_epoch),
            learning_rate: p.learning_rate.unwrap_or(self.learning_rate),
            schedule: p.schedule.unwrap_or(self.schedule),
            optimizer: p.optimizer.unwrap_or(self.optimizer),
            freeze: p.freeze.clone().unwrap_or_else(|| self.freeze.clone()),
            layer_rates: p.layer_rates.clone().unwrap_or_else(|| self.layer_rates.clone()),
            mixing: p.mixing,
            begin: p.begin,
            patience: p.early_stop_patience,
        };
        self.phases.iter().map(plan).collect()
    }

    /// Whether it is more than one phase in which all variables learn alike.
    pub fn is_partial(&self) -> bool {
        !(self.phases.is_empty() && self.freeze.is_empty() && self.layer_rates.is_empty())
    }

    /// What each phase freezes and how it moves the rest, in words, for people and plans.
    pub fn phases_told(&self) -> Vec<String> {
        let plan = self.plan(1);
        plan.iter()
            .enumerate()
            .map(|(k, p)| {
                let of = if plan.len() > 1 {
                    format!("phase {} of {}: ", k + 1, plan.len())
                } else {
                    String::new()
                };
                format!("{of}{}", p.told())
            })
            .collect()
    }

    /// For each phase (one without phases) its frozen scopes and its steps.
    pub fn phase_freezes(&self, steps_per_epoch: u64) -> Vec<(Vec<String>, u64)> {
        let plan = self.plan(steps_per_epoch).into_iter();
        plan.map(|p| (p.freeze, p.steps)).collect()
    }
}

impl PhasePlan {
    /// Whether a name is frozen here.
    pub fn freezes(&self, name: &str) -> bool {
        in_scope(&self.freeze, name)
    }

    /// What it freezes and how it begins, in words.
    pub fn told(&self) -> String {
        let mut words = vec![format!("learning rate {:e}", self.learning_rate)];
        if !self.freeze.is_empty() {
            words.push(format!("frozen {}", self.freeze.join(", ")));
        }
        for r in &self.layer_rates {
            words.push(format!("{} x {}", r.scope, r.factor));
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

/// Whether a name begins with one of the scopes.
pub fn in_scope(scopes: &[String], name: &str) -> bool {
    scopes.iter().any(|scope| name.starts_with(scope.as_str()))
}

/// The factor of a variable's learning rate.
pub(crate) fn factor(rates: &[LayerRate], name: &str) -> f64 {
    let matching = rates.iter().filter(|r| name.starts_with(r.scope.as_str()));
    matching.max_by_key(|r| r.scope.len()).map_or(1.0, |r| r.factor)
}

/// Why frozen scopes or rates do not fit a network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    /// A scope that is no variable's.
    #[error("{key}: no variable's name begins with {scope:?}; names here begin with {known}")]
    Unknown {
        /// The recipe's key.
        key: String,
        /// The scope.
        scope: String,
        /// First parts of the names there are.
        known: String,
    },
    /// Nothing would learn.
    #[error("{key}: freezes every variable, so that nothing learns; leave one scope out")]
    All {
        /// The recipe's key.
        key: String,
    },
}

/// First parts of variables' names, in order.
pub(crate) fn known_scopes(specs: &[VarSpec]) -> String {
    let mut known: Vec<&str> = specs.iter().filter_map(|s| s.name.split('.').next()).collect();
    known.dedup();
    known.join(", ")
}

/// Refuses scopes of `freeze` and `layer-rates` that no variable has, and phases in which nothing learns.
///
/// # Errors
/// The first of them, by its key.
pub fn check_scopes(train: &TrainConfig, specs: &[VarSpec]) -> Result<(), ScopeError> {
    for (k, phase) in train.plan(1).iter().enumerate() {
        let key = |name: &str| match train.phases.len() {
            0 => format!("train.{name}"),
            _ => format!("train.{name} of phase {}", k + 1),
        };
        let rates = phase.layer_rates.iter().map(|r| (&r.scope, "layer-rates"));
        for (scope, name) in phase.freeze.iter().map(|s| (s, "freeze")).chain(rates) {
            if !specs.iter().any(|s| s.name.starts_with(scope.as_str())) {
                return Err(ScopeError::Unknown {
                    key: key(name),
                    scope: scope.clone(),
                    known: known_scopes(specs),
                });
            }
        }
        let learns = |s: &VarSpec| s.kind == VarKind::Trainable && !phase.freezes(&s.name);
        if !specs.iter().any(learns) {
            return Err(ScopeError::All { key: key("freeze") });
        }
    }
    Ok(())
}

/// Freezes what the phase freezes, and nothing else.
pub(crate) fn freeze(vars: &mut Vars, phase: &PhasePlan) {
    vars.freeze(|name| phase.freezes(name));
}

#[cfg(test)]
mod tests {
    use super::*;
    use earmark_models::init::Init;

    fn config(json: &str) -> TrainConfig {
        serde_json::from_str(json).unwrap()
    }

    fn specs(names: &[(&str, VarKind)]) -> Vec<VarSpec> {
        let spec = |&(name, kind): &(&str, VarKind)| VarSpec {
            name: name.into(),
            shape: vec![1],
            kind,
            init: Init::Constant(0.0),
        };
        names.iter().map(spec).collect()
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
            train.phases_told(),
            [
                "phase 1 of 2: learning rate 1e-1, frozen a",
                "phase 2 of 2: learning rate 1e-2, without mixing, from the best weights so far"
            ]
        );
    }

    #[test]
    fn what_cannot_be_is_refused_by_its_key() {
        let refused = |json: &str| config(json).check().unwrap_err().0;
        assert_eq!(
            refused(r#"{ "learning-rate": 0.1, "phases": [{}] }"#),
            "phases[1].epochs"
        );
        let both = r#"{ "learning-rate": 0.1, "epochs": 2, "phases": [{ "steps": 1 }] }"#;
        assert_eq!(refused(both), "epochs");
        let rate = r#"{ "learning-rate": 0.1, "phases": [{ "steps": 1 }, { "steps": 1, "layer-rates": [{ "scope": "a", "factor": 0 }] }] }"#;
        assert_eq!(refused(rate), "phases[2].layer-rates.factor");
        let schedule = r#"{ "learning-rate": 0.1, "phases": [{ "steps": 1, "schedule": { "kind": "triangular", "peak-rate": -1, "half-cycle-epochs": 1 } }] }"#;
        assert_eq!(refused(schedule), "phases[1].schedule.peak-rate");
        let best = r#"{ "learning-rate": 0.1, "phases": [{ "steps": 1, "begin": "best" }] }"#;
        assert_eq!(refused(best), "phases[1].begin");
    }

    #[test]
    fn the_longest_scope_gives_the_factor() {
        let rate = |scope: &str, factor| LayerRate {
            scope: scope.into(),
            factor,
        };
        let rates = [rate("block1.", 0.5), rate("block", 0.1)];
        assert_eq!(factor(&rates, "block1.conv"), 0.5);
        assert_eq!(factor(&rates, "block12.conv"), 0.1);
        assert_eq!(factor(&rates, "logits.weight"), 1.0);
    }

    #[test]
    fn scopes_must_be_somebodys_and_leave_something_to_learn() {
        let specs = specs(&[
            ("stem.weight", VarKind::Trainable),
            ("stem.bn.mean", VarKind::Buffer),
            ("logits.bias", VarKind::Trainable),
        ]);
        let check = |json: &str| check_scopes(&config(json), &specs);
        assert_eq!(check(r#"{ "learning-rate": 0.1, "freeze": ["stem"] }"#), Ok(()));
        let unknown = check(r#"{ "learning-rate": 0.1, "freeze": ["body"] }"#)
            .unwrap_err()
            .to_string();
        assert_eq!(
            unknown,
            "train.freeze: no variable's name begins with \"body\"; names here begin with stem, logits"
        );
        let all = check(
            r#"{ "learning-rate": 0.1, "phases": [{ "steps": 1 }, { "steps": 1, "freeze": ["stem.w", "logits"] }] }"#,
        );
        assert!(
            all.unwrap_err()
                .to_string()
                .starts_with("train.freeze of phase 2: freezes every variable")
        );
    }
}
