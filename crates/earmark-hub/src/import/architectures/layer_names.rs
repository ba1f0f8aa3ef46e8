//! How PyTorch's networks name a convolution and the BatchNorm after it.

use std::fmt::Display;

/// The variable in the layer of the convolution or in that of its BatchNorm.
pub(super) fn in_layer(ours: &str, conv: impl Display, bn: impl Display) -> String {
    match ours.starts_with("bn.") {
        true => format!("{bn}.{}", norm(ours)),
        false => format!("{conv}.{ours}"),
    }
}

/// A variable of BatchNorm.
pub(super) fn norm(ours: &str) -> &str {
    match ours {
        "bn.gamma" => "weight",
        "bn.beta" => "bias",
        "bn.mean" => "running_mean",
        "bn.variance" => "running_var",
        other => other,
    }
}
