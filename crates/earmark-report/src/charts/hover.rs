//! The values of a line chart that appear when the pointer rests on a part of it.

use super::axis::Axis;
use super::frame::{Plot, range};
use super::series::{Point, Series};
use crate::svg::Svg;
use earmark_core::human::{score, trimmed};

/// Parts of the x axis that show their values.
const PARTS: usize = 48;

/// Draws an invisible rectangle over each part of the x axis, with the values of all series there as its tip.
pub(super) fn hover(svg: &mut Svg, plot: &Plot, x: &Axis, series: &[Series]) {
    let mut parts = vec![vec![Vec::new(); series.len()]; PARTS];
    for (s, series) in series.iter().enumerate() {
        for p in series.points.iter().filter(|p| p.1.is_finite()) {
            if let Some(at) = x.position(p.0) {
                parts[((at * PARTS as f64) as usize).min(PARTS - 1)][s].push(*p);
            }
        }
    }
    let width = (plot.right - plot.left) / PARTS as f64;
    for (i, part) in parts.iter().enumerate() {
        let lines = part.iter().zip(series);
        let lines: Vec<String> = lines.filter_map(|(points, s)| text(points, &s.name)).collect();
        if !lines.is_empty() {
            let corner = (plot.left + i as f64 * width, plot.top);
            svg.rect("hit", corner, (width, plot.bottom - plot.top), &lines.join("\n"));
        }
    }
}

/// What the tip says about the points of one series; `None` without points.
fn text(points: &[Point], name: &str) -> Option<String> {
    let at = |x: f64| trimmed(&format!("{x:.3}")).to_owned();
    let (first, last) = range(points.iter().map(|p| p.0))?;
    let (low, high) = range(points.iter().map(|p| p.1))?;
    let (first, last, low, high) = (at(first), at(last), score(low), score(high));
    Some(match points.len() {
        1 => format!("{name} at {first}: {low}"),
        n => format!("{name} at {first} to {last}: {low} to {high} ({n} values)"),
    })
}
