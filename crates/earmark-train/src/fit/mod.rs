//! A folder to a model: several ways are compared on clips that none was trained on, and the best one is trained on
//! all.
//!
//! ```text
//! sounds, together -> FitData -> Way (probe, fine-tune, ...) -> out-of-fold scores
//! choose_folds        data       ways, recipes, cost            work
//!
//!     -> choose -> model file, calibrated -> report
//!        choose    finish                     page
//! ```
//!
//! Each way is cross-validated on the same folds of the training clips. What has finished is kept in a folder of work,
//! so that the same call resumes. With an outer fold, its clips are looked at for copies alone before the finished
//! model is evaluated on them.

mod announce;
mod budget;
mod cautions;
mod changed_settings;
mod choose;
mod choose_folds;
mod clips;
mod context;
mod cost;
mod cut_outs;
mod data;
mod finish;
mod folds;
mod job;
mod nothing_to_win;
mod page;
mod recipes;
mod refit;
mod score_clips;
mod sounds;
mod together;
mod tried;
mod unfinished;
mod ways;
mod work;

pub use choose::{FitMetric, WayComparison};
pub use job::{FitCalibration, FitFolderJob, FitFolderResult, FitHeldOut, FitWayResult, WayLeftOut};
pub use unfinished::UnfinishedFit;

use crate::{Observer, PipelineError};
use announce::announce;
use cautions::warnings;
use changed_settings::READING;
use choose::choose;
use context::{FitContext, Shown};
use data::{FitData, fold_table};
use earmark_core::atomic;
use earmark_metrics::{Report, ReportOptions};
use earmark_runs::run_dir::{now, write_json};
use finish::{calibrate_out_of_fold, calibrated_by_others, evaluate_held_out, thresholds, write_model};
use nothing_to_win::that_clips_can_show;
use page::{ChosenScores, write_page};
use recipes::{FitBackbone, check_overrides};
use serde_json::{Value, json};
use std::sync::atomic::AtomicBool;
use std::time::Instant;
use tried::{TriedWay, clips_without, results, run_all, skipped_and_damaged};
use unfinished::RESULTS;
use ways::{Way, WayKind};
use work::WorkFolder;

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
    let (started, began) = (Instant::now(), now());
    atomic::check(&job.out)?;
    let backbone = job.model.as_deref().map(FitBackbone::read).transpose()?;
    if backbone.is_none() && job.background.is_some() {
        return Err(PipelineError::Request(
            "--background: only a probe of a network knows recordings of none of the classes; name a network with \
             --model, or fetch one with `earmark models get efficientat-mn04-as`"
                .into(),
        ));
    }
    check_overrides(job, backbone.as_ref())?;
    let Some(data) = FitData::read(job, observer, stop)? else {
        return Ok(None);
    };
    let work = WorkFolder::open(&job.work, &settings(job, &data, backbone.as_ref())?, job.restart)?;
    data.write(&work.path)?;
    let (shown, began) = (Shown::default(), began.as_str());
    for (file, _) in &data.skipped {
        shown.is_new(file);
    }
    let context = FitContext {
        job,
        data: &data,
        work: &work,
        observer,
        shown: &shown,
        began,
        stop,
    };
    context.note(data.describe(job.fold));
    let (ways, mut left_out) = Way::all(&context, backbone.as_ref())?;
    let mut ways = that_clips_can_show(&context, ways, &mut left_out)?;
    Way::estimate_all(&mut ways, &context, backbone.as_ref())?;
    announce(&context, &ways, &left_out, started);
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
        READING: serde_json::to_value(&job.options).unwrap_or_default(),
    }))
}

/// Chooses, writes the model, evaluates and reports; `None` when stopped.
fn finish_fit(
    context: &FitContext,
    tried: &[TriedWay],
    left_out: Vec<WayLeftOut>,
    started: Instant,
) -> Result<Option<FitFolderResult>, PipelineError> {
    let (job, data) = (context.job, context.data);
    let metric = FitMetric::of_labels(data.train.multi_label);
    let mut compared = vec![None];
    for other in &tried[1..] {
        compared.push(Some(WayComparison::of(metric, &other.clips, &tried[0].clips)?));
    }
    let eligible = tried.iter().zip(&compared);
    let eligible = eligible.map(|(tried, found)| found.filter(|_| tried.way.is_candidate));
    let index = choose(&eligible.collect::<Vec<_>>());
    let chosen = &tried[index];
    let report = Report::of(&chosen.clips, &ReportOptions::default())?;
    let single_label = chosen.found.single_label;
    let (calibration, fitted) =
        calibrate_out_of_fold(&data.train, &chosen.clips, &chosen.folds, single_label)?;
    // A probe calibrates itself, with the background counted in.
    let calibration = chosen.found.calibration.clone().unwrap_or(calibration);
    if !write_model(context, chosen.way, fitted)? {
        return Ok(None);
    }
    let (mut skipped, mut damaged) = skipped_and_damaged(context, tried);
    let read = clips_without(context, &skipped);
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
        report: FitFolderJob::report_in(&job.work),
        chosen: chosen.way.name.to_owned(),
        metric,
        clips: read,
        classes: chosen.clips.classes().to_vec(),
        outer_folds: data.outer_folds.clone(),
        fold_table: data.is_redrawn.then(|| fold_table(&job.work)),
        folds: data.train.folds().len(),
        warnings: warnings(context, tried, (index, &report), &compared),
        guessing: report.guessing.clone(),
        ways,
        left_out,
        calibration,
        thresholds: thresholds(&job.out)?,
        held_out,
        skipped,
        damaged,
        silent: data.silent.clone(),
        empty: data.empty.clone(),
        seconds: 0.0,
    };
    show_page(context, &result, chosen)?;
    result.seconds = started.elapsed().as_secs_f64();
    write_json(&context.work.path.join(RESULTS), &result)?;
    Ok(Some(result))
}

/// Writes the page about the chosen way, with calibrated scores where those of the model are.
fn show_page(context: &FitContext, result: &FitFolderResult, chosen: &TriedWay) -> Result<(), PipelineError> {
    let TriedWay {
        way,
        found,
        clips,
        folds,
    } = chosen;
    let by_others = || calibrated_by_others(&context.data.train, clips, folds, found.single_label);
    let calibrated = result.calibration.helps.then(by_others).transpose()?;
    let scores = ChosenScores {
        clips,
        calibrated: calibrated.as_ref(),
        folds,
    };
    let recipe = match &way.kind {
        WayKind::Train(recipe) => Some(recipe.as_ref()),
        WayKind::Probe(_) => None,
    };
    write_page(context, result, scores, recipe)
}
