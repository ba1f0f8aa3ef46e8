//! The operator with a state: LSTM.

use super::call::{Call, Outcome};
use crate::graph::signed;
use crate::tensor::Tensor;

impl Call<'_> {
    /// The outputs of both directions at all steps, `[steps, 2, batch, hidden]`, of `[steps, batch, features]`. Weights
    /// are `[2, 4 hidden, features]` and `[2, 4 hidden, hidden]`, with the gates in the order input, output, forget,
    /// cell; biases are `[2, 8 hidden]`, those of the inputs first.
    pub(super) fn lstm(&self) -> Outcome {
        let (&[steps, batch, features], &[2, rows, _]) =
            (&self.input(0)?.shape[..], &self.input(1)?.shape[..])
        else {
            return Err("needs three dimensions, and weights of two directions".into());
        };
        let hidden = rows / 4;
        let shapes = [vec![2, rows, features], vec![2, rows, hidden], vec![2, 2 * rows]];
        let fits = self.inputs[1..].iter().map(|t| &t.shape).eq(&shapes);
        let known = self.text("direction") == Some("bidirectional") && self.node.attributes.len() == 2;
        if !fits || !known || self.int("hidden_size", 0) != signed(hidden) || rows != 4 * hidden {
            return Err("only two directions with biases that begin with zeros are supported".into());
        }
        let [w, r, b] = [1, 2, 3].map(|i| self.floats(i));
        let (x, w, r, b) = (self.floats(0)?, w?, r?, b?);
        let mut out = vec![0.0; steps * 2 * batch * hidden];
        for direction in 0..2 {
            let of_direction = Direction {
                input: &w[direction * rows * features..][..rows * features],
                hidden: &r[direction * rows * hidden..][..rows * hidden],
                biases: b[direction * 2 * rows..][..2 * rows].split_at(rows),
            };
            for n in 0..batch {
                let mut state = (vec![0.0; hidden], vec![0.0; hidden]);
                for k in 0..steps {
                    let step = if direction == 0 { k } else { steps - 1 - k };
                    of_direction.step(&x[(step * batch + n) * features..][..features], &mut state);
                    out[((step * 2 + direction) * batch + n) * hidden..][..hidden].copy_from_slice(&state.0);
                }
            }
        }
        Ok(Tensor::floats(&[steps, 2, batch, hidden], out))
    }
}

/// The weights of one direction.
struct Direction<'a> {
    input: &'a [f32],
    hidden: &'a [f32],
    biases: (&'a [f32], &'a [f32]),
}

impl Direction<'_> {
    /// The next output and cell.
    fn step(&self, x: &[f32], (output, cell): &mut (Vec<f32>, Vec<f32>)) {
        let width = output.len();
        let gate = |row: usize| {
            let both = [(self.input, x), (self.hidden, &output[..])];
            let products = both.map(|(weights, values)| {
                let weights = &weights[row * values.len()..];
                let products = weights
                    .iter()
                    .zip(values)
                    .map(|(w, v)| f64::from(*w) * f64::from(*v));
                products.sum::<f64>()
            });
            products[0] + products[1] + f64::from(self.biases.0[row]) + f64::from(self.biases.1[row])
        };
        let gates: Vec<f64> = (0..4 * width).map(gate).collect();
        let open = |row: usize| 1.0 / (1.0 + (-gates[row]).exp());
        for (k, (output, cell)) in output.iter_mut().zip(cell).enumerate() {
            let kept = open(2 * width + k) * f64::from(*cell);
            let now = kept + open(k) * gates[3 * width + k].tanh();
            (*cell, *output) = (now as f32, (open(width + k) * now.tanh()) as f32);
        }
    }
}
