//! Dropout, with masks that follow from the pass's random stream.

use crate::forward_pass::Forward;
use burn::tensor::{Tensor, TensorData};
use rand::Rng;

impl Forward<'_> {
    /// Inverted dropout: with probability `drop_prob` an element becomes 0, the others grow by 1 / (1 - drop_prob).
    /// Does nothing in evaluation.
    pub fn dropout<const D: usize>(&mut self, x: Tensor<D>, drop_prob: f64) -> Tensor<D> {
        let Some(rng) = self.rng.as_mut().filter(|_| drop_prob > 0.0) else {
            return x;
        };
        let dims = x.dims();
        let scale = (1.0 / (1.0 - drop_prob)) as f32;
        let threshold = (drop_prob * 4_294_967_296.0) as u64;
        let mask: Vec<f32> = (0..dims.iter().product::<usize>())
            .map(|_| match u64::from(rng.next_u32()) < threshold {
                true => 0.0,
                false => scale,
            })
            .collect();
        let mask = Tensor::<D>::from_data(TensorData::new(mask, dims), &x.device());
        x * mask
    }
}
