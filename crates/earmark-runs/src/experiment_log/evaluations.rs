//! The results of evaluated checkpoints, from a run's `eval/`.

use earmark_engine::ValidationMetric;
use earmark_engine::evaluation::{json_path, result_path};
use serde::Serialize;
use serde_json::Value;
use std::path::Path;

/// The results of one evaluated checkpoint.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StepEvaluation {
    /// Its step.
    pub step: u64,
    /// The results by name.
    #[serde(flatten)]
    pub report: Value,
}

impl StepEvaluation {
    /// The value of a metric; `None` where it is not defined.
    pub fn value(&self, metric: ValidationMetric) -> Option<f64> {
        self.report[metric.name()].as_f64()
    }
}

/// The evaluated checkpoints in an evaluation folder by step, and what could not be read there. Only steps with the marker
/// `eval-<step>.txt` count: it is written last.
pub fn step_evaluations(eval: &Path) -> (Vec<StepEvaluation>, Vec<String>) {
    let (mut found, mut problems) = (Vec::new(), Vec::new());
    let Ok(entries) = std::fs::read_dir(eval) else {
        return (found, problems);
    };
    for entry in entries.flatten() {
        let step = step_of(&entry.file_name().to_string_lossy());
        let Some(step) = step.filter(|step| result_path(eval, *step).exists()) else {
            continue;
        };
        let path = json_path(eval, step);
        let text = std::fs::read_to_string(&path).map_err(|e| e.to_string());
        match text.and_then(|t| serde_json::from_str(&t).map_err(|e| e.to_string())) {
            Ok(report) => found.push(StepEvaluation { step, report }),
            Err(e) => problems.push(format!(
                "eval/eval-{step}.json cannot be read ({e}); remove eval-{step}.txt and evaluate the step again"
            )),
        }
    }
    found.sort_by_key(|e| e.step);
    problems.sort();
    (found, problems)
}

/// The step in the name of a file of results.
fn step_of(name: &str) -> Option<u64> {
    name.strip_prefix("eval-")?.strip_suffix(".json")?.parse().ok()
}

/// The evaluation with the highest value of a metric, the first of equals.
pub fn best_of(evaluated: &[StepEvaluation], metric: ValidationMetric) -> Option<&StepEvaluation> {
    let with = evaluated.iter().filter_map(|e| Some((e, e.value(metric)?)));
    with.reduce(|a, b| if b.1 > a.1 { b } else { a }).map(|(e, _)| e)
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let (evaluated, problems) = step_evaluations(dir.path());
        assert_eq!(
            evaluated.iter().map(|e| e.step).collect::<Vec<_>>(),
            [100, 200],
            "300 has no marker"
        );
        assert_eq!(
            best_of(&evaluated, ValidationMetric::Lwlrap).map(|e| e.step),
            Some(200)
        );
        assert_eq!(best_of(&evaluated, ValidationMetric::Auc), None);
        assert_eq!(problems.len(), 1, "{problems:?}");
    }
}
