//! Whether scores are probabilities: mean score against the share of true labels.

use super::line::LineChart;
use super::series::Series;
use crate::Chart;

/// One model's scores, binned.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReliabilityCurve {
    /// Such as `calibrated`.
    pub name: String,
    /// For each bin with scores: their mean, the share of them that is true, and their number.
    pub points: Vec<(f64, f64, u64)>,
}

impl ReliabilityCurve {
    /// Mean distance of score and share, weighted by the number of scores: the expected calibration error (ECE).
    fn error(&self) -> Option<f64> {
        let all: u64 = self.points.iter().map(|p| p.2).sum();
        let sum: f64 = self.points.iter().map(|p| (p.0 - p.1).abs() * p.2 as f64).sum();
        (all > 0).then(|| sum / all as f64)
    }
}

/// The reliability diagram: scores on the diagonal are probabilities.
#[must_use]
pub fn reliability_chart(models: &[ReliabilityCurve]) -> Chart {
    let diagonal = Series::new("perfectly calibrated", vec![(0.0, 0.0), (1.0, 1.0)]);
    let lines = models.iter().map(|m| {
        let error = m.error().map(|error| format!(" (ECE {error:.3})"));
        let name = format!("{}{}", m.name, error.unwrap_or_default());
        Series::new(name, m.points.iter().map(|p| (p.0, p.1)).collect())
    });
    LineChart {
        title: "reliability".into(),
        x_label: "score".into(),
        y_label: "share true".into(),
        series: std::iter::once(diagonal).chain(lines).collect(),
        ..LineChart::default()
    }
    .draw()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_is_weighted_by_counts() {
        let model = ReliabilityCurve {
            name: "raw".into(),
            points: vec![(0.1, 0.2, 30), (0.9, 0.5, 10)],
        };
        assert!((model.error().unwrap() - 0.175).abs() < 1e-12);
        let chart = reliability_chart(&[model, ReliabilityCurve::default()]).file();
        assert!(chart.contains("raw (ECE 0.175)"), "{chart}");
        assert!(chart.contains("perfectly calibrated"));
    }
}
