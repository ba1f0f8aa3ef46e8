//! What is bad about a run that has ended: its results, and a loss that was still falling.

use super::evaluations::StepEvaluation;
use super::history::TrainingHistory;
use super::run_status::RunState;
use crate::warnings::{LossFall, Remedies, RunWarning, WarningKind, still_falling};
use earmark_engine::TrainConfig;

/// With fewer validations than this, the best one says little about when the model was best.
const LEAST_VALIDATIONS: usize = 3;

impl TrainingHistory {
    /// What is bad about a run in this state: the results of an evaluated step, or else of its best validation, and its loss. Nothing is
    /// said of a run that has not ended.
    pub fn run_warnings(
        &self,
        train: &TrainConfig,
        state: &RunState,
        evaluated: Option<&StepEvaluation>,
        remedies: Remedies,
    ) -> Vec<RunWarning> {
        let early = match state {
            RunState::Finished => false,
            RunState::StoppedEarly { .. } => true,
            RunState::Running | RunState::Interrupted | RunState::NotStarted => return Vec::new(),
        };
        match evaluated {
            None => self.warnings(train, early, remedies),
            Some(step) => {
                let loss = self.loss_warning(train, early);
                step.warnings(remedies).into_iter().chain(loss).collect()
            }
        }
    }

    /// What is bad about the training, and what to do about it; `ended_early` where early stopping ended it.
    pub fn warnings(&self, train: &TrainConfig, ended_early: bool, remedies: Remedies) -> Vec<RunWarning> {
        let result = self.best.iter();
        let result = result.flat_map(|(_, facts)| facts.warnings("validation clips", remedies));
        result.chain(self.loss_warning(train, ended_early)).collect()
    }

    /// The warning of a loss that was still falling at the end, unless the validations say that a longer training would bring nothing:
    /// the best one was before the last fifth of the steps.
    pub fn loss_warning(&self, train: &TrainConfig, ended_early: bool) -> Option<RunWarning> {
        let losses: Vec<f64> = self.loss.iter().skip(self.phase_start).map(|p| p.1).collect();
        let best_was_before = self.best.as_ref().is_some_and(|(step, _)| {
            let validations = self.validation[0].len();
            validations >= LEAST_VALIDATIONS && step + losses.len() as u64 / 5 < self.step
        });
        if ended_early || best_was_before {
            return None;
        }
        let before = self
            .phase_start
            .checked_sub(1)
            .and_then(|last| self.loss.get(last));
        let phase_start = before.map_or(0, |(step, _)| *step as u64);
        let low_at_end = train.last_schedule().depends_on_length();
        let LossFall { before, last } = still_falling(&losses, low_at_end)?;
        Some(RunWarning {
            kind: WarningKind::LossStillFalling,
            text: format!(
                "the training loss was still falling at the end: {last:.4} over the last fifth of the steps, {before:.4} over the fifth \
                 before"
            ),
            remedy: train_longer(train, self.step - phase_start),
        })
    }
}

/// The remedy where the last phase took `steps`.
fn train_longer(train: &TrainConfig, steps: u64) -> String {
    let set = train.twice_as_long(steps);
    match train.last_schedule().depends_on_length() {
        false => format!("train longer: the same command with --resume --set {set}"),
        true => format!(
            "train longer: a new run with --set {set} (its learning rate is planned for the whole length, so that --resume can't add \
             to it)"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::warnings::ResultFacts;

    /// Nothing to advise, which changes nothing here.
    const NONE: Remedies = Remedies {
        trained_network: false,
        batch_norm_warm_up: false,
        class_weights: false,
    };

    fn config(json: &str) -> TrainConfig {
        serde_json::from_str(&format!("{{ \"learning-rate\": 0.1, {json} }}")).unwrap()
    }

    /// A hundred steps whose loss falls throughout.
    fn falling() -> TrainingHistory {
        TrainingHistory {
            loss: (1..=100)
                .map(|i| (f64::from(i), 3.0 - 0.02 * f64::from(i)))
                .collect(),
            step: 100,
            ..TrainingHistory::default()
        }
    }

    fn validated(best: u64) -> TrainingHistory {
        let mut history = falling();
        history.validation[0] = [25.0, 50.0, 75.0, 100.0].map(|step| (step, 0.5)).to_vec();
        history.best = Some((best, ResultFacts::default()));
        history
    }

    #[test]
    fn a_falling_loss_is_a_reason_to_train_longer() {
        let warnings = falling().warnings(&config(r#""epochs": 10"#), false, NONE);
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        let text = warnings[0].to_string();
        // Means of 3 - 0.02 i over 81 to 100 and over 61 to 80.
        assert!(
            text.contains("1.1900 over the last fifth") && text.contains("1.5900 over"),
            "{text}"
        );
        assert!(
            text.ends_with("the same command with --resume --set train.epochs=20"),
            "{text}"
        );
        let cosine = config(r#""epochs": 10, "schedule": { "kind": "cosine" }"#);
        let text = falling().warnings(&cosine, false, NONE)[0].to_string();
        assert!(text.contains("a new run with --set train.epochs=20"), "{text}");
    }

    #[test]
    fn validations_that_got_worse_and_early_stops_are_not() {
        let train = config(r#""epochs": 10"#);
        assert_eq!(validated(100).warnings(&train, false, NONE).len(), 1);
        assert!(validated(75).warnings(&train, false, NONE).is_empty());
        assert!(validated(100).warnings(&train, true, NONE).is_empty());
        let mut few = validated(50);
        few.validation[0].truncate(2);
        assert_eq!(
            few.warnings(&train, false, NONE).len(),
            1,
            "two validations say little"
        );
    }

    #[test]
    fn results_on_test_clips_come_before_those_of_validation() {
        let train = config(r#""epochs": 10"#);
        let guessing = serde_json::json!({ "class": "a", "accuracy": { "expected": 0.5, "by_luck": 0.6 },
            "balanced_accuracy": { "expected": 0.5, "by_luck": 0.6 }, "lwlrap": { "expected": 0.7, "by_luck": 0.8 } });
        let report = serde_json::json!({ "clips": 80, "accuracy": 0.5, "balanced_accuracy": 0.5, "guessing": guessing });
        let mut history = validated(50);
        history.best = Some((50, ResultFacts::of_json(&report)));
        let evaluated = StepEvaluation {
            step: 100,
            report: serde_json::json!({ "clips": 80, "accuracy": 0.9, "balanced_accuracy": 0.9, "guessing": guessing }),
        };
        let of = |state: &RunState, evaluated| history.run_warnings(&train, state, evaluated, NONE).len();
        assert_eq!(of(&RunState::Finished, None), 1);
        assert_eq!(of(&RunState::Finished, Some(&evaluated)), 0);
        assert_eq!(of(&RunState::Interrupted, None), 0);
        let stopped = RunState::StoppedEarly { reason: "x".into() };
        assert_eq!(of(&stopped, None), 1);
    }

    /// The loss of an earlier phase, with other layers frozen, is not compared with that of the last.
    #[test]
    fn only_the_last_phase_counts() {
        let mut history = falling();
        history.phase_start = 50;
        history.loss[50..].iter_mut().for_each(|p| p.1 = 1.5);
        let train = config(r#""phases": [{ "steps": 50 }, { "steps": 50 }]"#);
        assert!(history.warnings(&train, false, NONE).is_empty());
    }
}
