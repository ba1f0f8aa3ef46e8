//! The names of the backbone's tensors in torchvision and in Keras.

use crate::import::architectures::layer_names::in_layer;
use crate::import::licence_and_source::{KERAS, Origin, TORCHVISION};
use crate::import::tensors::Checkpoint;
use std::fmt::Display;

/// The library whose names a file uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::import) enum Library {
    Torchvision,
    Keras,
}

impl Library {
    pub(super) fn of(tensors: &Checkpoint) -> Self {
        match tensors.keys().any(|name| name.starts_with("features.")) {
            true => Self::Torchvision,
            false => Self::Keras,
        }
    }

    /// Its name for one of our variables; `None` for variables outside the backbone.
    pub(in crate::import) fn upstream_name(self, ours: &str) -> Option<String> {
        let (layer, rest) = ours.split_once('.')?;
        Some(match (layer, layer.strip_prefix("block")) {
            ("conv0", _) => self.of_layer(rest, ["features.0.0", "features.0.1"], ["Conv1", "bn_Conv1"]),
            ("last", _) => self.of_layer(rest, ["features.18.0", "features.18.1"], ["Conv_1", "Conv_1_bn"]),
            (_, Some(number)) => {
                let number: usize = number.parse().ok()?;
                let (part, rest) = rest.split_once('.')?;
                // Upstream, a convolution with an activation is a group of layers; the first block has no expansion.
                let (conv, bn) = match (part, number) {
                    ("expand", _) | ("depthwise", 0) => ("0.0", "0.1"),
                    ("depthwise", _) => ("1.0", "1.1"),
                    (_, 0) => ("1", "2"),
                    _ => ("2", "3"),
                };
                let torch = [conv, bn].map(|k| format!("features.{}.conv.{k}", number + 1));
                let keras = ["", "_BN"].map(|end| format!("{}{part}{end}", keras_block(number)));
                self.of_layer(rest, torch, keras)
            }
            _ => return None,
        })
    }

    /// The name of a convolution's weight or of its BatchNorm's variable.
    fn of_layer(self, rest: &str, torch: [impl Display; 2], keras: [impl Display; 2]) -> String {
        let ([torch_conv, torch_bn], [conv, bn]) = (torch, keras);
        match (self, rest.strip_prefix("bn.")) {
            (Self::Torchvision, _) => in_layer(rest, torch_conv, torch_bn),
            (Self::Keras, None) => format!("{conv}/kernel"),
            (Self::Keras, Some(moving @ ("mean" | "variance"))) => format!("{bn}/moving_{moving}"),
            (Self::Keras, Some(trained)) => format!("{bn}/{trained}"),
        }
    }

    /// Whether a tensor is outside the backbone: counters of batches and the classifier of ImageNet's classes.
    pub(super) fn ignores(self, upstream: &str) -> bool {
        match self {
            Self::Torchvision => {
                upstream.ends_with(".num_batches_tracked") || upstream.starts_with("classifier.")
            }
            Self::Keras => upstream.starts_with("Logits/") || upstream.starts_with("predictions/"),
        }
    }

    pub(in crate::import) fn origin(self) -> Origin {
        match self {
            Self::Torchvision => TORCHVISION,
            Self::Keras => KERAS,
        }
    }
}

/// How Keras's layers of a block begin.
pub(super) fn keras_block(number: usize) -> String {
    match number {
        0 => "expanded_conv_".into(),
        n => format!("block_{n}_"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_have_upstream_names_in_both_libraries() {
        for (ours, torch, keras) in [
            ("conv0.weight", "features.0.0.weight", "Conv1/kernel"),
            ("conv0.bn.gamma", "features.0.1.weight", "bn_Conv1/gamma"),
            (
                "block0.depthwise.weight",
                "features.1.conv.0.0.weight",
                "expanded_conv_depthwise/kernel",
            ),
            (
                "block0.project.bn.mean",
                "features.1.conv.2.running_mean",
                "expanded_conv_project_BN/moving_mean",
            ),
            (
                "block1.expand.bn.beta",
                "features.2.conv.0.1.bias",
                "block_1_expand_BN/beta",
            ),
            (
                "block16.depthwise.weight",
                "features.17.conv.1.0.weight",
                "block_16_depthwise/kernel",
            ),
            (
                "block16.project.bn.variance",
                "features.17.conv.3.running_var",
                "block_16_project_BN/moving_variance",
            ),
            ("last.bn.beta", "features.18.1.bias", "Conv_1_bn/beta"),
        ] {
            assert_eq!(Library::Torchvision.upstream_name(ours).as_deref(), Some(torch));
            assert_eq!(Library::Keras.upstream_name(ours).as_deref(), Some(keras));
        }
        for ours in ["dense1.weight", "logits.bias", "widen1.weight", "input.bn.mean"] {
            assert_eq!(Library::Keras.upstream_name(ours), None, "{ours}");
        }
    }
}
