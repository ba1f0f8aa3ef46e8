//! How often which value occurs: clip lengths, scores.

use super::{CLASS, HEIGHT, Plot, WIDTH, heading, nothing, range, x_axis};
use crate::svg::{Anchor, Svg, colour};
use crate::ticks::{Axis, ticks};
use crate::{Chart, human_count};
use earmark_core::human::trimmed;

/// Bars over a numeric axis, with the median marked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Histogram {
    /// What the chart shows.
    pub title: String,
    /// Name and unit of the values.
    pub x_label: String,
    /// The values in any order; those that are not finite are left out.
    pub values: Vec<f64>,
    /// About how many bars; they start at round numbers, so that it may be fewer.
    pub bins: usize,
    /// Ends of the x axis, so that several histograms can be compared; `None` takes the values'.
    pub range: Option<(f64, f64)>,
    /// Which of the eight chart colours the bars have.
    pub colour: usize,
}

impl Histogram {
    /// Start of each bin and the end of the last, and the count in each bin. A bin holds its start and not its end, but the
    /// last holds both.
    #[must_use]
    pub fn bins(&self) -> (Vec<f64>, Vec<u64>) {
        let Some((low, high)) = self.range.or_else(|| range(self.values.iter().copied())) else {
            return (Vec::new(), Vec::new());
        };
        let inner = ticks(low, high, self.bins.max(1));
        let step = inner.windows(2).map(|w| w[1] - w[0]).next().unwrap_or(1.0);
        let mut edges = inner;
        if edges.first().is_none_or(|e| *e > low) {
            edges.insert(0, edges.first().map_or(low, |e| e - step));
        }
        if edges.last().is_none_or(|e| *e < high) {
            edges.push(edges.last().map_or(high, |e| e + step));
        }
        let mut counts = vec![0; edges.len() - 1];
        for v in self
            .values
            .iter()
            .filter(|v| v.is_finite() && **v >= edges[0] && **v <= edges[edges.len() - 1])
        {
            // The first edge above the value ends its bin.
            counts[(edges.partition_point(|e| e <= v).max(1) - 1).min(edges.len() - 2)] += 1;
        }
        (edges, counts)
    }

    /// The middle value (the mean of the two middle ones); `None` without values.
    #[must_use]
    pub fn median(&self) -> Option<f64> {
        let mut sorted: Vec<f64> = self.values.iter().copied().filter(|v| v.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let (low, high) = (
            sorted.get(sorted.len().checked_sub(1)? / 2)?,
            sorted.get(sorted.len() / 2)?,
        );
        Some(low / 2.0 + high / 2.0)
    }

    /// Draws the chart.
    #[must_use]
    pub fn draw(&self) -> Chart {
        let (edges, counts) = self.bins();
        let most = counts.iter().copied().max().unwrap_or(0);
        let mut svg = Svg::new();
        let y = Axis::linear(
            Some((0.0, (most as f64).max(1.0))),
            most.clamp(1, 5) as usize,
            true,
        );
        let ends = edges.first().copied().zip(edges.last().copied());
        let x = x_axis(ends, |data, target| Axis::linear(data, target, false));
        let plot = Plot::new(&y, heading(&mut svg, &self.title, "clips") + 20.0);
        plot.frame(&mut svg, &x, &y, &self.x_label);
        let at = |v: f64| plot.x(x.position(v).unwrap_or(0.0));
        for (i, count) in counts.iter().enumerate().filter(|(_, c)| **c > 0) {
            let (left, right) = (at(edges[i]), at(edges[i + 1]));
            let top = plot.y(y.position(*count as f64).unwrap_or(0.0));
            let number = |v: f64| trimmed(&format!("{v:.3}")).to_owned();
            let tip = format!(
                "{} to {}: {}",
                number(edges[i]),
                number(edges[i + 1]),
                human_count(*count)
            );
            svg.rect(
                &format!("{} seg", colour(self.colour)),
                (left, top),
                (right - left, plot.bottom - top),
                &tip,
            );
        }
        match self.median() {
            Some(median) if x.position(median).is_some() => {
                let line = at(median);
                svg.line("mark", (line, plot.top - 4.0), (line, plot.bottom));
                let anchor = if line > WIDTH * 0.6 {
                    Anchor::End
                } else {
                    Anchor::Start
                };
                let gap = if anchor == Anchor::End { -6.0 } else { 6.0 };
                let text = format!("median {}", trimmed(&format!("{median:.2}")));
                svg.text("o", (line + gap, plot.top + 4.0), anchor, &text);
            }
            _ => nothing(&mut svg, &plot),
        }
        svg.finish(CLASS, (WIDTH, HEIGHT), &self.title)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_counted_once_in_its_bin() {
        let h = Histogram {
            values: vec![0.3, 1.0, 1.5, 2.0, 4.0, 10.0, f64::NAN],
            bins: 5,
            ..Histogram::default()
        };
        let (edges, counts) = h.bins();
        assert_eq!(edges, [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!(counts, [3, 1, 1, 0, 1]); // 2.0 starts a bin, 10.0 ends the last
        assert_eq!(h.median(), Some(1.75));
        assert_eq!(Histogram::default().median(), None);
    }

    #[test]
    fn many_clips_have_few_marks() {
        for clips in [1, 3, 10, 395] {
            let h = Histogram {
                values: vec![5.0; clips],
                range: Some((0.0, 7.0)),
                bins: 30,
                ..Histogram::default()
            };
            let labels = h.draw().file().matches("<text").count();
            assert!(labels < 20, "{labels} labels for {clips} clips");
        }
    }

    #[test]
    fn one_length_for_all_is_one_bar() {
        let h = Histogram {
            values: vec![5.0; 40],
            bins: 20,
            ..Histogram::default()
        };
        let (edges, counts) = h.bins();
        assert_eq!(counts.iter().sum::<u64>(), 40);
        assert_eq!(counts.iter().filter(|c| **c > 0).count(), 1);
        assert!(edges[0] <= 5.0 && edges[edges.len() - 1] >= 5.0);
    }
}
