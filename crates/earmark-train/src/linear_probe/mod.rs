//! Linear probe: a linear classifier on the features of a frozen model.
//!
//! ```text
//! DataSet -> SeparatedClips -> Examples -> Paths -> ProbeChoice -> HeldOutScores -> ProbeCalibration -> model file
//!            background        embed       paths    choice         choice           choice              backbone
//!                              copies
//! ```
//!
//! The same choice is made for each fold from the others alone, where probes are evaluated (`cross_validation`).

mod backbone;
mod background;
mod background_pool;
mod choice;
mod copies;
mod crop_and_shift;
mod cross_validation;
mod embed;
mod example_sound;
mod examples;
mod fitting_time;
mod inner_folds;
mod job;
mod learn_again;
mod mixing;
mod model_file;
mod neighbour_votes;
mod paths;
mod search;
mod softmax_or_sigmoids;
#[cfg(test)]
mod tests;

pub use background::BACKGROUND_NAMES;
pub(crate) use background::is_background;
pub use choice::{ProbeCalibration, ProbeTrial};
pub use cross_validation::{ProbedFold, ProbedFolds};
pub use examples::ProbeLayer;
pub(crate) use fitting_time::{FittingSize, fitting_seconds};
pub use job::{BACKGROUND_COPIES, CLIP_COPIES, ProbeClasses, ProbeJob, ProbeResult, STRENGTHS};
pub use learn_again::{EmbeddedReview, LearnedAgain, ReviewedClips, ReviewedLabels};

use crate::usable_clips::UsableClips;
use crate::validation_split::with_folds;
use crate::{Event, Observer, PipelineError, Skips};
use backbone::{Backbone, ProbeSource};
use background::{SeparatedClips, files_below};
use copies::check_copies;
use earmark_data::DataSet;
use earmark_inference::data::{open_data, report_unusable};
use earmark_recipe::Recipe;
use embed::{Embedder, ProbeClips};
use examples::Examples;
use model_file::{recipe, write, written_recipe};
use paths::{PathSettings, Paths};
use search::{ProbeFound, ProbeSearch};
use softmax_or_sigmoids::{describe, single_label};
use std::sync::atomic::AtomicBool;

/// Fits a probe to the data folder of a job; `None` when stopped.
///
/// # Errors
///
/// When model, data and settings do not fit together, or files can't be read or written.
pub fn probe(
    job: &ProbeJob,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Option<ProbeResult>, PipelineError> {
    let source = ProbeSource::read(&job.model)?;
    let recipe = recipe(&source.recipe, job);
    let data = open_data(&recipe, &job.data)?;
    observer(Event::Data(&data.lines()));
    let mut skipped = report_unusable(&data, observer);
    for note in UsableClips::of(&recipe, &data).notes() {
        observer(Event::Note(note));
    }
    let data = with_folds(&recipe, &data, true, job.fold_table.as_deref())?;
    let done = fit(job, &source, recipe, &data, Control { observer, stop })?;
    Ok(done.map(|done| {
        skipped.extend(done.skipped);
        ProbeResult { skipped, ..done }
    }))
}

/// Fits a probe to data that is already open and in folds; `None` when stopped. Clips without labels must not be among
/// it. `job.data`, `job.options` and `job.fold_table` say where it comes from.
///
/// # Errors
///
/// As [`probe()`].
pub fn probe_data(
    job: &ProbeJob,
    data: &DataSet,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Option<ProbeResult>, PipelineError> {
    let source = ProbeSource::read(&job.model)?;
    let recipe = recipe(&source.recipe, job);
    fit(job, &source, recipe, data, Control { observer, stop })
}

/// Where progress goes, and what ends the work early.
#[derive(Clone, Copy)]
struct Control<'a> {
    observer: Observer<'a>,
    stop: &'a AtomicBool,
}

fn fit(
    job: &ProbeJob,
    source: &ProbeSource,
    recipe: Recipe,
    data: &DataSet,
    control: Control,
) -> Result<Option<ProbeResult>, PipelineError> {
    let Control { observer, stop } = control;
    let strengths = strengths(job)?;
    check_copies("--background-copies", job.background_copies, BACKGROUND_COPIES)?;
    check_copies("--copies", job.copies, CLIP_COPIES)?;
    let (mut skipped, mut damaged) = (Skips::new(), Skips::new());
    let separated = match job.classes {
        ProbeClasses::Exclusive => SeparatedClips::none_of(data),
        _ => SeparatedClips::of(data),
    };
    let files = match &job.background {
        Some(folder) => {
            let mut files = files_below(folder, observer, &mut skipped)?;
            let policy = job.options.damaged.into();
            files.iter_mut().for_each(|item| item.damaged = policy);
            files
        }
        None => Vec::new(),
    };
    let single_label = single_label(job, data, &separated, !files.is_empty())?;
    let backbone = Backbone::open(source, &job.device)?;
    let prior = backbone.prior(source, &separated.classes, &job.like)?;
    let layers = backbone.layers(match prior {
        Some(_) => Some(ProbeLayer::Last),
        None => job.layer,
    });
    let mut examples = Examples::new(separated.classes.clone(), single_label, layers);
    let embedder = Embedder {
        backbone: &backbone,
        source,
        copies: match single_label {
            true => job.copies,
            false => job.background_copies,
        },
        observer,
        stop,
    };
    let clips = ProbeClips {
        items: &separated.items,
        background: &separated.background,
        files: &files,
    };
    let Some(windows) = embedder.add(&clips, &mut examples, &mut skipped, &mut damaged)? else {
        return Ok(None);
    };
    check_enough(&examples, data)?;
    observer(Event::Note(describe(&examples, &separated)));
    let settings = PathSettings {
        examples: &examples,
        strengths: &strengths,
        prior: prior.as_ref(),
    };
    let search = ProbeSearch::plan(&examples, job.cross_validate)?;
    let Some(paths) = Paths::fit(settings, search.sets(), observer, stop) else {
        return Ok(None);
    };
    let found = search.run(&paths)?;
    if let Some(out) = &job.out {
        let recipe = written_recipe(recipe, &separated, single_label, windows);
        write(out, &backbone, source, &settings, (&recipe, &found))?;
    }
    Ok(Some(result(&settings, found, skipped, damaged)))
}

/// The strengths to try, from strong to weak.
fn strengths(job: &ProbeJob) -> Result<Vec<f64>, PipelineError> {
    let mut strengths = job.strengths.clone();
    strengths.sort_by(|a, b| b.total_cmp(a));
    if strengths.is_empty() || !strengths.iter().all(|s| *s > 0.0 && s.is_finite()) {
        return Err(PipelineError::Request(format!(
            "strengths {strengths:?}: choose one or more positive numbers; 1 is usual"
        )));
    }
    Ok(strengths)
}

/// Refuses data of which too little can be read.
fn check_enough(examples: &Examples, data: &DataSet) -> Result<(), PipelineError> {
    match examples.clips() {
        0 | 1 => Err(PipelineError::Request(format!(
            "{}: fewer than two clips can be read; a probe needs at least two",
            data.root.display()
        ))),
        _ => Ok(()),
    }
}

fn result(settings: &PathSettings, found: ProbeFound, skipped: Skips, damaged: Skips) -> ProbeResult {
    let (examples, choice) = (settings.examples, found.choice);
    let layer = &examples.layers[choice.layer];
    ProbeResult {
        layer: layer.layer,
        features: layer.width,
        strength: settings.strengths[choice.strength],
        clips: examples.clips(),
        background: examples.background(),
        copies: examples.copies().len(),
        classes: examples.classes.clone(),
        independent: !examples.single_label,
        trials: choice.trials,
        calibration: found.calibration,
        cross_validated: found.cross_validated,
        warnings: found.warnings,
        skipped,
        damaged,
    }
}
