//! Long curves on few pixels, without losing a spike.

use super::frame::range;
use std::collections::BTreeSet;

/// Fewer points that look the same: in each of `columns` equal parts of the x range the first, smallest, largest
/// and last point stay, in their order, and one gap (a point that is not finite) if there was one.
///
/// A mean would hide the one step at which the loss exploded. Points in order of x come back as at most
/// `5 * columns` points; unordered ones (a run that was resumed further back) stay correct but may be more.
pub(super) fn downsample(points: &[(f64, f64)], columns: usize) -> Vec<(f64, f64)> {
    let columns = columns.max(1);
    if points.len() <= 4 * columns {
        return points.to_vec();
    }
    let (low, high) = range(points.iter().map(|p| p.0)).unwrap_or((0.0, 0.0));
    // Halves, because the difference of two very large numbers may not exist.
    let width = high / 2.0 - low / 2.0;
    let column = |x: f64| {
        let at = (x / 2.0 - low / 2.0) / width * columns as f64;
        (at as usize).min(columns - 1) // NaN as an integer is 0
    };
    let groups = points.chunk_by(|a, b| column(a.0) == column(b.0));
    groups.flat_map(keep_extremes).collect()
}

/// First, smallest, largest, last and one gap of a group, in their order, each once.
fn keep_extremes(group: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let finite = |i: &usize| group[*i].0.is_finite() && group[*i].1.is_finite();
    let by_y = |a: &usize, b: &usize| group[*a].1.total_cmp(&group[*b].1);
    let indices = || (0..group.len()).filter(finite);
    let gap = (0..group.len()).find(|i| !finite(i));
    let ends = [indices().next(), indices().next_back(), gap];
    let extremes = [indices().min_by(by_y), indices().max_by(by_y)];
    let kept: BTreeSet<usize> = ends.into_iter().chain(extremes).flatten().collect();
    kept.into_iter().map(|i| group[i]).collect()
}

/// The mean of the `window` points around each point (fewer at the ends), gaps left out.
///
/// Centred, so that the smooth line does not trail behind the rough one.
pub(super) fn moving_mean(points: &[(f64, f64)], window: usize) -> Vec<(f64, f64)> {
    let half = window / 2;
    let mut sums = vec![(0.0, 0usize)];
    for (_, y) in points {
        let (sum, count) = sums[sums.len() - 1];
        let (y, one) = if y.is_finite() { (*y, 1) } else { (0.0, 0) };
        sums.push((sum + y, count + one));
    }
    let mean = |i: usize| {
        let low = sums[i.saturating_sub(half)];
        let high = sums[(i + half + 1).min(points.len())];
        (high.0 - low.0) / (high.1 - low.1) as f64 // 0 / 0 is NaN: a gap
    };
    points.iter().enumerate().map(|(i, p)| (p.0, mean(i))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_spike_in_a_hundred_thousand_survives() {
        let mut points: Vec<(f64, f64)> = (0..100_000)
            .map(|i| (f64::from(i), (f64::from(i) * 0.01).sin()))
            .collect();
        points[54_321].1 = 99.0;
        points[77_777].1 = f64::NAN;
        let few = downsample(&points, 500);
        assert!(few.len() <= 2500, "{}", few.len());
        assert!(few.contains(&(54_321.0, 99.0)));
        assert_eq!(few.iter().filter(|p| p.1.is_nan()).count(), 1);
    }

    #[test]
    fn mean_of_neighbours() {
        let points: Vec<(f64, f64)> = [1.0, 2.0, 6.0, f64::NAN, 4.0].iter().map(|y| (0.0, *y)).collect();
        let means: Vec<f64> = moving_mean(&points, 3).into_iter().map(|p| p.1).collect();
        assert_eq!(means, [1.5, 3.0, 4.0, 5.0, 4.0]);
    }

    proptest! {
        #[test]
        fn extremes_ends_and_order_stay(ys in prop::collection::vec(-1e3f64..1e3, 1..3000), columns in 1usize..60) {
            let points: Vec<(f64, f64)> = ys.iter().enumerate().map(|(i, y)| (i as f64, *y)).collect();
            let few = downsample(&points, columns);
            prop_assert!(few.len() <= (5 * columns).max(4 * columns));
            prop_assert_eq!(few[0], points[0]);
            prop_assert_eq!(few[few.len() - 1], points[points.len() - 1]);
            prop_assert!(few.windows(2).all(|w| w[0].0 < w[1].0));
            let ends = |p: &[(f64, f64)]| p.iter().fold((f64::MAX, f64::MIN), |(l, h), q| (l.min(q.1), h.max(q.1)));
            prop_assert_eq!(ends(&few), ends(&points));
            prop_assert!(few.iter().all(|p| points.contains(p)));
        }
    }
}
