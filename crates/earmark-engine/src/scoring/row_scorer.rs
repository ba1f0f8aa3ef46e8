//! Scores of rows of numbers: a stacked network (meta-model), whose inputs are the scores of other models.

use crate::loss::Loss;
use burn::tensor::{Device, Tensor, TensorData};
use earmark_models::{Forward, Network, Vars, to_host};

/// A trained stacked network with what turns its logits into scores.
#[derive(Clone, Debug)]
pub struct RowScorer {
    /// The layers.
    pub network: Network,
    /// Their values, on the device to compute on.
    pub vars: Vars,
    /// How scores are made of logits.
    pub loss: Loss,
    /// Numbers of each row.
    pub features: usize,
    /// Rows of one forward pass.
    pub batch: usize,
    /// Where to compute.
    pub device: Device,
}

impl RowScorer {
    /// Row-major `[rows, features]` to row-major `[rows, classes]`.
    ///
    /// # Panics
    /// When the last row is incomplete.
    pub fn scores(&self, x: &[f32]) -> Vec<f32> {
        assert!(x.len().is_multiple_of(self.features), "rows of {}", self.features);
        let mut scores = Vec::new();
        for rows in x.chunks(self.batch.max(1).saturating_mul(self.features)) {
            let shape = [rows.len() / self.features, self.features, 1, 1];
            let x = Tensor::<4>::from_data(TensorData::new(rows.to_vec(), shape), &self.device);
            let logits = self.network.forward(x, &mut Forward::eval(&self.vars));
            scores.extend(to_host(self.loss.scores(logits)));
        }
        scores
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use earmark_models::NetworkConfig;
    use earmark_models::networks::fc_net::FcNetConfig;

    /// However the rows are cut into passes, each has the score of its own numbers.
    #[test]
    fn rows_are_scored_each_by_itself() {
        let config = NetworkConfig::FcNet(FcNetConfig::default());
        let (network, specs) = Network::build(&config, 6, 3).unwrap();
        let device = Device::flex();
        let scorer = |batch| RowScorer {
            network: network.clone(),
            vars: Vars::init(specs.clone(), 1, &device),
            loss: Loss::default(),
            features: 6,
            batch,
            device: device.clone(),
        };
        let x: Vec<f32> = (0..30).map(|i| (i * i % 11) as f32 / 11.0).collect();
        let all = scorer(2).scores(&x);
        assert_eq!(all.len(), 15);
        for (row, scores) in x.chunks(6).zip(all.chunks(3)) {
            let alone = scorer(8).scores(row);
            for (a, b) in alone.iter().zip(scores) {
                assert!((a - b).abs() < 1e-6, "{alone:?} {scores:?}");
            }
            assert!(scores.iter().all(|s| (0.0..=1.0).contains(s)));
        }
        assert_ne!(all[..3], all[3..6]);
    }
}
