//! Converts the checkpoint of a published model to a model file.

mod architectures;
mod error;
mod licence_and_source;
mod mel_bank;
mod names_given_or_published;
mod tensors;
#[cfg(test)]
mod tests;

pub use architectures::{EfficientAtVariant, PublishedArchitecture};
pub use error::ImportError;

use crate::catalogue::{hand_downloads, published_models};
use architectures::image_backbone;
use burn::tensor::Device;
use earmark_core::text::suggest;
use earmark_engine::ModelFile;
use earmark_features::Extractor;
use earmark_models::{Network, VarSpec, Vars};
use licence_and_source::model_meta;
use mel_bank::mel_bank_fits;
use names_given_or_published::{class_count, class_names};
use std::collections::BTreeMap;
use std::path::PathBuf;
use tensors::{Checkpoint, take_tensors, without_wrappers};

/// What to do about tensors that no published network has.
const ANOTHER_NETWORK: &str = "; it is another network, or the file is damaged";

/// What to import.
#[derive(Clone, Debug)]
pub struct Import {
    /// The checkpoint, as it was published.
    pub file: PathBuf,
    /// The name of its network.
    pub architecture: String,
    /// A table of class names. Default: those of the set that the published network was trained on.
    pub labels: Option<PathBuf>,
    /// Where the checkpoint comes from. Default: homepage and file name.
    pub source: Option<String>,
    /// The model file to write.
    pub out: PathBuf,
}

/// What an import did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// The network's full name.
    pub architecture: String,
    /// Number of classes; 0 for a backbone, which is a start for training.
    pub classes: usize,
    /// Imported tensors.
    pub tensors: usize,
    /// Trainable numbers in them.
    pub parameters: usize,
    /// Tensors that were left out, since prediction does not use them.
    pub ignored: usize,
}

/// Reads the checkpoint, checks every tensor by name and shape, and writes the model file.
///
/// # Errors
/// See [`ImportError`]; no file is written then.
pub fn import(job: &Import) -> Result<Imported, ImportError> {
    let architecture =
        PublishedArchitecture::parse(&job.architecture).ok_or_else(|| unknown(&job.architecture))?;
    if architecture == PublishedArchitecture::ImageBackbone {
        return image_backbone::import(job);
    }
    let checkpoint = earmark_torch::read(&job.file)?.into_iter().collect();
    import_tensors(job, architecture, checkpoint)
}

/// [`import`] of the tensors of a network with classes.
fn import_tensors(
    job: &Import,
    architecture: PublishedArchitecture,
    checkpoint: Checkpoint,
) -> Result<Imported, ImportError> {
    let mut checkpoint = without_wrappers(checkpoint);
    let recipe = architecture.recipe_of(&checkpoint)?;
    let channels = Extractor::new(&recipe.front_end)?.channels();
    let build = |classes| Network::build(&recipe.network, channels, classes);
    let classes = class_count(&architecture, &checkpoint, &build(1)?.1).unwrap_or(1);
    let (_, specs) = build(classes)?;
    let values = take_all(job, &architecture, &mut checkpoint, &specs)?;
    if let Some(name) = architecture.mel_bank()
        && !mel_bank_fits(name, &recipe.front_end, &checkpoint)?
    {
        let difference = format!("its mel bank `{name}` is not that of this front end");
        let remedy = "; it was trained on other features (another sample rate or other bands)";
        return Err(misfit(job, architecture.name(), difference, remedy));
    }
    let names = class_names(job, &architecture, classes)?;
    let tensors = values.len();
    let vars = Vars::with_values(values, specs, &Device::flex());
    let meta = model_meta(job, recipe, names, architecture.origin());
    ModelFile::write(&job.out, &meta, &vars)?;
    Ok(Imported {
        architecture: architecture.name(),
        classes,
        tensors,
        parameters: vars.count(true),
        ignored: checkpoint.len(),
    })
}

fn unknown(name: &str) -> ImportError {
    let published = published_models().iter().map(|model| model.architecture.as_str());
    let by_hand = hand_downloads().iter().map(|offer| offer.architecture.as_str());
    let near = suggest(name, published.chain(by_hand).chain([image_backbone::NAME]));
    ImportError::Unknown {
        name: name.into(),
        near: near.map_or(String::new(), |near| format!(", did you mean {near}?")),
        known: PublishedArchitecture::KNOWN,
    }
}

/// The error about tensors that don't fit; the remedy is a clause.
fn misfit(job: &Import, architecture: String, differences: String, remedy: impl Into<String>) -> ImportError {
    ImportError::Fit {
        path: job.file.clone(),
        architecture,
        differences,
        remedy: remedy.into(),
    }
}

/// [`take_tensors`] for a published network.
fn take_all(
    job: &Import,
    architecture: &PublishedArchitecture,
    checkpoint: &mut Checkpoint,
    specs: &[VarSpec],
) -> Result<Vec<Vec<f32>>, ImportError> {
    let shapes = checkpoint.iter().map(|(name, t)| (name.clone(), t.shape.clone()));
    let shapes: BTreeMap<String, Vec<usize>> = shapes.collect();
    let upstream_name = |spec: &VarSpec| architecture.upstream_name(spec, specs);
    let ignores = |name: &str| architecture.ignores(name);
    take_tensors(checkpoint, specs, &upstream_name, &ignores).map_err(|differences| {
        let name = architecture.name();
        let remedy = match architecture.variant_of_shapes(|tensor| shapes.get(tensor).cloned()) {
            Some(other) if other != name => format!("; its sizes are those of --as {other}"),
            _ => ANOTHER_NETWORK.into(),
        };
        misfit(job, name, differences, remedy)
    })
}
