//! The table of the network's layers.

use super::AuxSkipAttention;
use crate::blocks::{AttentionSpec, Conv, Head, pooled_size};
use crate::summary::{LayerRow, Summary, human_count};

impl AuxSkipAttention {
    /// Activation shapes, weights (without BatchNorm) and multiplies of convolutions and dense layers, in the order of the data.
    pub fn summary(&self, input_channels: usize, bands: usize, frames: usize) -> Summary {
        let mut rows = vec![LayerRow::new("Input", [bands, frames, input_channels], 0, 0)];
        let mut size = [bands, frames];
        for (i, block) in self.blocks.iter().enumerate() {
            let n = i + 1;
            rows.extend(
                block
                    .convs
                    .iter()
                    .map(|conv| conv_row(&format!("block{n}"), conv, size)),
            );
            size = pooled_size(size, 2);
            rows.push(image_row(
                format!("block{n} AvgPool(2)"),
                size,
                block.convs[1].spec.output,
                0,
                0,
            ));
            if let Some(skip) = &block.skip {
                let small = pooled_size(size, skip.pool);
                rows.push(image_row(
                    format!("skip{n} AvgPool({})", skip.pool),
                    small,
                    skip.conv.spec.input,
                    0,
                    0,
                ));
                rows.push(conv_row(&format!("skip{n}"), &skip.conv, small));
                rows.extend(
                    skip.head
                        .iter()
                        .flat_map(|head| head_rows(&format!("aux{n}"), head)),
                );
            }
        }
        if self.config.skips {
            rows.push(image_row("Concat".into(), size, self.config.joined(), 0, 0));
        }
        if let Some(attention) = &self.attention {
            rows.extend(attention_rows(&attention.spec, size));
        }
        rows.push(conv_row("merge", &self.merge, size));
        rows.extend(head_rows("main", &self.head));
        let macs = human_count(rows.iter().map(|r| r.multiplies).sum());
        Summary {
            title: format!(
                "AuxSkipAttention, base {}, {macs} multiplies an example",
                self.config.base
            ),
            rows,
        }
    }
}

fn attention_rows(a: &AttentionSpec, size: [usize; 2]) -> [LayerRow; 2] {
    let (channel, spatial) = (a.channel_weights(), a.spatial_weights());
    // Mean and maximum each take their way through the first layer, together through the second.
    let multiplies = channel + a.channels * a.bottleneck;
    let channels = format!("Channel attention({})", a.bottleneck);
    let places = format!("Spatial attention({0}x{0})", a.kernel);
    [
        image_row(channels, size, a.channels, channel, multiplies),
        image_row(places, size, a.channels, spatial, spatial * size[0] * size[1]),
    ]
}

fn image_row(
    name: String,
    [h, w]: [usize; 2],
    channels: usize,
    weights: usize,
    multiplies: usize,
) -> LayerRow {
    LayerRow::new(name, [h, w, channels], weights, multiplies)
}

fn conv_row(scope: &str, conv: &Conv, size: [usize; 2]) -> LayerRow {
    let s = &conv.spec;
    let name = format!("{scope} C(3x3, {}, 1)", s.output);
    image_row(
        name,
        s.output_size(size),
        s.output,
        s.weights(),
        s.multiplies(size),
    )
}

/// The global mean and the two dense layers of a head.
fn head_rows(scope: &str, head: &Head) -> [LayerRow; 3] {
    let s = &head.spec;
    let row = |name, features, weights, multiplies| LayerRow {
        name,
        activation: vec![features],
        weights,
        multiplies,
    };
    let (first, second) = (s.input * s.hidden, s.hidden * s.classes);
    [
        row(format!("{scope} ReduceMean"), s.input, 0, 0),
        row(
            format!("{scope} Dense({}), PReLU", s.hidden),
            s.hidden,
            first + 1,
            first,
        ),
        row(format!("{scope} Dense({})", s.classes), s.classes, second, second),
    ]
}
