//! The results of evaluated checkpoints, from a run's `eval/`.

use crate::optimism::Optimism;
use crate::used_model::UsedModel;
use crate::warnings::{Remedies, ResultFacts, RunWarning};
use earmark_engine::ValidationMetric;
use earmark_engine::evaluation::{read_result, result_path};
use earmark_metrics::Report;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::path::Path;

/// What the JSON of a result says of its clips, where they had a part in making the model.
const OPTIMISTIC: &str = "optimistic";

/// The keys that the JSON of a result has beyond those of its report: `optimistic`, where its clips had a part in
/// making the model, and `warnings`, where there are any, with what can be advised.
pub fn result_notes(report: &Report, optimism: Option<&Optimism>, remedies: Remedies) -> Map<String, Value> {
    let warnings = ResultFacts::from(report).warnings("clips", remedies);
    let optimistic = optimism.map(|optimism| (OPTIMISTIC.to_owned(), json!(optimism)));
    let warnings = (!warnings.is_empty()).then(|| ("warnings".to_owned(), json!(warnings)));
    optimistic.into_iter().chain(warnings).collect()
}

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

    /// Why its values are too high, in a sentence; `None` where its clips had no part in making the model.
    pub fn optimistic_note(&self) -> Option<&str> {
        self.report[OPTIMISTIC]["note"].as_str()
    }

    /// The table of its results, from the text that was written with them; `None` where that has none.
    pub fn table(&self, eval: &Path) -> Option<String> {
        let text = std::fs::read_to_string(result_path(eval, self.step)).ok()?;
        // Above it are a heading and lines of lwlrap, below it warnings and skipped clips.
        let (_, below) = text.split_once("\n\n")?;
        let (overall, below) = below.split_once("\n\n")?;
        let rows = 1 + self.report["per_class"].as_object()?.len();
        let classes: Vec<&str> = below.lines().take(rows).collect();
        Some(format!("{overall}\n\n{}\n", classes.join("\n")))
    }

    /// What is bad about its values, with what can be advised.
    pub fn warnings(&self, remedies: Remedies) -> Vec<RunWarning> {
        ResultFacts::of_json(&self.report).warnings("clips", remedies)
    }
}

/// The evaluated checkpoints in an evaluation folder by step, and what could not be read there. Only steps with the
/// marker `eval-<step>.txt` count: it is written last.
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
        match read_result(eval, step) {
            Ok(mut report) => {
                add_old_note(&mut report, &result_path(eval, step));
                found.push(StepEvaluation { step, report });
            }
            Err(e) => problems.push(format!(
                "eval/eval-{step}.json cannot be read ({e}); remove eval-{step}.txt and evaluate the step again"
            )),
        }
    }
    found.sort_by_key(|e| e.step);
    problems.sort();
    (found, problems)
}

/// Earlier versions said in the text of a result only that it is optimistic.
fn add_old_note(report: &mut Value, text: &Path) {
    if report[OPTIMISTIC].is_null() && report.is_object() {
        let text = std::fs::read_to_string(text).unwrap_or_default();
        let mut heading = text.lines().filter_map(|line| line.strip_prefix("# "));
        if let Some(note) = heading.find(|line| line.starts_with("OPTIMISTIC")) {
            report[OPTIMISTIC] = json!({ "note": note });
        }
    }
}

/// The step in the name of a file of results.
fn step_of(name: &str) -> Option<u64> {
    name.strip_prefix("eval-")?.strip_suffix(".json")?.parse().ok()
}

/// The evaluation of the model that `predict` and `tag` use, and what chose it; the last one where that model has not
/// been evaluated. It is never the best on the test clips: that would be chosen by the clips that it is tested on.
pub fn evaluation_of_used<'a>(
    evaluated: &'a [StepEvaluation],
    used: Option<&UsedModel>,
) -> Option<(&'a StepEvaluation, String)> {
    let last = evaluated.last()?;
    let Some(used) = used else {
        return Some((last, "the last evaluated one".into()));
    };
    match evaluated.iter().find(|e| e.step == used.step) {
        Some(own) => Some((own, used.chosen.clone())),
        None => {
            let why = format!(
                "the last evaluated one (step {}, which `predict` and `tag` use, has not been evaluated)",
                used.step
            );
            Some((last, why))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use earmark_core::checksum::seal;
    use earmark_engine::evaluation::json_path;

    #[test]
    fn optimistic_results_of_earlier_versions_are_known_by_their_text() {
        let dir = tempfile::tempdir().unwrap();
        for (step, json, text) in [
            (
                1,
                "{}",
                "# tiny: 6 clips of fold 1\n# OPTIMISTIC: these clips drove the training\nLwlrap = 1",
            ),
            (
                2,
                "{}",
                "# tiny: 6 clips of fold 1\nLwlrap = 1\nLwlrap(# OPTIMISTIC) = 1",
            ),
            (
                3,
                "{\"optimistic\": {\"note\": \"OPTIMISTIC: new\"}}",
                "# OPTIMISTIC: old",
            ),
        ] {
            std::fs::write(json_path(dir.path(), step), json).unwrap();
            std::fs::write(result_path(dir.path(), step), text).unwrap();
        }
        let (evaluated, problems) = step_evaluations(dir.path());
        assert!(problems.is_empty(), "{problems:?}");
        let notes: Vec<Option<&str>> = evaluated.iter().map(StepEvaluation::optimistic_note).collect();
        let old = "OPTIMISTIC: these clips drove the training";
        assert_eq!(notes, [Some(old), None, Some("OPTIMISTIC: new")]);
    }

    #[test]
    fn a_result_with_a_flipped_bit_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let sealed = seal("{\"lwlrap\": 0.5}".into());
        std::fs::write(result_path(dir.path(), 7), "").unwrap();
        std::fs::write(json_path(dir.path(), 7), &sealed).unwrap();
        let (evaluated, problems) = step_evaluations(dir.path());
        assert_eq!(evaluated[0].report, json!({ "lwlrap": 0.5 }), "{problems:?}");
        std::fs::write(json_path(dir.path(), 7), sealed.replace("0.5", "0.7")).unwrap();
        let (evaluated, problems) = step_evaluations(dir.path());
        assert!(evaluated.is_empty());
        assert_eq!(
            problems,
            [
                "eval/eval-7.json cannot be read (its checksum differs); remove eval-7.txt and evaluate the step again"
            ]
        );
    }

    #[test]
    fn the_table_is_that_of_the_text() {
        let dir = tempfile::tempdir().unwrap();
        let result = StepEvaluation {
            step: 5,
            report: json!({ "per_class": { "dog": {}, "owl": {} } }),
        };
        assert_eq!(result.table(dir.path()), None);
        let table = "lwlrap  1\nclips  2\n\nclass  clips\ndog  1\nowl  1\n";
        let text = format!("# tiny: 2 clips\nLwlrap = 1\n\n{table}caution: few clips\nskipped a: is empty\n");
        std::fs::write(result_path(dir.path(), 5), text).unwrap();
        assert_eq!(result.table(dir.path()).as_deref(), Some(table));
        std::fs::write(result_path(dir.path(), 5), "Lwlrap = 1\n").unwrap();
        assert_eq!(result.table(dir.path()), None);
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
        let (evaluated, problems) = step_evaluations(dir.path());
        assert_eq!(
            evaluated.iter().map(|e| e.step).collect::<Vec<_>>(),
            [100, 200],
            "300 has no marker"
        );
        assert_eq!(problems.len(), 1, "{problems:?}");
    }

    /// Not the best on the test clips, which is that of step 200.
    #[test]
    fn the_evaluation_shown_is_that_of_the_model_used() {
        let evaluated = [(100, 0.5), (200, 0.75), (300, 0.6)].map(|(step, lwlrap)| StepEvaluation {
            step,
            report: json!({ "lwlrap": lwlrap }),
        });
        let of = |step: u64| {
            let chosen = "the best by validation lwlrap".to_owned();
            let used = UsedModel { step, chosen };
            evaluation_of_used(&evaluated, Some(&used)).map(|(e, why)| (e.step, why))
        };
        assert_eq!(of(100), Some((100, "the best by validation lwlrap".to_owned())));
        let (step, why) = of(150).unwrap();
        assert_eq!(step, 300);
        assert!(
            why.contains("step 150, which `predict` and `tag` use, has not been"),
            "{why}"
        );
        assert_eq!(
            evaluation_of_used(&evaluated, None).map(|(e, _)| e.step),
            Some(300)
        );
        assert!(evaluation_of_used(&[], None).is_none());
    }
}
