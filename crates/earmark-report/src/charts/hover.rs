//! The values of a line chart that appear when the pointer rests on a part of it.

use super::axis::Axis;
use super::frame::Plot;
use super::series::Series;
use crate::svg::Svg;
use earmark_core::human::{score, trimmed};

/// Parts of the x axis that show their values.
const PARTS: usize = 48;

/// Draws an invisible rectangle over each part of the x axis, with the values of all series there as its tip.
pub(super) fn hover(svg: &mut Svg, plot: &Plot, x: &Axis, series: &[Series]) {
    let mut parts = vec![vec![Values::default(); series.len()]; PARTS];
    for (s, series) in series.iter().enumerate() {
        for p in series.points.iter().filter(|p| p.1.is_finite()) {
            if let Some(at) = x.position(p.0) {
                parts[((at * PARTS as f64) as usize).min(PARTS - 1)][s].add(p);
            }
        }
    }
    let width = (plot.right - plot.left) / PARTS as f64;
    for (i, part) in parts.iter().enumerate() {
        let lines: Vec<String> = part
            .iter()
            .zip(series)
            .filter_map(|(v, s)| v.text(&s.name))
            .collect();
        if !lines.is_empty() {
            let corner = (plot.left + i as f64 * width, plot.top);
            svg.rect("hit", corner, (width, plot.bottom - plot.top), &lines.join("\n"));
        }
    }
}

/// The range of one series within a part of the axis.
#[derive(Clone, Copy, Default)]
struct Values {
    count: usize,
    x: (f64, f64),
    y: (f64, f64),
}

impl Values {
    fn add(&mut self, &(x, y): &(f64, f64)) {
        if self.count == 0 {
            (self.x, self.y) = ((x, x), (y, y));
        }
        let wider = |r: (f64, f64), v: f64| (r.0.min(v), r.1.max(v));
        (self.x, self.y, self.count) = (wider(self.x, x), wider(self.y, y), self.count + 1);
    }

    fn text(&self, name: &str) -> Option<String> {
        let x = |v: f64| trimmed(&format!("{v:.3}")).to_owned();
        let (from, to) = (x(self.x.0), x(self.x.1));
        let (low, high) = (score(self.y.0), score(self.y.1));
        match self.count {
            0 => None,
            1 => Some(format!("{name} at {from}: {low}")),
            n => Some(format!("{name} at {from} to {to}: {low} to {high} ({n} values)")),
        }
    }
}
