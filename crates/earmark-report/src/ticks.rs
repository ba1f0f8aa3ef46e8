//! Where an axis gets its marks: steps of 1, 2 or 5 times a power of ten, the ones people count in.

/// Values beyond this are drawn at the edge; it keeps sums and differences of two finite.
const LARGEST: f64 = 1e300;

/// An axis: its ends and its marks.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Axis {
    /// Smallest value shown, in data units.
    pub low: f64,
    /// Largest value shown.
    pub high: f64,
    /// Marks from low to high, with their labels.
    pub marks: Vec<(f64, String)>,
    /// Distances are ratios.
    pub log: bool,
}

impl Axis {
    /// A linear axis over the data, as wide as the marks around it if `round` is set, else as wide as the data.
    pub fn linear(data: Option<(f64, f64)>, target: usize, round: bool) -> Self {
        let (mut low, mut high) = widened(data.unwrap_or((0.0, 1.0)));
        if round {
            let step = Step::nice((high - low) / target.max(1) as f64);
            low = step.times((low / step.size() + 1e-9).floor());
            high = step.times((high / step.size() - 1e-9).ceil());
        }
        let marks = ticks(low, high, target);
        let step = marks.windows(2).map(|w| w[1] - w[0]).next().unwrap_or(1.0);
        let largest = low.abs().max(high.abs());
        let marks = marks.into_iter().map(|v| (v, label(v, step, largest))).collect();
        Self {
            low,
            high,
            marks,
            log: false,
        }
    }

    /// A logarithmic axis over the positive values of the data.
    pub fn logarithmic(data: Option<(f64, f64)>, target: usize) -> Self {
        let (low, high) = data.unwrap_or((0.1, 1.0));
        let (low, high) = (low.clamp(1e-300, LARGEST), high.clamp(1e-300, LARGEST));
        // Without room around it a flat line would lie on the frame.
        let (low, high) = if high / low < 1.25 {
            (low / 1.25, high * 1.25)
        } else {
            (low, high)
        };
        let (marks, step) = log_marks(low, high, target);
        // One notation for the whole axis: where an end is small, all small marks are written as powers.
        let small = marks.first().is_some_and(|v| *v < 0.5e-3);
        let step = |v: f64| step.unwrap_or(v);
        let text = |v: f64| {
            if small && v < 0.1 {
                label(v, step(v), 0.0)
            } else {
                label(v, step(v), v)
            }
        };
        let marks = marks.into_iter().map(|v| (v, text(v))).collect();
        Self {
            low,
            high,
            marks,
            log: true,
        }
    }

    /// Position of a value between 0 (low) and 1 (high); `None` for what the axis cannot show.
    pub fn position(&self, value: f64) -> Option<f64> {
        let at = if self.log {
            (value.ln() - self.low.ln()) / (self.high.ln() - self.low.ln())
        } else {
            (value.clamp(-LARGEST, LARGEST) - self.low) / (self.high - self.low)
        };
        (value.is_finite() && at.is_finite()).then(|| at.clamp(0.0, 1.0))
    }
}

/// A step of 1, 2 or 5 times a power of ten, kept in parts so that multiples are the nearest decimals (0.3, not
/// 0.30000000000000004).
#[derive(Clone, Copy)]
struct Step {
    factor: f64,
    power: i32,
}

impl Step {
    /// The smallest such step that is not below `least`.
    fn nice(least: f64) -> Self {
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

    fn size(self) -> f64 {
        self.times(1.0)
    }

    fn times(self, count: f64) -> f64 {
        let value = count * self.factor;
        if self.power < 0 {
            value / 10f64.powi(-self.power)
        } else {
            value * 10f64.powi(self.power)
        }
    }
}

/// Marks between `low` and `high` (in this order or the other): multiples of 1, 2 or 5 times a power of ten, at most
/// `target` + 1 of them. A range without width is widened, values that are not finite count as 0.
#[must_use]
pub fn ticks(low: f64, high: f64, target: usize) -> Vec<f64> {
    let (low, high) = widened((low, high));
    let step = Step::nice((high - low) / target.max(1) as f64);
    let (first, last) = (
        (low / step.size() - 1e-9).ceil(),
        (high / step.size() + 1e-9).floor(),
    );
    if last < first {
        // The nice step stepped over the whole range: a finer one does not.
        return ticks(low, high, target.max(1) + 1);
    }
    // The count is bounded by the choice of the step, the numbers themselves may be large.
    let count = (last - first).clamp(0.0, target.max(1) as f64) as usize + 1;
    (0..count)
        .map(|i| step.times(first + i as f64))
        .filter(|v| *v >= low - 1e-9 * (high - low))
        .collect()
}

/// Marks on a logarithmic axis between two positive values: powers of ten, with 2 and 5 between them where there is room,
/// every n-th power where there are too many. Nothing for a range that is not positive.
#[must_use]
pub fn log_ticks(low: f64, high: f64, target: usize) -> Vec<f64> {
    if low > 0.0 && high >= low && high.is_finite() {
        log_marks(low, high, target).0
    } else {
        Vec::new()
    }
}

/// [`log_ticks`] of a range that is known to be positive; with a step where the marks are evenly spaced.
fn log_marks(low: f64, high: f64, target: usize) -> (Vec<f64>, Option<f64>) {
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
    let marks: Vec<f64> = (first..=last)
        .filter(|p| p.rem_euclid(every) == 0)
        // Dividing gives the decimal that people write: 2e-3, not 0.0020000000000000001.
        .flat_map(|p| {
            factors.iter().map(move |f| {
                if p < 0 {
                    f / 10f64.powi(-p)
                } else {
                    f * 10f64.powi(p)
                }
            })
        })
        .filter(inside)
        .collect();
    // Less than half a decade may hold no mark of these at all: then plain steps serve.
    if marks.len() > 1 {
        return (marks, None);
    }
    let even: Vec<f64> = ticks(low, high, target).into_iter().filter(inside).collect();
    let step = even.windows(2).map(|w| w[1] - w[0]).next();
    (even, step)
}

/// Finite, ordered and with a width that floating-point numbers can divide.
fn widened((low, high): (f64, f64)) -> (f64, f64) {
    let finite = |v: f64| {
        if v.is_finite() {
            v.clamp(-LARGEST, LARGEST)
        } else {
            0.0
        }
    };
    let (low, high) = (finite(low).min(finite(high)), finite(low).max(finite(high)));
    let size = low.abs().max(high.abs());
    if high - low > size * 1e-9 && high - low > 1e-290 {
        return (low, high);
    }
    let margin = if size > 1e-280 { size * 0.1 } else { 1.0 };
    (low - margin, high + margin)
}

/// A mark in as few characters as its step allows: `0.25`, `20k`, `1e-5`.
fn label(value: f64, step: f64, largest: f64) -> String {
    let step = step.abs();
    if value == 0.0 {
        return "0".into();
    }
    if !(0.5e-3..1e10).contains(&largest) {
        let power = |v: f64| (v.abs().log10() + 1e-9).floor();
        let digits = (power(value) - power(step)).clamp(0.0, 9.0) as usize;
        return format!("{value:.digits$e}");
    }
    let (divisor, unit) = match step {
        s if largest >= 1e6 && s >= 1e5 => (1e6, "M"),
        s if largest >= 1e4 && s >= 1e2 => (1e3, "k"),
        _ => (1.0, ""),
    };
    let decimals = (-(step / divisor).log10() - 1e-9).ceil().clamp(0.0, 12.0) as usize;
    format!("{:.decimals$}{unit}", value / divisor)
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
        assert_eq!(log_ticks(0.001, 1.0, 4), [0.001, 0.01, 0.1, 1.0]);
        assert_eq!(log_ticks(0.02, 0.7, 6), [0.02, 0.05, 0.1, 0.2, 0.5]);
        assert_eq!(log_ticks(-1.0, 1.0, 4), [0.0; 0]);
    }

    #[test]
    fn labels_are_short_and_distinct() {
        let labels = |low, high| {
            Axis::linear(Some((low, high)), 5, false)
                .marks
                .into_iter()
                .map(|m| m.1)
                .collect::<Vec<_>>()
        };
        assert_eq!(labels(0.0, 1.0), ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(0.0, 100_000.0), ["0", "20k", "40k", "60k", "80k", "100k"]);
        assert_eq!(labels(0.0, 9000.0), ["0", "2000", "4000", "6000", "8000"]);
        assert_eq!(labels(0.0, 5e-5), ["0", "1e-5", "2e-5", "3e-5", "4e-5", "5e-5"]);
        assert_eq!(
            labels(0.7, 0.71),
            ["0.700", "0.702", "0.704", "0.706", "0.708", "0.710"]
        );
        assert_eq!(labels(0.0, 3e6), ["0", "1M", "2M", "3M"]);
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

        #[test]
        fn any_two_numbers_make_an_axis(a in any::<f64>(), b in any::<f64>(), target in 0usize..20, round in any::<bool>()) {
            let axis = Axis::linear(Some((a, b)), target, round);
            prop_assert!(axis.low.is_finite() && axis.high > axis.low && axis.marks.len() <= target + 3);
            let log = Axis::logarithmic(Some((a.abs().min(b.abs()), a.abs().max(b.abs()))), target);
            prop_assert!(log.high > log.low && log.marks.len() <= 3 * target.max(2) + 3);
            for axis in [axis, log] {
                prop_assert!(axis.marks.iter().all(|(v, _)| axis.position(*v).is_some_and(|p| (0.0..=1.0).contains(&p))));
            }
        }

        #[test]
        fn labels_tell_marks_apart(low in -1e5f64..1e5, scale in -12i32..8, width in 1.0f64..1e4) {
            let low = low * 10f64.powi(scale);
            let width = width.max(low.abs() * 1e-4);
            let linear = Axis::linear(Some((low, low + width)), 6, true);
            let log = Axis::logarithmic(Some((low.abs(), low.abs() + width * 10f64.powi(scale))), 6);
            for pair in linear.marks.windows(2).chain(log.marks.windows(2)) {
                prop_assert_ne!(&pair[0].1, &pair[1].1, "{:?}", pair);
            }
        }
    }
}
