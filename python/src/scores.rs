//! Metrics of scores, and linear probes.

use crate::arrays::{numbers, rows_of};
use crate::errors::{Failure, FailureKind};
use crate::process;
use earmark::engine::{LinearProbe, LinearProbeData};
use earmark::metrics::{Aligned, Bootstrap, Report, ReportOptions, ScoreTable};
use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;
use serde::Deserialize;

/// Weights `[classes, width]` and biases `[classes]`.
type Layer<'py> = (Bound<'py, PyArray1<f32>>, Bound<'py, PyArray1<f32>>);

/// What is asked of [`score`].
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScoreRequest {
    files: Vec<String>,
    classes: Vec<String>,
    k: usize,
    threshold: f32,
    bootstrap: usize,
}

/// Every metric of scores and truth, `[clips, classes]` each, as the JSON of `earmark score --json`.
#[pyfunction]
pub fn score(
    py: Python<'_>,
    scores: PyReadonlyArray1<'_, f32>,
    truth: PyReadonlyArray1<'_, bool>,
    request: &str,
) -> PyResult<String> {
    let (values, marks) = (numbers(scores)?, numbers(truth)?);
    let json = py.detach(|| -> Result<String, Failure> {
        let request: ScoreRequest = serde_json::from_str(request)?;
        let options = ReportOptions {
            map_at: request.k,
            threshold: request.threshold,
            bootstrap: (request.bootstrap > 0).then(|| Bootstrap {
                resamples: request.bootstrap,
                ..Bootstrap::default()
            }),
            ..ReportOptions::default()
        };
        let table = ScoreTable::new(request.files, request.classes, values)?;
        let report = Report::of(&Aligned::from_rows(table, marks)?, &options)?;
        Ok(serde_json::to_string(&report)?)
    })?;
    Ok(json)
}

/// Fits a dense layer to rows of numbers `[clips, width]` and targets `[clips, classes]`, as `earmark probe` does.
/// `shape` is (width, classes).
#[pyfunction]
pub fn fit_probe<'py>(
    py: Python<'py>,
    x: PyReadonlyArray1<'py, f32>,
    y: PyReadonlyArray1<'py, f32>,
    shape: (usize, usize),
    single_label: bool,
    strength: f64,
) -> PyResult<Layer<'py>> {
    process::start()?;
    let (width, classes) = shape;
    let data = LinearProbeData {
        x: numbers(x)?,
        y: numbers(y)?,
        width,
        classes,
        single_label,
        within_class: false,
    };
    let rows = (rows_of(data.x.len(), width)?, rows_of(data.y.len(), classes)?);
    if rows.0 == 0 || rows.0 != rows.1 {
        let problem = format!("{} rows of numbers and {} of targets", rows.0, rows.1);
        return Err(Failure::new(FailureKind::Data, problem).into());
    }
    let layer = py.detach(|| LinearProbe::fit(&data, strength, None));
    Ok((
        PyArray1::from_vec(py, layer.weight),
        PyArray1::from_vec(py, layer.bias),
    ))
}
