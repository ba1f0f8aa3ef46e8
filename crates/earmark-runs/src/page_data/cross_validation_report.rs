//! The report of a cross-validation run, gathered from its folds.

use super::PageError;
use super::class_rows::class_rows;
use super::evaluated_clips::{confusion, pooled, read_evaluated, reliability};
use super::gather_run_report::{caution, confusion_chart, find_audio, info_note, skipped, version};
use super::worst_clips::worst_clips;
use crate::experiment_log::METRICS;
use crate::run_dir::{RunDir, RunError, fold_run, folds_path, parse_at};
use earmark_core::human::human_count;
use earmark_core::text;
use earmark_metrics::Aligned;
use earmark_recipe::AnyRecipe;
use earmark_report::{Fact, FoldScoreRow, FoldScores, PageNote, RunReport, SkippedFile};
use serde_json::Value;
use std::io::ErrorKind;
use std::path::Path;

/// The folds of a cross-validation run, each with the clips that it was evaluated on.
struct EvaluatedFolds {
    runs: Vec<RunDir<AnyRecipe>>,
    /// The clips of all folds, fold after fold.
    clips: Aligned,
    /// The fold of each clip.
    folds: Vec<u32>,
}

/// The report of a cross-validation run in `path`: the results of each fold and of all clips, where each clip is scored
/// by the model that was not trained on its fold. `data` is the data folder, as for
/// [`run_report`](super::run_report()).
///
/// # Errors
/// A run without `folds.json`, or with folds that can't be read or don't belong together.
pub fn cross_validation_report(path: &Path, data: Option<&Path>) -> Result<RunReport, PageError> {
    let results = read_results(path)?;
    let evaluated = EvaluatedFolds::read(path, &results)?;
    let (first, clips) = (&evaluated.runs[0], &evaluated.clips);
    let matrix = confusion(clips)?;
    let (per_class, decision_rule) = class_rows(clips.classes(), &results["pooled"], matrix.as_ref());
    let single_label = first.recipe.train().loss.is_single_label();
    let mut report = RunReport {
        title: super::folder_name(path),
        recipe_toml: first.recipe.to_toml(),
        command: text::command_line(&first.info.command),
        version: version(&first.info),
        seed: first.info.seed,
        started: first.info.started.clone(),
        summary: facts(&evaluated),
        notes: notes(&results),
        folds: Some(fold_scores(&results)),
        per_class,
        decision_rule,
        confusion: matrix.as_ref().map(confusion_chart).transpose()?,
        // A loss that only ranks gives scores that are not probabilities; what can't be drawn is left out.
        reliability: reliability(clips, single_label, None).unwrap_or_default(),
        skipped: left_out(&evaluated.runs, &results),
        ..RunReport::default()
    };
    let audio = match &first.recipe {
        AnyRecipe::Audio(_) => find_audio(&mut report, &RunDir::open(&first.path)?, data),
        AnyRecipe::Stacked(_) => {
            let text = "A stacked run reads no audio, so the worst clips have no spectrograms and sounds.";
            report.notes.push(info_note(text.into()));
            None
        }
    };
    report.worst_clips = worst_clips(clips, &evaluated.folds, audio.as_ref())?;
    Ok(report)
}

/// `folds.json`.
fn read_results(path: &Path) -> Result<Value, PageError> {
    let file = folds_path(path);
    let text = match std::fs::read_to_string(&file) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Err(PageError::Unfinished(path.into())),
        text => text.map_err(|e| RunError::read(&file, e))?,
    };
    let results = parse_at(&file, &text)?;
    match results["folds"].as_array().is_none_or(Vec::is_empty) {
        true => Err(bad_results(path, "it lists no folds".into()).into()),
        false => Ok(results),
    }
}

fn bad_results(path: &Path, message: String) -> RunError {
    let path = folds_path(path);
    RunError::Info { path, message }
}

impl EvaluatedFolds {
    /// Reads the folds that `results` lists.
    fn read(path: &Path, results: &Value) -> Result<Self, PageError> {
        let (mut runs, mut parts, mut folds) = (Vec::new(), Vec::new(), Vec::new());
        for entry in list(&results["folds"]) {
            let number = |key: &str| entry[key].as_u64();
            let fold = number("fold").and_then(|fold| u32::try_from(fold).ok());
            let (Some(fold), Some(step)) = (fold, number("step")) else {
                return Err(bad_results(path, "a fold has no number or no step".into()).into());
            };
            let run = RunDir::open_any(&fold_run(path, fold))?;
            let eval = run.eval();
            let clips = read_evaluated(&eval, step)?;
            folds.extend(vec![fold; clips.files().len()]);
            parts.push((run.path.clone(), clips));
            runs.push(run);
        }
        let clips = pooled(&parts)?;
        Ok(Self { runs, clips, folds })
    }
}

/// What the runs of the folds have in common.
fn facts(evaluated: &EvaluatedFolds) -> Vec<Fact> {
    let first = &evaluated.runs[0];
    let data = &first.info.data;
    let fingerprint = data.fingerprint.get(..16).unwrap_or(&data.fingerprint);
    let count = |n: usize| human_count(n as u64);
    let mut facts = vec![
        Fact::new("recipe", first.recipe.name()),
        Fact::new("description", first.recipe.description()),
        Fact::new("data", format!("{} ({})", data.root.display(), data.layout)),
        Fact::new("data fingerprint", fingerprint),
        Fact::new("folds", evaluated.runs.len()),
        Fact::new("clips", count(evaluated.clips.files().len())),
        Fact::new("classes", evaluated.clips.classes().len()),
        Fact::new("device", &first.info.device),
    ];
    let unlabelled = evaluated.clips.unlabelled();
    if unlabelled > 0 {
        facts.push(Fact::new("clips without a label", count(unlabelled)));
    }
    facts.retain(|f| !f.value.is_empty());
    facts
}

/// What to know before believing the numbers.
fn notes(results: &Value) -> Vec<PageNote> {
    let mut notes = Vec::new();
    if results["optimistic"].as_bool() == Some(true) {
        notes.push(caution(
            "OPTIMISTIC: the test folds also drove the trainings (validation.split = test-fold). Scores on other \
             recordings will be lower.",
        ));
    }
    let warnings = list(&results["warnings"]).iter().filter_map(Value::as_str);
    notes.extend(warnings.map(|warning| caution(sentence(warning))));
    notes.push(info_note(
        "Classes, confusion, reliability and worst clips are of the out-of-fold scores of all folds together.".into(),
    ));
    notes
}

/// A warning as it stands alone: a capital first, a full stop at the end.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

/// The table of folds, of the metrics that all pages show.
fn fold_scores(results: &Value) -> FoldScores {
    let names = METRICS.map(|metric| metric.name());
    let values = |of: &dyn Fn(&str) -> Option<f64>| names.iter().map(|name| of(name)).collect::<Vec<_>>();
    let fold = |entry: &Value| FoldScoreRow {
        fold: entry["fold"].as_u64().unwrap_or_default() as u32,
        clips: entry["clips"].as_u64().unwrap_or_default(),
        step: entry["step"].as_u64().unwrap_or_default(),
        values: values(&|name| entry["metrics"][name].as_f64()),
    };
    FoldScores {
        metrics: names.map(str::to_owned).to_vec(),
        folds: list(&results["folds"]).iter().map(fold).collect(),
        mean: values(&|name| results["metrics"][name]["mean"].as_f64()),
        deviation: values(&|name| results["metrics"][name]["deviation"].as_f64()),
        pooled: values(&|name| results["pooled"][name].as_f64()),
    }
}

/// Clips that no fold could train on or be evaluated on, each once.
fn left_out(runs: &[RunDir<AnyRecipe>], results: &Value) -> Vec<SkippedFile> {
    let with_reason = runs.iter().flat_map(|run| &run.info.data.skipped);
    let mut files: Vec<SkippedFile> = Vec::new();
    let mut add = |file: &str, reason: &str| {
        if files.iter().all(|known| known.file != file) {
            files.push(skipped(file, reason));
        }
    };
    with_reason.for_each(|(file, reason)| add(file, reason));
    for entry in list(&results["folds"]) {
        for file in list(&entry["skipped"]).iter().filter_map(Value::as_str) {
            add(file, "could not be read when its fold was evaluated");
        }
    }
    files
}

/// The values of an array; none of anything else.
fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[][..], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn folds_are_shown_with_mean_deviation_and_pool() {
        let results = json!({
            "folds": [
                { "fold": 2, "clips": 6, "step": 30, "metrics": { "lwlrap": 0.75, "auc": null }, "skipped": [] },
            ],
            "metrics": {
                "lwlrap": { "mean": 0.5, "deviation": 0.125 },
                "accuracy": { "mean": 0.25, "deviation": null },
            },
            "pooled": { "lwlrap": 0.625 },
        });
        let scores = fold_scores(&results);
        assert_eq!(scores.metrics[..2], ["lwlrap", "accuracy"]);
        assert_eq!(
            (scores.folds[0].fold, scores.folds[0].clips, scores.folds[0].step),
            (2, 6, 30)
        );
        assert_eq!(scores.folds[0].values[..2], [Some(0.75), None]);
        assert_eq!(scores.mean[..2], [Some(0.5), Some(0.25)]);
        assert_eq!(scores.deviation[..2], [Some(0.125), None]);
        assert_eq!((scores.pooled[0], scores.pooled[1]), (Some(0.625), None));
    }

    #[test]
    fn warnings_come_before_what_is_good_to_know() {
        let results = json!({ "optimistic": true, "warnings": ["the folds differ in size"] });
        let notes = notes(&results);
        assert!(notes[0].text.starts_with("OPTIMISTIC"), "{notes:?}");
        assert_eq!(notes[1].text, "The folds differ in size.");
        assert_eq!(notes.len(), 3);
    }

    #[test]
    fn a_run_without_results_says_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        let refused = |text: Option<&str>| {
            if let Some(text) = text {
                std::fs::write(folds_path(dir.path()), text).unwrap();
            }
            cross_validation_report(dir.path(), None).unwrap_err().to_string()
        };
        assert!(refused(None).contains("--resume"), "{}", refused(None));
        assert!(refused(Some("{}")).contains("it lists no folds"));
        assert!(refused(Some("{\"folds\": [{\"fold\": 1}]}")).contains("no step"));
    }
}
