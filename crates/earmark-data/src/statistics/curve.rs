//! Mean and spread over time, bin by bin, of one clip or averaged over clips.

/// Mean and standard deviation over time: `[bins]` each.
pub(super) struct Curve {
    pub mean: Vec<f64>,
    pub std: Vec<f64>,
}

impl Curve {
    /// The average of the curves of clips, and how many there are; `None` without any.
    pub fn average<'a>(curves: impl IntoIterator<Item = &'a Self>) -> Option<(Self, usize)> {
        let mut curves = curves.into_iter();
        let first = curves.next()?;
        let (mut mean, mut std, mut n) = (first.mean.clone(), first.std.clone(), 1);
        for curve in curves {
            mean.iter_mut().zip(&curve.mean).for_each(|(sum, x)| *sum += x);
            std.iter_mut().zip(&curve.std).for_each(|(sum, x)| *sum += x);
            n += 1;
        }
        mean.iter_mut().chain(&mut std).for_each(|sum| *sum /= n as f64);
        Some((Self { mean, std }, n))
    }
}
