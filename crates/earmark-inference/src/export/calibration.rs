//! Calibration as nodes of a graph.

use earmark_metrics::{Calibration, CalibrationRule};
use earmark_onnx::{Builder, Tensor, Value};

/// Scores are clipped this far from 0 and 1, as in [`Calibration::apply`].
const EDGE: f32 = 1e-7;

/// Calibrates scores, `[batch, classes]`, as [`Calibration::apply`] does.
pub fn calibrate(g: &mut Builder, scores: &Value, calibration: &Calibration) -> Value {
    match &calibration.rule {
        CalibrationRule::Softmax { slope } => {
            let (least, slope) = (g.float(1e-30), g.float(*slope));
            let p = g.op("Max", &[scores, &least], &[]);
            let z = g.op("Log", &[&p], &[]);
            let z = g.op("Mul", &[&z, &slope], &[]);
            g.op("Softmax", &[&z], &[("axis", 1.into())])
        }
        CalibrationRule::Classes { lines } => {
            let of = |f: fn(&earmark_metrics::CalibrationLine) -> f32| {
                Tensor::floats(&[lines.len()], lines.iter().map(f).collect())
            };
            let slopes = g.constant("slopes", of(|line| line.slope));
            let shifts = g.constant("shifts", of(|line| line.shift));
            let (low, high, one) = (g.float(EDGE), g.float(1.0 - EDGE), g.float(1.0));
            let p = g.op("Clip", &[scores, &low, &high], &[]);
            let rest = g.op("Sub", &[&one, &p], &[]);
            let odds = g.op("Div", &[&p, &rest], &[]);
            let z = g.op("Log", &[&odds], &[]);
            let z = g.op("Mul", &[&z, &slopes], &[]);
            let z = g.op("Add", &[&z, &shifts], &[]);
            g.op("Sigmoid", &[&z], &[])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use earmark_metrics::CalibrationLine;
    use earmark_onnx::Dim;

    #[test]
    fn graphs_calibrate_as_calibrations_do() {
        let line = |slope, shift| CalibrationLine { slope, shift };
        let rules = [
            CalibrationRule::Softmax { slope: 0.6 },
            CalibrationRule::Softmax { slope: 3.0 },
            CalibrationRule::Classes {
                lines: vec![
                    line(0.5, 0.3),
                    CalibrationLine::IDENTITY,
                    line(2.5, -1.0),
                    line(1.0, 4.0),
                ],
            },
        ];
        let rows = [
            [0.1_f32, 0.2, 0.3, 0.4],
            [0.0, 1.0, 1e-6, 0.999_999],
            [0.5, 0.5, 1e-20, 0.75],
        ];
        for rule in rules {
            let calibration = Calibration {
                rule,
                thresholds: vec![0.5; 4],
                clips: 10,
            };
            let mut g = Builder::default();
            let shape = [Dim::Named("batch"), Dim::Fixed(4)];
            let x = g.input("x", &shape);
            let y = calibrate(&mut g, &x, &calibration);
            g.output("y", &y, &shape);
            let graph = g.finish();
            graph.check().unwrap();
            let got = graph
                .run(&[("x", Tensor::floats(&[3, 4], rows.concat()))])
                .unwrap();
            let mut wanted = rows;
            wanted.iter_mut().for_each(|row| calibration.apply(row));
            for (got, want) in got[0].as_floats().unwrap().iter().zip(wanted.concat()) {
                assert!(
                    (got - want).abs() < 2e-6,
                    "{:?}: {got} instead of {want}",
                    calibration.rule
                );
            }
        }
    }
}
