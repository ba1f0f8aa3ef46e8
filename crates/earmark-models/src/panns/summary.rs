//! The table of the network's layers.

use super::{Layers, Panns};
use crate::blocks::{Conv, pooled_size};
use crate::summary::{LayerRow, Summary, human_count};

/// A convolution's row, and the plane that leaves it.
fn row(name: &str, conv: &Conv, size: [usize; 2]) -> (LayerRow, [usize; 2]) {
    let (s, after) = (&conv.spec, conv.spec.output_size(size));
    let kind = if s.groups > 1 { "DW" } else { "C" };
    let step = s.effective().stride[0];
    let text = format!("{name} {kind}({0}x{0}, {1}, {step})", s.kernel[0], s.output);
    let row = LayerRow::new(
        text,
        [after[0], after[1], s.output],
        s.weights(),
        s.multiplies(size),
    );
    (row, after)
}

impl Panns {
    /// Activation shapes (frames high), weights (without BatchNorm and biases) and multiplies of each layer.
    pub fn summary(&self, input_channels: usize, bands: usize, frames: usize) -> Summary {
        let mut size = [frames, bands];
        let mut rows = vec![LayerRow::new("Input", [frames, bands, input_channels], 0, 0)];
        let mut add = |(row, after): (LayerRow, [usize; 2])| {
            rows.push(row);
            after
        };
        match &self.layers {
            Layers::Blocks(blocks) => {
                for (n, (convs, halved)) in (1..).zip(blocks) {
                    for conv in convs {
                        size = add(row(&format!("block{n}"), conv, size));
                    }
                    if *halved {
                        size = pooled_size(size, 2);
                        let [h, w] = size;
                        let text = format!("block{n} AvgPool(2)");
                        size = add((LayerRow::new(text, [h, w, convs[1].spec.output], 0, 0), size));
                    }
                }
            }
            Layers::Row(convs) => {
                for (i, conv) in convs.iter().enumerate() {
                    let name = match i {
                        0 => "conv0".to_owned(),
                        i if i % 2 == 1 => format!("dw{}", i.div_ceil(2)),
                        i => format!("pw{}", i / 2),
                    };
                    size = add(row(&name, conv, size));
                }
            }
            Layers::Residual(stem, blocks, last) => {
                size = add(row("conv0", stem, size));
                for (n, block) in (1..).zip(blocks) {
                    size = add(block.row(&format!("block{n}"), size));
                }
                add(row("last", last, size));
            }
        }
        let channels = self.hidden.input;
        rows.push(LayerRow::new("ReduceMax + ReduceMean", [1, 1, channels], 0, 0));
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
                "PANNs {:?}, width {}, {macs} multiplies an example",
                self.config.body, self.config.width
            ),
            rows,
        }
    }
}
