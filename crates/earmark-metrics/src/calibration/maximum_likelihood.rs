//! Slopes and shifts of a calibration, fitted by maximum likelihood with a little regularisation.

use super::newton::{Local, minimise};

/// A score of exactly 0 or 1 counts as this far from it: about the smallest step of float32 below 1.
const EDGE: f64 = 1e-7;

/// `ln(p / (1 - p))` of a score.
pub(super) fn logit(p: f32) -> f64 {
    let p = f64::from(p).clamp(EDGE, 1.0 - EDGE);
    (p / (1.0 - p)).ln()
}

/// The score of a logit.
pub(super) fn sigmoid(z: f64) -> f64 {
    if z >= 0.0 {
        1.0 / (1.0 + (-z).exp())
    } else {
        z.exp() / (1.0 + z.exp())
    }
}

/// `ln p`, finite for 0.
pub(super) fn log(p: f32) -> f64 {
    f64::from(p).max(1e-30).ln()
}

/// `ln(1 + e^z)` without overflow.
fn softplus(z: f64) -> f64 {
    z.max(0.0) + (-z.abs()).exp().ln_1p()
}

/// Platt scaling (Platt 1999): slope `a` and shift `b` of `sigmoid(a z + b)` that maximise the log-likelihood of `truth` minus
/// `strength / 2 ((a - 1)^2 + b^2)`, which pulls both towards changing nothing.
pub(super) fn platt(logits: &[f64], truth: &[bool], strength: f64) -> [f64; 2] {
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

/// Temperature scaling of one class: the slope `a = 1 / T` of `sigmoid(a z)`, regularised as [`platt`].
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

/// Temperature scaling of a softmax (Guo et al. 2017): the slope `a = 1 / T` of `softmax(a ln p)`, regularised as [`platt`].
/// Each row is the logarithms of a clip's scores and the clip's class.
pub(super) fn softmax_slope(rows: &[(Vec<f64>, usize)], strength: f64) -> f64 {
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
