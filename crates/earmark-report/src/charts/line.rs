//! Lines over a common x axis: losses, learning rates, scores, spectra.

use super::axis::Axis;
use super::frame::{CLASS, HEIGHT, Plot, WIDTH, heading, legend, nothing, range, x_axis};
use super::hover::hover;
use super::series::Series;
use crate::Chart;
use crate::svg::{Svg, colour};

/// What equal distances on an axis mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AxisScale {
    /// Equal differences.
    #[default]
    Linear,
    /// Equal ratios; values that are not positive are left out.
    Log,
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
