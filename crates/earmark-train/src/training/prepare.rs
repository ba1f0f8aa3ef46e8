//! Everything that a training needs, except its run directory: features, class weights, scaler, batches.

use super::TrainJob;
use super::class_weights::{named_class_weights, with_class_weights};
use super::clips::{batch_maker, failures, prepare_features, prepare_training, readable, source_notes};
use super::initial_weights::{InitialNetwork, InitialWeights};
use super::scaler::fit_on_clips;
use super::validation::ValidationClips;
use super::{Planned, RunFacts, run_info};
use crate::{Observer, PipelineError, Skips};
use earmark_data::{BatchMaker, FeatureStore, Item, SkipReason};
use earmark_engine::{TrainConfig, TransferReport, Validate};
use earmark_inference::Device;
use earmark_models::{Network, Vars};
use earmark_recipe::Recipe;
use earmark_runs::run_dir::RunInfo;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What a training needs, except its run directory.
pub(super) struct Prepared {
    pub planned: Planned,
    pub network: Network,
    pub vars: Vars,
    /// What was transferred from another model.
    pub transfer: TransferReport,
    /// The same, one line each; empty if all weights are drawn at random.
    pub transferred: Vec<String>,
    /// `[train]` with the weight of each class in the loss.
    pub train: TrainConfig,
    pub batches: Arc<BatchMaker>,
    /// Batches of phases without mixing.
    pub unmixed: Option<Arc<BatchMaker>>,
    pub info: RunInfo,
    /// Clips left out, with the reason.
    pub skipped: Skips,
    /// Notes about cache and sources.
    pub notes: Vec<String>,
    store: Arc<FeatureStore>,
    /// Validation clips that can be read.
    validation: Vec<Item>,
}

impl Prepared {
    pub fn make(
        job: &TrainJob,
        planned: Planned,
        network: InitialNetwork,
        observer: Observer,
        stop: &AtomicBool,
    ) -> Result<Self, PipelineError> {
        let (recipe, data, split) = (&job.recipe, &planned.data, &planned.split);
        let InitialNetwork {
            extractor,
            network,
            mut vars,
            transfer,
            transferred,
        } = network;
        let store = Arc::new(FeatureStore::new(extractor, &recipe.cache)?);
        let training = prepare_training(recipe, &store, &split.train, observer, stop)?;
        let validation = prepare_features(&store, &split.validation, observer, stop)?;
        let mut skipped = failures(&split.train, &training);
        skipped.extend(failures(&split.validation, &validation));
        // A recipe or a text next to the recordings is not an input that failed.
        let failed = data.skipped.iter().filter(|s| s.reason != SkipReason::NotAudio);
        skipped.extend(failed.map(|s| (s.file.clone(), s.reason.to_string())));

        let clips = readable(&split.train, &training);
        let train = with_class_weights(&recipe.train, data.classes.names(), &clips)?;
        if !transfer.scaler {
            fit_on_clips(&network, &store, &clips, &mut vars)?;
        }
        // The last step that may be refused: a refusal leaves no run behind.
        let classes = data.classes.len();
        let make = |recipe: &Recipe| batch_maker(recipe, &store, &split.train, &training, classes);
        let batches = make(recipe)?;
        let unmixed = match recipe.train.phases.iter().any(|p| !p.mixing) {
            false => None,
            true => {
                let mut recipe = recipe.clone();
                (recipe.batches.mixup, recipe.batches.mix) = (None, None);
                Some(Arc::new(make(&recipe)?))
            }
        };
        let start = InitialWeights::of(job, None);
        let mut info = run_info(RunFacts {
            data,
            split,
            root: &job.data,
            fingerprint: data.fingerprint()?,
            fold: job.fold,
            skipped: &skipped,
            command: &job.command,
            device: &job.device,
            seed: recipe.train.seed,
            steps: train.total_steps(batches.batches_per_epoch()),
        });
        info.init_from = start.as_ref().map(|s| s.config.from.clone());
        info.prefixes = start.map(|s| s.config.prefixes()).unwrap_or_default();
        info.class_weights = named_class_weights(&train.loss, data.classes.names());
        let notes = training
            .notes
            .iter()
            .chain(&validation.notes)
            .map(ToString::to_string);
        Ok(Self {
            notes: notes.chain(source_notes(&training)).collect(),
            validation: readable(&split.validation, &validation),
            batches: Arc::new(batches),
            planned,
            network,
            vars,
            transfer,
            transferred,
            train,
            unmixed,
            info,
            skipped,
            store,
        })
    }

    /// What evaluates weights on the validation clips; `None` if there are none.
    pub fn validation<'a>(
        &'a self,
        recipe: &'a Recipe,
        device: &'a Device,
        classes: &'a [String],
        stop: &'a AtomicBool,
    ) -> Result<Option<Box<Validate<'a>>>, PipelineError> {
        let clips = ValidationClips {
            recipe,
            network: &self.network,
            device: device.burn(),
            items: &self.validation,
            classes,
            store: &self.store,
            stop,
        };
        clips.validate()
    }
}
