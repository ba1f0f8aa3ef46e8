//! The report of a run, gathered from its directory.

use super::PageError;
use super::class_rows::class_rows;
use super::clip_audio::ClipAudio;
use super::evaluated_clips::{confusion, read_evaluated, reliability};
use super::gather_run_curves::{curves, metrics};
use super::run_facts::facts;
use super::warning_notes::warning_notes;
use super::worst_clips::worst_clips;
use crate::experiment_log::{RunState, RunStatus};
use crate::experiment_log::{StepEvaluation, TrainingHistory, evaluation_of_used, step_evaluations};
use crate::run_dir::{RunDir, RunInfo, planned_steps};
use crate::used_model::UsedModel;
use earmark_core::{atomic, text};
use earmark_engine::ModelFile;
use earmark_engine::evaluation::result_path;
use earmark_metrics::{Calibration, ClassComparison, ConfusionMatrix, ModelComparison};
use earmark_report::{
    ComparedClass, ComparedRun, ConfusionChart, NoteLevel, PageNote, ReportError, ReportedStep, RunReport,
    SkippedFile, render_run_report,
};
use std::path::{Path, PathBuf};

/// Writes the report of a run, see [`run_report`], with a section that compares it with another run class by class, if
/// there is one; returns its path.
///
/// # Errors
/// As [`run_report`] and [`write_report`].
pub fn write_run_report(
    run: &RunDir,
    data: Option<&Path>,
    compared: Option<ComparedRun>,
) -> Result<PathBuf, PageError> {
    let mut report = run_report(run, data)?;
    report.compared = compared;
    write_report(&run.path, &report)
}

/// Writes a report as `report.html` into the folder of its run; returns its path.
///
/// # Errors
/// A file that can't be written.
pub fn write_report(run: &Path, report: &RunReport) -> Result<PathBuf, PageError> {
    let path = run.join("report.html");
    atomic::write(&path, |w| w.write_all(render_run_report(report).as_bytes()))?;
    Ok(path)
}

/// A comparison for the report of its second run; `other` is the name of the first.
pub fn compared_run(other: &str, comparison: &ModelComparison) -> ComparedRun {
    let row = |c: &ClassComparison| ComparedClass {
        name: c.name.clone(),
        count: c.count as u64,
        other: c.a,
        own: c.b,
        difference: c.difference,
        interval: c.interval.map(|i| [i.low, i.high]),
    };
    ComparedRun {
        other: other.to_owned(),
        metric: comparison.metric.name().to_owned(),
        confidence: comparison.confidence,
        overall: row(&comparison.overall),
        classes: comparison.classes.iter().map(row).collect(),
    }
}

/// The report of a run, gathered from its directory.
///
/// Spectrograms and sounds of the worst clips need the data folder: `data`, or else the one that the run remembers; if
/// it can't be read, the report says so and leaves them out. Damaged or missing files of the run become notes.
///
/// # Errors
/// A chart that can't be drawn.
pub fn run_report(run: &RunDir, data: Option<&Path>) -> Result<RunReport, PageError> {
    let history = TrainingHistory::read(&run.path);
    let (evaluated, problems) = step_evaluations(&run.eval());
    let planned = planned_steps(&run.path, &run.info, &run.recipe.train);
    let status = RunStatus::of(&run.path, history.step, planned);
    let best = ModelFile::read_metadata(&run.path.join("best.safetensors")).ok();
    let info = &run.info;
    let left_out = info.data.skipped.iter();
    let mut report = RunReport {
        title: super::folder_name(&run.path),
        recipe_toml: run.recipe.to_toml(),
        command: text::command_line(&info.command),
        version: version(info),
        seed: info.seed,
        started: info.started.clone(),
        summary: facts(run, &status, best.as_ref()),
        curves: curves(run, &history),
        metrics: metrics(run, &history, &evaluated),
        skipped: left_out.map(|(file, reason)| skipped(file, reason)).collect(),
        notes: state_notes(run, &status),
        ..RunReport::default()
    };
    let problems = history.problems.iter().cloned().chain(problems);
    let problem = |text| PageNote::new(NoteLevel::Problem, text);
    report.notes.extend(problems.map(problem));
    let used = UsedModel::of(run, run.recipe.validation.metric);
    let chosen = evaluation_of_used(&evaluated, used.as_ref());
    let step = chosen.as_ref().map(|(step, _)| *step);
    report
        .notes
        .extend(warning_notes(run, &history, &status.state, step));
    match chosen {
        None => report.notes.push(info_note(format!(
            "No checkpoint has been evaluated yet, so there are no results by class: earmark eval {} --data DIR",
            text::quote(&run.path.to_string_lossy())
        ))),
        Some((step, chosen)) => {
            let is_used = used.is_some_and(|used| used.step == step.step);
            let reported = ReportedStep { step: step.step, chosen, is_used };
            let text = format!("Classes, confusion and worst clips are of {}.", reported.describe());
            report.notes.push(info_note(text));
            report.reported = Some(reported);
            // The calibration belongs to the weights of one step.
            let calibration = best.filter(|m| m.step == step.step).and_then(|m| m.calibration);
            add_step(&mut report, run, step, calibration.as_ref(), data)?;
        }
    }
    Ok(report)
}

/// The version that started a run, with its revision where that is known.
pub(super) fn version(info: &RunInfo) -> String {
    match &info.revision {
        Some(revision) => format!("{} ({revision})", info.version),
        None => info.version.clone(),
    }
}

pub(super) fn info_note(text: String) -> PageNote {
    PageNote::new(NoteLevel::Info, text)
}

pub(super) fn caution(text: impl Into<String>) -> PageNote {
    PageNote::new(NoteLevel::Caution, text)
}

pub(super) fn skipped(file: &str, reason: &str) -> SkippedFile {
    SkippedFile {
        file: file.to_owned(),
        reason: reason.to_owned(),
    }
}

/// What to know before trusting the numbers.
fn state_notes(run: &RunDir, status: &RunStatus) -> Vec<PageNote> {
    let mut notes = Vec::new();
    if run.info.optimistic {
        notes.push(caution(
            "OPTIMISTIC: the test clips also drove this training (validation.split = test-fold). Scores on other \
             recordings will be lower.",
        ));
    }
    let text = match &status.state {
        RunState::Finished => return notes,
        RunState::StoppedEarly { reason } => format!("Training stopped early: {reason}."),
        RunState::Running => format!("Training is {status}; this page shows it so far."),
        RunState::Interrupted => format!("Training was {status}; resume it with --resume."),
        RunState::NotStarted => "Training has not written a checkpoint yet.".to_owned(),
    };
    let ended = matches!(status.state, RunState::StoppedEarly { .. });
    notes.push(if ended { info_note(text) } else { caution(text) });
    notes
}

/// Classes, confusion, worst clips and skipped files of one evaluated step.
fn add_step(
    report: &mut RunReport,
    run: &RunDir,
    evaluated: &StepEvaluation,
    calibration: Option<&Calibration>,
    data: Option<&Path>,
) -> Result<(), PageError> {
    let names = run.classes.names();
    (report.per_class, report.decision_rule) = class_rows(names, &evaluated.report, None);
    let (eval, step) = (run.eval(), evaluated.step);
    let text = std::fs::read_to_string(result_path(&eval, step)).unwrap_or_default();
    let lines = text.lines().filter_map(|l| l.strip_prefix("skipped "));
    let lines = lines.filter_map(|line| line.split_once(": "));
    report
        .skipped
        .extend(lines.map(|(file, reason)| skipped(file, reason)));
    let clips = match read_evaluated(&eval, step) {
        Ok(clips) => clips,
        Err(e) => {
            report.notes.push(caution(format!(
                "The scores of the test clips can't be read, so confusion and worst clips are left out: {e}"
            )));
            return Ok(());
        }
    };
    if let Some(matrix) = confusion(&clips)? {
        (report.per_class, report.decision_rule) = class_rows(names, &evaluated.report, Some(&matrix));
        report.confusion = Some(confusion_chart(&matrix)?);
    }
    // A loss that only ranks gives scores that are not probabilities; what can't be drawn is left out.
    let single_label = run.recipe.train.loss.is_single_label();
    report.reliability = reliability(&clips, single_label, calibration).unwrap_or_default();
    let audio = find_audio(report, run, data);
    report.worst_clips = worst_clips(&clips, &[], audio.as_ref())?;
    Ok(())
}

/// The audio of the evaluated clips; where it is missing, a note says so.
pub(super) fn find_audio(report: &mut RunReport, run: &RunDir, data: Option<&Path>) -> Option<ClipAudio> {
    match ClipAudio::find(run, data.unwrap_or(&run.info.data.root)) {
        Ok(audio) => Some(audio),
        Err(e) => {
            report.notes.push(caution(format!(
                "There are no spectrograms and sounds of the worst clips: {e}. Give the data folder with --data."
            )));
            None
        }
    }
}

pub(super) fn confusion_chart(matrix: &ConfusionMatrix) -> Result<ConfusionChart, ReportError> {
    ConfusionChart::new(matrix.classes().to_vec(), matrix.counts().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_lines_can_be_pasted() {
        let words = ["earmark", "train", "my recipe.toml", "--set", "name=it's", ""].map(str::to_owned);
        assert_eq!(
            text::command_line(&words),
            r#"earmark train 'my recipe.toml' --set "name=it's" ''"#
        );
    }
}
