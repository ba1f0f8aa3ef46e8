//! The table of MobileNet v1's layers.

use crate::layer_table::{LayerTable, LayerTableBuilder};
use crate::networks::mobilenet_v1::config::GlobalPool;
use crate::networks::mobilenet_v1::network::MobileNetV1;

impl MobileNetV1 {
    /// The table of the DCASE 2019 baseline: weights without BatchNorm, a separable convolution per row.
    pub(super) fn table(&self, channels: usize, size: [usize; 2]) -> LayerTable {
        let mut table = LayerTableBuilder::image_input(size, channels);
        table.conv("", &self.first);
        for (depthwise, pointwise) in &self.pairs {
            let (d, p) = (&depthwise.spec, &pointwise.spec);
            let before = d.multiplies(table.size);
            table.size = d.output_size(table.size);
            table.plane(
                format!("SC(3x3, {}, {})", p.output, d.stride[0]),
                p.output,
                d.weights() + p.weights(),
                before + p.multiplies(table.size),
            );
        }
        let pool = match self.config.global_pool {
            GlobalPool::Mean => "ReduceMean",
            GlobalPool::Max => "ReduceMax",
        };
        table.global_pool(pool, self.logits.input);
        table.dense("", &self.logits);
        table.finish(format!("MobileNet v1, width {}", self.config.width))
    }
}
