//! Scores to logits and back.

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
pub(super) fn softplus(z: f64) -> f64 {
    z.max(0.0) + (-z.abs()).exp().ln_1p()
}
