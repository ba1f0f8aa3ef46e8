//! The table of the layers of EfficientAT's network.

use crate::layer_table::{LayerTable, LayerTableBuilder};
use crate::networks::efficientat::network::EfficientAt;

impl EfficientAt {
    /// Activation shapes, weights (without BatchNorm and biases) and multiplies of each block.
    pub(super) fn table(&self, channels: usize, size: [usize; 2]) -> LayerTable {
        let mut table = LayerTableBuilder::image_input(size, channels);
        table.conv("stem", &self.stem);
        for (n, block) in (1..).zip(&self.blocks) {
            block.add_row(&format!("block{n}"), &mut table);
        }
        table.conv("last", &self.last);
        table.global_pool("ReduceMean", self.hidden.input);
        table.dense("hidden", &self.hidden);
        table.dense("logits", &self.logits);
        table.finish(format!("EfficientAT MobileNetV3, width {}", self.config.width))
    }
}
