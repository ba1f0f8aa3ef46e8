//! The curves of a training, from `metrics.jsonl`.
//!
//! The file is read leniently: a run that is still being written has a torn last line, and one damaged line, which its
//! checksum betrays, must not hide the rest. What could not be read is listed in `problems`.

use super::metrics::METRICS;
use crate::warnings::ResultFacts;
use earmark_core::json_lines::log_lines;
use earmark_engine::{ValidationMetric, metrics_path};
use serde_json::Value;
use std::path::Path;

/// [`METRICS`], then those that only validations have.
const VALIDATED: [ValidationMetric; METRICS.len() + 1] = [
    ValidationMetric::Lwlrap,
    ValidationMetric::Accuracy,
    ValidationMetric::MapAt3,
    ValidationMetric::MeanAp,
    ValidationMetric::Auc,
    ValidationMetric::LogLikelihood,
];

/// `(step, value)`, ascending; an undefined value is NaN.
pub type Points = Vec<(f64, f64)>;

/// The curves of a training.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrainingHistory {
    /// Loss of each step.
    pub loss: Points,
    /// Learning rate of each step.
    pub learning_rate: Points,
    /// Norm of the gradients before clipping, where the recipe clips.
    pub gradient_norm: Points,
    /// Where the last phase begins in `loss`; 0 for a training without phases.
    pub phase_start: usize,
    /// Validation results, those of [`METRICS`] in their order first; empty without validation.
    pub validation: [Points; VALIDATED.len()],
    /// Step and result of the best validation.
    pub best: Option<(u64, ResultFacts)>,
    /// The last step logged.
    pub step: u64,
    /// What could not be read.
    pub problems: Vec<String>,
    /// The phase of the last step, from 1; 0 for a training without phases.
    pub phase: u64,
}

impl TrainingHistory {
    /// Reads `metrics.jsonl` of a run. A run that has not started has an empty history.
    pub fn read(run: &Path) -> Self {
        match std::fs::read(metrics_path(run)) {
            Ok(log) => Self::parse(&log),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Self::default(),
            Err(e) => Self {
                problems: vec![format!("metrics.jsonl cannot be read: {e}")],
                ..Self::default()
            },
        }
    }

    fn parse(log: &[u8]) -> Self {
        let mut history = Self::default();
        for line in log_lines(log) {
            match line.value {
                Ok(value) => history.add(&value),
                Err(what) => history.problems.push(format!(
                    "metrics.jsonl:{}: {what}; the line is ignored",
                    line.number
                )),
            }
        }
        history
    }

    fn add(&mut self, line: &Value) {
        let Some(step) = line["step"].as_u64() else { return };
        self.step = self.step.max(step);
        let at = step as f64;
        // JSON has no NaN: null is a gap in the curve.
        let number = |v: &Value| v.as_f64().unwrap_or(f64::NAN);
        if let Some(validation) = line.get("validation") {
            for (points, metric) in self.validation.iter_mut().zip(VALIDATED) {
                points.push((at, number(&validation[metric.name()])));
            }
            if line["best"] == true {
                self.best = Some((step, ResultFacts::of_json(validation)));
            }
            return;
        }
        let phase = line["phase"].as_u64().unwrap_or_default();
        if phase != self.phase {
            (self.phase, self.phase_start) = (phase, self.loss.len());
        }
        let curves = [
            ("loss", &mut self.loss),
            ("learning_rate", &mut self.learning_rate),
            ("gradient_norm", &mut self.gradient_norm),
        ];
        for (key, points) in curves {
            if let Some(value) = line.get(key) {
                points.push((at, number(value)));
            }
        }
    }

    /// The validation results of one metric.
    pub fn validation_of(&self, metric: ValidationMetric) -> &Points {
        let index = VALIDATED.iter().position(|m| *m == metric).unwrap_or_default();
        &self.validation[index]
    }
}

/// The highest finite value and its step; the first of equals, as a checkpoint is only replaced by a better one.
pub fn highest(points: &[(f64, f64)]) -> Option<(u64, f64)> {
    let finite = points.iter().filter(|p| p.1.is_finite());
    finite
        .copied()
        .reduce(|a, b| if b.1 > a.1 { b } else { a })
        .map(|(step, value)| (step as u64, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use earmark_core::checksum::seal;

    #[test]
    fn curves_are_read_and_a_torn_end_is_not_a_problem() {
        let text = "{\"step\":1,\"loss\":0.5,\"learning_rate\":0.1}\n\
            {\"step\":2,\"loss\":null,\"learning_rate\":0.2,\"gradient_norm\":3.0}\n\
            {\"step\":2,\"validation\":{\"lwlrap\":0.25,\"map@3\":null,\"accuracy\":0.5}}\n{\"step\":3,\"lo";
        let history = TrainingHistory::parse(text.as_bytes());
        assert_eq!((history.step, history.problems.len()), (2, 0));
        assert_eq!(history.loss[0], (1.0, 0.5));
        assert!(history.loss[1].1.is_nan());
        assert_eq!(history.learning_rate, [(1.0, 0.1), (2.0, 0.2)]);
        assert_eq!(history.gradient_norm, [(2.0, 3.0)]);
        assert_eq!(history.validation_of(ValidationMetric::Lwlrap), &[(2.0, 0.25)]);
        assert_eq!(history.validation_of(ValidationMetric::Accuracy), &[(2.0, 0.5)]);
        assert!(history.validation_of(ValidationMetric::MapAt3)[0].1.is_nan());
        assert_eq!((history.phase_start, history.best), (0, None));
    }

    #[test]
    fn the_best_validation_and_the_last_phase_are_found() {
        let history = TrainingHistory::parse(
            b"{\"step\":1,\"loss\":3.0,\"phase\":1}\n{\"step\":2,\"loss\":2.0,\"phase\":1}\n\
            {\"step\":2,\"best\":true,\"validation\":{\"accuracy\":0.5,\"clips\":8}}\n\
            {\"step\":3,\"loss\":1.0,\"phase\":2}\n\
            {\"step\":3,\"best\":false,\"validation\":{\"accuracy\":0.25,\"clips\":8}}\n",
        );
        assert_eq!(history.phase_start, 2);
        let (step, best) = history.best.unwrap();
        assert_eq!((step, best.accuracy, best.clips), (2, Some(0.5), 8));
    }

    #[test]
    fn a_damaged_line_is_named() {
        let history =
            TrainingHistory::parse(b"{\"step\":1,\"loss\":1.0}\nnot json\n{\"step\":2,\"loss\":2.0}\n");
        assert_eq!(history.loss.len(), 2);
        assert!(
            history.problems[0].starts_with("metrics.jsonl:2: is not JSON"),
            "{:?}",
            history.problems
        );
    }

    #[test]
    fn a_line_with_a_flipped_bit_is_named() {
        let line = |step: u64| seal(format!("{{\"step\":{step},\"loss\":1.5}}")) + "\n";
        let text = [line(1), line(2).replace("1.5", "1.7"), line(3)].concat();
        let history = TrainingHistory::parse(text.as_bytes());
        assert_eq!(history.loss, [(1.0, 1.5), (3.0, 1.5)]);
        let problem = "metrics.jsonl:2: is damaged: its checksum differs; the line is ignored";
        assert_eq!(history.problems, [problem]);
    }

    #[test]
    fn the_first_of_equal_values_is_the_best() {
        assert_eq!(
            highest(&[(1.0, 0.2), (2.0, 0.7), (3.0, f64::NAN), (4.0, 0.7)]),
            Some((2, 0.7))
        );
        assert_eq!(highest(&[(1.0, f64::NAN)]), None);
    }
}
