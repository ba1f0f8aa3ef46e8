//! The table of the argus-2019 network's layers.

use crate::blocks::attention::AttentionSpec;
use crate::blocks::head::Head;
use crate::layer_table::{LayerTable, LayerTableBuilder};
use crate::networks::aux_skip_attention::network::AuxSkipAttention;

impl AuxSkipAttention {
    /// Activation shapes, weights (without BatchNorm) and multiplies of convolutions and dense layers, in the order of the data.
    pub(super) fn table(&self, channels: usize, size: [usize; 2]) -> LayerTable {
        let mut table = LayerTableBuilder::image_input(size, channels);
        for (n, block) in (1..).zip(&self.blocks) {
            for conv in &block.convs {
                table.conv(&format!("block{n}"), conv);
            }
            table.pool(format!("block{n} AvgPool(2)"), block.convs[1].spec.output, 2);
            if let Some(skip) = &block.skip {
                let backbone = table.size;
                let name = format!("skip{n} AvgPool({})", skip.pool);
                table.pool(name, skip.conv.spec.input, skip.pool);
                table.conv(&format!("skip{n}"), &skip.conv);
                if let Some(head) = &skip.head {
                    add_head(&mut table, &format!("aux{n}"), head);
                }
                table.size = backbone;
            }
        }
        if self.config.skips {
            table.plane("Concat", self.config.joined(), 0, 0);
        }
        if let Some(attention) = &self.attention {
            add_attention(&mut table, &attention.spec);
        }
        table.conv("merge", &self.merge);
        add_head(&mut table, "main", &self.head);
        table.finish(format!("AuxSkipAttention, base {}", self.config.base))
    }
}

fn add_attention(table: &mut LayerTableBuilder, a: &AttentionSpec) {
    let (channel, spatial) = (a.channel_weights(), a.spatial_weights());
    // Mean and maximum go through the first layer one by one, through the second together.
    let multiplies = channel + a.channels * a.bottleneck;
    let name = format!("Channel attention({})", a.bottleneck);
    table.plane(name, a.channels, channel, multiplies);
    let name = format!("Spatial attention({0}x{0})", a.kernel);
    let multiplies = spatial * table.size[0] * table.size[1];
    table.plane(name, a.channels, spatial, multiplies);
}

/// The global mean and the two dense layers of a head.
fn add_head(table: &mut LayerTableBuilder, scope: &str, head: &Head) {
    let s = &head.spec;
    table.vector(format!("{scope} ReduceMean"), s.input, 0, 0);
    // The slope is a weight, too.
    let weights = s.input * s.hidden;
    let name = format!("{scope} Dense({}), PReLU", s.hidden);
    table.vector(name, s.hidden, weights + 1, weights);
    let weights = s.hidden * s.classes;
    table.vector(
        format!("{scope} Dense({})", s.classes),
        s.classes,
        weights,
        weights,
    );
}
