//! Training for longer than planned: by which settings, and which schedules allow it.

use super::config::TrainConfig;
use super::length_in_epochs_or_steps::Length;
use crate::optim::Schedule;

impl TrainConfig {
    /// Whether it is `other` with a later end: the same phases with the same keys of length, of which the last phase
    /// has larger numbers. Where that has more epochs and no minimum of steps any more, the data decides. Nothing but
    /// lengths is compared.
    pub fn is_longer_than(&self, other: &Self) -> bool {
        let (own, others) = (self.lengths(), other.lengths());
        let (Some((last, before)), Some((others_last, others_before))) =
            (own.split_last(), others.split_last())
        else {
            return false;
        };
        before == others_before && last.is_longer_than(*others_last)
    }

    /// The same training with the lengths of `other`, which has as many phases.
    #[must_use]
    pub fn as_long_as(&self, other: &Self) -> Self {
        let mut same = self.clone();
        (same.epochs, same.steps, same.min_steps) = (other.epochs, other.steps, other.min_steps);
        for (phase, other) in same.phases.iter_mut().zip(&other.phases) {
            (phase.epochs, phase.steps, phase.min_steps) = (other.epochs, other.steps, other.min_steps);
        }
        same
    }

    /// The schedule of its last phase.
    pub fn last_schedule(&self) -> Schedule {
        let of_phase = self.phases.last().and_then(|phase| phase.schedule);
        of_phase.unwrap_or(self.schedule)
    }

    /// The setting that makes its last phase, which took `steps`, twice as long, as `KEY=VALUE`.
    pub fn twice_as_long(&self, steps: u64) -> String {
        let (of, length) = match self.phases.last() {
            Some(phase) => (format!("train.phases.{}", self.phases.len() - 1), phase.length()),
            None => ("train".to_owned(), self.length()),
        };
        match length {
            Length { steps: Some(n), .. } => format!("{of}.steps={}", 2 * n),
            // Where the epochs were longer than the minimum, a larger minimum may still be too small to matter.
            Length {
                min_steps: Some(n), ..
            } if steps <= n => format!("{of}.min-steps={}", 2 * n),
            Length { epochs, .. } => format!("{of}.epochs={}", 2.0 * epochs.unwrap_or(1.0)),
        }
    }

    /// The length of each phase; one without phases.
    fn lengths(&self) -> Vec<Length> {
        match self.phases.is_empty() {
            true => vec![self.length()],
            false => self.phases.iter().map(|phase| phase.length()).collect(),
        }
    }
}

impl Length {
    /// Whether it has the same keys as `other` and a larger number in one of them, smaller ones in none. More epochs
    /// may have left the minimum behind.
    fn is_longer_than(self, other: Self) -> bool {
        if self.epochs > other.epochs && self.min_steps.is_none() && self.steps.is_none() {
            return other.epochs.is_some();
        }
        let same_keys = (
            self.steps.is_some(),
            self.epochs.is_some(),
            self.min_steps.is_some(),
        ) == (
            other.steps.is_some(),
            other.epochs.is_some(),
            other.min_steps.is_some(),
        );
        let shorter =
            self.steps < other.steps || self.epochs < other.epochs || self.min_steps < other.min_steps;
        same_keys && !shorter && self != other
    }
}

impl Schedule {
    /// Whether its rates depend on how long the training is planned to be, so that a longer training is another one
    /// from its start.
    pub fn depends_on_length(&self) -> bool {
        match self {
            Self::Cosine { .. } => true,
            Self::Constant | Self::Exponential { .. } | Self::Plateau { .. } | Self::Triangular { .. } => {
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::{PlateauState, TrainingPosition};

    fn config(json: &str) -> TrainConfig {
        serde_json::from_str(&format!("{{ \"learning-rate\": 0.1, {json} }}")).unwrap()
    }

    #[test]
    fn more_of_the_same_is_longer() {
        let longer = |a: &str, b: &str| config(a).is_longer_than(&config(b));
        assert!(longer(r#""epochs": 5"#, r#""epochs": 4.5"#));
        assert!(longer(r#""steps": 50"#, r#""steps": 49"#));
        assert!(!longer(r#""epochs": 4"#, r#""epochs": 4"#));
        assert!(!longer(r#""epochs": 3"#, r#""epochs": 4"#));
        assert!(!longer(r#""steps": 500"#, r#""epochs": 4"#), "not comparable");
        assert!(longer(
            r#""epochs": 4, "min-steps": 60"#,
            r#""epochs": 4, "min-steps": 30"#
        ));
        assert!(!longer(
            r#""epochs": 9, "min-steps": 20"#,
            r#""epochs": 4, "min-steps": 30"#
        ));
        assert!(longer(r#""epochs": 9"#, r#""epochs": 4, "min-steps": 30"#));
        assert!(!longer(r#""epochs": 4"#, r#""epochs": 4, "min-steps": 30"#));
        assert!(!longer(r#""epochs": 9, "min-steps": 30"#, r#""epochs": 4"#));
        let phases = |a: u32, b: u32| format!(r#""phases": [{{ "epochs": {a} }}, {{ "epochs": {b} }}]"#);
        assert!(longer(&phases(2, 5), &phases(2, 4)));
        assert!(
            !longer(&phases(3, 4), &phases(2, 4)),
            "the second phase would begin later"
        );
        assert!(!longer(&phases(2, 5), r#""epochs": 4"#));
    }

    #[test]
    fn lengths_are_taken_over_and_nothing_else() {
        let (a, b) = (
            config(r#""seed": 3, "epochs": 8"#),
            config(r#""seed": 4, "epochs": 5"#),
        );
        assert_eq!(a.as_long_as(&b), config(r#""seed": 3, "epochs": 5"#));
        let (a, b) = (
            config(r#""phases": [{ "steps": 1, "learning-rate": 0.5 }, { "epochs": 7 }]"#),
            config(r#""phases": [{ "steps": 2 }, { "epochs": 3 }]"#),
        );
        assert_eq!(
            a.as_long_as(&b),
            config(r#""phases": [{ "steps": 2, "learning-rate": 0.5 }, { "epochs": 3 }]"#)
        );
    }

    #[test]
    fn the_last_phase_is_doubled() {
        let twice = |json: &str| config(json).twice_as_long(60);
        assert_eq!(twice(r#""epochs": 12"#), "train.epochs=24");
        assert_eq!(twice(r#""epochs": 2.5"#), "train.epochs=5");
        assert_eq!(twice(r#""steps": 300"#), "train.steps=600");
        assert_eq!(twice(r#""epochs": 4, "min-steps": 60"#), "train.min-steps=120");
        assert_eq!(twice(r#""epochs": 4, "min-steps": 59"#), "train.epochs=8");
        assert_eq!(
            twice(r#""phases": [{ "steps": 1 }, { "epochs": 8 }]"#),
            "train.phases.1.epochs=16"
        );
    }

    /// A schedule that does not depend on the length has the same rates whatever the planned steps.
    #[test]
    fn only_a_cosine_depends_on_the_length() {
        for (json, depends) in [
            (r#"{ "kind": "constant" }"#, false),
            (
                r#"{ "kind": "exponential", "decay": 0.5, "every-epochs": 1 }"#,
                false,
            ),
            (r#"{ "kind": "plateau", "factor": 0.5, "patience": 1 }"#, false),
            (
                r#"{ "kind": "triangular", "peak-rate": 1, "half-cycle-epochs": 1 }"#,
                false,
            ),
            (r#"{ "kind": "cosine" }"#, true),
        ] {
            let schedule: Schedule = serde_json::from_str(json).unwrap();
            let rate = |step, total_steps| {
                let at = TrainingPosition {
                    step,
                    steps_per_epoch: 10,
                    total_steps,
                };
                schedule.rate(0.1, at, &PlateauState::default())
            };
            let differs = (0..50).any(|step| rate(step, 50).to_bits() != rate(step, 80).to_bits());
            assert_eq!(
                (schedule.depends_on_length(), differs),
                (depends, depends),
                "{json}"
            );
        }
    }
}
