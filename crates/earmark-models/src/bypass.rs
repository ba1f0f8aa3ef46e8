//! A hidden layer that passes its input on, so that a linear classifier can take the place of it and of the logits.
//!
//! A network's file says nothing of layers that are left out. Where the hidden layer before the logits is wide enough, an identity as its
//! weights and a bias that keeps its activation in its linear part do the same: the network stays what it is, and so does its file.

/// How a hidden layer passes its input on unchanged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HiddenBypass {
    /// Prefix of the layer's variables, `weight` of `[outputs, inputs]` and `bias` of `[outputs]`.
    pub prefix: &'static str,
    /// Features that the layer takes.
    pub inputs: usize,
    /// Features that it gives, at least as many.
    pub outputs: usize,
    /// What its activation must be above to be linear, less the smallest value of its inputs.
    pub shift: f32,
}

impl HiddenBypass {
    /// The bypass of a layer; `None` where it gives fewer features than it takes, so that some would be lost.
    pub(crate) fn new(prefix: &'static str, inputs: usize, outputs: usize, shift: f32) -> Option<Self> {
        (outputs >= inputs).then_some(Self {
            prefix,
            inputs,
            outputs,
            shift,
        })
    }

    /// Weights and biases with which the layer gives its inputs plus the shift, then zeros.
    pub fn layer(&self) -> (Vec<f32>, Vec<f32>) {
        let mut weight = vec![0.0; self.outputs * self.inputs];
        let mut bias = vec![0.0; self.outputs];
        for k in 0..self.inputs {
            weight[k * self.inputs + k] = 1.0;
            bias[k] = self.shift;
        }
        (weight, bias)
    }

    /// The logits' layer behind the bypass, `[classes, outputs]` and `[classes]`, of a classifier of the hidden layer's inputs,
    /// `[classes, inputs]` and `[classes]`.
    pub fn logits(&self, weight: &[f32], bias: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let mut wider = Vec::with_capacity(bias.len() * self.outputs);
        let mut shifted = Vec::with_capacity(bias.len());
        for (row, bias) in weight.chunks_exact(self.inputs).zip(bias) {
            wider.extend_from_slice(row);
            wider.resize(wider.len() + self.outputs - self.inputs, 0.0);
            let sum: f64 = row.iter().map(|w| f64::from(*w)).sum();
            shifted.push((f64::from(*bias) - f64::from(self.shift) * sum) as f32);
        }
        (wider, shifted)
    }
}
