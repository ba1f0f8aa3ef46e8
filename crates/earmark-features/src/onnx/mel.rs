//! Mel bands as a matrix product.

use super::spectrum::OnnxSpectrum;
use earmark_onnx::{Builder, Tensor, Value};

impl OnnxSpectrum {
    /// Mel bands, `[batch, frames, bands]`, by weights over bins: the weights are put where the bins are.
    pub fn mel(&self, g: &mut Builder, weights: &[Vec<f64>]) -> Value {
        let values = self.values(g);
        let (places, bands) = (self.plan.places(), weights.len());
        let mut bank = vec![0.0; places * bands];
        for (band, row) in weights.iter().enumerate() {
            for (bin, weight) in row.iter().enumerate() {
                bank[self.plan.place_of(bin).0 * bands + band] = *weight as f32;
            }
        }
        let bank = g.constant("mel", Tensor::floats(&[places, bands], bank));
        g.op("MatMul", &[&values, &bank], &[])
    }
}
