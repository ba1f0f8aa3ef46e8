//! The table of the starter-2018 network's layers.

use crate::layer_table::{LayerTable, LayerTableBuilder};
use crate::networks::starter_2018::network::{POOL, Starter2018};

impl Starter2018 {
    /// Activation shapes, weights (without BatchNorm and biases) and multiplies of each layer.
    pub(super) fn table(&self, channels: usize, size: [usize; 2]) -> LayerTable {
        let mut table = LayerTableBuilder::image_input(size, channels);
        for conv in &self.convs {
            table.conv("", conv);
            table.pool(format!("MaxPool({POOL})"), conv.spec.output, POOL);
        }
        table.global_pool("ReduceMean", self.logits.input);
        table.dense("", &self.logits);
        table.finish(format!("starter-2018, base {}", self.config.base))
    }
}
