//! A linear classifier on the embeddings of a frozen network (linear probe): multinomial or per-class logistic regression.

use super::lbfgs::minimise;
use super::objective::{Objective, cross_entropy};
use super::products::{PackedClips, multiply};
use super::standardise::Standardiser;
use super::within_class::WithinClass;

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
    /// Whether features are also mapped so that those of clips of one class vary more alike in all directions: by half
    /// their covariance within classes, half the identity. Only where each clip has exactly one class, and of up to
    /// 2048 features.
    pub within_class: bool,
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
/// The same on a path, whose fits are compared with each other: a fifth of scikit-learn's.
const PATH_TOLERANCE: f64 = 2e-5;
/// Most steps of a fit; tens to a few hundred are usual.
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
    /// `prior` (from 0 without one), measured on embeddings that are standardised (mean 0, deviation 1 over the clips). Biases are free.
    /// With `strength = 1 / C` this is scikit-learn's `LogisticRegression(C)` behind a `StandardScaler`.
    /// With [`LinearProbeData::within_class`] distances are those of weights on the mapped features (within-class
    /// covariance normalisation; Hatch, Kajarekar and Stolcke 2006); the map becomes part of the layer as well.
    ///
    /// # Panics
    /// Without clips, features or classes.
    pub fn fit(data: &LinearProbeData, strength: f64, prior: Option<&Self>) -> Self {
        fits(data, &[strength], prior, TOLERANCE).remove(0)
    }

    /// The layers of several strengths, in their order. Each fit begins where the one before ended, so give them from strong to weak: then
    /// all together cost little more than the weakest.
    ///
    /// # Panics
    /// As [`Self::fit`].
    pub fn path(data: &LinearProbeData, strengths: &[f64], prior: Option<&Self>) -> Vec<Self> {
        fits(data, strengths, prior, PATH_TOLERANCE)
    }

    /// Logits of clips, `[clips, classes]` row-major.
    pub fn logits(&self, x: &[f32], width: usize) -> Vec<f64> {
        Self::logits_of(std::slice::from_ref(self), x, width).remove(0)
    }

    /// Logits of clips by each of several layers with as many classes: `[clips, classes]` row-major each.
    pub fn logits_of(layers: &[Self], x: &[f32], width: usize) -> Vec<Vec<f64>> {
        let classes = layers.first().map_or(0, |layer| layer.bias.len());
        let n = layers.len() * classes;
        // All layers side by side, [width, layers x classes].
        let mut weights = vec![0.0; width * n];
        for (at, row) in layers
            .iter()
            .flat_map(|l| l.weight.chunks_exact(width))
            .enumerate()
        {
            for (j, w) in row.iter().enumerate() {
                weights[j * n + at] = *w;
            }
        }
        let products = multiply(x, &weights, width);
        let of = |(k, layer): (usize, &Self)| -> Vec<f64> {
            let rows = products.chunks_exact(n.max(1));
            rows.flat_map(|row| {
                let sums = row[k * classes..(k + 1) * classes].iter().zip(&layer.bias);
                sums.map(|(sum, bias)| f64::from(*sum) + f64::from(*bias))
            })
            .collect()
        };
        layers.iter().enumerate().map(of).collect()
    }

    /// Mean cross-entropy on clips, as [`LinearProbe::fit`] counts it.
    pub fn loss(&self, data: &LinearProbeData) -> f64 {
        data.loss_of(&self.logits(&data.x, data.width)) / data.clips().max(1) as f64
    }
}

impl LinearProbeData {
    /// The sum over clips of the cross-entropies of logits, `[clips, classes]` row-major, as [`LinearProbe::fit`] counts them.
    pub fn loss_of(&self, logits: &[f64]) -> f64 {
        let mut errors = vec![0.0; self.classes];
        let clips = logits.chunks_exact(self.classes.max(1));
        let clips = clips.zip(self.y.chunks_exact(self.classes.max(1)));
        clips
            .map(|(z, y)| cross_entropy(z, y, self.single_label, &mut errors))
            .sum()
    }
}

/// The layers of several strengths, each from the one before.
fn fits(
    data: &LinearProbeData,
    strengths: &[f64],
    prior: Option<&LinearProbe>,
    tolerance: f64,
) -> Vec<LinearProbe> {
    let standardiser = Standardiser::of(&data.x, data.width);
    let mut features = standardiser.apply(&data.x);
    let mut centre = prior.map_or_else(
        || vec![0.0; (data.width + 1) * data.classes],
        |prior| standardiser.parameters_of(&prior.weight, &prior.bias),
    );
    let maps = data.within_class && data.single_label;
    let map = maps
        .then(|| WithinClass::of(&features, &data.y, data.width))
        .flatten();
    if let Some(map) = &map {
        features = map.apply(&features);
        centre = map.mapped(&centre);
    }
    let rows = PackedClips::new(&features, data.width);
    let mut objective = Objective::new(&rows, &data.y, data.classes, data.single_label, &centre);
    // Per clip, so that the first step is as long whatever their number.
    let share = 1.0 / data.clips().max(1) as f64;
    let mut parameters = centre.clone();
    let mut layers = Vec::with_capacity(strengths.len());
    for &strength in strengths {
        parameters = minimise(parameters, tolerance, MAX_STEPS, |p, gradient| {
            let value = objective.value(strength, p, gradient);
            gradient.iter_mut().for_each(|g| *g *= share);
            value * share
        });
        let (weight, bias) = match &map {
            Some(map) => standardiser.layer_of(&map.unmapped(&parameters), data.classes),
            None => standardiser.layer_of(&parameters, data.classes),
        };
        layers.push(LinearProbe { weight, bias });
    }
    layers
}
