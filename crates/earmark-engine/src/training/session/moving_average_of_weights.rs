//! The exponential moving average of the weights, which checkpoints hold where the recipe averages.

use super::state::Session;
use earmark_models::VarId;

impl Session<'_, '_> {
    /// `average = decay average + (1 - decay) weights`; early on the decay is smaller, so that the start is forgotten:
    /// min(decay, (1 + t) / (10 + t)) after t steps before this one, as in TensorFlow's ExponentialMovingAverage.
    pub(super) fn move_average(&mut self) {
        let Some(average) = &mut self.average else { return };
        let t = self.progress.step as f64;
        let decay = self.job.train.average_decay.min((1.0 + t) / (10.0 + t));
        for i in (0..self.vars.len()).map(VarId) {
            let (mean, now) = (average.flat(i), self.vars.flat(i));
            let moved = if self.vars.is_frozen(i) {
                // The same in exact numbers, and equal values stay equal to the bit.
                mean.clone() + (now - mean).mul_scalar(1.0 - decay)
            } else {
                mean.mul_scalar(decay) + now.mul_scalar(1.0 - decay)
            };
            average.set(i, moved);
        }
    }
}
