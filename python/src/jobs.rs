//! Long jobs: train, evaluate, fit. A request is JSON, and so is the result.

use crate::errors::{Failure, FailureKind};
use crate::hooks::{self, Hooks};
use crate::recipes;
use earmark::data::{DataOptions, ReadAs};
use earmark::engine::evaluation::json_path;
use earmark::hub::published_models;
use earmark::recipe::built_in_corrections;
use earmark::runs::run_dir::fresh_folder;
use earmark::train as training;
use earmark::train::{Checkpoints, EvaluateJob, FitFolderJob, ProbeClasses, TrainJob};
use pyo3::prelude::*;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// What is trained.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TrainRequest {
    recipe: String,
    set: Vec<String>,
    data: PathBuf,
    run: Option<PathBuf>,
    fold: Option<u32>,
    fold_table: Option<PathBuf>,
    init_from: Option<String>,
    resume: bool,
    device: String,
}

/// What is evaluated.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EvaluateRequest {
    run: PathBuf,
    data: PathBuf,
    fold: Option<u32>,
    fold_table: Option<PathBuf>,
    subset: Option<String>,
    /// Every which checkpoint; without it, the best one.
    every: Option<usize>,
    eval_dir: Option<PathBuf>,
    device: String,
}

/// What a model is made of.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FitRequest {
    data: PathBuf,
    options: DataOptions,
    out: PathBuf,
    set: Vec<String>,
    model: Option<String>,
    fold: Option<u32>,
    fold_table: Option<PathBuf>,
    independent: bool,
    background: Option<PathBuf>,
    minutes: Option<f64>,
    restart: bool,
    device: String,
}

/// Trains a recipe on a data folder.
#[pyfunction]
pub fn train(py: Python<'_>, request: &str, callback: Option<Py<PyAny>>) -> PyResult<String> {
    job(py, request, callback, train_request)
}

/// Evaluates a run.
#[pyfunction]
pub fn evaluate(py: Python<'_>, request: &str, callback: Option<Py<PyAny>>) -> PyResult<String> {
    job(py, request, callback, evaluate_request)
}

/// Makes the best model of a folder.
#[pyfunction]
pub fn fit(py: Python<'_>, request: &str, callback: Option<Py<PyAny>>) -> PyResult<String> {
    job(py, request, callback, fit_request)
}

/// Does what a request says.
fn job<R: DeserializeOwned>(
    py: Python<'_>,
    request: &str,
    callback: Option<Py<PyAny>>,
    work: fn(R, &Hooks) -> Result<Value, Failure>,
) -> PyResult<String> {
    let done = hooks::run(py, callback, |hooks| work(serde_json::from_str(request)?, hooks))?;
    Ok(done.to_string())
}

fn train_request(request: TrainRequest, hooks: &Hooks) -> Result<Value, Failure> {
    let recipe = recipes::load(&request.recipe, &request.set)?;
    let run = request
        .run
        .unwrap_or_else(|| fresh_folder(Path::new("runs"), &recipe.name));
    let job = TrainJob {
        fold: request.fold,
        fold_table: request.fold_table,
        init_from: request.init_from,
        resume: request.resume,
        device: request.device,
        command: vec!["earmark.train".into()],
        ..TrainJob::new(recipe, request.data, run)
    };
    let started = Instant::now();
    let trained = training::train(&job, &|event| hooks.event(event), hooks.stop())?;
    let outcome = &trained.outcome;
    Ok(json!({
        "run": trained.run, "step": outcome.step, "total": outcome.total, "interrupted": outcome.interrupted,
        "stopped_early": outcome.stopped_early, "best": outcome.best, "seconds": started.elapsed().as_secs_f64(),
        "warnings": trained.warnings, "skipped": trained.skipped, "damaged": trained.damaged,
    }))
}

fn evaluate_request(request: EvaluateRequest, hooks: &Hooks) -> Result<Value, Failure> {
    let job = EvaluateJob {
        run: request.run,
        data: request.data,
        fold: request.fold,
        fold_table: request.fold_table,
        subset: request.subset,
        read: ReadAs::default(),
        checkpoints: request.every.map_or(Checkpoints::Best, Checkpoints::Every),
        eval_dir: request.eval_dir,
        device: request.device,
        precision: None,
    };
    let done = training::evaluate(&job, &|event| hooks.event(event), hooks.stop())?;
    let mut results = Map::new();
    for (step, report) in &done.evaluated {
        results.insert(step.to_string(), serde_json::to_value(report)?);
    }
    for step in &done.already_evaluated {
        // Another process may be at it; then there is no result yet.
        if let Ok(text) = std::fs::read_to_string(json_path(&done.eval_dir, *step)) {
            results.insert(step.to_string(), serde_json::from_str(&text)?);
        }
    }
    Ok(json!({
        "results": results, "eval_dir": done.eval_dir, "optimistic": done.optimism, "interrupted": done.interrupted,
        "skipped": done.skipped, "damaged": done.damaged,
    }))
}

fn fit_request(request: FitRequest, hooks: &Hooks) -> Result<Value, Failure> {
    let mut options = request.options;
    if !options.corrections.is_empty() {
        options.recipe_corrections.texts = built_in_corrections();
    }
    let mut work = request.out.clone().into_os_string();
    work.push(".fit");
    let job = FitFolderJob {
        data: request.data,
        options,
        fold_table: request.fold_table,
        fold: request.fold,
        model: request.model.or_else(first_installed),
        classes: match request.independent {
            true => ProbeClasses::Independent,
            false => ProbeClasses::Auto,
        },
        background: request.background,
        overrides: request.set,
        out: request.out,
        work: work.into(),
        budget_seconds: request.minutes.map(|minutes| 60.0 * minutes),
        restart: request.restart,
        device: request.device,
        command: vec!["earmark.fit".into()],
    };
    let done = training::fit_folder(&job, &|event| hooks.event(event), hooks.stop())?;
    let stopped = || Failure::new(FailureKind::Other, "interrupted; the same call resumes");
    Ok(serde_json::to_value(done.ok_or_else(stopped)?)?)
}

/// The first network of the catalogue that is installed.
fn first_installed() -> Option<String> {
    let found = published_models().iter().find(|model| model.is_installed())?;
    Some(found.name.clone())
}
