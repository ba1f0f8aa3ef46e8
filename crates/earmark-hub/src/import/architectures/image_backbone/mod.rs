//! The backbone of MobileNet v2 as it was trained on ImageNet: a start for the network of mobilenetv2-pca-2018, from torchvision's
//! state dict or from Keras's weights as a safetensors file.
//!
//! The variables that both networks have are imported: the first convolution (of three channels), all blocks and the last 1x1
//! convolution, each with its BatchNorm. The layers around them belong to another task and are initialised.

mod checkpoint;
mod library;

pub(super) use library::Library;

use crate::import::licence_and_source::model_meta;
use crate::import::tensors::take_tensors;
use crate::import::{ANOTHER_NETWORK, Import, ImportError, Imported, misfit};
use checkpoint::read;
use earmark_engine::{HostTensor, ModelFile, Tensors};
use earmark_features::Extractor;
use earmark_models::{Network, VarKind, VarSpec};
use earmark_recipe::{Recipe, RecipeError};
use std::path::Path;

/// Its name for `--as`.
pub(in crate::import) const NAME: &str = "mobilenet-v2-imagenet";

/// The published widths: torchvision's (1) and Keras's.
const WIDTHS: [f64; 6] = [1.0, 0.35, 0.5, 0.75, 1.3, 1.4];

/// Prefixes of our variables that belong to the backbone.
const PREFIXES: [&str; 3] = ["conv0.", "block", "last."];

/// Front end and network around the backbone. Training uses the user's own recipe.
const RECIPE: &str = r#"
name = "mobilenet-v2-imagenet"
description = "The backbone of MobileNet v2, trained on ImageNet: a start for training (train.start), without classes"
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

/// Whether this is one of its names.
pub(in crate::import) fn is_name(name: &str) -> bool {
    matches!(
        name,
        NAME | "mobilenetv2-imagenet" | "imagenet-mobilenet-v2" | "imagenet-mobilenetv2"
    )
}

/// Its recipe at a width.
pub(in crate::import) fn recipe(width: f64) -> Result<Recipe, RecipeError> {
    let kind = r#"kind = "mobilenet-v2""#;
    let text = RECIPE.replace(kind, &format!("{kind}\nwidth = {width:?}"));
    Recipe::parse(&text, Path::new(NAME))
}

/// The backbone's variables at a width, as our network declares them.
fn specs(width: f64) -> Result<(Recipe, Vec<VarSpec>), ImportError> {
    let recipe = recipe(width)?;
    let channels = Extractor::new(&recipe.front_end)?.channels();
    let (_, mut specs) = Network::build(&recipe.network, channels, 1)?;
    specs.retain(|s| PREFIXES.iter().any(|prefix| s.name.starts_with(prefix)));
    Ok((recipe, specs))
}

/// Writes the backbone as a model file without classes.
///
/// # Errors
/// See [`ImportError`]; no file is written then.
pub(in crate::import) fn import(job: &Import) -> Result<Imported, ImportError> {
    if let Some(path) = &job.labels {
        return Err(ImportError::Labels {
            path: path.clone(),
            reason: "this is a backbone without classes; remove --labels".into(),
        });
    }
    let (library, mut checkpoint) = read(&job.file)?;
    let upstream_name = |s: &VarSpec| library.upstream_name(&s.name).unwrap_or_else(|| s.name.clone());
    let fits = |found: &Result<(Recipe, Vec<VarSpec>), ImportError>| {
        let shape = |s: &VarSpec| checkpoint.get(&upstream_name(s)).map(|t| &t.shape);
        let same = |s: &VarSpec| shape(s) == Some(&s.shape);
        found.as_ref().is_ok_and(|(_, specs)| specs.iter().all(same))
    };
    let found = WIDTHS.into_iter().map(specs).find(fits);
    let (recipe, fitting) = found.unwrap_or_else(|| specs(WIDTHS[0]))?;
    let ignores = |name: &str| library.ignores(name);
    let taken = take_tensors(&mut checkpoint, &fitting, &upstream_name, &ignores);
    let values = taken.map_err(|differences| {
        let names = format!("MobileNet v2 by {library:?}'s names");
        misfit(job, names, differences, ANOTHER_NETWORK)
    })?;
    let trainable = fitting.iter().filter(|s| s.kind == VarKind::Trainable);
    let done = Imported {
        architecture: NAME.into(),
        classes: 0,
        tensors: values.len(),
        parameters: trainable.map(VarSpec::len).sum(),
        ignored: checkpoint.len(),
    };
    let named = |(VarSpec { name, shape, .. }, values)| (name, HostTensor { shape, values });
    let tensors: Tensors = fitting.into_iter().zip(values).map(named).collect();
    let meta = model_meta(job, recipe, Vec::new(), library.origin());
    let file = ModelFile {
        meta,
        tensors,
        graph: None,
    };
    file.save(&job.out)?;
    Ok(done)
}
