//! A curve the size of a word.

use super::downsample::downsample;
use super::frame::range;
use crate::Chart;
use crate::svg::Svg;

/// A line of 120 x 28 without axes, its last point marked; for table cells. Values that are not finite leave gaps.
#[must_use]
pub fn sparkline(values: &[f64], title: &str) -> Chart {
    const SIZE: (f64, f64) = (120.0, 28.0);
    let mut svg = Svg::default();
    let points: Vec<(f64, f64)> = values.iter().enumerate().map(|(i, v)| (i as f64, *v)).collect();
    let last = points.len().saturating_sub(1).max(1) as f64;
    if let Some((low, high)) = range(values.iter().copied()) {
        let place = |p: &(f64, f64)| {
            // A flat line runs through the middle; halves keep the difference of large numbers finite.
            let (span, above) = (high / 2.0 - low / 2.0, p.1 / 2.0 - low / 2.0);
            let share = if span > 0.0 { above / span } else { 0.5 };
            let x = 4.0 + p.0 / last * (SIZE.0 - 8.0);
            let y = SIZE.1 - 4.0 - share * (SIZE.1 - 8.0);
            p.1.is_finite().then_some((x, y))
        };
        let line: Vec<_> = downsample(&points, 110).iter().map(place).collect();
        svg.path("c0", &line);
        if let Some(end) = line.iter().rev().flatten().next() {
            svg.circle("c0", *end, 3.0, "");
        }
    }
    svg.finish("em spark", SIZE, title)
}
