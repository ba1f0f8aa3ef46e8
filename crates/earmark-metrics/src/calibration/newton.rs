//! Newton's method for the convex functions of one or two variables that calibration minimises.

use std::array::from_fn;
use std::iter::successors;

/// Value, gradient and Hessian of a function at a point.
pub(super) struct Local<const D: usize> {
    pub value: f64,
    pub gradient: [f64; D],
    pub hessian: [[f64; D]; D],
}

/// Maximum number of steps; a dozen is usual.
const MOST_STEPS: usize = 200;

/// The minimum of a convex function, from `start`: Newton steps, halved until the value falls enough (Armijo's rule), which
/// makes them converge from anywhere. A small ridge on the Hessian keeps still any direction in which the function is flat.
pub(super) fn minimise<const D: usize>(start: [f64; D], f: impl Fn(&[f64; D]) -> Local<D>) -> [f64; D] {
    let mut at = start;
    let mut here = f(&at);
    for _ in 0..MOST_STEPS {
        let step = solve(here.hessian, here.gradient);
        // Twice what a full step would gain if the function were quadratic.
        let slope: f64 = step.iter().zip(&here.gradient).map(|(s, g)| s * g).sum();
        if !slope.is_finite() || slope <= 1e-18 * (1.0 + here.value.abs()) {
            break;
        }
        let halves = successors(Some(1.0_f64), |length| Some(length / 2.0));
        // Below the shortest of these lengths only rounding decides.
        let mut lengths = halves.take_while(|length| *length >= 1e-12);
        let next = lengths.find_map(|length| {
            let there = from_fn(|i| at[i] - length * step[i]);
            let local = f(&there);
            (local.value <= here.value - 1e-4 * length * slope).then_some((there, local))
        });
        let Some(next) = next else { break };
        (at, here) = next;
    }
    at
}

/// `h x = g` by Gaussian elimination; `h` is positive semidefinite.
fn solve<const D: usize>(mut h: [[f64; D]; D], mut g: [f64; D]) -> [f64; D] {
    let scale = (0..D).map(|i| h[i][i].abs()).fold(0.0, f64::max);
    for (i, row) in h.iter_mut().enumerate() {
        row[i] += 1e-12 * scale + f64::MIN_POSITIVE;
    }
    for k in 0..D {
        for i in k + 1..D {
            let factor = h[i][k] / h[k][k];
            let above = h[k];
            for (x, a) in h[i].iter_mut().zip(above).skip(k) {
                *x -= factor * a;
            }
            g[i] -= factor * g[k];
        }
    }
    for k in (0..D).rev() {
        let known: f64 = (k + 1..D).map(|j| h[k][j] * g[j]).sum();
        g[k] = (g[k] - known) / h[k][k];
    }
    g
}

#[cfg(test)]
mod tests {
    use super::*;

    /// f = cosh(x - 2) + (y + 1)^2 + (x - 2)(y + 1) / 2, far from quadratic and with its minimum at (2, -1).
    #[test]
    fn the_minimum_is_found_from_far_away() {
        let f = |&[x, y]: &[f64; 2]| {
            let (u, v) = (x - 2.0, y + 1.0);
            Local {
                value: u.cosh() + v * v + u * v / 2.0,
                gradient: [u.sinh() + v / 2.0, 2.0 * v + u / 2.0],
                hessian: [[u.cosh(), 0.5], [0.5, 2.0]],
            }
        };
        for start in [[2.0, -1.0], [30.0, 5.0], [-20.0, 100.0]] {
            let [x, y] = minimise(start, f);
            assert!(
                (x - 2.0).abs() < 1e-8 && (y + 1.0).abs() < 1e-8,
                "({x}, {y}) from {start:?}"
            );
        }
    }

    /// A function without a minimum ends somewhere finite.
    #[test]
    fn a_function_without_minimum_ends_finite() {
        let f = |&[x]: &[f64; 1]| Local {
            value: (-x).exp(),
            gradient: [-(-x).exp()],
            hessian: [[(-x).exp()]],
        };
        let [x] = minimise([0.0], f);
        assert!(x.is_finite() && x > 10.0, "{x}");
    }
}
