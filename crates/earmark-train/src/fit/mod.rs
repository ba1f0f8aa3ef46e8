//! A folder to a model: several ways are compared on clips that none was trained on, and the best one is trained on all.
//!
//! ```text
//! FitData -> Way (probe, fine-tune, ...) -> out-of-fold scores -> choose -> model file, calibrated -> report
//! data       ways, recipes, cost            work                  choose    finish                     page
//! ```
//!
//! Each way is cross-validated on the same folds of the training clips. What has finished is kept in a folder of work, so that the same
//! call resumes. With an outer fold, its clips are not read before the finished model is evaluated on them.

mod choose;
mod context;
mod cost;
mod data;
mod finish;
mod folds;
mod job;
mod page;
mod recipes;
mod ways;
mod work;

pub use choose::{FitMetric, WayComparison};
pub use job::{FitCalibration, FitFolderJob, FitFolderResult, FitHeldOut, FitWayResult, WayLeftOut};

use crate::training::add_damaged;
use crate::{Observer, PipelineError, Skips};
use choose::choose;
use context::FitContext;
use cost::fits;
use data::FitData;
use earmark_core::atomic;
use earmark_core::human::human_duration;
use earmark_metrics::{Aligned, Report, ReportOptions};
use earmark_runs::run_dir::write_json;
use earmark_runs::warnings::{ResultFacts, RunWarning};
use finish::{aligned, calibrate_out_of_fold, evaluate_held_out, write_model};
use page::write_page;
use recipes::FitBackbone;
use serde_json::{Value, json};
use std::sync::atomic::AtomicBool;
use std::time::Instant;
use ways::{Way, WayKind};
use work::{FinishedWay, WorkFolder};

/// Makes the best model of a folder that the ways and the time allow; `None` when stopped, and the same call resumes.
///
/// # Errors
///
/// When folder, network and settings do not fit together, or files can't be read or written.
pub fn fit_folder(
    job: &FitFolderJob,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Option<FitFolderResult>, PipelineError> {
    let started = Instant::now();
    atomic::check(&job.out)?;
    let data = FitData::read(job, observer)?;
    let backbone = job.model.as_deref().map(FitBackbone::read).transpose()?;
    if backbone.is_none() && job.background.is_some() {
        return Err(PipelineError::Request(
            "--background: only a probe of a network knows recordings of none of the classes; name a network with --model, or fetch \
             one with `earmark models get efficientat-mn04-as`"
                .into(),
        ));
    }
    let work = WorkFolder::open(&job.work, &settings(job, &data, backbone.as_ref())?, job.restart)?;
    data.write(&work.path)?;
    let context = FitContext {
        job,
        data: &data,
        work: &work,
        observer,
        stop,
    };
    context.note(data.describe(job.fold));
    let (ways, mut left_out) = Way::all(&context, backbone.as_ref())?;
    announce(&context, &ways, &left_out);
    let Some(tried) = run_all(&context, &ways, started, &mut left_out)? else {
        return Ok(None);
    };
    finish_fit(&context, &tried, left_out, started)
}

/// What must be the same when a fit is resumed. The budget may change.
fn settings(
    job: &FitFolderJob,
    data: &FitData,
    backbone: Option<&FitBackbone>,
) -> Result<Value, PipelineError> {
    let fingerprint = data.train.fingerprint()?;
    let held_out = data.train.with_items(data.test.clone()).fingerprint()?;
    Ok(json!({
        "format": 1, "data": [fingerprint, held_out], "options": format!("{:?}", job.options), "fold": job.fold,
        "model": backbone.map(|backbone| &backbone.hash), "classes": format!("{:?}", job.classes),
        "background": job.background, "set": job.overrides,
    }))
}

/// Says what will be done, and about how long it will take.
fn announce(context: &FitContext, ways: &[Way], left_out: &[WayLeftOut]) {
    let (mut total, mut lines) = (0.0, Vec::new());
    let all = context.data.train.folds().len();
    for (index, way) in ways.iter().enumerate() {
        let left = context.left(total);
        let (folds, seconds) = way.cost.within(left);
        let fits = index == 0 || fits(left, seconds);
        let time = human_duration(seconds);
        let what = match folds < all {
            true => format!("{}, compared on {folds} of {all} folds", way.description),
            false => way.description.clone(),
        };
        lines.push(match (fits, seconds > 0.0) {
            (false, _) => format!(
                "  not {}: it takes about {time} more; --minutes {:.0} would be enough",
                way.name,
                ((total + seconds) / 60.0).ceil()
            ),
            (true, true) => format!("  {}: {what}, about {time}", way.name),
            (true, false) => format!("  {}: {what}", way.name),
        });
        total += if fits { seconds } else { 0.0 };
    }
    context.note(format!(
        "ways to compare, about {} in all (measured on a few clips and steps):",
        human_duration(total)
    ));
    lines.into_iter().for_each(|line| context.note(line));
    for way in left_out {
        context.note(format!("  not {}: {}", way.name, way.reason));
    }
}

/// A way that was tried, with its scores next to the truth.
struct TriedWay<'a> {
    way: &'a Way,
    found: FinishedWay,
    clips: Aligned,
    /// The fold of each clip.
    folds: Vec<u32>,
}

/// Tries all ways that the budget allows; `None` when stopped.
fn run_all<'a>(
    context: &FitContext,
    ways: &'a [Way],
    started: Instant,
    left_out: &mut Vec<WayLeftOut>,
) -> Result<Option<Vec<TriedWay<'a>>>, PipelineError> {
    let items = context.data.by_file();
    let mut tried = Vec::new();
    for (index, way) in ways.iter().enumerate() {
        let elapsed = started.elapsed().as_secs_f64();
        let left = context.left(elapsed);
        let (folds, seconds) = way.cost.within(left);
        let is_finished = context.work.finished(way.name)?.is_some();
        if index > 0 && !is_finished && !fits(left, seconds) {
            let reason = format!(
                "it takes about {} more, and {} of --minutes are used up; {:.0} would be enough",
                human_duration(seconds),
                human_duration(elapsed),
                ((elapsed + seconds) / 60.0).ceil()
            );
            context.note(format!("not {}: {reason}", way.name));
            let name = way.name.to_owned();
            left_out.push(WayLeftOut { name, reason });
            continue;
        }
        let (found, scores) = match way.run(context, folds) {
            Ok(Some(done)) => done,
            Ok(None) => return Ok(None),
            // The first way has a model already; a later one that fails takes nothing from it.
            Err(e) if index > 0 && !e.is_interrupt() => {
                context.note(format!("not {}: it failed: {e}", way.name));
                left_out.push(WayLeftOut {
                    name: way.name.to_owned(),
                    reason: format!("it failed: {e}"),
                });
                continue;
            }
            Err(e) => return Err(e),
        };
        let (clips, folds) = aligned(scores, &items, &context.data.train.classes)?;
        tried.push(TriedWay {
            way,
            found,
            clips,
            folds,
        });
    }
    Ok(Some(tried))
}

/// Chooses, writes the model, evaluates and reports; `None` when stopped.
fn finish_fit(
    context: &FitContext,
    tried: &[TriedWay],
    left_out: Vec<WayLeftOut>,
    started: Instant,
) -> Result<Option<FitFolderResult>, PipelineError> {
    let (job, data) = (context.job, context.data);
    let metric = match data.train.multi_label {
        true => FitMetric::Lwlrap,
        false => FitMetric::Accuracy,
    };
    let mut compared = vec![None];
    for other in &tried[1..] {
        compared.push(Some(WayComparison::of(metric, &other.clips, &tried[0].clips)?));
    }
    let eligible = tried.iter().zip(&compared);
    let eligible = eligible.map(|(tried, found)| found.filter(|_| tried.way.is_candidate));
    let index = choose(&eligible.collect::<Vec<_>>());
    let chosen = &tried[index];
    let report = Report::of(&chosen.clips, &ReportOptions::default())?;
    let (calibration, fitted) =
        calibrate_out_of_fold(&chosen.clips, &chosen.folds, chosen.found.single_label)?;
    if !write_model(context, chosen.way, fitted)? {
        return Ok(None);
    }
    let (mut skipped, mut damaged) = skipped_and_damaged(tried);
    let mut held_out = None;
    if let Some(fold) = job.fold {
        held_out = evaluate_held_out(context, fold, &mut skipped, &mut damaged)?;
        if held_out.is_none() {
            return Ok(None);
        }
    }
    let ways = results(tried, &compared, index)?;
    let mut result = FitFolderResult {
        model: job.out.clone(),
        work: job.work.clone(),
        report: job.work.join("report.html"),
        chosen: chosen.way.name.to_owned(),
        metric,
        clips: data.train.items.len(),
        classes: chosen.clips.classes().to_vec(),
        outer_folds: data.outer_folds.clone(),
        folds: data.train.folds().len(),
        warnings: warnings(context, tried, (index, &report), &compared),
        guessing: report.guessing.clone(),
        ways,
        left_out,
        calibration,
        held_out,
        skipped,
        damaged,
        seconds: 0.0,
    };
    let recipe = match &chosen.way.kind {
        WayKind::Train(recipe) => Some(recipe.as_ref()),
        WayKind::Probe(_) => None,
    };
    write_page(context, &result, (&chosen.clips, chosen.folds.as_slice()), recipe)?;
    result.seconds = started.elapsed().as_secs_f64();
    write_json(&context.work.path.join("fit.json"), &result)?;
    Ok(Some(result))
}

/// The clips that any way could not read, and those that any way used in part.
fn skipped_and_damaged(tried: &[TriedWay]) -> (Skips, Skips) {
    let (mut skipped, mut damaged) = (Skips::new(), Skips::new());
    for found in tried.iter().map(|tried| &tried.found) {
        for skip in &found.skipped {
            if !skipped.contains(skip) {
                skipped.push(skip.clone());
            }
        }
        add_damaged(&mut damaged, found.damaged.clone());
    }
    (skipped, damaged)
}

/// A line for each way.
fn results(
    tried: &[TriedWay],
    compared: &[Option<WayComparison>],
    chosen: usize,
) -> Result<Vec<FitWayResult>, PipelineError> {
    let mut lines = Vec::with_capacity(tried.len());
    for (index, one) in tried.iter().enumerate() {
        let report = Report::of(&one.clips, &ReportOptions::default())?;
        lines.push(FitWayResult {
            name: one.way.name.to_owned(),
            description: one.way.description.clone(),
            seconds: one.found.seconds,
            clips: one.clips.files().len(),
            accuracy: report.accuracy,
            lwlrap: report.lwlrap,
            compared: compared[index],
            chosen: index == chosen,
        });
    }
    Ok(lines)
}

/// What to know before believing the results of the chosen way.
fn warnings(
    context: &FitContext,
    tried: &[TriedWay],
    (chosen, report): (usize, &Report),
    compared: &[Option<WayComparison>],
) -> Vec<String> {
    let mut all = context.data.warnings.clone();
    let of_result = ResultFacts::from(report).warnings("out-of-fold clips");
    all.extend(of_result.iter().map(RunWarning::to_string));
    // Those of a cross-validation repeat both.
    let about = |text: &String| !text.contains("clips of all folds") && !context.data.warnings.contains(text);
    let own = tried[chosen].found.warnings.iter().filter(|text| about(text));
    all.extend(own.cloned());
    for (one, comparison) in tried.iter().zip(compared) {
        let is_better = comparison.is_some_and(|comparison| comparison.is_better());
        if is_better && !one.way.is_candidate && chosen == 0 {
            all.push(format!(
                "{} does better than the chosen way: the network says little about these classes; check the labels with `earmark data \
                 check`, or begin with another network (--model)",
                one.way.description
            ));
        }
    }
    all
}
