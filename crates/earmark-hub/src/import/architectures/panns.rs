//! The PANNs' checkpoints (Kong et al. 2020, arXiv:1912.10211): names and front end.

use super::layer_names::{in_layer, norm};
use earmark_models::networks::panns::PannsBackbone;
use earmark_recipe::{Recipe, RecipeError};

/// The backbones by their short names.
const BACKBONES: [(&str, PannsBackbone); 4] = [
    ("cnn14", PannsBackbone::Cnn14),
    ("cnn10", PannsBackbone::Cnn10),
    ("mobilenet-v1", PannsBackbone::MobileNetV1),
    ("mobilenet-v2", PannsBackbone::MobileNetV2),
];

/// `cnn14`, `mobilenet-v1`, `mobilenetv1`; with or without `panns-` before it.
pub(super) fn parse(name: &str) -> Option<PannsBackbone> {
    let plain = |n: &str| n.replace('-', "");
    let name = plain(name.strip_prefix("panns-").unwrap_or(name));
    let found = BACKBONES.iter().find(|(n, _)| plain(n) == name);
    found.map(|(_, backbone)| *backbone)
}

pub(super) fn name(backbone: PannsBackbone) -> String {
    let found = BACKBONES.iter().find(|(_, b)| *b == backbone);
    format!("panns-{}", found.map_or("", |(n, _)| n))
}

pub(super) fn recipe(backbone: PannsBackbone) -> Result<Recipe, RecipeError> {
    let name = name(backbone);
    let set = [
        format!("name={name}"),
        format!("network.backbone={}", name.trim_start_matches("panns-")),
    ];
    Recipe::load("panns/cnn14", &set)
}

/// `block1.conv1.bn.gamma` is `conv_block1.bn1.weight`; `has`: whether any variable has that prefix.
pub(super) fn upstream_name(backbone: PannsBackbone, ours: &str, has: impl Fn(&str) -> bool) -> String {
    let (layer, rest) = ours.split_once('.').unwrap_or((ours, ""));
    let number = |prefix: &str| layer.strip_prefix(prefix).and_then(|n| n.parse::<usize>().ok());
    match (layer, backbone) {
        ("input", _) => format!("bn0.{}", norm(rest)),
        ("hidden", _) => format!("fc1.{rest}"),
        ("logits", _) => format!("fc_audioset.{rest}"),
        (_, PannsBackbone::Cnn14 | PannsBackbone::Cnn10) => {
            let (conv, rest) = rest.split_once('.').unwrap_or((rest, ""));
            match rest.starts_with("bn.") {
                true => format!("conv_{layer}.{}.{}", conv.replace("conv", "bn"), norm(rest)),
                false => format!("conv_{layer}.{conv}.{rest}"),
            }
        }
        // A convolution, its pool and its BatchNorm are layers of their own.
        ("conv0", _) => format!("features.0.{}", in_layer(rest, 0, 2)),
        ("last", _) => format!("features.18.{}", in_layer(rest, 0, 1)),
        (_, PannsBackbone::MobileNetV1) => match (number("dw"), number("pw")) {
            (Some(n), _) => format!("features.{n}.{}", in_layer(rest, 0, 2)),
            (_, Some(n)) => format!("features.{n}.{}", in_layer(rest, 4, 5)),
            _ => ours.to_owned(),
        },
        (_, PannsBackbone::MobileNetV2) => {
            let (part, rest) = rest.split_once('.').unwrap_or((rest, ""));
            let first = if has(&format!("{layer}.expand.")) { 3 } else { 0 };
            let rest = match part {
                "expand" => in_layer(rest, 0, 1),
                "depthwise" => in_layer(rest, first, first + 2),
                _ => in_layer(rest, first + 4, first + 5),
            };
            format!("features.{}.conv.{rest}", layer.trim_start_matches("block"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PublishedArchitecture;

    #[test]
    fn layers_have_their_upstream_names() {
        use PannsBackbone::{Cnn14, MobileNetV1, MobileNetV2};
        for (backbone, ours, upstream) in [
            (Cnn14, "input.bn.mean", "bn0.running_mean"),
            (Cnn14, "block6.conv2.weight", "conv_block6.conv2.weight"),
            (Cnn14, "block6.conv2.bn.beta", "conv_block6.bn2.bias"),
            (Cnn14, "hidden.bias", "fc1.bias"),
            (MobileNetV1, "conv0.weight", "features.0.0.weight"),
            (MobileNetV1, "conv0.bn.gamma", "features.0.2.weight"),
            (MobileNetV1, "dw13.bn.variance", "features.13.2.running_var"),
            (MobileNetV1, "pw1.weight", "features.1.4.weight"),
            (MobileNetV1, "pw1.bn.beta", "features.1.5.bias"),
            (MobileNetV2, "block1.depthwise.weight", "features.1.conv.0.weight"),
            (MobileNetV2, "block1.project.bn.gamma", "features.1.conv.5.weight"),
            (MobileNetV2, "block2.expand.bn.gamma", "features.2.conv.1.weight"),
            (
                MobileNetV2,
                "block2.depthwise.bn.mean",
                "features.2.conv.5.running_mean",
            ),
            (MobileNetV2, "block17.project.weight", "features.17.conv.7.weight"),
            (MobileNetV2, "last.bn.gamma", "features.18.1.weight"),
            (MobileNetV2, "logits.weight", "fc_audioset.weight"),
        ] {
            assert_eq!(
                upstream_name(backbone, ours, |n| n != "block1.expand."),
                upstream,
                "{ours}"
            );
        }
    }

    #[test]
    fn names_are_read_in_all_their_spellings() {
        for (spelt, wanted) in [
            ("panns-cnn14", "panns-cnn14"),
            ("Cnn10", "panns-cnn10"),
            ("MobileNetV1", "panns-mobilenet-v1"),
            ("panns-mobilenet-v2", "panns-mobilenet-v2"),
        ] {
            let found = PublishedArchitecture::parse(spelt).unwrap();
            assert_eq!(
                (found.name(), found.recipe().unwrap().name),
                (wanted.into(), wanted.into())
            );
        }
        assert_eq!(PublishedArchitecture::parse("panns-cnn6"), None);
    }
}
