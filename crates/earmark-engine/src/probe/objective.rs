//! What a linear probe minimises: the cross-entropies of its clips, and its weights' squared distance from where they are drawn to.

use super::products::PackedClips;

/// The sum over clips of their cross-entropies, plus `strength / 2` times the squared distance of the weights from `centre`. Biases
/// are free. A softmax for one class per clip, else a sigmoid for each class.
pub(super) struct Objective<'a> {
    rows: &'a PackedClips,
    /// `[clips, classes]`
    targets: &'a [f32],
    classes: usize,
    single_label: bool,
    /// Parameters as [`Standardiser`](super::standardise::Standardiser) lists them; the biases among them do not count.
    centre: &'a [f64],
    /// Buffers: `[width, classes]` weights, `[clips, classes]` logits and then errors, `[width, classes]` gradient.
    weights: Vec<f32>,
    logits: Vec<f32>,
    products: Vec<f32>,
}

impl<'a> Objective<'a> {
    pub fn new(
        rows: &'a PackedClips,
        targets: &'a [f32],
        classes: usize,
        single_label: bool,
        centre: &'a [f64],
    ) -> Self {
        let weights = vec![0.0; centre.len() - classes];
        Self {
            rows,
            targets,
            classes,
            single_label,
            centre,
            products: weights.clone(),
            weights,
            logits: vec![0.0; targets.len()],
        }
    }

    /// The value at a point; `gradient` is overwritten.
    pub fn value(&mut self, strength: f64, parameters: &[f64], gradient: &mut [f64]) -> f64 {
        let split = self.weights.len();
        let (weights, biases) = parameters.split_at(split);
        let copies = self.weights.iter_mut().zip(weights);
        copies.for_each(|(to, from)| *to = *from as f32);
        self.rows.logits(&self.weights, &mut self.logits);
        let (to_weights, to_biases) = gradient.split_at_mut(split);
        to_biases.fill(0.0);
        let mut value = 0.0;
        let (mut z, mut errors) = (vec![0.0; self.classes], vec![0.0; self.classes]);
        let clips = self.logits.chunks_exact_mut(self.classes);
        for (logits, y) in clips.zip(self.targets.chunks_exact(self.classes)) {
            for ((z, logit), bias) in z.iter_mut().zip(logits.iter()).zip(biases) {
                *z = f64::from(*logit) + bias;
            }
            value += cross_entropy(&z, y, self.single_label, &mut errors);
            for ((logit, error), sum) in logits.iter_mut().zip(&errors).zip(to_biases.iter_mut()) {
                *logit = *error as f32;
                *sum += error;
            }
        }
        self.rows.gradient(&self.logits, &mut self.products);
        let parts = weights.iter().zip(self.centre).zip(&self.products);
        for (((w, c), product), g) in parts.zip(to_weights) {
            value += strength / 2.0 * (w - c).powi(2);
            *g = f64::from(*product) + strength * (w - c);
        }
        value
    }
}

/// The cross-entropy of one clip, summed over classes; `errors` become its gradient by the logits.
pub(super) fn cross_entropy(logits: &[f64], y: &[f32], single_label: bool, errors: &mut [f64]) -> f64 {
    let log_sum = single_label.then(|| {
        let most = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = logits.iter().map(|z| (z - most).exp()).sum();
        most + sum.ln()
    });
    let mut loss = 0.0;
    for ((e, z), y) in errors.iter_mut().zip(logits).zip(y) {
        let y = f64::from(*y);
        if let Some(log_sum) = log_sum {
            *e = (z - log_sum).exp() - y;
            loss += y * (log_sum - z);
        } else {
            *e = 1.0 / (1.0 + (-z).exp()) - y;
            loss += z.max(0.0) + (-z.abs()).exp().ln_1p() - y * z;
        }
    }
    loss
}
