//! argus-2019's checkpoints: which of its three networks they hold, names, front end.

use super::layer_names::{in_layer, norm};
use crate::import::tensors::Checkpoint;
use earmark_recipe::{Recipe, RecipeError};

/// Its name for `--as`.
pub(super) const NAME: &str = "argus-2019";

/// The recipe of the network that the checkpoint holds, in the published sizes where it says nothing. A clip's score is
/// the mean over segments of 256 frames every 128, as in the published ensemble.
pub(super) fn recipe(checkpoint: &Checkpoint) -> Result<Recipe, RecipeError> {
    let has = |prefix: &str| checkpoint.keys().any(|name| name.starts_with(prefix));
    let (kind, network, last_fc) = if has("rnn.") {
        ("rnn-aux-skip-attention", "RnnAuxSkipAttention", 4)
    } else if has("aux") || checkpoint.is_empty() {
        ("aux-skip-attention", "AuxSkipAttention", 4)
    } else {
        ("skip-attention", "SkipAttention", 2)
    };
    let length = |name: &str, axis: usize| checkpoint.get(name)?.shape.get(axis).copied();
    // Sizes that no recipe may have are brought into its limits; the shapes that follow then differ from the
    // checkpoint's, which is said.
    let base = length("conv1.conv1.0.weight", 0).map_or(64, |n| n.clamp(1, 1024));
    let times_base = |name, published| length(name, 0).map_or(published, |n| (n / base).clamp(1, 64));
    let ratio = length("attention.ca.fc1.weight", 0).map_or(16, |n| (32 * base / n.max(1)).max(1));
    let kernel = length("attention.sa.conv1.weight", 2).filter(|n| n % 2 == 1);
    let sizes = format!(
        "base={base}, ratio={ratio}, kernel={}, last-filters={}, last-fc={}",
        kernel.map_or(7, |n| n.min(31)),
        times_base("merge.conv.weight", 8),
        times_base("fc.1.weight", last_fc),
    );
    let set = [
        format!("name={NAME}"),
        format!("description=One fold of the published ensemble of {NAME}: {network}"),
        format!("network={{kind=\"{kind}\", {sizes}}}"),
        "predict.segments.hop-frames=128".into(),
    ];
    Recipe::load("argus-2019/1-fold", &set)
}

/// `block1.conv2.bn.gamma` is `conv1.conv2.1.weight`, `aux1.prelu` is `aux1.fc.2.weight`.
pub(super) fn upstream_name(ours: &str) -> String {
    let (layer, rest) = ours.split_once('.').unwrap_or((ours, ""));
    let (part, inner) = rest.split_once('.').unwrap_or((rest, ""));
    match (layer, layer.strip_prefix("block")) {
        (_, Some(n)) => {
            let conv = format!("conv{n}.{part}");
            in_layer(inner, format!("{conv}.0"), format!("{conv}.1"))
        }
        ("attention", _) => match (part, inner) {
            ("channel", "reduce.weight") => "attention.ca.fc1.weight".into(),
            ("channel", _) => "attention.ca.fc2.weight".into(),
            _ => format!("attention.sa.conv1.{inner}"),
        },
        ("rnn", _) => match (part, inner.split_once('.')) {
            ("dense", _) => format!("rnn.embedding.{inner}"),
            (direction, Some((gates, kind))) => {
                let from = if gates == "input" { "ih" } else { "hh" };
                let end = if direction == "backward" { "_reverse" } else { "" };
                format!("rnn.rnn.{kind}_{from}_l0{end}")
            }
            _ => ours.to_owned(),
        },
        ("merge", _) => in_layer(rest, "merge.conv", "merge.bn"),
        _ if layer.starts_with("skip") => in_layer(rest, format!("{layer}.conv"), format!("{layer}.bn")),
        _ => {
            // A head; layers without variables count, too.
            let head = match layer {
                "main" => "fc".to_owned(),
                _ => format!("{layer}.fc"),
            };
            match part {
                "dense" => format!("{head}.1.{inner}"),
                "prelu" => format!("{head}.2.weight"),
                "bn" => format!("{head}.3.{}", norm(rest)),
                _ => format!("{head}.5.{inner}"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PublishedArchitecture;
    use earmark_models::{Network, NetworkConfig};

    #[test]
    fn layers_have_their_upstream_names() {
        for (ours, upstream) in [
            ("block1.conv1.weight", "conv1.conv1.0.weight"),
            ("block4.conv2.bn.gamma", "conv4.conv2.1.weight"),
            ("skip2.weight", "skip2.conv.weight"),
            ("skip2.bn.mean", "skip2.bn.running_mean"),
            ("attention.channel.reduce.weight", "attention.ca.fc1.weight"),
            ("attention.channel.expand.weight", "attention.ca.fc2.weight"),
            ("attention.spatial.weight", "attention.sa.conv1.weight"),
            ("merge.weight", "merge.conv.weight"),
            ("merge.bn.variance", "merge.bn.running_var"),
            ("main.dense.bias", "fc.1.bias"),
            ("main.prelu", "fc.2.weight"),
            ("main.bn.beta", "fc.3.bias"),
            ("main.logits.weight", "fc.5.weight"),
            ("aux3.prelu", "aux3.fc.2.weight"),
            ("aux3.bn.variance", "aux3.fc.3.running_var"),
            ("aux3.logits.bias", "aux3.fc.5.bias"),
            ("rnn.forward.input.weight", "rnn.rnn.weight_ih_l0"),
            ("rnn.backward.hidden.bias", "rnn.rnn.bias_hh_l0_reverse"),
            ("rnn.dense.weight", "rnn.embedding.weight"),
        ] {
            assert_eq!(upstream_name(ours), upstream, "{ours}");
        }
    }

    #[test]
    fn without_a_checkpoint_it_is_the_published_network() {
        let argus = PublishedArchitecture::parse("Argus_2019").unwrap();
        assert_eq!(argus.name(), NAME);
        let recipe = argus.recipe().unwrap();
        assert_eq!(recipe.name, NAME);
        assert_eq!(
            recipe.network,
            NetworkConfig::AuxSkipAttention(Default::default())
        );
        let segments = recipe.predict.segments.unwrap();
        assert_eq!(
            (segments.length_frames, segments.hop_frames),
            (Some(256), Some(128))
        );
        // Every variable has a name of its own there.
        let (_, specs) = Network::build(&recipe.network, 3, 80).unwrap();
        let names: std::collections::BTreeSet<String> =
            specs.iter().map(|s| argus.upstream_name(s, &specs)).collect();
        assert_eq!(names.len(), specs.len());
    }
}
