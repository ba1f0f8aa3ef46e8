//! The table of the layers of PANNs' networks.

use crate::layer_table::{LayerTable, LayerTableBuilder};
use crate::networks::panns::backbone::Backbone;
use crate::networks::panns::network::Panns;

impl Panns {
    /// Activation shapes (frames high), weights (without BatchNorm and biases) and multiplies of each layer.
    pub(super) fn table(&self, channels: usize, size: [usize; 2]) -> LayerTable {
        let mut table = LayerTableBuilder::image_input(size, channels);
        match &self.backbone {
            Backbone::Blocks(blocks) => {
                for (n, (convs, halved)) in (1..).zip(blocks) {
                    for conv in convs {
                        table.conv(&format!("block{n}"), conv);
                    }
                    if *halved {
                        table.pool(format!("block{n} AvgPool(2)"), convs[1].spec.output, 2);
                    }
                }
            }
            Backbone::Row(convs) => {
                for (i, conv) in convs.iter().enumerate() {
                    let scope = match i {
                        0 => "conv0".to_owned(),
                        i if i % 2 == 1 => format!("dw{}", i.div_ceil(2)),
                        i => format!("pw{}", i / 2),
                    };
                    table.conv(&scope, conv);
                }
            }
            Backbone::Residual(stem, blocks, last) => {
                table.conv("conv0", stem);
                for (n, block) in (1..).zip(blocks) {
                    block.add_row(&format!("block{n}"), &mut table);
                }
                table.conv("last", last);
            }
        }
        table.global_pool("ReduceMax + ReduceMean", self.hidden.input);
        table.dense("hidden", &self.hidden);
        table.dense("logits", &self.logits);
        let (backbone, width) = (self.config.backbone, self.config.width);
        table.finish(format!("PANNs {backbone:?}, width {width}"))
    }
}
