//! Platt scaling: slope and shift of each class by itself, by maximum likelihood with a little regularisation.

use super::apply::CalibrationLine;
use super::logit::{logit, sigmoid, softplus};
use super::newton::{Local, minimise};
use super::options::{CalibrationMethod, CalibrationOptions};
use super::temperature_scaling::{clamp, slope};
use crate::Aligned;

/// Slope and shift of a class, or its slope alone where the method is temperature scaling; a class with too few examples stays as
/// it is.
pub(super) fn fit_class(clips: &Aligned, class: usize, options: CalibrationOptions) -> CalibrationLine {
    let (logits, truth): (Vec<f64>, Vec<bool>) = clips
        .rows()
        .map(|(scores, truth)| (logit(scores[class]), truth[class]))
        .unzip();
    let positives = truth.iter().filter(|t| **t).count();
    if positives.min(truth.len() - positives) < options.min_examples.max(1) {
        return CalibrationLine::IDENTITY;
    }
    let [slope, shift] = match options.method {
        CalibrationMethod::Platt => platt(&logits, &truth, options.strength),
        CalibrationMethod::Temperature => [slope(&logits, &truth, options.strength), 0.0],
    };
    // As with a softmax: a class is never inverted.
    if !(slope > 0.0 && slope.is_finite() && shift.is_finite()) {
        return CalibrationLine::IDENTITY;
    }
    let (slope, shift) = (clamp(slope), shift as f32);
    CalibrationLine { slope, shift }
}

/// Platt scaling (Platt 1999): slope `a` and shift `b` of `sigmoid(a z + b)` that maximise the log-likelihood of `truth` minus
/// `strength / 2 ((a - 1)^2 + b^2)`, which pulls both towards changing nothing.
fn platt(logits: &[f64], truth: &[bool], strength: f64) -> [f64; 2] {
    minimise([1.0, 0.0], |&[a, b]| {
        let mut at = Local {
            value: strength / 2.0 * ((a - 1.0).powi(2) + b * b),
            gradient: [strength * (a - 1.0), strength * b],
            hessian: [[strength, 0.0], [0.0, strength]],
        };
        for (&x, &y) in logits.iter().zip(truth) {
            let z = a * x + b;
            let (p, y) = (sigmoid(z), f64::from(u8::from(y)));
            at.value += softplus(z) - y * z;
            let (g, h) = (p - y, p * (1.0 - p));
            at.gradient[0] += g * x;
            at.gradient[1] += g;
            at.hessian[0][0] += h * x * x;
            at.hessian[0][1] += h * x;
            at.hessian[1][1] += h;
        }
        at.hessian[1][0] = at.hessian[0][1];
        at
    })
}
