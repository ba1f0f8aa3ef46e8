//! What a run has written down about itself: the curves of `metrics.jsonl` and the results in `eval/`.
//!
//! Both are read leniently: a run that is being written to has a torn last line, and one damaged file must not hide the rest of
//! a laboratory journal. What could not be read is listed in `problems`, in words, and shown to whoever asked.

use earmark_engine::evaluation::{json_path, result_path};
use earmark_engine::{ValidationMetric, metrics_path};
use serde::Serialize;
use serde_json::Value;
use std::path::Path;

/// The metrics that validations and judgements both have, in the order in which they are shown.
pub const METRICS: [ValidationMetric; 5] = [
    ValidationMetric::Lwlrap,
    ValidationMetric::Accuracy,
    ValidationMetric::MapAt3,
    ValidationMetric::MeanAp,
    ValidationMetric::Auc,
];

/// Those that only validations have come behind them.
const VALIDATED: [ValidationMetric; METRICS.len() + 1] = [
    ValidationMetric::Lwlrap,
    ValidationMetric::Accuracy,
    ValidationMetric::MapAt3,
    ValidationMetric::MeanAp,
    ValidationMetric::Auc,
    ValidationMetric::LogLikelihood,
];

/// `(step, value)`, ascending; a value that is none is NaN.
pub type Points = Vec<(f64, f64)>;

/// The curves of a training.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// Loss of each step.
    pub loss: Points,
    /// Learning rate of each step.
    pub learning_rate: Points,
    /// Norm of the gradients before clipping, where the recipe clips.
    pub gradient_norm: Points,
    /// Validation results, those of [`METRICS`] in their order first; empty without validation.
    pub validation: [Points; VALIDATED.len()],
    /// The last step logged.
    pub step: u64,
    /// What could not be read.
    pub problems: Vec<String>,
}

impl History {
    /// Reads `metrics.jsonl` of a run. A run that has not begun has an empty history.
    pub fn read(run: &Path) -> Self {
        let path = metrics_path(run);
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Self::default(),
            Err(e) => Self {
                problems: vec![format!("metrics.jsonl cannot be read: {e}")],
                ..Self::default()
            },
        }
    }

    fn parse(text: &str) -> Self {
        let mut history = Self::default();
        let lines = text.lines().count();
        for (index, line) in text.lines().enumerate() {
            match serde_json::from_str::<Value>(line) {
                Ok(value) => history.add(&value),
                // A training that goes on, or was killed, leaves its last line unfinished; a resume writes it again.
                Err(_) if index + 1 == lines && !text.ends_with('\n') => {}
                Err(e) => history.problems.push(format!(
                    "metrics.jsonl:{}: is not JSON ({e}); it is left out",
                    index + 1
                )),
            }
        }
        history
    }

    fn add(&mut self, line: &Value) {
        let Some(step) = line["step"].as_u64() else { return };
        self.step = self.step.max(step);
        let at = step as f64;
        // JSON has no NaN: a null that stands for one is a gap in the curve.
        let number = |v: &Value| v.as_f64().unwrap_or(f64::NAN);
        if let Some(validation) = line.get("validation") {
            for (points, metric) in self.validation.iter_mut().zip(VALIDATED) {
                points.push((at, number(&validation[metric.name()])));
            }
            return;
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

/// The highest finite value; the first of equals, as a checkpoint is only replaced by a better one.
pub fn highest(points: &[(f64, f64)]) -> Option<(u64, f64)> {
    let finite = points.iter().filter(|p| p.1.is_finite());
    finite
        .copied()
        .reduce(|a, b| if b.1 > a.1 { b } else { a })
        .map(|(step, value)| (step as u64, value))
}

/// The results of one judged checkpoint.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Judgement {
    /// Its step.
    pub step: u64,
    /// The results by name.
    #[serde(flatten)]
    pub report: Value,
}

impl Judgement {
    /// The value of a metric; `None` where it is not defined.
    pub fn value(&self, metric: ValidationMetric) -> Option<f64> {
        self.report[metric.name()].as_f64()
    }
}

/// The judged checkpoints in an evaluation folder by step, and what could not be read there. Only steps whose marker
/// `eval-<step>.txt` is there count: it is written last.
pub fn judgements(eval: &Path) -> (Vec<Judgement>, Vec<String>) {
    let (mut found, mut problems) = (Vec::new(), Vec::new());
    let Ok(entries) = std::fs::read_dir(eval) else {
        return (found, problems);
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let step = name.to_str().and_then(|n| {
            n.strip_prefix("eval-")?
                .strip_suffix(".json")?
                .parse::<u64>()
                .ok()
        });
        let Some(step) = step.filter(|step| result_path(eval, *step).exists()) else {
            continue;
        };
        let path = json_path(eval, step);
        let text = std::fs::read_to_string(&path).map_err(|e| e.to_string());
        match text.and_then(|t| serde_json::from_str(&t).map_err(|e| e.to_string())) {
            Ok(report) => found.push(Judgement { step, report }),
            Err(e) => problems.push(format!(
                "eval/eval-{step}.json cannot be read ({e}); judge the step anew: remove eval-{step}.txt"
            )),
        }
    }
    found.sort_by_key(|j| j.step);
    problems.sort();
    (found, problems)
}

/// The judgement with the highest value of a metric, the first of equals.
pub fn best_of(judged: &[Judgement], metric: ValidationMetric) -> Option<&Judgement> {
    let with = judged.iter().filter_map(|j| Some((j, j.value(metric)?)));
    with.reduce(|a, b| if b.1 > a.1 { b } else { a }).map(|(j, _)| j)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_are_read_and_a_torn_end_is_no_problem() {
        let text = "{\"step\":1,\"loss\":0.5,\"learning_rate\":0.1}\n\
            {\"step\":2,\"loss\":null,\"learning_rate\":0.2,\"gradient_norm\":3.0}\n\
            {\"step\":2,\"validation\":{\"lwlrap\":0.25,\"map@3\":null,\"accuracy\":0.5}}\n{\"step\":3,\"lo";
        let history = History::parse(text);
        assert_eq!((history.step, history.problems.len()), (2, 0));
        assert_eq!(history.loss[0], (1.0, 0.5));
        assert!(history.loss[1].1.is_nan());
        assert_eq!(history.learning_rate, [(1.0, 0.1), (2.0, 0.2)]);
        assert_eq!(history.gradient_norm, [(2.0, 3.0)]);
        assert_eq!(history.validation_of(ValidationMetric::Lwlrap), &[(2.0, 0.25)]);
        assert_eq!(history.validation_of(ValidationMetric::Accuracy), &[(2.0, 0.5)]);
        assert!(history.validation_of(ValidationMetric::MapAt3)[0].1.is_nan());
    }

    #[test]
    fn a_damaged_line_is_named() {
        let history = History::parse("{\"step\":1,\"loss\":1.0}\nnot json\n{\"step\":2,\"loss\":2.0}\n");
        assert_eq!(history.loss.len(), 2);
        assert!(
            history.problems[0].starts_with("metrics.jsonl:2: is not JSON"),
            "{:?}",
            history.problems
        );
    }

    #[test]
    fn the_first_of_equal_values_is_the_best() {
        assert_eq!(
            highest(&[(1.0, 0.2), (2.0, 0.7), (3.0, f64::NAN), (4.0, 0.7)]),
            Some((2, 0.7))
        );
        assert_eq!(highest(&[(1.0, f64::NAN)]), None);
    }

    #[test]
    fn only_marked_results_count() {
        let dir = tempfile::tempdir().unwrap();
        for (step, lwlrap) in [(100, 0.5), (200, 0.75), (300, 0.6)] {
            std::fs::write(json_path(dir.path(), step), format!("{{\"lwlrap\": {lwlrap}}}")).unwrap();
        }
        std::fs::write(json_path(dir.path(), 400), "{").unwrap();
        for step in [100, 200, 400] {
            std::fs::write(result_path(dir.path(), step), "").unwrap();
        }
        let (judged, problems) = judgements(dir.path());
        assert_eq!(
            judged.iter().map(|j| j.step).collect::<Vec<_>>(),
            [100, 200],
            "300 has no marker"
        );
        assert_eq!(
            best_of(&judged, ValidationMetric::Lwlrap).map(|j| j.step),
            Some(200)
        );
        assert_eq!(best_of(&judged, ValidationMetric::Auc), None);
        assert_eq!(problems.len(), 1, "{problems:?}");
    }
}
