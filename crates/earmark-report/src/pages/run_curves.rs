//! The curves of a training as charts; those that jitter get a moving mean.

use super::run_types::TrainingCurve;
use crate::{Chart, LineChart, Series};

/// Curves longer than this get a moving mean.
const ROUGH: usize = 300;

/// The chart of a curve.
pub(super) fn curve_chart(curve: &TrainingCurve) -> Chart {
    let rough = curve.points.len() > ROUGH && changes_often(&curve.points);
    let (smooth_points, y_label) = match (curve.points.len() / 60).max(2) {
        n if rough => (n, format!("thin: each value, bold: moving mean of {n}")),
        _ => (0, String::new()),
    };
    let mut line = Series::new(&curve.name, curve.points.clone());
    line.smooth_points = smooth_points;
    let mut chart = LineChart::over_steps(line);
    (chart.y_label, chart.y_scale) = (y_label, curve.scale);
    chart.draw()
}

/// Whether a curve jitters (a loss) and does not follow a plan (a learning rate): more than a tenth of its points are turns.
fn changes_often(points: &[(f64, f64)]) -> bool {
    let turns = |w: &&[(f64, f64)]| (w[1].1 - w[0].1) * (w[2].1 - w[1].1) < 0.0;
    points.windows(3).filter(turns).count() * 10 > points.len()
}
