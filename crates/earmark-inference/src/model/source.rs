//! A model file, read once: what it says of itself, its recipe and its tensors.

use super::{Inner, Model, StackedModel};
use crate::PipelineError;
use crate::device::Device;
use earmark_engine::{ModelFile, ModelFileError, RowScorer, Scorer};
use earmark_features::Extractor;
use earmark_models::{Network, NetworkConfig, Vars};
use earmark_recipe::AnyRecipe;
use earmark_runs::run_dir::ModelRef;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A model file that was read and whose recipe was checked; no network is built yet.
#[derive(Clone, Debug)]
pub struct ModelSource {
    /// The file.
    pub path: PathBuf,
    /// BLAKE3 hash of its bytes.
    pub hash: String,
    /// Its description and tensors.
    pub file: ModelFile,
    /// Its recipe, of either kind.
    pub recipe: AnyRecipe,
}

impl ModelSource {
    /// Reads the file and checks what it says.
    ///
    /// # Errors
    ///
    /// When it can't be read, is no model file, or its recipe can't work.
    pub fn read(path: &Path) -> Result<Self, PipelineError> {
        let bytes = std::fs::read(path).map_err(|cause| ModelFileError::Read {
            path: path.to_path_buf(),
            cause,
        })?;
        let file = ModelFile::parse(path, &bytes)?;
        Ok(Self {
            recipe: AnyRecipe::parse(&file.meta.recipe, path)?,
            hash: blake3::hash(&bytes).to_hex().to_string(),
            path: path.to_path_buf(),
            file,
        })
    }

    /// Reads every model that a name means: one, or those of a cross-validation run.
    ///
    /// # Errors
    ///
    /// As [`Self::read`].
    pub fn read_all(models: &[String]) -> Result<Vec<Self>, PipelineError> {
        let mut sources = Vec::new();
        for name in models {
            for path in ModelRef::new(name).paths()? {
                sources.push(Self::read(&path)?);
            }
        }
        Ok(sources)
    }

    /// Whether its inputs are the scores of other models.
    pub fn is_stacked(&self) -> bool {
        matches!(self.recipe, AnyRecipe::Second(_))
    }

    /// Builds the network of a model that scores audio.
    ///
    /// # Errors
    ///
    /// For a stacked model, and for tensors that are not those of the network.
    pub fn into_model(self, device: &Device) -> Result<Model, PipelineError> {
        let AnyRecipe::First(recipe) = self.recipe else {
            return Err(PipelineError::Request(format!(
                "{}: is a stacked model, whose inputs are the scores of other models on whole clips; \
                 score recordings with `earmark predict`, or name one of the models that it stacks",
                self.path.display()
            )));
        };
        let extractor = Extractor::new(&recipe.predict_front_end())?;
        let channels = extractor.channels();
        let (network, vars) = build(&recipe.network, channels, &self.path, &self.file, device)?;
        let clip_level = extractor.front_end().for_clip_features();
        Ok(Model(Arc::new(Inner {
            scorer: Scorer {
                network,
                vars,
                loss: recipe.train.loss.clone(),
                random_crops: recipe.predict.random_crops.clone(),
                batch: recipe.batches.size,
                device: device.burn().clone(),
                extractor: Arc::new(extractor),
            },
            clip_level: clip_level
                .map(|front_end| Extractor::new(&front_end))
                .transpose()?,
            recipe: *recipe,
            meta: self.file.meta,
            hash: self.hash,
            path: self.path,
        })))
    }

    /// Builds the network of a stacked model.
    ///
    /// # Errors
    ///
    /// For a model that scores audio, and for tensors that are not those of the network.
    pub fn into_stacked(self, device: &Device) -> Result<StackedModel, PipelineError> {
        let AnyRecipe::Second(recipe) = &self.recipe else {
            return Err(PipelineError::Request(format!(
                "{}: is not a stacked model; name one that `earmark stack` trained",
                self.path.display()
            )));
        };
        let classes = self.file.meta.classes.clone();
        let features = recipe.stack.inputs.len() * classes.len();
        let (network, vars) = build(&recipe.network, features, &self.path, &self.file, device)?;
        Ok(StackedModel {
            inputs: super::inputs_of(&self.path, recipe),
            scorer: RowScorer {
                network,
                vars,
                loss: recipe.train.loss.clone(),
                features,
                batch: recipe.batches.size,
                device: device.burn().clone(),
            },
            classes,
        })
    }
}

/// A network with the tensors of a file.
fn build(
    config: &NetworkConfig,
    inputs: usize,
    path: &Path,
    file: &ModelFile,
    device: &Device,
) -> Result<(Network, Vars), PipelineError> {
    let (network, specs) = Network::build(config, inputs, file.meta.classes.len())?;
    let mut vars = device.prepare(Vars::init(specs, 0, device.burn()));
    file.load_into(path, &mut vars)?;
    Ok((network, vars))
}
