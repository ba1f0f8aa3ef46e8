//! The table of the network's layers.

use super::EfficientAt;
use crate::summary::{LayerRow, Summary, human_count};

impl EfficientAt {
    /// Activation shapes, weights (without BatchNorm and biases) and multiplies of each block.
    pub fn summary(&self, input_channels: usize, bands: usize, frames: usize) -> Summary {
        let mut size = [bands, frames];
        let mut rows = vec![LayerRow::new("Input", [bands, frames, input_channels], 0, 0)];
        let conv = |name: String, conv: &crate::blocks::Conv, size: [usize; 2]| {
            let s = &conv.spec;
            let [h, w] = s.output_size(size);
            LayerRow::new(name, [h, w, s.output], s.weights(), s.multiplies(size))
        };
        let s = &self.stem.spec;
        rows.push(conv(format!("stem C(3x3, {}, 2)", s.output), &self.stem, size));
        size = s.output_size(size);
        for (n, block) in (1..).zip(&self.blocks) {
            let (row, after) = block.row(&format!("block{n}"), size);
            rows.push(row);
            size = after;
        }
        rows.push(conv(
            format!("last C(1x1, {}, 1)", self.last.spec.output),
            &self.last,
            size,
        ));
        let features = self.embedding_len();
        rows.push(LayerRow::new("ReduceMean", [1, 1, features], 0, 0));
        for (name, dense) in [("hidden", &self.hidden), ("logits", &self.logits)] {
            let weights = dense.input * dense.output;
            rows.push(LayerRow {
                name: format!("{name} Dense({})", dense.output),
                activation: vec![dense.output],
                weights,
                multiplies: weights,
            });
        }
        let macs = human_count(rows.iter().map(|r| r.multiplies).sum());
        Summary {
            title: format!(
                "EfficientAT MobileNetV3, width {}, {macs} multiplies an example",
                self.config.width
            ),
            rows,
        }
    }
}
