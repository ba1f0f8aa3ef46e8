//! What charts have in common: title, axes, legend, and the area that data are drawn in.

use super::axis::Axis;
use crate::svg::{Anchor, Svg, colour, text_width};
use crate::terminal::table::ellipsize;

/// Width of a chart in view-box units: two fit next to each other on a desktop, one fills a phone.
pub(super) const WIDTH: f64 = 560.0;
/// Height of a chart with two axes.
pub(super) const HEIGHT: f64 = 300.0;
/// Class of the outer element.
pub(super) const CLASS: &str = "em";

/// The rectangle that data are drawn in.
pub(super) struct Plot {
    pub left: f64,
    pub right: f64,
    pub top: f64,
    pub bottom: f64,
}

impl Plot {
    /// Room for title and legend above, labels of the y axis to the left, and of the x axis below.
    pub fn new(y: &Axis, top: f64) -> Self {
        let widest = y.marks.iter().map(|m| text_width(&m.1)).fold(16.0, f64::max);
        Self {
            left: widest + 14.0,
            right: WIDTH - 16.0,
            top,
            bottom: HEIGHT - 46.0,
        }
    }

    pub fn x(&self, position: f64) -> f64 {
        self.left + position * (self.right - self.left)
    }

    pub fn y(&self, position: f64) -> f64 {
        self.bottom - position * (self.bottom - self.top)
    }

    /// Grid, marks and names of both axes.
    pub fn frame(&self, svg: &mut Svg, x: &Axis, y: &Axis, x_label: &str) {
        for (value, label) in &y.marks {
            let at = self.y(y.position(*value).unwrap_or(0.0));
            svg.line("grid", (self.left, at), (self.right, at));
            svg.text("", (self.left - 8.0, at + 4.5), Anchor::END, label);
        }
        for (value, label) in &x.marks {
            let at = self.x(x.position(*value).unwrap_or(0.0));
            svg.line("axis", (at, self.bottom), (at, self.bottom + 5.0));
            // A long label at an end would stick out of the chart.
            let half = text_width(label) / 2.0;
            let middle = at.clamp(half + 2.0, WIDTH - half - 2.0);
            svg.text("", (middle, self.bottom + 20.0), Anchor::MIDDLE, label);
        }
        svg.line("axis", (self.left, self.bottom), (self.right, self.bottom));
        svg.text("", (self.right, HEIGHT - 5.0), Anchor::END, x_label);
    }
}

/// A linear x axis with as many marks as their labels have room.
pub(super) fn x_axis(data: Option<(f64, f64)>, make: impl Fn(Option<(f64, f64)>, usize) -> Axis) -> Axis {
    let fits = |axis: &Axis| axis.marks.iter().map(|m| text_width(&m.1) + 14.0).sum::<f64>() < WIDTH * 0.8;
    let mut axes = (2..=7).rev().map(|target| make(data, target));
    axes.find(fits).unwrap_or_else(|| make(data, 1))
}

/// Names with colour swatches, in as many lines as they need; returns the y below them.
pub(super) fn legend(svg: &mut Svg, top: f64, names: &[String]) -> f64 {
    let (mut x, mut y) = (4.0, top);
    for (i, name) in names.iter().enumerate() {
        let name = ellipsize(name, 40);
        let width = text_width(&name) + 34.0;
        if x > 4.0 && x + width > WIDTH {
            (x, y) = (4.0, y + 22.0);
        }
        svg.rect(&colour(i), (x, y - 10.0), (14.0, 10.0), "");
        svg.text("k", (x + 20.0, y), Anchor::START, &name);
        x += width;
    }
    y
}

/// Title and the name of the y axis; returns the y below them.
pub(super) fn heading(svg: &mut Svg, title: &str, y_label: &str) -> f64 {
    svg.text("t", (4.0, 18.0), Anchor::START, &ellipsize(title, 56));
    if y_label.is_empty() {
        return 32.0;
    }
    svg.text("", (4.0, 40.0), Anchor::START, &ellipsize(y_label, 62));
    50.0
}

/// The message shown when there are no data.
pub(super) fn nothing(svg: &mut Svg, plot: &Plot) {
    let middle = ((plot.left + plot.right) / 2.0, (plot.top + plot.bottom) / 2.0);
    svg.text("", middle, Anchor::MIDDLE, "no values");
}

/// Smallest and largest of the finite values.
pub(super) fn range(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let finite = values.filter(|v| v.is_finite()).map(|v| (v, v));
    finite.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
}
