//! Networks as ONNX graphs: what evaluation computes, with BatchNorm folded into the convolutions before it.
//!
//! Each network has a file `onnx.rs` of its own beside its `forward`; what blocks share is in `blocks/onnx.rs`.

use crate::network::{ModelError, Network};
use crate::vars::Vars;
use earmark_onnx::{Builder, Value};

/// A batch of images in a graph, `[batch, channels, rows, columns]`.
#[derive(Clone, Debug)]
pub struct Planes {
    /// The value.
    pub value: Value,
    /// Channels.
    pub channels: usize,
    /// Rows and columns, `None` where they are as many as the input brings.
    pub size: [Option<usize>; 2],
}

/// What a network gives in a graph.
#[derive(Clone, Debug)]
pub struct OnnxOutputs {
    /// `[batch, classes]`
    pub logits: Value,
    /// The features before the classifier, `[batch, features]`.
    pub embedding: Value,
    /// How many these are.
    pub features: usize,
}

impl Network {
    /// Adds the network with the weights of `vars` behind images of `[batch, channels, bands, frames]`.
    ///
    /// # Errors
    /// A network that takes more than images.
    pub fn add_to_onnx(&self, g: &mut Builder, vars: &Vars, x: Planes) -> Result<OnnxOutputs, ModelError> {
        Ok(match self {
            Self::MobileNetV1(n) => n.add_to_onnx(g, vars, x),
            Self::AuxSkipAttention(n) => n.add_to_onnx(g, vars, x),
            Self::EfficientAt(n) => n.add_to_onnx(g, vars, x),
            Self::MobileNetV2(n) => n.add_to_onnx(g, vars, x)?,
            Self::Starter2018(n) => n.add_to_onnx(g, vars, x),
            Self::Panns(n) => n.add_to_onnx(g, vars, x),
            Self::Perceptron(_) => {
                return Err(ModelError::Value {
                    key: "kind",
                    value: "perceptron".into(),
                    remedy: "it takes summary features, which no graph computes; use `earmark predict`",
                });
            }
            Self::FcNet(_) => {
                return Err(ModelError::Value {
                    key: "kind",
                    value: "fc-net".into(),
                    remedy: "a second level takes the scores of other models and no sound; export its first-level models",
                });
            }
        })
    }
}
