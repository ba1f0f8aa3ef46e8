//! The axes of a chart: where values are, and what their marks say.

use super::ticks::{LARGEST, NiceStep, log_ticks, ticks, widened};

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
            let step = NiceStep::at_least((high - low) / target.max(1) as f64);
            low = step.times((low / step.size() + 1e-9).floor());
            high = step.times((high / step.size() - 1e-9).ceil());
        }
        let marks = ticks(low, high, target);
        let step = marks.windows(2).map(|w| w[1] - w[0]).next().unwrap_or(1.0);
        let largest = low.abs().max(high.abs());
        Self::new((low, high), false, marks, |v| label(v, step, largest))
    }

    /// A logarithmic axis over the positive values of the data.
    pub fn logarithmic(data: Option<(f64, f64)>, target: usize) -> Self {
        let (low, high) = data.unwrap_or((0.1, 1.0));
        let (low, high) = (low.clamp(1e-300, LARGEST), high.clamp(1e-300, LARGEST));
        // Without room around it a flat line would cover the frame.
        let margin = if high / low < 1.25 { 1.25 } else { 1.0 };
        let (low, high) = (low / margin, high * margin);
        let (marks, step) = log_ticks(low, high, target);
        // One notation for the whole axis: where an end is small, all small marks are written as powers.
        let small = marks.first().is_some_and(|v| *v < 0.5e-3);
        let step = |v: f64| step.unwrap_or(v);
        let text = |v: f64| label(v, step(v), if small && v < 0.1 { 0.0 } else { v });
        Self::new((low, high), true, marks, text)
    }

    fn new((low, high): (f64, f64), log: bool, marks: Vec<f64>, text: impl Fn(f64) -> String) -> Self {
        Self {
            low,
            high,
            marks: marks.into_iter().map(|v| (v, text(v))).collect(),
            log,
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
