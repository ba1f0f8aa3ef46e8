//! Within-class covariance normalisation (Hatch, Kajarekar and Stolcke 2006): directions in which clips of one class
//! differ from each other say little about the class, so a layer pays more for its weights there.

use super::products::{PackedClips, multiply};
use earmark_kernels::double_precision::{add, factorise, inverse_of};

/// The share of the covariance within classes. The rest is the identity's, as the covariance of few clips is mostly
/// chance.
const SHARE: f64 = 0.5;

/// More features than this are left as they are: the work grows with their third power.
const MOST_FEATURES: usize = 2048;

/// Clips of a class do not differ where the mean variance is below this.
const NO_VARIANCE: f64 = 1e-9;

/// A linear map after which the shrunk covariance `C` of features within classes is the identity: the inverse of its
/// lower Cholesky factor. The sum of squared weights on mapped features is `w' C w` of the weights `w` before the map.
pub(super) struct WithinClass {
    width: usize,
    /// The Cholesky factor, `[width, width]` row-major, with zeros above its diagonal.
    factor: Vec<f64>,
    /// Its inverse, of the same form.
    inverse: Vec<f64>,
}

impl WithinClass {
    /// Of standardised features, `[clips, width]` row-major, and targets, `[clips, classes]`, each of one class. `None`
    /// where clips of one class do not differ, or where there are very many features.
    pub fn of(x: &[f32], y: &[f32], width: usize) -> Option<Self> {
        let clips = x.len() / width.max(1);
        if clips == 0 || width > MOST_FEATURES {
            return None;
        }
        let deviations = from_class_means(x, y, width);
        let mut products = vec![0.0; width * width];
        PackedClips::new(&deviations, width).gradient(&deviations, &mut products);
        let mean = (0..width)
            .map(|j| f64::from(products[j * width + j]))
            .sum::<f64>()
            / width as f64;
        if mean <= NO_VARIANCE * clips as f64 {
            return None;
        }
        let mut factor: Vec<f64> = products.iter().map(|p| SHARE * f64::from(*p) / mean).collect();
        (0..width).for_each(|j| factor[j * width + j] += 1.0 - SHARE);
        factorise(&mut factor, width);
        Some(Self {
            width,
            inverse: inverse_of(&factor, width),
            factor,
        })
    }

    /// Features after the map, `[clips, width]` row-major.
    pub fn apply(&self, x: &[f32]) -> Vec<f32> {
        let width = self.width;
        let mut transposed = vec![0.0; width * width];
        for (i, row) in self.inverse.chunks_exact(width).enumerate() {
            for (j, value) in row[..=i].iter().enumerate() {
                transposed[j * width + i] = *value as f32;
            }
        }
        multiply(x, &transposed, width)
    }

    /// The parameters on mapped features that those on the features before mean, in the form of
    /// [`Standardiser`](super::standardise::Standardiser).
    pub fn mapped(&self, parameters: &[f64]) -> Vec<f64> {
        self.transposed_product(&self.factor, parameters)
    }

    /// The parameters on the features before the map that those on mapped features mean.
    pub fn unmapped(&self, parameters: &[f64]) -> Vec<f64> {
        self.transposed_product(&self.inverse, parameters)
    }

    /// A lower triangular matrix, transposed, times weights `[width, classes]`; the biases behind them stay.
    fn transposed_product(&self, lower: &[f64], parameters: &[f64]) -> Vec<f64> {
        let classes = parameters.len() / (self.width + 1);
        let mut found = vec![0.0; parameters.len()];
        let split = self.width * classes;
        found[split..].copy_from_slice(&parameters[split..]);
        for (i, row) in lower.chunks_exact(self.width).enumerate() {
            let own = &parameters[i * classes..(i + 1) * classes];
            for (j, value) in row[..=i].iter().enumerate() {
                let to = &mut found[j * classes..(j + 1) * classes];
                add(to, *value, own);
            }
        }
        found
    }
}

/// Features without the mean of their class.
fn from_class_means(x: &[f32], y: &[f32], width: usize) -> Vec<f32> {
    let classes = y.len() / (x.len() / width);
    let class_of = |row: &[f32]| row.iter().position(|y| *y > 0.5).unwrap_or(0);
    let classes_of: Vec<usize> = y.chunks_exact(classes).map(class_of).collect();
    let (mut means, mut counts) = (vec![0.0; classes * width], vec![0.0_f64; classes]);
    for (row, &class) in x.chunks_exact(width).zip(&classes_of) {
        counts[class] += 1.0;
        let mean = &mut means[class * width..(class + 1) * width];
        mean.iter_mut().zip(row).for_each(|(m, x)| *m += f64::from(*x));
    }
    let mut rest = Vec::with_capacity(x.len());
    for (row, &class) in x.chunks_exact(width).zip(&classes_of) {
        let sums = &means[class * width..(class + 1) * width];
        rest.extend(
            row.iter()
                .zip(sums)
                .map(|(x, sum)| (f64::from(*x) - sum / counts[class]) as f32),
        );
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Clips of two classes in turn.
    fn map(clips: usize, width: usize) -> Option<WithinClass> {
        let x: Vec<f32> = (0..clips * width)
            .map(|i| ((i * 7919) % 101) as f32 / 50.0 - 1.0)
            .collect();
        let y: Vec<f32> = (0..clips * 2)
            .map(|i| f32::from(u8::from(i % 4 % 3 == 0)))
            .collect();
        WithinClass::of(&x, &y, width)
    }

    /// The inverse is the inverse: parameters come back from the map, and biases never change.
    #[test]
    fn parameters_go_there_and_back() {
        for (clips, width) in [(40, 9), (6, 30), (3, 1)] {
            let map = map(clips, width).expect("clips differ");
            let parameters: Vec<f64> = (0..(width + 1) * 2).map(|i| (i as f64).sin()).collect();
            let there = map.mapped(&parameters);
            let back = map.unmapped(&there);
            for (got, want) in back.iter().zip(&parameters) {
                assert!((got - want).abs() < 1e-9, "{clips} x {width}: {got}, {want}");
            }
            assert_eq!(there[width * 2..], parameters[width * 2..]);
        }
    }

    /// Logits are the same on mapped features with mapped parameters.
    #[test]
    fn features_and_parameters_are_mapped_alike() {
        let (clips, width) = (40, 9);
        let map = map(clips, width).expect("clips differ");
        let x: Vec<f32> = (0..clips * width).map(|i| (i as f32 * 0.7).cos()).collect();
        let parameters: Vec<f64> = (0..width + 1).map(|i| (i as f64).sin()).collect();
        let (mapped, there) = (map.apply(&x), map.mapped(&parameters));
        let logit =
            |row: &[f32], p: &[f64]| -> f64 { row.iter().zip(p).map(|(x, p)| f64::from(*x) * p).sum() };
        for (before, after) in x.chunks_exact(width).zip(mapped.chunks_exact(width)) {
            let (want, got) = (logit(before, &parameters), logit(after, &there));
            assert!((got - want).abs() < 1e-4, "{got}, {want}");
        }
    }

    #[test]
    fn without_differences_within_classes_there_is_no_map() {
        assert!(WithinClass::of(&[1.0, 2.0, 3.0, 4.0], &[1.0, 0.0, 0.0, 1.0], 2).is_none());
        assert!(WithinClass::of(&[], &[], 2).is_none());
        let wide = MOST_FEATURES + 1;
        assert!(WithinClass::of(&vec![1.0; wide], &[1.0], wide).is_none());
    }
}
