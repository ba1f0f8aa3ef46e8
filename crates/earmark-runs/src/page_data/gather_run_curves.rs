//! The curves of a run: loss, learning rate, validation, and the results of evaluated steps.

use crate::experiment_log::{METRICS, Points, StepEvaluation, TrainingHistory};
use crate::run_dir::RunDir;
use earmark_report::{AxisScale, Better, MetricCurve, TrainingCurve};

/// Learning rates that differ more than this are drawn on a logarithmic axis.
const WIDE: f64 = 50.0;

/// Loss, learning rate, gradient norm, and the validation metrics that drive nothing.
pub(super) fn curves(run: &RunDir, history: &TrainingHistory) -> Vec<TrainingCurve> {
    let positive = || history.learning_rate.iter().map(|p| p.1).filter(|v| *v > 0.0);
    let low = positive().fold(f64::INFINITY, f64::min);
    let high = positive().fold(0.0, f64::max);
    let (linear, log) = (AxisScale::Linear, AxisScale::Log);
    let rate_scale = if high > low * WIDE { log } else { linear };
    let mut curves = vec![
        ("loss".to_owned(), &history.loss, linear),
        ("learning rate".to_owned(), &history.learning_rate, rate_scale),
        ("gradient norm".to_owned(), &history.gradient_norm, linear),
    ];
    for metric in METRICS.into_iter().filter(|m| *m != run.recipe.validation.metric) {
        let name = format!("validation {}", metric.name());
        curves.push((name, history.validation_of(metric), linear));
    }
    curves.retain(|(_, points, _)| points.iter().any(|p| p.1.is_finite()));
    let curve = |(name, points, scale): (String, &Points, AxisScale)| TrainingCurve {
        name,
        points: points.clone(),
        scale,
    };
    curves.into_iter().map(curve).collect()
}

/// Results of the evaluated steps, then the validation metric that drives the training.
pub(super) fn metrics(
    run: &RunDir,
    history: &TrainingHistory,
    evaluated: &[StepEvaluation],
) -> Vec<MetricCurve> {
    let named = |name: String, points: Points| MetricCurve {
        name,
        better: Better::Higher,
        points,
    };
    let mut metrics = Vec::new();
    for metric in METRICS {
        let point = |e: &StepEvaluation| (e.step as f64, e.value(metric).unwrap_or(f64::NAN));
        let points = evaluated.iter().map(point).collect();
        metrics.push(named(metric.name().to_owned(), points));
    }
    let metric = run.recipe.validation.metric;
    let name = format!("validation {}", metric.name());
    metrics.push(named(name, history.validation_of(metric).clone()));
    metrics.retain(|m| m.points.iter().any(|p| p.1.is_finite()));
    // The header shows four: the driving metric is one of them.
    if metrics.len() > 4 && metrics.last().is_some_and(|m| m.name.starts_with("validation")) {
        let driving = metrics.pop();
        metrics.splice(2..2, driving);
    }
    metrics
}
