//! The marks of an axis: steps of 1, 2 or 5 times a power of ten, the ones people count in.

/// Values beyond this are drawn at the edge; it keeps sums and differences of two finite.
pub(super) const LARGEST: f64 = 1e300;

/// A step of 1, 2 or 5 times a power of ten, kept in parts so that multiples are the nearest decimals (0.3, not
/// 0.30000000000000004).
#[derive(Clone, Copy)]
pub(super) struct NiceStep {
    factor: f64,
    power: i32,
}

impl NiceStep {
    /// The smallest such step that is not below `least`.
    pub fn at_least(least: f64) -> Self {
        let power = least.log10().floor() as i32;
        let rest = least / 10f64.powi(power);
        let (factor, power) = match rest {
            r if r <= 1.0 + 1e-9 => (1.0, power),
            r if r <= 2.0 + 1e-9 => (2.0, power),
            r if r <= 5.0 + 1e-9 => (5.0, power),
            _ => (1.0, power + 1),
        };
        Self { factor, power }
    }

    pub fn size(self) -> f64 {
        self.times(1.0)
    }

    pub fn times(self, count: f64) -> f64 {
        scaled(count * self.factor, self.power)
    }
}

/// `value` times a power of ten. Dividing gives the decimal that people write: 2e-3, not 0.0020000000000000001.
fn scaled(value: f64, power: i32) -> f64 {
    if power < 0 {
        value / 10f64.powi(-power)
    } else {
        value * 10f64.powi(power)
    }
}

/// Marks between `low` and `high` (in this order or the other): multiples of 1, 2 or 5 times a power of ten, at most
/// `target` + 1 of them. A range without width is widened, values that are not finite count as 0.
pub(super) fn ticks(low: f64, high: f64, target: usize) -> Vec<f64> {
    let (low, high) = widened((low, high));
    let step = NiceStep::at_least((high - low) / target.max(1) as f64);
    let first = (low / step.size() - 1e-9).ceil();
    let last = (high / step.size() + 1e-9).floor();
    if last < first {
        // The nice step stepped over the whole range: a finer one does not.
        return ticks(low, high, target.max(1) + 1);
    }
    // The count is bounded by the choice of the step, the numbers themselves may be large.
    let count = (last - first).clamp(0.0, target.max(1) as f64) as usize + 1;
    let marks = (0..count).map(|i| step.times(first + i as f64));
    marks.filter(|v| *v >= low - 1e-9 * (high - low)).collect()
}

/// Marks on a logarithmic axis between two positive values: powers of ten, with 2 and 5 between them where there is room,
/// every n-th power where there are too many; with the step if the marks are evenly spaced.
pub(super) fn log_ticks(low: f64, high: f64, target: usize) -> (Vec<f64>, Option<f64>) {
    let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
    let inside = |v: &f64| *v >= low * (1.0 - 1e-9) && *v <= high * (1.0 + 1e-9);
    let decades = (first..=last).map(|p| 10f64.powi(p)).filter(inside).count();
    let target = target.max(2);
    let factors: &[f64] = match decades {
        d if d * 3 <= target + 2 => &[1.0, 2.0, 5.0],
        d if d * 2 <= target + 1 => &[1.0, 3.0],
        _ => &[1.0],
    };
    let every = i32::try_from(decades.div_ceil(target).max(1)).unwrap_or(i32::MAX);
    let powers = (first..=last).filter(|p| p.rem_euclid(every) == 0);
    let marks = powers.flat_map(|p| factors.iter().map(move |f| scaled(*f, p)));
    let marks: Vec<f64> = marks.filter(inside).collect();
    // Less than half a decade may hold no mark of these at all: then plain steps serve.
    if marks.len() > 1 {
        return (marks, None);
    }
    let even: Vec<f64> = ticks(low, high, target).into_iter().filter(inside).collect();
    let step = even.windows(2).map(|w| w[1] - w[0]).next();
    (even, step)
}

/// Finite, ordered and with a width that floating-point numbers can divide.
pub(super) fn widened((low, high): (f64, f64)) -> (f64, f64) {
    let finite = |v: f64| match v.is_finite() {
        true => v.clamp(-LARGEST, LARGEST),
        false => 0.0,
    };
    let (low, high) = (finite(low).min(finite(high)), finite(low).max(finite(high)));
    let size = low.abs().max(high.abs());
    if high - low > size * 1e-9 && high - low > 1e-290 {
        return (low, high);
    }
    let margin = if size > 1e-280 { size * 0.1 } else { 1.0 };
    (low - margin, high + margin)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn marks_that_people_would_choose() {
        assert_eq!(ticks(0.0, 1.0, 5), [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]);
        assert_eq!(ticks(0.0, 100.0, 4), [0.0, 50.0, 100.0]);
        assert_eq!(ticks(0.13, 0.57, 5), [0.2, 0.3, 0.4, 0.5]);
        assert_eq!(ticks(-3.0, 4.0, 4), [-2.0, 0.0, 2.0, 4.0]);
        assert_eq!(log_ticks(0.001, 1.0, 4).0, [0.001, 0.01, 0.1, 1.0]);
        assert_eq!(log_ticks(0.02, 0.7, 6).0, [0.02, 0.05, 0.1, 0.2, 0.5]);
    }

    proptest! {
        #[test]
        fn steps_are_even_and_nice(low in -1e6f64..1e6, width in 1e-3f64..1e6, target in 2usize..12) {
            let high = low + width;
            let marks = ticks(low, high, target);
            prop_assert!(!marks.is_empty() && marks.len() <= target + 1);
            prop_assert!(marks.iter().all(|m| *m >= low - 1e-6 * width && *m <= high + 1e-6 * width));
            if marks.len() > 1 {
                let step = marks[1] - marks[0];
                // The mantissa of the step is 1, 2 or 5; far from zero the difference of two marks is inexact.
                let mantissa = step / 10f64.powf((step.log10() + 1e-4).floor());
                prop_assert!([1.0, 2.0, 5.0].iter().any(|m| (mantissa - m).abs() < 1e-3), "step {}", step);
                prop_assert!(marks.windows(2).all(|w| ((w[1] - w[0]) / step - 1.0).abs() < 1e-3));
            }
        }
    }
}
