//! Lines over a common x axis: losses, learning rates, scores, spectra.

use super::axis::Axis;
use super::downsample::{downsample, moving_mean};
use super::frame::{CLASS, HEIGHT, Plot, WIDTH, heading, legend, nothing, range, x_axis};
use super::hover::hover;
use crate::Chart;
use crate::svg::{Anchor, Svg, colour, text_width};
use earmark_core::human::score;
use serde::{Deserialize, Serialize};

/// What equal distances on an axis mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AxisScale {
    /// Equal differences.
    #[default]
    Linear,
    /// Equal ratios; values that are not positive are left out.
    Log,
}

/// Which values of a metric are better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
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

/// Several lines with axes, legend and the values under the pointer.
///
/// Curves of any length are fine: what is drawn is reduced to the extremes of each pixel column.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LineChart {
    /// What the chart shows.
    pub title: String,
    /// Name and unit of the x axis.
    pub x_label: String,
    /// Name and unit of the y axis, written above it.
    pub y_label: String,
    /// The x axis.
    pub x_scale: AxisScale,
    /// The y axis.
    pub y_scale: AxisScale,
    /// The lines, first at the back.
    pub series: Vec<Series>,
}

/// A point in view-box units; `None` for a gap.
type Drawn = Option<(f64, f64)>;

impl LineChart {
    /// A chart of one line over training steps, which gives it its title.
    pub(crate) fn over_steps(line: Series) -> Self {
        Self {
            title: line.name.clone(),
            x_label: "step".into(),
            series: vec![line],
            ..Self::default()
        }
    }

    /// Draws the chart.
    #[must_use]
    pub fn draw(&self) -> Chart {
        let mut svg = Svg::default();
        let (x, y) = self.axes();
        let mut top = heading(&mut svg, &self.title, &self.y_label);
        if self.series.len() > 1 {
            let names: Vec<String> = self.series.iter().map(|s| s.name.clone()).collect();
            top = legend(&mut svg, top + 16.0, &names) + 6.0;
        }
        let plot = Plot::new(&y, top + 8.0);
        plot.frame(&mut svg, &x, &y, &self.x_label);
        let place = |p: &(f64, f64)| Some((plot.x(x.position(p.0)?), plot.y(y.position(p.1)?)));
        for (i, series) in self.series.iter().enumerate() {
            let class = format!("{}{}", colour(i), if i >= 8 { " dash" } else { "" });
            series.draw(&mut svg, &class, (plot.right - plot.left) as usize, place);
        }
        let mut points = self.series.iter().flat_map(|s| &s.points);
        if points.all(|p| place(p).is_none()) {
            nothing(&mut svg, &plot);
        }
        hover(&mut svg, &plot, &x, &self.series);
        for (i, series) in self.series.iter().enumerate() {
            series.mark_best(&mut svg, &colour(i), &plot, place);
        }
        svg.finish(CLASS, (WIDTH, HEIGHT), &self.title)
    }

    fn axes(&self) -> (Axis, Axis) {
        let shown =
            |value: f64, scale: AxisScale| value.is_finite() && (scale == AxisScale::Linear || value > 0.0);
        let points = || {
            let all = self.series.iter().flat_map(|s| &s.points);
            all.filter(|p| shown(p.0, self.x_scale) && shown(p.1, self.y_scale))
        };
        let bands = self.series.iter().flat_map(|s| s.points.iter().zip(&s.spread));
        let edges = bands.flat_map(|(p, s)| [p.1 - s, p.1 + s]);
        let ys = points().map(|p| p.1).chain(edges);
        let y_range = range(ys.filter(|y| shown(*y, self.y_scale)));
        let y = match self.y_scale {
            AxisScale::Linear => Axis::linear(y_range, 5, true),
            AxisScale::Log => Axis::logarithmic(y_range, 5),
        };
        let x = x_axis(range(points().map(|p| p.0)), |data, target| match self.x_scale {
            AxisScale::Linear => Axis::linear(data, target, false),
            AxisScale::Log => Axis::logarithmic(data, target),
        });
        (x, y)
    }
}

impl Series {
    /// The line over its band, reduced to what as many pixel columns can show.
    fn draw(&self, svg: &mut Svg, class: &str, columns: usize, place: impl Fn(&(f64, f64)) -> Drawn) {
        let band = self.points.iter().zip(&self.spread);
        let upper = band.clone().map(|(p, spread)| (p.0, p.1 + spread));
        let lower = band.rev().map(|(p, spread)| (p.0, p.1 - spread));
        let outline: Vec<_> = upper.chain(lower).filter_map(|p| place(&p)).collect();
        svg.area(&format!("{class} band"), &outline);
        let line = |points: &[(f64, f64)]| downsample(points, columns).iter().map(&place).collect::<Vec<_>>();
        if self.smooth_points > 1 {
            svg.path(&format!("{class} raw"), &line(&self.points));
            svg.path(class, &line(&moving_mean(&self.points, self.smooth_points)));
        } else {
            svg.path(class, &line(&self.points));
        }
    }

    /// The best point, if it is to be marked, with its value.
    fn mark_best(&self, svg: &mut Svg, class: &str, plot: &Plot, place: impl Fn(&(f64, f64)) -> Drawn) {
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
        svg.text("o", middle, Anchor::Middle, &label);
    }
}
