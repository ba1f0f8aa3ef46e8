//! The report of a run, gathered from its directory.

use super::PageError;
use super::clips::{Audio, Judged};
use crate::journal::Status;
use crate::journal::history::{History, Judgement, METRICS, Points, best_of, highest, judgements};
use crate::run_dir::{RunDir, planned_steps};
use earmark_core::atomic;
use earmark_engine::evaluation::{result_path, scores_path};
use earmark_engine::{ModelFile, ValidationMetric, checkpoint};
use earmark_features::Extractor;
use earmark_metrics::{Calibration, ClassPair, Comparison};
use earmark_models::{Network, VarSpec};
use earmark_report::{
    AxisScale, Better, ClassScoreRow, ComparedClass, ComparedRun, Fact, MetricCurve, NoteLevel, PageNote,
    RunReport, SkippedFile, TrainingCurve, human_count, render_run_report,
};
use std::path::{Path, PathBuf};

/// Learning rates that differ more than this are drawn over their logarithm.
const WIDE: f64 = 50.0;

/// The report of a run as one HTML page. Pictures of the worst clips need the data folder: `data`, else the one that the run
/// remembers; where it can't be read, the page says so and leaves them out.
pub fn run_report(run: &RunDir, data: Option<&Path>) -> Result<String, PageError> {
    Ok(render_run_report(&gather(run, data)?))
}

/// Writes the report as `report.html` into the run; returns its path.
pub fn write_run_report(run: &RunDir, data: Option<&Path>) -> Result<PathBuf, PageError> {
    let html = run_report(run, data)?;
    let path = run.path.join("report.html");
    atomic::write(&path, |w| w.write_all(html.as_bytes()))?;
    Ok(path)
}

/// The same with a section that compares the run, the second of the two, with another class by class.
pub fn write_compared_report(
    run: &RunDir,
    data: Option<&Path>,
    other: &str,
    comparison: &Comparison,
) -> Result<PathBuf, PageError> {
    let mut report = gather(run, data)?;
    let row = |c: &ClassPair| ComparedClass {
        name: c.name.clone(),
        count: c.count as u64,
        other: c.a,
        own: c.b,
        difference: c.difference,
        interval: c.interval.map(|i| [i.low, i.high]),
    };
    report.compared = Some(ComparedRun {
        other: other.to_owned(),
        metric: comparison.metric.name().to_owned(),
        confidence: comparison.confidence,
        overall: row(&comparison.overall),
        classes: comparison.classes.iter().map(row).collect(),
    });
    let path = run.path.join("report.html");
    atomic::write(&path, |w| w.write_all(render_run_report(&report).as_bytes()))?;
    Ok(path)
}

/// Everything that [`run_report`] shows. Damaged or missing files of the run become notes.
pub fn gather(run: &RunDir, data: Option<&Path>) -> Result<RunReport, PageError> {
    let history = History::read(&run.path);
    let (judged, problems) = judgements(&run.eval());
    let status = Status::of(
        &run.path,
        history.step,
        planned_steps(&run.path, &run.info, &run.recipe.train),
    );
    let info = &run.info;
    let mut report = RunReport {
        title: run.path.file_name().map_or_else(
            || run.path.display().to_string(),
            |n| n.to_string_lossy().into_owned(),
        ),
        recipe_toml: run.recipe.to_toml(),
        command: earmark_core::text::command_line(&info.command),
        version: info
            .revision
            .as_ref()
            .map_or(info.version.clone(), |r| format!("{} ({r})", info.version)),
        seed: info.seed,
        started: info.started.clone(),
        summary: facts(run, &status),
        curves: curves(run, &history),
        metrics: metrics(run, &history, &judged),
        skipped: info
            .data
            .skipped
            .iter()
            .map(|(file, reason)| skipped(file, reason))
            .collect(),
        ..RunReport::default()
    };
    note_state(&mut report, run, &status);
    report.notes.extend(
        [history.problems.clone(), problems]
            .concat()
            .into_iter()
            .map(|text| PageNote {
                level: NoteLevel::Problem,
                text,
                ..PageNote::default()
            }),
    );
    let metric = run.recipe.validation.metric;
    match chosen(&judged, metric, history.validation_of(metric)) {
        None => report.notes.push(info_note(format!(
            "No checkpoint has been judged yet, so that there are no results by class: earmark eval {} --data DIR",
            earmark_core::text::quote(&run.path.to_string_lossy())
        ))),
        Some((judgement, why)) => {
            report.notes.push(info_note(format!("Classes, confusion and worst clips are of step {}: {why}.", human_count(judgement.step))));
            add_judgement(&mut report, run, judgement, data)?;
        }
    }
    Ok(report)
}

fn info_note(text: String) -> PageNote {
    PageNote {
        level: NoteLevel::Info,
        text,
        ..PageNote::default()
    }
}

fn caution(text: String) -> PageNote {
    PageNote {
        level: NoteLevel::Caution,
        text,
        ..PageNote::default()
    }
}

fn skipped(file: &str, reason: &str) -> SkippedFile {
    SkippedFile {
        file: file.to_owned(),
        reason: reason.to_owned(),
    }
}

/// What must be known before believing the numbers.
fn note_state(report: &mut RunReport, run: &RunDir, status: &Status) {
    use crate::journal::State;
    if run.info.optimistic {
        report.notes.push(caution(
            "OPTIMISTIC: the judged clips also steered this training (validation.split = test-fold). Scores on other recordings \
             will be lower."
                .into(),
        ));
    }
    let text = match &status.state {
        State::Finished => return,
        State::StoppedEarly { reason } => {
            return report
                .notes
                .push(info_note(format!("Training stopped early: {reason}.")));
        }
        State::Running => format!("Training is {status}; this page shows it so far."),
        State::Interrupted => format!("Training was {status}; go on with --resume."),
        State::NotStarted => "Training has not written a checkpoint yet.".into(),
    };
    report.notes.push(caution(text));
}

/// The judged step that the report looks into, and why this one: of the judged steps the best in validation, because choosing
/// by the judged clips themselves is a little optimistic; without validation the best judged one; else the last.
fn chosen<'a>(
    judged: &'a [Judgement],
    metric: ValidationMetric,
    validation: &[(f64, f64)],
) -> Option<(&'a Judgement, String)> {
    let last = judged.last()?;
    if judged.len() == 1 {
        return Some((last, "the only one judged".to_owned()));
    }
    let (name, n) = (metric.name(), judged.len());
    let of_judged: Vec<(f64, f64)> = validation
        .iter()
        .copied()
        .filter(|p| judged.iter().any(|j| j.step == p.0 as u64))
        .collect();
    if let Some((step, _)) = highest(&of_judged)
        && let Some(j) = judged.iter().find(|j| j.step == step)
    {
        return Some((j, format!("the best of {n} judged by {name} in validation")));
    }
    Some(match best_of(judged, metric) {
        Some(j) => (
            j,
            format!("the best of {n} judged by {name}, chosen on the judged clips themselves"),
        ),
        None => (last, format!("the last of {n} judged")),
    })
}

/// Classes, confusion, worst clips and skipped files of one judged step.
fn add_judgement(
    report: &mut RunReport,
    run: &RunDir,
    judgement: &Judgement,
    data: Option<&Path>,
) -> Result<(), PageError> {
    report.per_class = classes(run, judgement);
    let eval = run.eval();
    let text = std::fs::read_to_string(result_path(&eval, judgement.step)).unwrap_or_default();
    for (file, reason) in text
        .lines()
        .filter_map(|l| l.strip_prefix("skipped ")?.split_once(": "))
    {
        report.skipped.push(skipped(file, reason));
    }
    let judged = match Judged::read(&scores_path(&eval, judgement.step), &eval.join("clips.txt")) {
        Ok(judged) => judged,
        Err(e) => {
            report.notes.push(caution(format!("The scores of the judged clips can't be read, so that confusion and worst clips are left out: {e}")));
            return Ok(());
        }
    };
    report.confusion = judged.confusion()?;
    let single_label = run.recipe.train.loss.is_single_label();
    let calibration = calibration(run, judgement.step);
    // A loss that only ranks gives scores that are no chances; what can't be drawn is left out.
    report.reliability = judged
        .reliability(single_label, calibration.as_ref())
        .unwrap_or_default();
    let folder = data.unwrap_or(&run.info.data.root);
    let audio = match Audio::find(run, folder) {
        Ok(audio) => Some(audio),
        Err(e) => {
            report.notes.push(caution(format!(
                "There are no pictures of the worst clips: {e}. Give the data folder with --data."
            )));
            None
        }
    };
    report.worst_clips = judged.worst(audio.as_ref())?;
    Ok(())
}

fn classes(run: &RunDir, judgement: &Judgement) -> Vec<ClassScoreRow> {
    let all = &judgement.report["per_class"];
    let row = |name: &String| {
        let class = &all[name.as_str()];
        ClassScoreRow {
            name: name.clone(),
            count: class["count"].as_u64().unwrap_or_default(),
            lwlrap: class["lwlrap"].as_f64(),
            ap: class["ap"].as_f64(),
            auc: class["auc"].as_f64(),
        }
    };
    run.classes
        .names()
        .iter()
        .filter(|name| all.get(name.as_str()).is_some())
        .map(row)
        .collect()
}

/// Loss, learning rate, gradient norm, and the validation results that do not steer.
fn curves(run: &RunDir, history: &History) -> Vec<TrainingCurve> {
    let positive = || history.learning_rate.iter().map(|p| p.1).filter(|v| *v > 0.0);
    let (low, high) = (
        positive().fold(f64::INFINITY, f64::min),
        positive().fold(0.0, f64::max),
    );
    let wide = if high > low * WIDE {
        AxisScale::Log
    } else {
        AxisScale::Linear
    };
    let mut curves = vec![
        ("loss".to_owned(), &history.loss, AxisScale::Linear),
        ("learning rate".to_owned(), &history.learning_rate, wide),
        (
            "gradient norm".to_owned(),
            &history.gradient_norm,
            AxisScale::Linear,
        ),
    ];
    for metric in METRICS.into_iter().filter(|m| *m != run.recipe.validation.metric) {
        curves.push((
            format!("validation {}", metric.name()),
            history.validation_of(metric),
            AxisScale::Linear,
        ));
    }
    let known = curves
        .into_iter()
        .filter(|(_, points, _)| points.iter().any(|p| p.1.is_finite()));
    known
        .map(|(name, points, scale)| TrainingCurve {
            name,
            points: points.clone(),
            scale,
        })
        .collect()
}

/// Judged results, then the validation that steers.
fn metrics(run: &RunDir, history: &History, judged: &[Judgement]) -> Vec<MetricCurve> {
    let named = |name: String, points: Points| MetricCurve {
        name,
        better: Better::Higher,
        points,
    };
    let mut metrics = Vec::new();
    for metric in METRICS {
        let points: Points = judged
            .iter()
            .map(|j| (j.step as f64, j.value(metric).unwrap_or(f64::NAN)))
            .collect();
        metrics.push(named(metric.name().to_owned(), points));
    }
    let metric = run.recipe.validation.metric;
    metrics.push(named(
        format!("validation {}", metric.name()),
        history.validation_of(metric).clone(),
    ));
    metrics.retain(|m| m.points.iter().any(|p| p.1.is_finite()));
    // The header shows four: what steered is one of them.
    if metrics.len() > 4 && metrics.last().is_some_and(|m| m.name.starts_with("validation")) {
        let steering = metrics.pop();
        metrics.splice(2..2, steering);
    }
    metrics
}

fn facts(run: &RunDir, status: &Status) -> Vec<Fact> {
    let (info, data) = (&run.info, &run.info.data);
    let mut facts = vec![
        Fact::new("recipe", &run.recipe.name),
        Fact::new("description", &run.recipe.description),
        Fact::new("data", format!("{} ({})", data.root.display(), data.layout)),
        Fact::new(
            "fingerprint of the data",
            data.fingerprint.get(..16).unwrap_or(&data.fingerprint),
        ),
        Fact::new("clips trained on", human_count(data.train as u64)),
        Fact::new("clips for validation", human_count(data.validation as u64)),
    ];
    match data.fold {
        Some(fold) => facts.push(Fact::new(
            "clips judged",
            format!("{} (fold {fold})", human_count(data.judged as u64)),
        )),
        None => facts.push(Fact::new("fold kept for judging", "none")),
    }
    facts.push(Fact::new("classes", run.classes.len()));
    let total = status
        .total
        .map_or(String::new(), |t| format!(" of {}", human_count(t)));
    facts.push(Fact::new("steps", format!("{}{total}", human_count(status.step))));
    if let Some(network) = network(run) {
        facts.push(Fact::new("network", network));
    }
    facts.push(Fact::new("device", &info.device));
    if let Some(from) = &info.init_from {
        facts.push(Fact::new("weights begin from", from));
    }
    if let Some(step) = best_step(run) {
        facts.push(Fact::new(
            "best.safetensors",
            format!("step {}", human_count(step)),
        ));
    }
    facts.retain(|f| !f.value.is_empty());
    facts
}

fn network(run: &RunDir) -> Option<String> {
    let extractor = Extractor::new(&run.recipe.front_end).ok()?;
    let (network, specs) =
        Network::build(&run.recipe.network, extractor.channels(), run.classes.len()).ok()?;
    let [c, b, f] = [
        extractor.channels(),
        extractor.bands(),
        extractor.segment_frames().unwrap_or(0),
    ];
    let scalars: usize = specs.iter().map(VarSpec::len).sum();
    Some(format!(
        "{}, {} parameters, input {c} x {b} x {f}",
        network.summary(c, b, f).title,
        human_count(scalars as u64)
    ))
}

/// The step of `best.safetensors`, looked up only where a training has got that far.
fn best_step(run: &RunDir) -> Option<u64> {
    let path = run.path.join("best.safetensors");
    let known = checkpoint::list(&run.path).is_ok_and(|steps| !steps.is_empty());
    (known && path.is_file())
        .then(|| ModelFile::read(&path).ok().map(|m| m.meta.step))
        .flatten()
}

/// The calibration of `best.safetensors`, where that is the step looked into.
fn calibration(run: &RunDir, step: u64) -> Option<Calibration> {
    let model = ModelFile::read(&run.path.join("best.safetensors")).ok()?;
    model.meta.calibration.filter(|_| model.meta.step == step)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn judgement(step: u64, lwlrap: f64) -> Judgement {
        Judgement {
            step,
            report: json!({ "lwlrap": lwlrap }),
        }
    }

    #[test]
    fn what_validation_chose_is_looked_into() {
        let judged = [judgement(100, 0.5), judgement(200, 0.8), judgement(300, 0.7)];
        let step = |validation: &[(f64, f64)]| {
            chosen(&judged, ValidationMetric::Lwlrap, validation)
                .map(|(j, why)| (j.step, why))
                .unwrap()
        };
        let validation = [(100.0, 0.4), (150.0, 0.9), (300.0, 0.6)];
        assert_eq!(
            step(&validation),
            (300, "the best of 3 judged by lwlrap in validation".into()),
            "150 was not judged"
        );
        assert_eq!(step(&[]).0, 200);
        assert!(step(&[]).1.contains("chosen on the judged clips"));
        assert_eq!(
            chosen(&judged, ValidationMetric::Auc, &[]).unwrap().0.step,
            300,
            "no auc anywhere: the last"
        );
        assert!(chosen(&[], ValidationMetric::Lwlrap, &[]).is_none());
    }

    #[test]
    fn command_lines_can_be_pasted() {
        let words = ["earmark", "train", "my recipe.toml", "--set", "name=it's", ""].map(str::to_owned);
        assert_eq!(
            earmark_core::text::command_line(&words),
            r"earmark train 'my recipe.toml' --set 'name=it'\''s' ''"
        );
    }
}
