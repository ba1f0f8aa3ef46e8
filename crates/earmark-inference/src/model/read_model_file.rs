//! A model file, read once: what it says of itself, its recipe and its tensors.

use super::network_of_file::network_of_file;
use super::not_finite::check_weights;
use super::{Inner, Model, ModelPrecision, StackedModel, inputs_of};
use crate::PipelineError;
use crate::devices_by_name::Device;
use earmark_data::CacheConfig;
use earmark_engine::{ModelFile, RowScorer, Scorer};
use earmark_features::Extractor;
use earmark_models::{Network, VarSpec, Vars};
use earmark_recipe::AnyRecipe;
use earmark_runs::run_dir::{RunError, find_models};
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
    /// Reads the file and checks what it says. Only here are model files read whole, except by a training that returns
    /// to its own best checkpoint.
    ///
    /// # Errors
    ///
    /// When it can't be read, is not a model file, or its recipe can't work.
    pub fn read(path: &Path) -> Result<Self, PipelineError> {
        let (file, hash) = ModelFile::read_with_hash(path)?;
        let mut recipe = AnyRecipe::parse(&file.meta.recipe, path)?;
        if let AnyRecipe::Audio(recipe) = &mut recipe {
            // Where features are kept, and how much memory and how many threads they take, is for this machine to say
            // and not for whoever made the file.
            recipe.cache = CacheConfig::default();
        }
        Ok(Self {
            recipe,
            hash,
            path: path.to_path_buf(),
            file,
        })
    }

    /// Reads every model that the names mean.
    ///
    /// # Errors
    ///
    /// As [`model_files`] and [`Self::read`].
    pub fn read_all(names: &[String]) -> Result<Vec<Self>, PipelineError> {
        model_files(names)?.iter().map(|path| Self::read(path)).collect()
    }

    /// The file and its classes, to compare with another's.
    pub(crate) fn path_and_classes(&self) -> (&Path, &[String]) {
        (&self.path, &self.file.meta.classes)
    }

    /// Whether its inputs are the scores of other models.
    pub fn is_stacked(&self) -> bool {
        matches!(self.recipe, AnyRecipe::Stacked(_))
    }

    /// The same with clips cut into segments as those of test folds are (`predict.out-of-fold-segments`).
    #[must_use]
    pub fn for_out_of_fold(mut self) -> Self {
        if let AnyRecipe::Audio(recipe) = &mut self.recipe
            && let Some(segments) = recipe.predict.out_of_fold_segments.take()
        {
            recipe.predict.segments = Some(segments);
        }
        self
    }

    /// Builds the network of a model that scores audio.
    ///
    /// # Errors
    ///
    /// For a stacked model, and for tensors that are not those of the network.
    pub fn into_model(mut self, device: &Device) -> Result<Model, PipelineError> {
        let AnyRecipe::Audio(recipe) = &self.recipe else {
            return Err(PipelineError::Request(format!(
                "{}: is a stacked model, whose inputs are the scores of other models on whole clips; \
                 score recordings with `earmark predict`, or name one of the models that it stacks",
                self.path.display()
            )));
        };
        let extractor = Extractor::new(&recipe.predict_front_end())?;
        let classes = self.file.meta.classes.len();
        let network = network_of_file(&self.path, &self.file, &recipe.network, &extractor, classes)?;
        let (network, vars) = Self::with_values(&self.path, &mut self.file, network, device)?;
        let asked = device.precision().unwrap_or(recipe.predict.precision);
        let (precision, vars) = ModelPrecision::of_network(device, asked, vars)?;
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
            clip_level: clip_level.as_ref().map(Extractor::new).transpose()?,
            recipe: (**recipe).clone(),
            precision,
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
    pub fn into_stacked(mut self, device: &Device) -> Result<StackedModel, PipelineError> {
        let AnyRecipe::Stacked(recipe) = &self.recipe else {
            return Err(PipelineError::Request(format!(
                "{}: is not a stacked model; name one that `earmark stack` trained",
                self.path.display()
            )));
        };
        let features = recipe.stack.inputs.len() * self.file.meta.classes.len();
        let network = Network::build(&recipe.network, features, self.file.meta.classes.len())?;
        let (network, vars) = Self::with_values(&self.path, &mut self.file, network, device)?;
        Ok(StackedModel {
            inputs: inputs_of(&self.path, recipe),
            scorer: RowScorer {
                network,
                vars,
                loss: recipe.train.loss.clone(),
                features,
                batch: recipe.batches.size,
                device: device.burn().clone(),
            },
            classes: self.file.meta.classes,
        })
    }

    /// A network with the tensors of the file, which has them no longer.
    fn with_values(
        path: &Path,
        file: &mut ModelFile,
        (network, specs): (Network, Vec<VarSpec>),
        device: &Device,
    ) -> Result<(Network, Vars), PipelineError> {
        // Before memory is asked for: what the recipe declares must be what the file holds.
        file.check_fit(path, &specs)?;
        check_weights(path, &file.tensors)?;
        let vars = device.prepare(file.take_variables(path, specs, device.burn())?);
        Ok((network, vars))
    }
}

/// The files of all models that the names mean: files, RUN, RUN@STEP, or a cross-validation run, which means the models
/// of its folds.
///
/// # Errors
///
/// When there is no such model.
pub fn model_files(names: &[String]) -> Result<Vec<PathBuf>, RunError> {
    let found = names.iter().map(|name| find_models(name));
    Ok(found.collect::<Result<Vec<_>, _>>()?.concat())
}
