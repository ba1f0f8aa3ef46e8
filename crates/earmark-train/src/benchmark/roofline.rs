//! How long a step must take at least on this machine, by its multiply-adds and by the memory it goes through: the
//! roofline model (Williams, Waterman and Patterson 2009), with one roof for each layer.

use earmark_models::LayerTable;
use serde::Serialize;

/// Forward, and the gradients of inputs and of weights: as many multiply-adds each.
pub(super) const TRAINING: f64 = 3.0;

/// What this machine does at most in single precision, on all threads together.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct MachineLimits {
    /// Multiply-adds that wait for neither memory nor one another.
    pub multiply_adds_per_second: f64,
    /// Bytes between memory and processor: two arrays read, one of them written.
    pub bytes_per_second: f64,
}

/// The least time of a step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Roofline {
    /// Its multiply-adds, convolutions counted by their definition: Winograd's algorithm needs fewer.
    pub multiply_adds: f64,
    /// Seconds that these take at the machine's limit.
    pub computing_seconds: f64,
    /// Seconds where each layer also reads its input and weights from memory and writes its output there, whichever
    /// takes longer in each; layers that are computed together need less.
    pub layer_by_layer_seconds: f64,
    /// `computing_seconds` over the time that was measured.
    pub reached: f64,
}

impl Roofline {
    /// Of a batch through the layers of a network, `times` over, that took `seconds`. `None` for a network whose
    /// layers are not known.
    pub(super) fn of(
        table: &LayerTable,
        batch: usize,
        times: f64,
        limits: MachineLimits,
        seconds: f64,
    ) -> Option<Self> {
        let (mut multiplies, mut by_layer) = (0.0, 0.0);
        let mut input = 0.0;
        for row in &table.rows {
            let numbers = |n: usize| (batch * n) as f64;
            let output = numbers(row.activation.iter().product());
            let computed = times * numbers(row.multiplies);
            let moved = times * (size_of::<f32>() as f64) * (input + output + row.weights as f64);
            multiplies += computed;
            // The input is where it is.
            if input > 0.0 {
                let computing = computed / limits.multiply_adds_per_second;
                by_layer += computing.max(moved / limits.bytes_per_second);
            }
            input = output;
        }
        let computing_seconds = multiplies / limits.multiply_adds_per_second;
        (multiplies > 0.0).then_some(Self {
            multiply_adds: multiplies,
            computing_seconds,
            layer_by_layer_seconds: by_layer,
            reached: computing_seconds / seconds,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use earmark_models::LayerRow;

    fn row(activation: &[usize], weights: usize, multiplies: usize) -> LayerRow {
        LayerRow {
            name: String::new(),
            activation: activation.to_vec(),
            weights,
            multiplies,
        }
    }

    /// Two layers, one that computes for longer than it reads and one that reads for longer.
    #[test]
    fn each_layer_takes_the_longer_of_computing_and_moving() {
        let table = LayerTable {
            title: String::new(),
            rows: vec![
                row(&[10, 10, 1], 0, 0),
                row(&[10, 10, 4], 100, 40_000),
                row(&[400], 0, 0),
            ],
        };
        let limits = MachineLimits {
            multiply_adds_per_second: 1000.0,
            bytes_per_second: 800.0,
        };
        let found = Roofline::of(&table, 2, 1.0, limits, 160.0).unwrap();
        assert_eq!(
            (found.multiply_adds, found.computing_seconds, found.reached),
            (80_000.0, 80.0, 0.5)
        );
        // The first: 80 s against 4 (200 + 800 + 100) / 800 s. The second: 4 (800 + 800) / 800 s.
        assert_eq!(found.layer_by_layer_seconds, 80.0 + 8.0);
        let thrice = Roofline::of(&table, 2, TRAINING, limits, 160.0).unwrap();
        assert_eq!(
            (thrice.computing_seconds, thrice.layer_by_layer_seconds),
            (240.0, 264.0)
        );
        let unknown = LayerTable {
            rows: vec![],
            ..table
        };
        assert!(Roofline::of(&unknown, 2, 1.0, limits, 1.0).is_none());
    }
}
