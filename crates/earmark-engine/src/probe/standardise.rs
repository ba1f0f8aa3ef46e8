//! Features scaled to mean 0 and deviation 1, and layers on them written as layers on the features as they are.

/// A feature with a smaller variance does not vary: it keeps its own scale.
const NO_VARIANCE: f64 = 1e-12;

/// Mean and standard deviation of each feature over the clips of a fit.
///
/// Parameters of a layer on standardised features are one list: `[width, classes]` row-major weights, then the bias of each class.
#[derive(Clone, Debug)]
pub(super) struct Standardiser {
    mean: Vec<f64>,
    /// 1 for a feature that never varies.
    deviation: Vec<f64>,
}

impl Standardiser {
    /// Of clips, `[clips, width]` row-major.
    pub fn of(x: &[f32], width: usize) -> Self {
        let clips = (x.len() / width.max(1)).max(1) as f64;
        let (mut mean, mut square) = (vec![0.0; width], vec![0.0; width]);
        for row in x.chunks_exact(width) {
            let sums = row.iter().zip(&mut mean);
            sums.for_each(|(x, m)| *m += f64::from(*x) / clips);
        }
        for row in x.chunks_exact(width) {
            let sums = row.iter().zip(&mean).zip(&mut square);
            sums.for_each(|((x, m), s)| *s += (f64::from(*x) - m).powi(2) / clips);
        }
        let deviation = |s: f64| if s > NO_VARIANCE { s.sqrt() } else { 1.0 };
        Self {
            mean,
            deviation: square.into_iter().map(deviation).collect(),
        }
    }

    /// The features of clips, standardised: `[clips, width]` row-major.
    pub fn apply(&self, x: &[f32]) -> Vec<f32> {
        let scaled = |row: &[f32]| -> Vec<f32> {
            let parts = row.iter().zip(self.mean.iter().zip(&self.deviation));
            parts
                .map(|(x, (m, s))| ((f64::from(*x) - m) / s) as f32)
                .collect()
        };
        x.chunks_exact(self.mean.len()).flat_map(scaled).collect()
    }

    /// The parameters on standardised features of a layer on the features as they are, `[classes, width]` weights and biases.
    pub fn parameters_of(&self, weight: &[f32], bias: &[f32]) -> Vec<f64> {
        let (width, classes) = (self.mean.len(), bias.len());
        let mut all = vec![0.0; (width + 1) * classes];
        for (c, (row, bias)) in weight.chunks_exact(width).zip(bias).enumerate() {
            let mut shift = f64::from(*bias);
            for (j, w) in row.iter().enumerate() {
                shift += f64::from(*w) * self.mean[j];
                all[j * classes + c] = f64::from(*w) * self.deviation[j];
            }
            all[width * classes + c] = shift;
        }
        all
    }

    /// Weights `[classes, width]` and biases on the features as they are that parameters on standardised features mean: mean and
    /// deviation become part of them.
    pub fn layer_of(&self, parameters: &[f64], classes: usize) -> (Vec<f32>, Vec<f32>) {
        let width = self.mean.len();
        let (weights, biases) = parameters.split_at(width * classes);
        let (mut weight, mut bias) = (Vec::with_capacity(width * classes), Vec::with_capacity(classes));
        for (c, value) in biases.iter().enumerate() {
            let mut shift = *value;
            for (j, (mean, deviation)) in self.mean.iter().zip(&self.deviation).enumerate() {
                let w = weights[j * classes + c] / deviation;
                shift -= w * mean;
                weight.push(w as f32);
            }
            bias.push(shift as f32);
        }
        (weight, bias)
    }
}
