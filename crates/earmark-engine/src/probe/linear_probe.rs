//! A linear classifier on the embeddings of a frozen network (linear probe): multinomial or per-class logistic regression.

use super::lbfgs::minimise;

/// What a linear probe is fitted to.
#[derive(Clone, Debug)]
pub struct LinearProbeData {
    /// Embeddings of the clips, `[clips, width]` row-major.
    pub x: Vec<f32>,
    /// Numbers per clip.
    pub width: usize,
    /// Targets, `[clips, classes]` row-major, 0 to 1.
    pub y: Vec<f32>,
    /// Number of classes.
    pub classes: usize,
    /// Whether each clip has exactly one class: a softmax is fitted, else a sigmoid for each class.
    pub single_label: bool,
}

/// Weights and biases of a dense layer.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearProbe {
    /// `[classes, width]` row-major.
    pub weight: Vec<f32>,
    /// `[classes]`.
    pub bias: Vec<f32>,
}

/// Largest component of the gradient, per clip, at which a fit is done.
const TOLERANCE: f64 = 1e-6;
/// Most steps of a fit; a few hundred are usual.
const MAX_STEPS: usize = 500;

impl LinearProbeData {
    /// Number of clips.
    pub fn clips(&self) -> usize {
        self.y.len() / self.classes.max(1)
    }

    /// Some of the clips, by index.
    pub fn select(&self, wanted: &[usize]) -> Self {
        let rows = |all: &[f32], width: usize| {
            let row = |&i: &usize| &all[i * width..(i + 1) * width];
            wanted.iter().flat_map(row).copied().collect()
        };
        Self {
            x: rows(&self.x, self.width),
            y: rows(&self.y, self.classes),
            ..*self
        }
    }
}

impl LinearProbe {
    /// The dense layer with the smallest sum of cross-entropies plus `strength / 2` times the squared distance of its weights from those of
    /// `prior` (from 0 without one), measured on embeddings scaled to a standard deviation of 1 over the clips. Biases are free. With
    /// `strength = 1 / C` and without scaling this is scikit-learn's `LogisticRegression(C)`.
    pub fn fit(data: &LinearProbeData, strength: f64, prior: Option<&Self>) -> Self {
        let (mean, scale) = standardiser(data);
        let x: Vec<f64> = data
            .x
            .chunks_exact(data.width)
            .flat_map(|row| {
                row.iter()
                    .zip(mean.iter().zip(&scale))
                    .map(|(x, (m, s))| (f64::from(*x) - m) / s)
            })
            .collect();
        let centre = prior.map_or_else(
            || vec![0.0; data.classes * (data.width + 1)],
            |prior| prior.to_scaled(&mean, &scale, data),
        );
        let found = fit_scaled(data, &x, strength, centre);
        Self::from_scaled(&found, &mean, &scale, data)
    }

    /// Parameters on scaled embeddings: each class's weights, then its bias.
    fn to_scaled(&self, mean: &[f64], scale: &[f64], data: &LinearProbeData) -> Vec<f64> {
        let mut all = Vec::with_capacity(data.classes * (data.width + 1));
        for (row, bias) in self.weight.chunks_exact(data.width).zip(&self.bias) {
            let shift: f64 = row.iter().zip(mean).map(|(w, m)| f64::from(*w) * m).sum();
            all.extend(row.iter().zip(scale).map(|(w, s)| f64::from(*w) * s));
            all.push(f64::from(*bias) + shift);
        }
        all
    }

    /// The layer of parameters on scaled embeddings.
    fn from_scaled(all: &[f64], mean: &[f64], scale: &[f64], data: &LinearProbeData) -> Self {
        let (mut weight, mut bias) = (Vec::new(), Vec::new());
        for row in all.chunks_exact(data.width + 1) {
            let weights: Vec<f64> = row.iter().zip(scale).map(|(w, s)| w / s).collect();
            let shift: f64 = weights.iter().zip(mean).map(|(w, m)| w * m).sum();
            weight.extend(weights.iter().map(|w| *w as f32));
            bias.push((row[data.width] - shift) as f32);
        }
        Self { weight, bias }
    }

    /// Logits of clips, `[clips, classes]` row-major.
    pub fn logits(&self, x: &[f32], width: usize) -> Vec<f64> {
        x.chunks_exact(width)
            .flat_map(|x| {
                let dense = self.weight.chunks_exact(width).zip(&self.bias);
                dense.map(move |(w, b)| {
                    let sum: f64 = w.iter().zip(x).map(|(w, x)| f64::from(*w) * f64::from(*x)).sum();
                    sum + f64::from(*b)
                })
            })
            .collect()
    }

    /// Mean cross-entropy on clips, as [`LinearProbe::fit`] counts it.
    pub fn loss(&self, data: &LinearProbeData) -> f64 {
        let logits = self.logits(&data.x, data.width);
        let mut sum = 0.0;
        for (z, y) in logits
            .chunks_exact(data.classes)
            .zip(data.y.chunks_exact(data.classes))
        {
            sum += cross_entropy(z, y, data.single_label, &mut vec![0.0; z.len()]);
        }
        sum / data.clips().max(1) as f64
    }
}

/// Mean and standard deviation of each number; 1 where it does not vary.
fn standardiser(data: &LinearProbeData) -> (Vec<f64>, Vec<f64>) {
    let clips = data.clips().max(1) as f64;
    let (mut mean, mut square) = (vec![0.0; data.width], vec![0.0; data.width]);
    for row in data.x.chunks_exact(data.width) {
        row.iter()
            .zip(&mut mean)
            .for_each(|(x, m)| *m += f64::from(*x) / clips);
    }
    for row in data.x.chunks_exact(data.width) {
        let parts = row.iter().zip(&mean).zip(&mut square);
        parts.for_each(|((x, m), s)| *s += (f64::from(*x) - m).powi(2) / clips);
    }
    let scale = square
        .into_iter()
        .map(|s: f64| if s > 1e-12 { s.sqrt() } else { 1.0 });
    (mean, scale.collect())
}

fn fit_scaled(data: &LinearProbeData, x: &[f64], strength: f64, centre: Vec<f64>) -> Vec<f64> {
    let (width, classes) = (data.width, data.classes);
    let mut errors = vec![0.0; classes];
    let mut logits = vec![0.0; classes];
    let f = |p: &[f64], gradient: &mut [f64]| {
        let mut value = 0.0;
        gradient.fill(0.0);
        for (x, y) in x.chunks_exact(width).zip(data.y.chunks_exact(classes)) {
            for (z, row) in logits.iter_mut().zip(p.chunks_exact(width + 1)) {
                *z = row[width] + x.iter().zip(row).map(|(x, w)| x * w).sum::<f64>();
            }
            value += cross_entropy(&logits, y, data.single_label, &mut errors);
            for (error, row) in errors.iter().zip(gradient.chunks_exact_mut(width + 1)) {
                row.iter_mut().zip(x).for_each(|(g, x)| *g += error * x);
                row[width] += error;
            }
        }
        for ((row, from), g) in p
            .chunks_exact(width + 1)
            .zip(centre.chunks_exact(width + 1))
            .zip(gradient.chunks_exact_mut(width + 1))
        {
            for ((w, c), g) in row.iter().zip(from).zip(g).take(width) {
                value += strength / 2.0 * (w - c).powi(2);
                *g += strength * (w - c);
            }
        }
        value
    };
    minimise(
        centre.clone(),
        TOLERANCE * data.clips().max(1) as f64,
        MAX_STEPS,
        f,
    )
}

/// The cross-entropy of one clip, summed over classes; `errors` become its gradient by the logits.
fn cross_entropy(logits: &[f64], y: &[f32], single_label: bool, errors: &mut [f64]) -> f64 {
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
