//! The table of the meta-model's layers.

use crate::blocks::dense::Dense;
use crate::layer_table::{LayerTable, LayerTableBuilder};
use crate::networks::fc_net::network::FcNet;

impl FcNet {
    /// Activation shapes, weights (without biases) and multiplies of each layer.
    pub(super) fn table(&self) -> LayerTable {
        let mut table = LayerTableBuilder::vector_input(self.reduce.input);
        let mut dense = |name: String, layer: &Dense, slopes: usize| {
            let weights = layer.input * layer.output;
            table.vector(name, layer.output, weights + slopes, weights);
        };
        dense(
            format!("scale Dense({}), ReLU", self.reduce.output),
            &self.reduce,
            0,
        );
        dense(
            format!("scale Dense({}), sigmoid", self.expand.output),
            &self.expand,
            0,
        );
        for (layer, _) in &self.hidden {
            // The slope is a weight, too.
            dense(format!("Dense({}), PReLU", layer.output), layer, 1);
        }
        table.dense("", &self.logits);
        table.finish(format!("FcNet, base {}", self.config.base))
    }
}
