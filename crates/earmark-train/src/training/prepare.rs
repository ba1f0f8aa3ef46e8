//! Everything that a training needs, except its run directory: features, class weights, scaler, batches.

use super::class_weights_from_counts::{named_class_weights, with_class_weights};
use super::fit_scaler_on_clips::fit_on_clips;
use super::initial_weights::{InitialNetwork, InitialWeights};
use super::prepare_clips::{damaged_clips, failures, prepare_clips, readable, source_notes};
use super::run_json_and_log::{data_info, started_now};
use super::teachers::{Taught, Teachers};
use super::{Planned, TrainJob};
use crate::{Observer, PipelineError, SplitTable};
use earmark_data::batches::TrainingClips;
use earmark_data::feature_store::CachedForm;
use earmark_data::{BatchConfig, BatchMaker, FeatureStore, Item};
use earmark_engine::TrainConfig;
use earmark_features::Extractor;
use earmark_recipe::Recipe;
use earmark_runs::run_dir::{DataInfo, RunDir, RunInfo, corrections_checksums};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What a training needs, except its run directory.
pub(super) struct Prepared {
    pub planned: Planned,
    pub start: InitialNetwork,
    /// `[train]` with the weight of each class in the loss.
    pub train: TrainConfig,
    pub batches: Arc<BatchMaker>,
    /// Batches of phases without mixing.
    pub unmixed: Option<Arc<BatchMaker>>,
    pub info: RunInfo,
    /// The scores of the teachers, where there are any.
    pub taught: Option<Taught>,
    /// Notes about teachers, cache and sources.
    pub notes: Vec<String>,
    pub store: Arc<FeatureStore>,
    /// Validation clips that can be read.
    pub validation: Vec<Item>,
}

impl Prepared {
    /// Prepares a job; `resumed` is the run that it resumes.
    pub fn make(
        job: &TrainJob,
        planned: Planned,
        mut start: InitialNetwork,
        resumed: Option<&RunDir>,
        observer: Observer,
        stop: &AtomicBool,
    ) -> Result<Self, PipelineError> {
        let (recipe, data, split) = (&job.recipe, &planned.data, &planned.split);
        let teachers = Teachers::of(job, &planned, resumed)?;
        let teacher_notes = teachers
            .as_ref()
            .map_or(Vec::new(), |teachers| teachers.notes.clone());
        let store = Arc::new(FeatureStore::new(
            Extractor::new(&recipe.front_end)?,
            &recipe.cache,
        )?);
        let form = match recipe.augment.needs_samples() {
            true => CachedForm::Samples,
            false => CachedForm::Features,
        };
        let training = prepare_clips(form, &store, &split.train, observer, stop)?;
        let validation = prepare_clips(CachedForm::Features, &store, &split.validation, observer, stop)?;
        let mut skipped = failures(&split.train, &training);
        skipped.extend(failures(&split.validation, &validation));
        // A recipe or a text next to the recordings is not an input that failed.
        let failed = data.skipped.iter().filter(|s| s.reason.is_lost());
        skipped.extend(failed.map(|s| (s.file.clone(), s.reason.to_string())));

        let clips = readable(&split.train, &training);
        let train = with_class_weights(&recipe.train, data.classes.names(), &clips)?;
        if !start.transfer.scaler {
            fit_on_clips(&start.network, &store, &clips, &mut start.vars)?;
        }
        let taught = teachers.map(|teachers| teachers.score(job, &planned, &clips, observer, stop));
        let taught = taught.transpose()?;
        let soft_targets = taught.as_ref();
        let soft_targets =
            soft_targets.map(|taught| taught.targets(&split.train, &training, data.classes.len()));
        // The last step that may be refused: a refusal leaves no run behind.
        let clips = TrainingClips {
            store: Arc::clone(&store),
            items: split.train.as_slice().into(),
            prepared: &training,
            classes: data.classes.len(),
            augment: &recipe.augment,
            soft_targets: soft_targets.transpose()?,
        };
        let (batches, unmixed) = makers(&clips, recipe)?;
        let weights = InitialWeights::of(job, None);
        let mut damaged = damaged_clips(&split.train, &training);
        damaged.extend(damaged_clips(&split.validation, &validation));
        let info = RunInfo {
            data: DataInfo {
                damaged,
                split_checksum: Some(SplitTable::of(split).checksum()),
                corrections: corrections_checksums(data),
                ..data_info(data, split, &job.data, data.fingerprint()?, job.fold, skipped)
            },
            steps: Some(train.total_steps(batches.batches_per_epoch())),
            init_from: weights.as_ref().map(|w| w.config.from.clone()),
            prefixes: weights.map(|w| w.config.prefixes()).unwrap_or_default(),
            optimistic: split.optimistic,
            class_weights: named_class_weights(&train.loss, data.classes.names()),
            teachers: taught.as_ref().map(|taught| taught.info.clone()),
            ..started_now(&job.command, recipe.train.seed, &job.device)
        };
        let notes = training.notes.iter().chain(&validation.notes);
        let notes = teacher_notes
            .into_iter()
            .chain(notes.map(ToString::to_string))
            .chain(source_notes(&split.train, &training))
            .chain(describe_lengths(&batches));
        Ok(Self {
            notes: notes.collect(),
            validation: readable(&split.validation, &validation),
            planned,
            start,
            train,
            batches,
            unmixed,
            info,
            taught,
            store,
        })
    }
}

/// What makes batches, and what makes those of phases without mixing, where there are any.
fn makers(
    clips: &TrainingClips,
    recipe: &Recipe,
) -> Result<(Arc<BatchMaker>, Option<Arc<BatchMaker>>), PipelineError> {
    let make = |config: &BatchConfig| clips.batches(config, recipe.train.seed).map(Arc::new);
    let batches = make(&recipe.batches)?;
    let mut unmixed = recipe.batches.clone();
    (unmixed.mixup, unmixed.mix) = (None, None);
    let unmixed = match recipe.train.phases.iter().any(|p| !p.mixing) {
        true => Some(make(&unmixed)?),
        false => None,
    };
    Ok((batches, unmixed))
}

/// The lengths of segments, where they follow those of the clips.
fn describe_lengths(batches: &BatchMaker) -> Option<String> {
    let length = batches.config().length.filter(|length| length.quartiles)?;
    Some(format!(
        "each batch takes segments of {} to {} frames, the quartiles of the training clips' lengths (batches.length)",
        length.min_frames, length.max_frames
    ))
}
