//! The ways to a model: each gives scores of all clips by models that were not trained on their fold.

use super::context::FitContext;
use super::cost::{TrainingCost, WayCost, probe_seconds};
use super::job::{FitCalibration, WayLeftOut};
use super::recipes::{FOLDER_RECIPE, FitBackbone, built_in, fine_tune};
use super::refit::refitted_out_of_fold;
use super::work::{FinishedWay, WorkFolder};
use crate::{
    CLIP_COPIES, Event, FoldSet, PipelineError, ProbeJob, STRENGTHS, out_of_fold, probe_data, train_folds,
};
use earmark_core::human::human_amount;
use earmark_metrics::ScoreTable;
use earmark_recipe::Recipe;
use std::time::Instant;

/// How a way makes its models.
pub(super) enum WayKind {
    /// A linear probe of a network.
    Probe(String),
    /// A training of a recipe.
    Train(Box<Recipe>),
}

/// A way to a model.
pub(super) struct Way {
    /// Its name, and that of its folder.
    pub name: &'static str,
    /// What it is, in words.
    pub description: String,
    pub kind: WayKind,
    /// Whether it may be chosen, or is there to compare with.
    pub is_candidate: bool,
    /// What it costs; nothing if it is finished already.
    pub cost: WayCost,
}

/// The way that trains the network further.
const FINE_TUNE: &str = "fine-tune";

/// The way that trains a network which knows nothing.
const FROM_SCRATCH: &str = "from-scratch";

/// The name of the model file that a probe has written.
pub(super) const PROBE_FILE: &str = "probe.safetensors";

impl Way {
    /// The ways for a folder, in the order in which they are tried, and those that are not for it. What they cost is
    /// not known yet.
    pub fn all(
        context: &FitContext,
        backbone: Option<&FitBackbone>,
    ) -> Result<(Vec<Self>, Vec<WayLeftOut>), PipelineError> {
        let FitContext { job, data, work, .. } = *context;
        let (mut ways, mut left_out) = (Vec::new(), Vec::new());
        let mut leave = |name: &str, reason: &str| {
            left_out.push(WayLeftOut {
                name: name.into(),
                reason: reason.into(),
            });
        };
        let plain = !data.has_background || backbone.is_none();
        let background = "it has no place for clips of none of the classes";
        if let Some(backbone) = backbone {
            ways.push(Self::probe(backbone));
            match (plain, backbone.can_be_fine_tuned()) {
                (true, true) => {
                    let recipe = fine_tune(backbone, job, data, &work.path)?;
                    ways.push(Self::train(
                        FINE_TUNE,
                        "the same network, trained further on these classes (fine-tuning)",
                        recipe,
                    ));
                }
                (false, _) => leave(FINE_TUNE, background),
                (true, false) if backbone.recipe.network.is_graph() => {
                    leave(FINE_TUNE, "an imported graph can't be trained");
                }
                (true, false) => leave(
                    FINE_TUNE,
                    "the recipe fine-tune/folder is for EfficientAT networks; use \
                     `earmark train RECIPE --init-from MODEL`",
                ),
            }
        }
        if plain {
            let recipe = built_in("summary-baseline/any", &[], job, data, &work.path)?;
            let text = "a simple classifier on measurements of the sound, without a network";
            let baseline = Self::train("summary-baseline", text, recipe);
            ways.push(Self {
                is_candidate: backbone.is_none(),
                ..baseline
            });
        } else {
            leave("summary-baseline", background);
        }
        if backbone.is_none() {
            let recipe = built_in(FOLDER_RECIPE, &job.overrides, job, data, &work.path)?;
            let text = "a small network that knows nothing yet (recipe folder)";
            ways.push(Self::train(FROM_SCRATCH, text, recipe));
        }
        for way in &ways {
            if let Some(damaged) = work.forget_damaged(way.name)? {
                context.note(format!(
                    "{}: {} is damaged; the way is run again",
                    way.name,
                    damaged.display()
                ));
            }
        }
        Ok((ways, left_out))
    }

    /// Measures what each way costs that is not finished.
    pub fn estimate_all(
        ways: &mut [Self],
        context: &FitContext,
        backbone: Option<&FitBackbone>,
    ) -> Result<(), PipelineError> {
        for (index, way) in ways.iter_mut().enumerate() {
            if way.finished(context.work)?.is_none() {
                way.cost = way.estimate(context, backbone, index == 0)?;
            }
        }
        Ok(())
    }

    fn probe(backbone: &FitBackbone) -> Self {
        let model = backbone.path.to_string_lossy().into_owned();
        Self {
            name: "probe",
            description: format!(
                "a simple (linear) classifier on the network {}",
                backbone.path.display()
            ),
            kind: WayKind::Probe(model),
            is_candidate: true,
            cost: WayCost::Whole(0.0),
        }
    }

    fn train(name: &'static str, description: &str, recipe: Recipe) -> Self {
        Self {
            name,
            description: description.into(),
            kind: WayKind::Train(Box::new(recipe)),
            is_candidate: true,
            cost: WayCost::Whole(0.0),
        }
    }

    /// What it does, in words.
    pub fn in_words(&self) -> &'static str {
        match self.name {
            FINE_TUNE => "fine-tuning",
            FROM_SCRATCH => "training from scratch",
            name => name,
        }
    }

    /// Whether a probe takes the place of the last layers of what is trained.
    pub fn refits_last_layer(&self) -> bool {
        self.name == FINE_TUNE
    }

    /// What it has found before. What an earlier version found with other last layers, which this one
    /// replaces, is not of this way: its networks are used again, and its scores are not.
    pub fn finished(&self, work: &WorkFolder) -> Result<Option<(FinishedWay, ScoreTable)>, PipelineError> {
        let kept = work.finished(self.name)?;
        Ok(kept.filter(|(found, _)| found.refitted == self.refits_last_layer()))
    }

    /// About what the way costs. An error of the first way is one of the whole fit; that of another one is said when it
    /// is tried.
    fn estimate(
        &self,
        context: &FitContext,
        backbone: Option<&FitBackbone>,
        is_first: bool,
    ) -> Result<WayCost, PipelineError> {
        let cost = match (&self.kind, backbone) {
            (WayKind::Train(recipe), _) => {
                let job = context.training(recipe, context.work.path.join(self.name));
                let data = &context.data.train;
                TrainingCost::of(&job, data).map(|each| WayCost::Training {
                    each,
                    folds: data.folds().len(),
                    few: self.is_candidate && !is_first,
                })
            }
            (WayKind::Probe(_), Some(backbone)) => probe_seconds(context, backbone).map(WayCost::Whole),
            (WayKind::Probe(_), None) => Ok(WayCost::Whole(0.0)),
        };
        match cost {
            Err(e) if is_first => Err(e),
            other => Ok(other.unwrap_or(WayCost::Unknown)),
        }
    }

    /// Runs the way on the first `folds` folds, or reads what it has found before; `None` when stopped.
    pub fn run(
        &self,
        context: &FitContext,
        folds: usize,
    ) -> Result<Option<(FinishedWay, ScoreTable)>, PipelineError> {
        if let Some(before) = self.finished(context.work)? {
            context.note(format!("{}: finished already", self.name));
            return Ok(Some(before));
        }
        context.note(format!("{}: {}", self.name, self.description));
        let start = Instant::now();
        let found = match &self.kind {
            WayKind::Probe(model) => run_probe(context, model)?,
            WayKind::Train(recipe) => run_training(context, self, recipe, folds)?,
        };
        let Some((mut found, scores)) = found else {
            return Ok(None);
        };
        found.seconds = start.elapsed().as_secs_f64();
        context.work.record(self.name, &found, &scores)?;
        Ok(Some((found, scores)))
    }
}

/// Probes all folds and writes a model of all clips.
fn run_probe(context: &FitContext, model: &str) -> Result<Option<(FinishedWay, ScoreTable)>, PipelineError> {
    let job = context.job;
    let probe = ProbeJob {
        options: job.options.clone(),
        classes: job.classes,
        background: job.background.clone(),
        copies: CLIP_COPIES,
        cross_validate: true,
        out: Some(context.work.path.join(PROBE_FILE)),
        device: job.device.clone(),
        ..ProbeJob::new(model, &job.data)
    };
    let show = |event: Event| context.show(event);
    let Some(done) = probe_data(&probe, &context.data.train, &show, context.stop)? else {
        return Ok(None);
    };
    let single_label = !done.independent;
    let mut warnings = done.warnings;
    // Its advice about strengths is for who gives them.
    warnings.retain(|text| !text.starts_with("strength "));
    if !done.trials.is_empty() && done.strength >= STRENGTHS[0] {
        warnings.push(
            "the network says little about these classes: check the labels with `earmark data check`, or begin with \
             another network (--model)"
                .into(),
        );
    }
    let calibration = done.calibration.map(|calibration| FitCalibration {
        before: calibration.before,
        after: calibration.after,
        helps: calibration.helps,
    });
    Ok(done.cross_validated.map(|folds| {
        let found = FinishedWay {
            seconds: 0.0,
            warnings,
            skipped: done.skipped,
            damaged: done.damaged,
            single_label,
            refitted: false,
            calibration,
        };
        (found, folds.scores)
    }))
}

/// Trains some folds and scores each by the model that was not trained on it.
fn run_training(
    context: &FitContext,
    way: &Way,
    recipe: &Recipe,
    folds: usize,
) -> Result<Option<(FinishedWay, ScoreTable)>, PipelineError> {
    let name = way.name;
    let run = context.work.path.join(name);
    let job = context.training(recipe, run.clone());
    let show = |event: Event| context.show(event);
    let first: Vec<u32> = context.data.train.folds().into_iter().take(folds).collect();
    let folds = context.work.folds_of(name, first)?;
    context.note(format!(
        "{name}: {}, each tested on the part that it is not trained on",
        human_amount(folds.len(), "training", "trainings")
    ));
    let done = train_folds(&job, &FoldSet::These(folds.clone()), None, &show, context.stop)?;
    let Some(report) = done.report else {
        return Ok(None);
    };
    let Some(clips) = out_of_fold(&run, Some(&job.data), &job.device, &show, context.stop)? else {
        return Ok(None);
    };
    // A probe decides by the data whether classes exclude each other, whatever loss the network was trained with.
    let scored = match way.refits_last_layer() {
        true => refitted_out_of_fold(context, &run, &folds)?,
        false => Some((clips.scores, clips.single_label)),
    };
    Ok(scored.map(|(scores, single_label)| {
        let found = FinishedWay {
            seconds: 0.0,
            warnings: report.warnings,
            skipped: done.skipped,
            damaged: done.damaged,
            single_label,
            refitted: way.refits_last_layer(),
            calibration: None,
        };
        (found, scores)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scores of a network with another last layer would calibrate the one that is written.
    #[test]
    fn fine_tuning_of_earlier_versions_is_scored_again() {
        let dir = tempfile::tempdir().unwrap();
        let work = WorkFolder::open(&dir.path().join("m.fit"), &serde_json::json!({}), false).unwrap();
        let scores = ScoreTable::new(vec!["a".into()], vec!["x".into()], vec![0.5]).unwrap();
        let is_finished = |name: &'static str, refitted: bool| {
            let found = FinishedWay {
                seconds: 1.0,
                warnings: Vec::new(),
                skipped: Vec::new(),
                damaged: Vec::new(),
                single_label: true,
                refitted,
                calibration: None,
            };
            work.record(name, &found, &scores).unwrap();
            let way = Way {
                name,
                description: String::new(),
                kind: WayKind::Probe(String::new()),
                is_candidate: true,
                cost: WayCost::Whole(0.0),
            };
            way.finished(&work).unwrap().is_some()
        };
        assert!(!is_finished(FINE_TUNE, false));
        assert!(is_finished(FINE_TUNE, true) && is_finished("probe", false));
    }
}
