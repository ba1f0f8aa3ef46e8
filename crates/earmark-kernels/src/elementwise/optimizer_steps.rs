//! Optimizer steps in one pass over parameters, gradients and moments.

use rayon::prelude::*;

use crate::hardware::reused_buffers::Workspace;
use crate::hardware::simd::{madd, multiversion};

/// Where Adam adds its epsilon. The two differ while the second moment is young.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdamEpsilon {
    /// To the root of the corrected second moment, as Kingma and Ba's algorithm 1 (2015) and PyTorch do.
    Corrected,
    /// To the root of the raw second moment ("epsilon hat" of their section 2), as TensorFlow does.
    Raw,
}

/// One step of Adam.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam {
    /// Learning rate.
    pub learning_rate: f32,
    /// Decay of the first moment.
    pub beta1: f32,
    /// Decay of the second moment.
    pub beta2: f32,
    /// Keeps the quotient finite.
    pub epsilon: f32,
    /// Where epsilon is added.
    pub epsilon_at: AdamEpsilon,
}

/// Numbers that one thread updates at a time.
const PIECE: usize = 1 << 14;

#[inline(always)]
fn adam_body<const FMA: bool>(p: &mut [f32], g: &[f32], m: &mut [f32], v: &mut [f32], c: [f32; 4]) {
    let [rate, beta1, beta2, epsilon] = c;
    let (rest1, rest2) = (1.0 - beta1, 1.0 - beta2);
    for (((p, &g), m), v) in p.iter_mut().zip(g).zip(m.iter_mut()).zip(v.iter_mut()) {
        *m = madd::<FMA>(beta1, *m, rest1 * g);
        *v = madd::<FMA>(beta2, *v, rest2 * g * g);
        *p -= rate * *m / (v.sqrt() + epsilon);
    }
}
multiversion! { fn adam_piece(p: &mut [f32], g: &[f32], m: &mut [f32], v: &mut [f32], c: [f32; 4]) = adam_body }

impl Adam {
    /// Updates the parameters and both moments in place; `step` counts from 1.
    ///
    /// # Panics
    /// If the slices differ in length or `step` is 0.
    pub fn update(&self, ws: &Workspace, step: u64, p: &mut [f32], g: &[f32], m: &mut [f32], v: &mut [f32]) {
        assert!(
            p.len() == g.len() && p.len() == m.len() && p.len() == v.len(),
            "slices must be equally long"
        );
        assert!(step > 0, "steps count from 1");
        let correction = |beta: f32| 1.0 - f64::from(beta).powf(step as f64);
        let (c1, c2) = (correction(self.beta1), correction(self.beta2));
        // Both corrections folded into the rate: m / c1 / (sqrt(v / c2) + e) = m sqrt(c2) / c1 / (sqrt(v) + e sqrt(c2)).
        let rate = (f64::from(self.learning_rate) * c2.sqrt() / c1) as f32;
        let epsilon = match self.epsilon_at {
            AdamEpsilon::Corrected => (f64::from(self.epsilon) * c2.sqrt()) as f32,
            AdamEpsilon::Raw => self.epsilon,
        };
        p.par_chunks_mut(PIECE)
            .zip(g.par_chunks(PIECE))
            .zip(m.par_chunks_mut(PIECE))
            .zip(v.par_chunks_mut(PIECE))
            .for_each(|(((p, g), m), v)| {
                adam_piece(ws.isa(), p, g, m, v, [rate, self.beta1, self.beta2, epsilon])
            });
    }
}

/// One step of stochastic gradient descent with momentum: v = momentum v + g, p = p - rate v.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sgd {
    /// Learning rate.
    pub learning_rate: f32,
    /// Share of the last step's direction that is kept.
    pub momentum: f32,
}

#[inline(always)]
fn sgd_body<const FMA: bool>(p: &mut [f32], g: &[f32], v: &mut [f32], rate: f32, momentum: f32) {
    for ((p, &g), v) in p.iter_mut().zip(g).zip(v.iter_mut()) {
        *v = madd::<FMA>(momentum, *v, g);
        *p -= rate * *v;
    }
}
multiversion! { fn sgd_piece(p: &mut [f32], g: &[f32], v: &mut [f32], rate: f32, momentum: f32) = sgd_body }

impl Sgd {
    /// Updates the parameters and the direction `v` in place.
    ///
    /// # Panics
    /// If the slices differ in length.
    pub fn update(&self, ws: &Workspace, p: &mut [f32], g: &[f32], v: &mut [f32]) {
        assert!(
            p.len() == g.len() && p.len() == v.len(),
            "slices must be equally long"
        );
        p.par_chunks_mut(PIECE)
            .zip(g.par_chunks(PIECE))
            .zip(v.par_chunks_mut(PIECE))
            .for_each(|((p, g), v)| sgd_piece(ws.isa(), p, g, v, self.learning_rate, self.momentum));
    }
}
