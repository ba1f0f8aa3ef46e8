//! One line of a chart, and its best point.

use super::downsample::{downsample, moving_mean};
use super::frame::Plot;
use crate::svg::{Anchor, Svg, text_width};
use earmark_core::human::score;

/// Which values of a metric are better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// Scores.
    Higher,
    /// Losses and errors.
    Lower,
}

impl Better {
    /// The best finite point of a curve; the first of equals, as a checkpoint is only replaced by a better one.
    #[must_use]
    pub fn best(self, points: &[(f64, f64)]) -> Option<(f64, f64)> {
        let finite = |p: &(f64, f64)| p.0.is_finite() && p.1.is_finite();
        let finite = points.iter().copied().filter(finite);
        match self {
            Self::Higher => finite.reduce(|a, b| if b.1 > a.1 { b } else { a }),
            Self::Lower => finite.reduce(|a, b| if b.1 < a.1 { b } else { a }),
        }
    }
}

/// A point of a curve, or of its drawing.
pub(super) type Point = (f64, f64);

/// One line.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Series {
    /// Name in the legend.
    pub name: String,
    /// `(x, y)` in the order in which they are joined; a value that is not finite leaves a gap.
    pub points: Vec<(f64, f64)>,
    /// Half-width of a shaded band around the line, one value per point (a standard deviation); empty for none.
    pub spread: Vec<f64>,
    /// Mark the best point with its value.
    pub best: Option<Better>,
    /// Draw the points thinly and their moving mean over this many points boldly; 0 or 1 draws the points alone.
    pub smooth_points: usize,
}

/// A point in view-box units; `None` for a gap.
type Drawn = Option<Point>;

impl Series {
    /// A plain line.
    pub fn new(name: impl Into<String>, points: Vec<(f64, f64)>) -> Self {
        Self {
            name: name.into(),
            points,
            ..Self::default()
        }
    }

    /// The line over its band, reduced to what as many pixel columns can show.
    pub(super) fn draw(&self, svg: &mut Svg, class: &str, columns: usize, place: impl Fn(&Point) -> Drawn) {
        let band = self.points.iter().zip(&self.spread);
        let upper = band.clone().map(|(p, spread)| (p.0, p.1 + spread));
        let lower = band.rev().map(|(p, spread)| (p.0, p.1 - spread));
        let outline: Vec<_> = upper.chain(lower).filter_map(|p| place(&p)).collect();
        svg.area(&format!("{class} band"), &outline);
        let line = |points: &[Point]| downsample(points, columns).iter().map(&place).collect::<Vec<_>>();
        if self.smooth_points > 1 {
            svg.path(&format!("{class} raw"), &line(&self.points));
            svg.path(class, &line(&moving_mean(&self.points, self.smooth_points)));
        } else {
            svg.path(class, &line(&self.points));
        }
    }

    /// The best point, if it is to be marked, with its value.
    pub(super) fn mark_best(&self, svg: &mut Svg, class: &str, plot: &Plot, place: impl Fn(&Point) -> Drawn) {
        let best = self.best.and_then(|better| better.best(&self.points));
        let Some((best, (x, y))) = best.and_then(|best| Some((best, place(&best)?))) else {
            return;
        };
        let label = score(best.1);
        let tip = format!("best {}: {label} at {}", self.name, best.0);
        svg.circle(&format!("{class} dot"), (x, y), 5.0, &tip);
        let half = text_width(&label) / 2.0;
        // Above the point where there is room, else below.
        let distance = if y - 12.0 < plot.top + 4.0 { 22.0 } else { -11.0 };
        let middle = (x.clamp(plot.left + half, plot.right - half), y + distance);
        svg.text("o", middle, Anchor::MIDDLE, &label);
    }
}
