//! What a step gave, while the device may still compute it.

use super::StepResult;
use burn::tensor::Tensor;
use earmark_models::to_host;

/// A [`StepResult`] that the device may still compute.
#[derive(Debug)]
pub struct UnreadResult {
    pub(super) loss: Tensor<1>,
    pub(super) gradient_norm: Option<Tensor<1>>,
}

impl UnreadResult {
    /// Waits for the device and reads several results at once.
    pub fn read(results: Vec<Self>) -> Vec<StepResult> {
        let all = |tensors: Vec<Tensor<1>>| match tensors.is_empty() {
            true => Vec::new(),
            false => to_host(Tensor::cat(tensors, 0)),
        };
        let clips: Vec<bool> = results.iter().map(|r| r.gradient_norm.is_some()).collect();
        let (losses, norms): (Vec<_>, Vec<_>) =
            results.into_iter().map(|r| (r.loss, r.gradient_norm)).unzip();
        let mut norms = all(norms.into_iter().flatten().collect()).into_iter();
        let losses = all(losses).into_iter().zip(clips);
        losses
            .map(|(loss, clips)| StepResult {
                loss: f64::from(loss),
                gradient_norm: clips.then(|| norms.next().map(f64::from)).flatten(),
            })
            .collect()
    }
}
