//! The table of MobileNet v2's layers.

use crate::layer_table::{LayerTable, LayerTableBuilder};
use crate::networks::mobilenet_v2::network::MobileNetV2;

impl MobileNetV2 {
    /// Activation shapes, weights (without BatchNorm and biases) and multiplies of each layer.
    pub(super) fn table(&self, channels: usize, size: [usize; 2]) -> LayerTable {
        let mut table = LayerTableBuilder::image_input(size, channels);
        for conv in &self.widen {
            table.conv("", conv);
        }
        table.conv("", &self.first);
        for (i, block) in self.blocks.iter().enumerate() {
            for conv in block.convs() {
                table.conv(&format!("block{i}"), conv);
            }
        }
        let features = self.last.spec.output;
        table.conv("", &self.last);
        table.global_pool("ReduceMean", features);
        let (components, inputs) = (self.config.clip_features, self.config.clip_feature_inputs);
        if components > 0 {
            // Fitted, not trained: no weights, but multiplies all the same.
            let name = format!("Concat(PCA {components} of {inputs})");
            table.vector(name, features + components, 0, inputs * components);
        }
        for dense in self.dense.iter().map(|(d, _)| d).chain([&self.logits]) {
            table.dense("", dense);
        }
        let width = self.config.width;
        table.finish(format!(
            "MobileNet v2, width {width}, {components} clip-level features"
        ))
    }
}
