//! Lines over a common x axis: losses, learning rates, scores, spectra.

use super::{CLASS, HEIGHT, Plot, WIDTH, heading, legend, nothing, range, x_axis};
use crate::downsample::moving_mean;
use crate::svg::{Anchor, Svg, colour, text_width};
use crate::ticks::Axis;
use crate::{Chart, downsample, score};
use serde::{Deserialize, Serialize};

/// Stretches of the x axis that show their values when the pointer rests on them.
const TIPS: usize = 48;

/// How distances on an axis are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scale {
    /// Equal differences are equally far apart.
    #[default]
    Linear,
    /// Equal ratios are equally far apart; values that are not positive are left out.
    Log,
}

/// Which end of a scale is the good one.
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
        let finite = points
            .iter()
            .copied()
            .filter(|p| p.0.is_finite() && p.1.is_finite());
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
    /// Half-width of a shaded band around the line, one value a point (a standard deviation); empty for none.
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
    /// Name and unit of the y axis; stands above the axis, where it can be read.
    pub y_label: String,
    /// The x axis.
    pub x_scale: Scale,
    /// The y axis.
    pub y_scale: Scale,
    /// The lines, first at the back.
    pub series: Vec<Series>,
}

impl LineChart {
    /// Draws the chart.
    #[must_use]
    pub fn draw(&self) -> Chart {
        let mut svg = Svg::new();
        let (x, y) = self.axes();
        let mut top = heading(&mut svg, &self.title, &self.y_label);
        if self.series.len() > 1 {
            let names: Vec<String> = self.series.iter().map(|s| s.name.clone()).collect();
            top = legend(&mut svg, top + 16.0, &names) + 6.0;
        }
        let plot = Plot::new(&y, top + 8.0);
        plot.frame(&mut svg, &x, &y, &self.x_label);
        let place = |p: &(f64, f64)| Some((plot.x(x.position(p.0)?), plot.y(y.position(p.1)?)));
        let columns = (plot.right - plot.left) as usize;
        for (i, series) in self.series.iter().enumerate() {
            let class = format!("{}{}", colour(i), if i >= 8 { " dash" } else { "" });
            let line =
                |points: &[(f64, f64)]| downsample(points, columns).iter().map(place).collect::<Vec<_>>();
            let upper = series
                .points
                .iter()
                .zip(&series.spread)
                .map(|(p, s)| (p.0, p.1 + s));
            let lower = series
                .points
                .iter()
                .zip(&series.spread)
                .map(|(p, s)| (p.0, p.1 - s))
                .rev();
            let outline: Vec<(f64, f64)> = upper.chain(lower).filter_map(|p| place(&p)).collect();
            svg.area(&format!("{class} band"), &outline);
            if series.smooth_points > 1 {
                svg.path(&format!("{class} raw"), &line(&series.points));
                svg.path(&class, &line(&moving_mean(&series.points, series.smooth_points)));
            } else {
                svg.path(&class, &line(&series.points));
            }
        }
        if self
            .series
            .iter()
            .all(|s| s.points.iter().all(|p| place(p).is_none()))
        {
            nothing(&mut svg, &plot);
        }
        self.tips(&mut svg, &plot, &x);
        self.marks(&mut svg, &plot, place);
        svg.finish(CLASS, (WIDTH, HEIGHT), &self.title)
    }

    fn axes(&self) -> (Axis, Axis) {
        let shown = |value: f64, scale: Scale| value.is_finite() && (scale == Scale::Linear || value > 0.0);
        let points = || {
            let all = self.series.iter().flat_map(|s| &s.points);
            all.filter(|p| shown(p.0, self.x_scale) && shown(p.1, self.y_scale))
        };
        let bands = self.series.iter().flat_map(|s| s.points.iter().zip(&s.spread));
        let ys = points()
            .map(|p| p.1)
            .chain(bands.flat_map(|(p, s)| [p.1 - s, p.1 + s]));
        let y_range = range(ys.filter(|y| shown(*y, self.y_scale)));
        let y = match self.y_scale {
            Scale::Linear => Axis::linear(y_range, 5, true),
            Scale::Log => Axis::logarithmic(y_range, 5),
        };
        let x = x_axis(range(points().map(|p| p.0)), |data, target| match self.x_scale {
            Scale::Linear => Axis::linear(data, target, false),
            Scale::Log => Axis::logarithmic(data, target),
        });
        (x, y)
    }

    /// Invisible stretches that name the values below the pointer.
    fn tips(&self, svg: &mut Svg, plot: &Plot, x: &Axis) {
        let mut stretches: Vec<Vec<Tip>> = (0..TIPS)
            .map(|_| vec![Tip::default(); self.series.len()])
            .collect();
        for (s, series) in self.series.iter().enumerate() {
            for p in &series.points {
                if let (Some(at), true) = (x.position(p.0), p.1.is_finite()) {
                    stretches[((at * TIPS as f64) as usize).min(TIPS - 1)][s].add(p);
                }
            }
        }
        let width = (plot.right - plot.left) / TIPS as f64;
        for (i, stretch) in stretches.iter().enumerate() {
            let lines: Vec<String> = stretch
                .iter()
                .zip(&self.series)
                .filter_map(|(tip, s)| tip.text(&s.name))
                .collect();
            if !lines.is_empty() {
                let at = (plot.left + i as f64 * width, plot.top);
                svg.rect("hit", at, (width, plot.bottom - plot.top), &lines.join("\n"));
            }
        }
    }

    /// The best points, on top of everything.
    fn marks(&self, svg: &mut Svg, plot: &Plot, place: impl Fn(&(f64, f64)) -> Option<(f64, f64)>) {
        for (i, series) in self.series.iter().enumerate() {
            let Some(best) = series.best.and_then(|b| b.best(&series.points)) else {
                continue;
            };
            let Some((x, y)) = place(&best) else { continue };
            let label = score(best.1);
            svg.circle(
                &format!("{} dot", colour(i)),
                (x, y),
                5.0,
                &format!("best {}: {label} at {}", series.name, best.0),
            );
            let half = text_width(&label) / 2.0;
            let below = if y - 12.0 < plot.top + 4.0 {
                y + 22.0
            } else {
                y - 11.0
            };
            let middle = x.clamp(plot.left + half, plot.right - half);
            svg.text("o", (middle, below), Anchor::Middle, &label);
        }
    }
}

/// What one series does within a stretch.
#[derive(Clone, Copy, Default)]
struct Tip {
    count: usize,
    x: (f64, f64),
    y: (f64, f64),
}

impl Tip {
    fn add(&mut self, p: &(f64, f64)) {
        let wider = |r: (f64, f64), v: f64| {
            if self.count == 0 {
                (v, v)
            } else {
                (r.0.min(v), r.1.max(v))
            }
        };
        (self.x, self.y, self.count) = (wider(self.x, p.0), wider(self.y, p.1), self.count + 1);
    }

    fn text(&self, name: &str) -> Option<String> {
        let x = |v: f64| earmark_core::human::trimmed(&format!("{v:.3}")).to_owned();
        match self.count {
            0 => None,
            1 => Some(format!("{name} at {}: {}", x(self.x.0), score(self.y.0))),
            n => {
                let (from, to) = (x(self.x.0), x(self.x.1));
                Some(format!(
                    "{name} at {from} to {to}: {} to {} ({n} values)",
                    score(self.y.0),
                    score(self.y.1)
                ))
            }
        }
    }
}
