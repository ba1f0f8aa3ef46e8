//! Choosing a model's thresholds by events of held-out recordings.

use crate::calibration::{check_classes, targets};
use crate::stored_thresholds::set_thresholds;
use crate::{CalibrateTo, Event, Observer, PipelineError, Skips};
use earmark_core::human::human_amount;
use earmark_engine::ModelFile;
use earmark_inference::DEFAULT_THRESHOLD;
use earmark_inference::model::ModelSource;
use earmark_inference::tag::{ScoreFile, TagConfig, TagError};
use earmark_metrics::{
    ChosenThresholds, EventColumns, EventMetricOptions, EventSet, EventThresholds, ThresholdGoal,
};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// What to choose thresholds by.
#[derive(Clone, Debug)]
pub struct EventThresholdJob {
    /// Models: files, RUN, RUN@STEP, or a cross-validation run, which means the models of all its folds.
    pub models: Vec<String>,
    /// Scores of the windows of recordings that they were not trained on, as `earmark tag --windows` writes them.
    pub scores: PathBuf,
    /// The true events of these recordings: a table, or a folder of tables.
    pub truth: PathBuf,
    /// Where models are written.
    pub to: CalibrateTo,
    /// What thresholds are chosen by.
    pub goal: ThresholdGoal,
    /// What counts as right.
    pub options: EventMetricOptions,
    /// Classes with fewer true events (or segments) have the threshold of all classes together.
    pub min_events: usize,
}

/// The result of a choice of thresholds.
#[derive(Clone, Debug)]
pub struct EventThresholdResult {
    /// The choice.
    pub chosen: ChosenThresholds,
    /// The model files.
    pub written: Vec<PathBuf>,
    /// Recordings with scores and without truth, and the other way round.
    pub skipped: Skips,
}

/// Chooses thresholds, and writes them into copies of the models, or into the models themselves; what calibrates their
/// scores stays. `None` when stopped.
pub fn calibrate_by_events(
    job: &EventThresholdJob,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Option<EventThresholdResult>, PipelineError> {
    let models = ModelSource::read_all(&job.models)?.into_iter();
    let mut models: Vec<_> = models.map(|model| (model.path, model.file)).collect();
    let targets = targets(&job.to, &models)?;
    let truth = EventSet::read(&job.truth, &EventColumns::default())?;
    let all = open(&job.scores, &[])?.classes().to_vec();
    check_classes(&models, &all)?;
    let mut found = EventThresholds::new(&truth, &all, job.goal, job.options)?;
    if let Some(first) = found.unknown_classes().first() {
        let classes = found.unknown_classes().len();
        let amount = human_amount(classes, "class of the truth", "classes of the truth");
        observer(Event::Note(format!(
            "{amount} that the model does not have left out, first `{first}`"
        )));
    }
    let skipped = count(job, &models, &mut found, stop)?;
    if stop.load(Ordering::Relaxed) {
        return Ok(None);
    }
    for (file, reason) in &skipped {
        observer(Event::Skipped { file, reason });
    }
    let chosen = found.choose(job.min_events as u64)?;
    let of_class = |class: &String| chosen.per_class.get(class).copied().unwrap_or(chosen.together);
    let thresholds: Vec<f32> = all.iter().map(of_class).collect();
    for (path, file) in &mut models {
        set_thresholds(path, file, &thresholds, chosen.recordings)?;
    }
    let files = models.iter().map(|(_, file)| file);
    let files: Vec<(&Path, &ModelFile)> = targets.iter().map(PathBuf::as_path).zip(files).collect();
    ModelFile::save_together(&files)?;
    Ok(Some(EventThresholdResult {
        chosen,
        written: targets,
        skipped,
    }))
}

/// Opens the scores of some classes, or of all.
fn open(scores: &Path, classes: &[String]) -> Result<ScoreFile, PipelineError> {
    let quoted = |class: &String| format!("\"{}\"", class.replace('"', "\"\""));
    let tag = TagConfig {
        classes: classes.iter().map(quoted).collect(),
        ..TagConfig::default()
    };
    ScoreFile::open(scores, &tag).map_err(pipeline_error)
}

/// Counts the events of all recordings; returns those that only one side has.
fn count(
    job: &EventThresholdJob,
    models: &[(PathBuf, ModelFile)],
    found: &mut EventThresholds,
    stop: &AtomicBool,
) -> Result<Skips, PipelineError> {
    let classes = found.classes().to_vec();
    let before = |class: &String| {
        let meta = &models.first()?.1.meta;
        let number = meta.classes.iter().position(|name| name == class)?;
        meta.calibration.as_ref()?.thresholds.get(number).copied()
    };
    let same = |threshold: &f32| vec![*threshold; classes.len()];
    let mut thresholds: Vec<Vec<f32>> = found.candidates().iter().map(same).collect();
    let before = classes
        .iter()
        .map(|class| before(class).unwrap_or(DEFAULT_THRESHOLD));
    thresholds.push(before.collect());
    let mut skipped = Skips::new();
    let scores = open(&job.scores, &classes)?;
    let counted = scores.at_thresholds(&thresholds, &mut |file, seconds, events| {
        if stop.load(Ordering::Relaxed) {
            return Err(PipelineError::Request("interrupted".into()));
        }
        if !found.add(file, seconds, events)? {
            skipped.push((file.to_owned(), "is not in the truth".to_owned()));
        }
        Ok(())
    });
    if stop.load(Ordering::Relaxed) {
        return Ok(skipped);
    }
    counted.map_err(pipeline_error)?;
    let missing = found.without_scores();
    skipped.extend(missing.map(|file| (file.to_owned(), "has no scores".to_owned())));
    Ok(skipped)
}

fn pipeline_error(error: TagError) -> PipelineError {
    match error {
        TagError::Model(error) => error,
        other => PipelineError::Request(other.to_string()),
    }
}
