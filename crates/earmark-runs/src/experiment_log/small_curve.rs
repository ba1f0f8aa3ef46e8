//! A curve the size of a word.

/// Its points.
const POINTS: usize = 40;

/// The means of equally long pieces of a curve.
pub(super) fn small_curve(points: &[(f64, f64)]) -> Vec<Option<f64>> {
    let group = points.len().div_ceil(POINTS).max(1);
    let mean = |piece: &[(f64, f64)]| piece.iter().map(|p| p.1).sum::<f64>() / piece.len() as f64;
    points
        .chunks(group)
        .map(|piece| Some(mean(piece)).filter(|m| m.is_finite()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_small_curve_is_of_means() {
        let points: Vec<(f64, f64)> = (0..80).map(|i| (f64::from(i), f64::from(i))).collect();
        let small = small_curve(&points);
        assert_eq!((small.len(), small[0], small[39]), (40, Some(0.5), Some(78.5)));
        assert_eq!(small_curve(&[(1.0, f64::NAN)]), [None]);
        assert!(small_curve(&[]).is_empty());
    }
}
