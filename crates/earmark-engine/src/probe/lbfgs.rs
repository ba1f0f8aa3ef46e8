//! Limited-memory BFGS (Liu and Nocedal 1989) for smooth convex functions of many numbers.

use earmark_kernels::double_precision::{add, dot};
use std::collections::VecDeque;

/// Steps and gradients remembered.
const MEMORY: usize = 10;

/// Relative error of a value that comes from products in single precision.
const ROUNDING: f64 = 1e-7;

/// Minimises `f` from `x` until the largest component of the gradient is below `tolerance` or `most` steps are taken. `f` returns the
/// value at a point and writes the gradient. Steps are halved until the value falls enough (Armijo's rule); near the bottom, where a
/// fall is smaller than the value's rounding error, until the slope does. Steps along which `f` does not curve upwards are not
/// remembered.
pub(super) fn minimise(
    mut x: Vec<f64>,
    tolerance: f64,
    most: usize,
    mut f: impl FnMut(&[f64], &mut [f64]) -> f64,
) -> Vec<f64> {
    let n = x.len();
    let mut gradient = vec![0.0; n];
    let mut value = f(&x, &mut gradient);
    // For each of the last steps: the step, the change of the gradient, and 1 over their product.
    let mut pairs: VecDeque<(Vec<f64>, Vec<f64>, f64)> = VecDeque::new();
    for _ in 0..most {
        if gradient.iter().all(|g| g.abs() <= tolerance) {
            break;
        }
        let mut direction = descent(&gradient, &pairs);
        let mut slope = dot(&direction, &gradient);
        if slope >= 0.0 {
            // Rounding errors have spoilt the remembered steps.
            pairs.clear();
            direction = descent(&gradient, &pairs);
            slope = dot(&direction, &gradient);
        }
        let mut length = if pairs.is_empty() {
            (1.0 / dot(&gradient, &gradient).sqrt()).min(1.0)
        } else {
            1.0
        };
        let mut there = vec![0.0; n];
        let mut new_gradient = vec![0.0; n];
        let accepted = loop {
            for ((t, x), d) in there.iter_mut().zip(&x).zip(&direction) {
                *t = x + length * d;
            }
            let new_value = f(&there, &mut new_gradient);
            let falls = new_value <= value + 1e-4 * length * slope;
            let levels = || {
                new_value <= value + ROUNDING * value.abs()
                    && dot(&direction, &new_gradient).abs() <= 0.9 * slope.abs()
            };
            if falls || levels() {
                break Some(new_value);
            }
            length /= 2.0;
            if length < 1e-14 {
                break None;
            }
        };
        let Some(new_value) = accepted else { break };
        let step: Vec<f64> = direction.iter().map(|d| length * d).collect();
        let change: Vec<f64> = new_gradient.iter().zip(&gradient).map(|(a, b)| a - b).collect();
        let product = dot(&step, &change);
        if product > 1e-12 * dot(&change, &change).sqrt() * dot(&step, &step).sqrt() {
            if pairs.len() == MEMORY {
                pairs.pop_front();
            }
            pairs.push_back((step, change, 1.0 / product));
        }
        (x, gradient, value) = (there, new_gradient, new_value);
    }
    x
}

/// The direction by the two-loop recursion.
fn descent(gradient: &[f64], pairs: &VecDeque<(Vec<f64>, Vec<f64>, f64)>) -> Vec<f64> {
    let mut q = gradient.to_vec();
    let mut factors = Vec::with_capacity(pairs.len());
    for (step, change, rho) in pairs.iter().rev() {
        let factor = rho * dot(step, &q);
        add(&mut q, -factor, change);
        factors.push(factor);
    }
    if let Some((_, change, rho)) = pairs.back() {
        let scale = 1.0 / (rho * dot(change, change));
        q.iter_mut().for_each(|v| *v *= scale);
    }
    for ((step, change, rho), factor) in pairs.iter().zip(factors.into_iter().rev()) {
        let back = factor - rho * dot(change, &q);
        add(&mut q, back, step);
    }
    q.iter_mut().for_each(|v| *v = -*v);
    q
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A valley with very different curvatures, and quartic walls.
    #[test]
    fn the_bottom_of_a_narrow_valley_is_found() {
        let n = 50;
        let scale = |i: usize| 10.0_f64.powf(i as f64 / 10.0 - 2.0);
        let f = |x: &[f64], g: &mut [f64]| {
            let mut value = 0.0;
            for (i, (x, g)) in x.iter().zip(g.iter_mut()).enumerate() {
                let d = x - i as f64 / 7.0;
                value += scale(i) * d * d + 0.1 * d.powi(4);
                *g = 2.0 * scale(i) * d + 0.4 * d.powi(3);
            }
            value
        };
        let found = minimise(vec![-3.0; n], 1e-9, 2000, f);
        for (i, x) in found.iter().enumerate() {
            assert!((x - i as f64 / 7.0).abs() < 1e-5, "{i}: {x}");
        }
    }
}
