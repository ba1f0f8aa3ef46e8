//! Temperature scaling: a slope alone, of one class or of a softmax, by maximum likelihood with a little regularisation.

use super::apply::CalibrationRule;
use super::logit::{log, sigmoid, softplus};
use super::newton::{Local, minimise};
use super::options::CalibrationOptions;
use crate::{Aligned, Result};

/// Slopes outside this range are not believed.
const SLOPES: std::ops::RangeInclusive<f64> = 0.02..=50.0;

/// The slope of the softmax; 1 with too few clips.
pub(super) fn fit_softmax(clips: &Aligned, options: CalibrationOptions) -> Result<CalibrationRule> {
    let labelled = clips.rows().zip(clips.single_labels()?);
    let rows: Vec<(Vec<f64>, usize)> = labelled
        .filter_map(|((scores, _), label)| Some((scores.iter().map(|&p| log(p)).collect(), label?)))
        .collect();
    if rows.len() < options.min_examples.max(1) {
        return Ok(CalibrationRule::Softmax { slope: 1.0 });
    }
    let slope = softmax_slope(&rows, options.strength);
    // Scores worse than chance can't be repaired by making them surer, and nobody wants them inverted.
    let slope = if slope > 0.0 { clamp(slope) } else { 1.0 };
    Ok(CalibrationRule::Softmax { slope })
}

/// The nearest slope that is believed.
pub(super) fn clamp(slope: f64) -> f32 {
    slope.clamp(*SLOPES.start(), *SLOPES.end()) as f32
}

/// Temperature scaling of one class: the slope `a = 1 / T` of `sigmoid(a z)`, regularised as Platt scaling.
pub(super) fn slope(logits: &[f64], truth: &[bool], strength: f64) -> f64 {
    fit_slope(strength, |a, at| {
        for (&x, &y) in logits.iter().zip(truth) {
            let (p, y) = (sigmoid(a * x), f64::from(u8::from(y)));
            at.value += softplus(a * x) - y * a * x;
            at.gradient[0] += (p - y) * x;
            at.hessian[0][0] += p * (1.0 - p) * x * x;
        }
    })
}

/// Temperature scaling of a softmax (Guo et al. 2017): the slope `a = 1 / T` of `softmax(a ln p)`, regularised as Platt scaling.
/// Each row is the logarithms of a clip's scores and the clip's class.
fn softmax_slope(rows: &[(Vec<f64>, usize)], strength: f64) -> f64 {
    fit_slope(strength, |a, at| {
        for (x, class) in rows {
            let most = x.iter().fold(f64::NEG_INFINITY, |m, &x| m.max(a * x));
            let (mut sum, mut first, mut second) = (0.0, 0.0, 0.0);
            for &x in x {
                let e = (a * x - most).exp();
                sum += e;
                first += e * x;
                second += e * x * x;
            }
            let mean = first / sum;
            at.value += sum.ln() + most - a * x[*class];
            at.gradient[0] += mean - x[*class];
            at.hessian[0][0] += second / sum - mean * mean;
        }
    })
}

/// The slope `a` that minimises what `add` adds for it to the regularisation.
fn fit_slope(strength: f64, add: impl Fn(f64, &mut Local<1>)) -> f64 {
    let [a] = minimise([1.0], |&[a]| {
        let mut at = Local {
            value: strength / 2.0 * (a - 1.0).powi(2),
            gradient: [strength * (a - 1.0)],
            hessian: [[strength]],
        };
        add(a, &mut at);
        at
    });
    a
}
