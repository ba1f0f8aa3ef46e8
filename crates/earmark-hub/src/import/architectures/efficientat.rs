//! EfficientAT's checkpoints (Schmid, Koutini and Widmer 2023, arXiv:2211.04772): names, sizes, front end.

use super::layer_names::in_layer;
use earmark_models::Network;
use earmark_recipe::{Recipe, RecipeError};

/// Samples of a millisecond at 32 kHz.
const SAMPLES_PER_MS: u32 = 32;

/// One of EfficientAT's networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EfficientAtVariant {
    /// Ten times the width, 1 to 40.
    pub tenths: u32,
    /// Distance between frames in milliseconds; 10 unless the name ends in `-hop-N`.
    pub hop_ms: u32,
    /// Mel bands; 128 unless the name ends in `-mels-N`.
    pub bands: u32,
}

impl EfficientAtVariant {
    /// `mn04`, `mn10-as`, `mn10-as-hop-15`, `mn10-as-mels-64`, `mn40-as-ext`.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let mut words = name.strip_prefix("mn")?.split('-');
        let digits = words.next()?;
        let tenths = digits.parse().ok().filter(|_| digits.len() == 2)?;
        let (mut hop_ms, mut bands) = (10, 128);
        while let Some(word) = words.next() {
            match word {
                "as" | "ext" => {}
                "hop" => hop_ms = words.next()?.parse().ok().filter(|n| (1..=100).contains(n))?,
                "mels" => bands = words.next()?.parse().ok().filter(|n| (1..=512).contains(n))?,
                _ => return None,
            }
        }
        (1..=40).contains(&tenths).then_some(Self {
            tenths,
            hop_ms,
            bands,
        })
    }

    pub(super) fn name(&self) -> String {
        let mut name = format!("efficientat-mn{:02}", self.tenths);
        if self.hop_ms != 10 {
            name.push_str(&format!("-hop-{}", self.hop_ms));
        }
        if self.bands != 128 {
            name.push_str(&format!("-mels-{}", self.bands));
        }
        name
    }

    pub(super) fn recipe(&self) -> Result<Recipe, RecipeError> {
        let set = [
            format!("name={}", self.name()),
            format!("network.width={:.1}", f64::from(self.tenths) / 10.0),
            format!("front-end.stft.hop-samples={}", self.hop_ms * SAMPLES_PER_MS),
            format!("front-end.mel.bands={}", self.bands),
        ];
        Recipe::load("efficientat/mn04", &set)
    }

    /// The shape of the hidden layer's weights.
    fn hidden_shape(&self) -> Option<Vec<usize>> {
        let (_, specs) = Network::build(&self.recipe().ok()?.network, 1, 1).ok()?;
        let hidden = specs.into_iter().find(|s| s.name == "hidden.weight")?;
        Some(hidden.shape)
    }
}

/// `block4.squeeze.reduce.weight` is `features.4.block.2.conc_se_layers.0.fc1.weight`; `has`: whether any variable has that prefix.
pub(super) fn upstream_name(ours: &str, has: impl Fn(&str) -> bool) -> String {
    let (layer, rest) = ours.split_once('.').unwrap_or((ours, ""));
    let block = layer.strip_prefix("block");
    match (layer, block) {
        // A convolution and its BatchNorm are two layers upstream.
        ("stem", _) => format!("features.0.{}", in_layer(rest, 0, 1)),
        ("last", _) => format!("features.16.{}", in_layer(rest, 0, 1)),
        ("hidden", _) => format!("classifier.2.{rest}"),
        ("logits", _) => format!("classifier.5.{rest}"),
        (_, Some(n)) => {
            // Layers that a block lacks are not counted.
            let (part, rest) = rest.split_once('.').unwrap_or((rest, ""));
            let order = ["expand", "depthwise", "squeeze", "project"];
            let before = order.iter().take_while(|p| **p != part);
            let k = before.filter(|p| has(&format!("{layer}.{p}."))).count();
            let rest = match part {
                "squeeze" => {
                    let fc = rest.replace("reduce.", "fc1.").replace("expand.", "fc2.");
                    format!("conc_se_layers.0.{fc}")
                }
                _ => in_layer(rest, 0, 1),
            };
            format!("features.{n}.block.{k}.{rest}")
        }
        _ => ours.to_owned(),
    }
}

/// The width whose hidden layer has the checkpoint's shape.
pub(super) fn variant_of_shapes(shape_of: impl Fn(&str) -> Option<Vec<usize>>) -> Option<String> {
    let hidden = shape_of("classifier.2.weight")?;
    let variants = (1..=40).map(|tenths| EfficientAtVariant {
        tenths,
        hop_ms: 10,
        bands: 128,
    });
    let mut fitting = variants.filter(|variant| variant.hidden_shape().as_ref() == Some(&hidden));
    Some(fitting.next()?.name())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PublishedArchitecture;

    #[test]
    fn names_are_read_in_all_their_spellings() {
        let mn = |tenths, hop_ms, bands| {
            Some(PublishedArchitecture::EfficientAt(EfficientAtVariant {
                tenths,
                hop_ms,
                bands,
            }))
        };
        for (name, wanted) in [
            ("efficientat-mn04", mn(4, 10, 128)),
            ("mn04_as", mn(4, 10, 128)),
            ("MN10", mn(10, 10, 128)),
            ("mn40_as_ext", mn(40, 10, 128)),
            ("mn10_as_hop_15", mn(10, 15, 128)),
            ("efficientat-mn10-as-mels-64", mn(10, 10, 64)),
            ("mn4", None),
            ("mn00", None),
            ("mn10-fc", None),
            ("cnn99", None),
        ] {
            assert_eq!(PublishedArchitecture::parse(name), wanted, "{name}");
        }
        for name in [
            "efficientat-mn04",
            "efficientat-mn10-hop-15",
            "efficientat-mn05-mels-40",
        ] {
            let architecture = PublishedArchitecture::parse(name).unwrap();
            assert_eq!(architecture.name(), name);
            assert_eq!(architecture.recipe().unwrap().name, name);
        }
    }

    #[test]
    fn layers_have_their_upstream_names() {
        let has = |n: &str| n != "block1.expand." && (n != "block2.squeeze.");
        for (ours, upstream) in [
            ("stem.weight", "features.0.0.weight"),
            ("block1.depthwise.bn.gamma", "features.1.block.0.1.weight"),
            ("block2.project.bn.variance", "features.2.block.2.1.running_var"),
            (
                "block4.squeeze.reduce.bias",
                "features.4.block.2.conc_se_layers.0.fc1.bias",
            ),
            (
                "block4.squeeze.expand.weight",
                "features.4.block.2.conc_se_layers.0.fc2.weight",
            ),
            ("block4.project.weight", "features.4.block.3.0.weight"),
            ("last.bn.mean", "features.16.1.running_mean"),
            ("logits.bias", "classifier.5.bias"),
        ] {
            assert_eq!(upstream_name(ours, has), upstream, "{ours}");
        }
    }
}
