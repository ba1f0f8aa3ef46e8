//! The body of MobileNet v2 as it was trained on ImageNet: a start for the network of mobilenetv2-pca-2018, from torchvision's state dict or
//! from Keras's weights as a safetensors file.
//!
//! What comes over are the variables that both have: the first convolution (of three channels), all blocks and the last 1x1 convolution,
//! each with its BatchNorm. The layers around them are another task's and start fresh.

use super::import::{Differences, Import, ImportError, Imported, place, take};
use earmark_core::VERSION;
use earmark_engine::{FORMAT, HostTensor, ModelFile, ModelMeta, Tensors, read_foreign_tensors};
use earmark_features::Extractor;
use earmark_models::{Network, VarKind, VarSpec};
use earmark_recipe::{Recipe, RecipeError};
use earmark_torch::{DType, TorchTensor};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

/// What `--as` calls it.
pub(super) const NAME: &str = "mobilenet-v2-imagenet";

/// Widths that were published, those of torchvision (1) and Keras.
const WIDTHS: [f64; 6] = [1.0, 0.35, 0.5, 0.75, 1.3, 1.4];

/// Scopes of our variables that it has.
const SCOPES: [&str; 3] = ["conv0.", "block", "last."];

/// Front end and network that the body was built for; the training is the user's own recipe.
const RECIPE: &str = r#"
name = "mobilenet-v2-imagenet"
description = "The body of MobileNet v2, trained on ImageNet: a start for trainings (train.start), and no tagger by itself"
[front-end]
sample-rate-hz = 22050
stft = { window-samples = 1764, hop-samples = 220, fft-samples = 1764, centre = "reflect", value = "power" }
mel = { bands = 64, min-hz = 0.0, max-hz = 11025.0, scale = "slaney", triangles = "hz", norm = "slaney" }
amplitude = { db = { reference = 1.0, amin = 1e-10, top-db = 80.0 } }
postprocess = { scale = { subtract = -90.5, divide = 129.71 } }
segments = { length-frames = 512, hop-frames = 512, pad = { value = -100.0 } }
[network]
kind = "mobilenet-v2"
[train]
epochs = 1
learning-rate = 1e-4
"#;

/// The names that it is known by.
pub(super) fn is(name: &str) -> bool {
    matches!(
        name,
        NAME | "mobilenetv2-imagenet" | "imagenet-mobilenet-v2" | "imagenet-mobilenetv2"
    )
}

/// Its recipe at a width.
pub(super) fn recipe(width: f64) -> Result<Recipe, RecipeError> {
    let text = RECIPE.replace(
        "kind = \"mobilenet-v2\"",
        &format!("kind = \"mobilenet-v2\"\nwidth = {width:?}"),
    );
    Recipe::parse(&text, Path::new(NAME))
}

/// Who wrote the file, by whose names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Library {
    Torchvision,
    Keras,
}

impl Library {
    fn of(tensors: &BTreeMap<String, TorchTensor>) -> Self {
        match tensors.keys().any(|name| name.starts_with("features.")) {
            true => Self::Torchvision,
            false => Self::Keras,
        }
    }

    /// Its name for one of our variables; `None` for those that are no part of the body.
    pub(super) fn their_name(self, ours: &str) -> Option<String> {
        let (layer, rest) = ours.split_once('.')?;
        match (layer, layer.strip_prefix("block")) {
            ("conv0", _) => self.of_layer(rest, ["features.0.0", "features.0.1"], ["Conv1", "bn_Conv1"]),
            ("last", _) => self.of_layer(rest, ["features.18.0", "features.18.1"], ["Conv_1", "Conv_1_bn"]),
            (_, Some(number)) => {
                let number: usize = number.parse().ok()?;
                let (part, rest) = rest.split_once('.')?;
                // A convolution that an activation follows is a layer of layers there; the first block widens nothing.
                let (conv, bn) = match (part, number) {
                    ("expand", _) | ("depthwise", 0) => ("0.0", "0.1"),
                    ("depthwise", _) => ("1.0", "1.1"),
                    (_, 0) => ("1", "2"),
                    _ => ("2", "3"),
                };
                let torch = [conv, bn].map(|k| format!("features.{}.conv.{k}", number + 1));
                let keras = ["", "_BN"].map(|end| format!("{}{part}{end}", keras_block(number)));
                self.of_layer(
                    rest,
                    torch.each_ref().map(|s| &**s),
                    keras.each_ref().map(|s| &**s),
                )
            }
            _ => None,
        }
    }

    /// The name of a convolution's weight or of its BatchNorm's variable.
    fn of_layer(self, rest: &str, torch: [&str; 2], keras: [&str; 2]) -> Option<String> {
        let (layer, [weight, gamma, beta, mean, variance]) = match self {
            Self::Torchvision => (torch, ["weight", "weight", "bias", "running_mean", "running_var"]),
            Self::Keras => (
                keras,
                ["kernel", "gamma", "beta", "moving_mean", "moving_variance"],
            ),
        };
        let (which, name) = match rest {
            "weight" => (0, weight),
            "bn.gamma" => (1, gamma),
            "bn.beta" => (1, beta),
            "bn.mean" => (1, mean),
            "bn.variance" => (1, variance),
            _ => return None,
        };
        let between = if self == Self::Keras { '/' } else { '.' };
        Some(format!("{}{between}{name}", layer[which]))
    }

    /// What it holds besides the body: counters of batches and the classifier of ImageNet's classes.
    fn ignores(self, theirs: &str) -> bool {
        match self {
            Self::Torchvision => {
                theirs.ends_with(".num_batches_tracked") || theirs.starts_with("classifier.")
            }
            Self::Keras => ["Logits/", "predictions/"]
                .iter()
                .any(|layer| theirs.starts_with(layer)),
        }
    }

    fn home(self) -> &'static str {
        match self {
            Self::Torchvision => "https://github.com/pytorch/vision",
            Self::Keras => "https://github.com/keras-team/keras-applications",
        }
    }

    /// Licence of the project that publishes the weights; ImageNet's own terms may bind them as well.
    fn licence(self) -> &'static str {
        match self {
            Self::Torchvision => "BSD-3-Clause",
            Self::Keras => "MIT",
        }
    }
}

fn keras_block(number: usize) -> String {
    match number {
        0 => "expanded_conv_".into(),
        n => format!("block_{n}_"),
    }
}

/// A Keras name as the layers have been called since Keras-Applications 1.0.3: the last two parts of a path, without `:0`. The
/// published files still hold the layers' first names, `mobl3_conv_3_expand` and `bn3_conv_3_bn_expand`.
fn keras_name(name: &str) -> Option<String> {
    let name = name.strip_suffix(":0").unwrap_or(name).replace('.', "/");
    let mut parts = name.rsplit('/');
    let (variable, layer) = (parts.next()?, parts.next()?);
    let variable = if variable == "depthwise_kernel" {
        "kernel"
    } else {
        variable
    };
    let first_name = |begin: &str, between: &str, end: &str| {
        let (number, rest) = layer.strip_prefix(begin)?.split_once("_conv_")?;
        let (again, part) = rest.split_once(between)?;
        let block = keras_block(number.parse().ok().filter(|_| number == again)?);
        Some(format!("{block}{part}{end}"))
    };
    let layer = first_name("bn", "_bn_", "_BN")
        .or_else(|| first_name("mobl", "_", ""))
        .unwrap_or_else(|| layer.into());
    Some(format!("{layer}/{variable}"))
}

/// Keras's kernels are `[height, width, in, out]`, and `[height, width, channels, 1]` where each channel has its own; ours
/// `[out, in, height, width]` and `[channels, 1, height, width]`.
fn our_layout(layer: &str, tensor: TorchTensor) -> TorchTensor {
    let (&[h, w, a, b], Some(values)) = (&tensor.shape[..], &tensor.values) else {
        return tensor;
    };
    let depthwise = layer.contains("depthwise");
    let (outer, inner) = if depthwise { (a, b) } else { (b, a) };
    let mut turned = Vec::with_capacity(values.len());
    for o in 0..outer {
        for i in 0..inner {
            let (a_at, b_at) = if depthwise { (o, i) } else { (i, o) };
            turned.extend((0..h * w).map(|place| values[(place * a + a_at) * b + b_at]));
        }
    }
    TorchTensor {
        dtype: tensor.dtype,
        shape: vec![outer, inner, h, w],
        values: Some(turned),
    }
}

/// Tensors by names and in the layout of one of the two.
fn read(path: &Path) -> Result<(Library, BTreeMap<String, TorchTensor>), ImportError> {
    let mut head = Vec::new();
    if let Ok(file) = std::fs::File::open(path) {
        // What can't be read is told by the reader below.
        let _ = file.take(9).read_to_end(&mut head);
    }
    if head.starts_with(b"\x89HDF") {
        return Err(ImportError::Hdf5 { path: path.into() });
    }
    // The length of a header of JSON, and its first brace.
    let safetensors = head.len() == 9 && head[4..8] == [0; 4] && head[8] == b'{';
    let tensors: BTreeMap<String, TorchTensor> = if safetensors {
        let to_torch = |(name, t): (String, HostTensor)| {
            let tensor = TorchTensor {
                dtype: DType::F32,
                shape: t.shape,
                values: Some(t.values),
            };
            (name, tensor)
        };
        read_foreign_tensors(path)?.into_iter().map(to_torch).collect()
    } else {
        earmark_torch::read(path)?.into_iter().collect()
    };
    let library = Library::of(&tensors);
    if library == Library::Torchvision {
        return Ok((library, tensors));
    }
    let named = tensors.into_iter().map(|(name, tensor)| {
        let name = keras_name(&name).unwrap_or(name);
        let tensor = our_layout(&name, tensor);
        (name, tensor)
    });
    Ok((library, named.collect()))
}

/// The body's variables at a width, as our network declares them.
fn specs(width: f64) -> Result<(Recipe, Vec<VarSpec>), ImportError> {
    let recipe = recipe(width)?;
    let channels = Extractor::new(&recipe.front_end)?.channels();
    let (_, mut specs) = Network::build(&recipe.network, channels, 1)?;
    specs.retain(|s| SCOPES.iter().any(|scope| s.name.starts_with(scope)));
    Ok((recipe, specs))
}

/// Writes the body as a model file without classes.
///
/// # Errors
/// See [`ImportError`]; nothing is written then.
pub(super) fn import(job: &Import) -> Result<Imported, ImportError> {
    if let Some(path) = &job.labels {
        return Err(ImportError::Labels {
            path: path.clone(),
            reason: "this is a body without classes; leave --labels out".into(),
        });
    }
    let (library, mut theirs) = read(&job.file)?;
    let their_name = |s: &VarSpec| library.their_name(&s.name).unwrap_or_else(|| s.name.clone());
    let fits = |specs: &[VarSpec]| {
        let same = |s: &VarSpec| theirs.get(&their_name(s)).is_some_and(|t| t.shape == s.shape);
        specs.iter().all(same)
    };
    let (mut recipe, mut specs_here) = specs(WIDTHS[0])?;
    for width in WIDTHS {
        let (r, s) = specs(width)?;
        if fits(&s) {
            (recipe, specs_here) = (r, s);
            break;
        }
    }
    let ignores = |name: &str| library.ignores(name);
    let values = take(&mut theirs, &specs_here, &their_name, &ignores).map_err(|Differences(text)| {
        ImportError::Fit {
            path: job.file.clone(),
            architecture: format!("MobileNet v2 by {library:?}'s names"),
            differences: text,
            remedy: "; it is another network, or the file is damaged".into(),
        }
    })?;
    recipe.licence = Some(library.licence().into());
    let trainable = specs_here.iter().filter(|s| s.kind == VarKind::Trainable);
    let done = Imported {
        architecture: NAME.into(),
        classes: 0,
        tensors: values.len(),
        parameters: trainable.map(VarSpec::len).sum(),
        ignored: theirs.len(),
    };
    let tensors: Tensors = specs_here
        .into_iter()
        .zip(values)
        .map(|(s, values)| {
            (
                s.name,
                HostTensor {
                    shape: s.shape,
                    values,
                },
            )
        })
        .collect();
    let meta = ModelMeta {
        format: FORMAT,
        version: VERSION.into(),
        recipe: recipe.to_toml(),
        classes: Vec::new(),
        licence: recipe.licence.clone(),
        source: Some(
            job.source
                .clone()
                .unwrap_or_else(|| place(library.home(), &job.file)),
        ),
        calibration: None,
        step: 0,
    };
    ModelFile { meta, tensors }.save(&job.out)?;
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_have_their_names_in_both_libraries() {
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
            assert_eq!(Library::Torchvision.their_name(ours).as_deref(), Some(torch));
            assert_eq!(Library::Keras.their_name(ours).as_deref(), Some(keras));
        }
        for ours in ["dense1.weight", "logits.bias", "widen1.weight", "input.bn.mean"] {
            assert_eq!(Library::Keras.their_name(ours), None, "{ours}");
        }
    }

    #[test]
    fn keras_names_of_all_times_are_one() {
        for (name, wanted) in [
            ("Conv1/kernel", "Conv1/kernel"),
            ("Conv1/Conv1/kernel:0", "Conv1/kernel"),
            ("mobilenetv2_1.00_224/bn_Conv1/gamma:0", "bn_Conv1/gamma"),
            (
                "expanded_conv_depthwise/depthwise_kernel:0",
                "expanded_conv_depthwise/kernel",
            ),
            (
                "mobl0_conv_0_depthwise/depthwise_kernel",
                "expanded_conv_depthwise/kernel",
            ),
            (
                "bn0_conv_0_bn_project/moving_mean:0",
                "expanded_conv_project_BN/moving_mean",
            ),
            ("mobl12_conv_12_expand/kernel:0", "block_12_expand/kernel"),
            ("bn12_conv_12_bn_depthwise/beta:0", "block_12_depthwise_BN/beta"),
            ("Conv_1_bn.moving_variance", "Conv_1_bn/moving_variance"),
        ] {
            assert_eq!(keras_name(name).as_deref(), Some(wanted), "{name}");
        }
        assert_eq!(keras_name("kernel"), None);
    }

    /// `[h, w, in, out] = [1, 2, 2, 3]` and `[h, w, channels, 1] = [1, 2, 3, 1]`, by hand.
    #[test]
    fn kernels_are_turned() {
        let tensor = |shape: [usize; 4]| TorchTensor {
            dtype: DType::F32,
            shape: shape.into(),
            values: Some((0..shape.iter().product()).map(|v: usize| v as f32).collect()),
        };
        let turned = our_layout("block_1_expand/kernel", tensor([1, 2, 2, 3]));
        assert_eq!(turned.shape, [3, 2, 1, 2]);
        let want = [0., 6., 3., 9., 1., 7., 4., 10., 2., 8., 5., 11.];
        assert_eq!(turned.values.unwrap(), want);
        let turned = our_layout("block_1_depthwise/kernel", tensor([1, 2, 3, 1]));
        assert_eq!(turned.shape, [3, 1, 1, 2]);
        assert_eq!(turned.values.unwrap(), [0., 3., 1., 4., 2., 5.]);
    }
}
