//! Histograms: how often values occur, such as clip lengths or scores.

use super::axis::Axis;
use super::frame::{CLASS, HEIGHT, Plot, WIDTH, heading, nothing, range, x_axis};
use super::ticks::ticks;
use crate::Chart;
use crate::svg::{Anchor, Svg, colour};
use earmark_core::human::{human_count, trimmed};

/// Bars over a numeric axis, with the median marked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HistogramChart {
    /// What the chart shows.
    pub title: String,
    /// Name and unit of the values.
    pub x_label: String,
    /// The values in any order; those that are not finite are left out.
    pub values: Vec<f64>,
    /// Approximate number of bars; they start at round numbers, so it may be fewer.
    pub bins: usize,
    /// Ends of the x axis, so that several histograms can be compared; `None` takes the values'.
    pub range: Option<(f64, f64)>,
    /// Which of the eight chart colours the bars have.
    pub colour: usize,
}

impl HistogramChart {
    /// Start of each bin and the end of the last, and the count in each bin. A bin holds its start and not its end, except the
    /// last, which holds both.
    fn bins(&self) -> (Vec<f64>, Vec<u64>) {
        let Some((low, high)) = self.range.or_else(|| range(self.values.iter().copied())) else {
            return (Vec::new(), Vec::new());
        };
        let mut edges = ticks(low, high, self.bins.max(1));
        let step = edges.windows(2).map(|w| w[1] - w[0]).next().unwrap_or(1.0);
        if edges.first().is_none_or(|e| *e > low) {
            edges.insert(0, edges.first().map_or(low, |e| e - step));
        }
        if edges.last().is_none_or(|e| *e < high) {
            edges.push(edges.last().map_or(high, |e| e + step));
        }
        let last = edges.len() - 1;
        let mut counts = vec![0; last];
        let shown = edges[0]..=edges[last];
        for v in self.values.iter().filter(|v| shown.contains(v)) {
            // The first edge above the value ends its bin.
            counts[(edges.partition_point(|e| e <= v).max(1) - 1).min(last - 1)] += 1;
        }
        (edges, counts)
    }

    /// The middle of the finite values (the mean of the two middle ones); `None` without any.
    pub(crate) fn median(values: &[f64]) -> Option<f64> {
        let mut sorted: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let last = sorted.len().checked_sub(1)?;
        Some(sorted[last / 2] / 2.0 + sorted[last.div_ceil(2)] / 2.0)
    }

    /// Draws the chart.
    #[must_use]
    pub fn draw(&self) -> Chart {
        let (edges, counts) = self.bins();
        let most = counts.iter().copied().max().unwrap_or(0).max(1);
        let mut svg = Svg::default();
        let y = Axis::linear(Some((0.0, most as f64)), most.min(5) as usize, true);
        let ends = edges.first().copied().zip(edges.last().copied());
        let x = x_axis(ends, |data, target| Axis::linear(data, target, false));
        let plot = Plot::new(&y, heading(&mut svg, &self.title, "clips") + 20.0);
        plot.frame(&mut svg, &x, &y, &self.x_label);
        let at = |v: f64| plot.x(x.position(v).unwrap_or(0.0));
        let number = |v: f64| trimmed(&format!("{v:.3}")).to_owned();
        for (bin, count) in edges.windows(2).zip(&counts).filter(|(_, count)| **count > 0) {
            let (left, right) = (at(bin[0]), at(bin[1]));
            let top = plot.y(y.position(*count as f64).unwrap_or(0.0));
            let (from, to) = (number(bin[0]), number(bin[1]));
            let tip = format!("{from} to {to}: {}", human_count(*count));
            let class = format!("{} seg", colour(self.colour));
            svg.rect(&class, (left, top), (right - left, plot.bottom - top), &tip);
        }
        match Self::median(&self.values) {
            Some(median) if x.position(median).is_some() => {
                let line = at(median);
                svg.line("mark", (line, plot.top - 4.0), (line, plot.bottom));
                let (anchor, gap) = match line > WIDTH * 0.6 {
                    true => (Anchor::END, -6.0),
                    false => (Anchor::START, 6.0),
                };
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
        let h = HistogramChart {
            values: vec![0.3, 1.0, 1.5, 2.0, 4.0, 10.0, f64::NAN],
            bins: 5,
            ..HistogramChart::default()
        };
        let (edges, counts) = h.bins();
        assert_eq!(edges, [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!(counts, [3, 1, 1, 0, 1]); // 2.0 starts a bin, 10.0 ends the last
        assert_eq!(HistogramChart::median(&h.values), Some(1.75));
        assert_eq!(HistogramChart::median(&[]), None);
    }

    #[test]
    fn many_clips_have_few_marks() {
        for clips in [1, 3, 10, 395] {
            let h = HistogramChart {
                values: vec![5.0; clips],
                range: Some((0.0, 7.0)),
                bins: 30,
                ..HistogramChart::default()
            };
            let labels = h.draw().file().matches("<text").count();
            assert!(labels < 20, "{labels} labels for {clips} clips");
        }
    }

    #[test]
    fn one_length_for_all_is_one_bar() {
        let h = HistogramChart {
            values: vec![5.0; 40],
            bins: 20,
            ..HistogramChart::default()
        };
        let (edges, counts) = h.bins();
        assert_eq!(counts.iter().sum::<u64>(), 40);
        assert_eq!(counts.iter().filter(|c| **c > 0).count(), 1);
        assert!(edges[0] <= 5.0 && edges[edges.len() - 1] >= 5.0);
    }
}
