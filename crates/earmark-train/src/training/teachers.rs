//! Teachers (`train.distil`): which models they are, that none of them has seen the test fold, and the scores that they
//! give the clips trained on.

use super::{Planned, TrainJob};
use crate::{Event, Observer, PipelineError};
use earmark_core::human::human_amount;
use earmark_data::batches::SoftTargets;
use earmark_data::feature_store::Interrupted;
use earmark_data::{FeatureStore, Item, Prepared};
use earmark_engine::{DistilConfig, Loss, ScoreJob, ScorerOutput};
use earmark_features::Extractor;
use earmark_inference::{Device, Model, Outcome, OutcomeJob, Recordings};
use earmark_runs::run_dir::{RunDir, RunError, TeacherInfo, find_model, fold_runs, is_stack};
use earmark_runs::split_table::{ClipUse, SplitTable};
use earmark_runs::teacher_scores::TeacherScores;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// The teachers of a training.
pub(super) struct Teachers {
    share: f64,
    /// Their model files; none where the scores are kept.
    models: Vec<PathBuf>,
    /// What a resumed run keeps, which needs no models.
    kept: Option<(TeacherScores, TeacherInfo)>,
    /// What is to be said of them, one line each.
    pub notes: Vec<String>,
}

/// The scores of all teachers.
pub(super) struct Taught {
    share: f64,
    pub scores: TeacherScores,
    pub info: TeacherInfo,
}

impl Teachers {
    /// The teachers that a recipe names, or the scores of those that `resumed`, the run that is resumed, was begun
    /// with; `None` for a recipe without any. No audio is read.
    ///
    /// # Errors
    /// A run that can't be read, or can't be a teacher here: of other classes, without probabilities, or one that has
    /// seen the test fold.
    pub fn of(
        job: &TrainJob,
        planned: &Planned,
        resumed: Option<&RunDir>,
    ) -> Result<Option<Self>, PipelineError> {
        let Some(distil) = &job.recipe.train.distil else {
            return Ok(None);
        };
        let mut teachers = Self {
            share: distil.share,
            models: Vec::new(),
            kept: None,
            notes: Vec::new(),
        };
        if let Some(run) = resumed {
            let kept = TeacherScores::read(run)?.zip(run.info.teachers.clone());
            teachers.kept = kept;
        }
        if teachers.kept.is_none() {
            let fingerprint = planned.data.fingerprint()?;
            for run in teacher_runs(distil, job.fold)? {
                let teacher = Teacher::open(&run)?;
                teacher.check(job, planned)?;
                teachers.notes.extend(teacher.notes(planned, &fingerprint));
                teachers.models.push(find_model(&run.to_string_lossy())?);
            }
        }
        let models = match &teachers.kept {
            Some((_, info)) => info.models.iter().map(|(model, _)| model.clone()).collect(),
            None => shown(&teachers.models),
        };
        teachers.notes.insert(0, describe(distil.share, &models));
        Ok(Some(teachers))
    }

    /// The scores of the clips that can be read: kept ones, or the mean over all teachers.
    ///
    /// # Errors
    /// A model that can't be opened or a clip that it can't score; when stopped.
    pub fn score(
        self,
        job: &TrainJob,
        planned: &Planned,
        clips: &[Item],
        observer: Observer,
        stop: &AtomicBool,
    ) -> Result<Taught, PipelineError> {
        let share = self.share;
        if let Some((scores, info)) = self.kept {
            return Ok(Taught { share, scores, info });
        }
        let classes = planned.data.classes.names();
        let device = Device::named(&job.device)?;
        let mut sums = vec![vec![0.0_f64; classes.len()]; clips.len()];
        let mut models = Vec::new();
        for (nth, path) in self.models.iter().enumerate() {
            let model = Model::open_file(path, &device)?;
            models.push((path.display().to_string(), model.hash().to_owned()));
            let progress = |done: usize| {
                observer(Event::Scoring {
                    done: nth * clips.len() + done,
                    total: self.models.len() * clips.len(),
                });
            };
            add_scores(&model, job, (clips, classes), &mut sums, (&progress, stop))?;
        }
        let is_single = job.recipe.train.loss.is_single_label();
        let rows = sums.iter().map(|sums| target(sums, self.models.len(), is_single));
        let scores = TeacherScores::new(classes, clips.iter().zip(rows));
        let info = TeacherInfo {
            models,
            scores_checksum: scores.checksum(),
        };
        Ok(Taught { share, scores, info })
    }
}

impl Taught {
    /// The scores as targets of the training clips, in their order; those of clips that can't be read are 0, and never
    /// used.
    ///
    /// # Errors
    /// A clip without scores: the data has changed since the run began.
    pub fn targets(
        &self,
        items: &[Item],
        prepared: &Prepared,
        classes: usize,
    ) -> Result<SoftTargets, PipelineError> {
        let mut scores = Vec::with_capacity(items.len() * classes);
        for (item, clip) in items.iter().zip(&prepared.clips) {
            match (self.scores.row(item), clip) {
                (Some(row), _) => scores.extend_from_slice(row),
                (None, None) => scores.resize(scores.len() + classes, 0.0),
                (None, Some(_)) => {
                    return Err(PipelineError::Request(format!(
                        "{}: has no scores of the teachers in this run (teacher-scores.csv), since it could not be read, \
                         or was not there, when the run began; start a new run in another folder",
                        item.file
                    )));
                }
            }
        }
        Ok(SoftTargets {
            scores: scores.into(),
            share: self.share as f32,
        })
    }
}

/// The runs that a recipe means for this test fold.
fn teacher_runs(distil: &DistilConfig, fold: Option<u32>) -> Result<Vec<PathBuf>, PipelineError> {
    let mut found = Vec::new();
    for name in &distil.teachers {
        let path = PathBuf::from(name);
        let runs = fold_runs(&path)?;
        match (fold, runs.is_empty()) {
            (_, true) => found.push(path),
            (None, false) => found.extend(runs.into_iter().map(|(_, run)| run)),
            (Some(fold), false) => {
                let own = runs.into_iter().find(|(number, _)| *number == fold);
                let (_, run) = own.ok_or_else(|| {
                    refusal(
                        &path,
                        format!("holds no run of fold {fold}, the test fold; train that fold there first, since the \
                                 runs of other folds were trained on its clips"),
                    )
                })?;
                found.push(run);
            }
        }
    }
    Ok(found)
}

/// A run as a teacher.
struct Teacher {
    run: RunDir,
    split: SplitTable,
}

impl Teacher {
    fn open(path: &Path) -> Result<Self, PipelineError> {
        if is_stack(path) {
            let what = "is a stacked run, which scores no audio itself; name the runs that it was trained on";
            return Err(refusal(path, what));
        }
        let run = RunDir::open(path)?;
        let missing = || RunError::NoRun {
            path: path.into(),
            missing: "split.csv",
        };
        let split = SplitTable::read(path)?.ok_or_else(missing)?;
        Ok(Self { run, split })
    }

    /// Refuses a run that can't be a teacher of this training.
    fn check(&self, job: &TrainJob, planned: &Planned) -> Result<(), PipelineError> {
        let refuse = |what: String| Err(refusal(&self.run.path, what));
        let sorted = |classes: &[String]| {
            let mut classes = classes.to_vec();
            classes.sort_unstable();
            classes
        };
        if sorted(self.run.classes.names()) != sorted(planned.data.classes.names()) {
            return refuse("its classes are not those of this data; name a run on the same classes".into());
        }
        let loss = &self.run.recipe.train.loss;
        if only_ranks(loss) {
            return refuse(
                "its loss, lsep, gives scores that are no probabilities; name a run with another loss".into(),
            );
        }
        if job.recipe.train.loss.is_single_label() && !loss.is_single_label() {
            return refuse(
                "its scores (sigmoids) don't sum to one, as targets of softmax-cross-entropy do; name a run with \
                 that loss, or train with sigmoid-cross-entropy"
                    .into(),
            );
        }
        if self.run.info.optimistic {
            return refuse(
                "its test fold drove its training (validation.split = test-fold); name a run that did not see it".into(),
            );
        }
        let test = &planned.split.test;
        let Some(seen) = test.iter().find(|item| self.split.is_trained_on(item)) else {
            return Ok(());
        };
        let count = self.split.count_trained_on(test);
        refuse(format!(
            "has seen {count} of {} test clips, such as {}, and would pass on what it knows of them; name a \
             cross-validation run over the same folds",
            test.len(),
            seen.file
        ))
    }

    /// What does not forbid this teacher, and should be known.
    fn notes(&self, planned: &Planned, fingerprint: &str) -> Vec<String> {
        let name = self.run.path.display();
        let mut notes = Vec::new();
        if self.run.info.data.fingerprint != fingerprint {
            notes.push(format!(
                "{name}: was trained on other data, or another state of it; that it has not seen the test clips was \
                 checked by their names"
            ));
        }
        let is_known = |item: &&Item| self.split.used_as(item) == Some(ClipUse::Train);
        let count = planned.split.validation.iter().filter(is_known).count();
        if count > 0 {
            notes.push(format!(
                "{name}: was trained on {}, so that validation may be too good (the test clips are not concerned)",
                human_amount(count, "validation clip", "validation clips")
            ));
        }
        notes
    }
}

/// Whether scores rank classes and are no probabilities.
fn only_ranks(loss: &Loss) -> bool {
    match loss {
        Loss::Lsep {} => true,
        Loss::BySubset { curated, noisy, .. } => only_ranks(curated) || only_ranks(noisy),
        _ => false,
    }
}

/// Clips and classes to score.
type Wanted<'a> = (&'a [Item], &'a [String]);

/// Called with the number of clips that are scored, and set to end the work.
type Watched<'a> = (&'a dyn Fn(usize), &'a AtomicBool);

/// Adds the scores of a model, without its calibration, which may have been fitted on the test fold. A clip has the
/// numbers that `predict --raw` gives it.
fn add_scores(
    model: &Model,
    job: &TrainJob,
    (clips, classes): Wanted,
    sums: &mut [Vec<f64>],
    (progress, stop): Watched,
) -> Result<(), PipelineError> {
    let (recipe, scorer) = (model.recipe(), model.scorer());
    let store = FeatureStore::new(Extractor::new(&recipe.front_end)?, &job.recipe.cache.read_once())?
        .with_longest(recipe.predict.longest_seconds);
    let recordings = Recordings::new(scorer, &store);
    // Where each of the model's scores belongs.
    let place = |class: &String| classes.iter().position(|other| other == class);
    let places: Vec<Option<usize>> = model.classes().iter().map(place).collect();
    let work = ScoreJob {
        clips: clips.len(),
        workers: store.workers(),
        stop,
        own_passes: true,
    };
    let wanted = OutcomeJob {
        output: ScorerOutput::Scores,
        classes: model.classes(),
        keep_segments: false,
        stop,
    };
    let (mut failed, mut done) = (None, 0);
    let fetch = |i: usize| recordings.fetch(&clips[i]);
    let whole = scorer.run_segments(wanted.output, &work, fetch, |i, fetched| {
        match recordings.outcome(&clips[i], fetched, &wanted) {
            Ok(Outcome::Scored(segments)) => {
                for (score, place) in scorer.mean(&segments).into_iter().zip(&places) {
                    if let Some(place) = place {
                        sums[i][*place] += f64::from(score);
                    }
                }
            }
            Ok(Outcome::Skipped(reason)) => {
                let what = format!(
                    "can't score {}, which is to be trained on: {reason}",
                    clips[i].file
                );
                failed = Some(refusal(model.path(), what));
                return false;
            }
            Ok(Outcome::Stopped) => return false,
            Err(error) => {
                failed = Some(error);
                return false;
            }
        }
        done += 1;
        progress(done);
        true
    })?;
    match (failed, whole) {
        (Some(error), _) => Err(error),
        (None, true) => Ok(()),
        (None, false) => {
            let total = clips.len();
            Err(Interrupted { done, total }.into())
        }
    }
}

/// The mean over the teachers; of softmax scores it sums to one, also where each is a geometric mean over crops.
fn target(sums: &[f64], teachers: usize, is_single_label: bool) -> Vec<f32> {
    let total: f64 = sums.iter().sum();
    let divisor = match is_single_label && total > 0.0 {
        true => total,
        false => teachers as f64,
    };
    sums.iter().map(|sum| (sum / divisor) as f32).collect()
}

fn shown(paths: &[PathBuf]) -> Vec<String> {
    paths.iter().map(|path| path.display().to_string()).collect()
}

/// What the targets are, in a line.
fn describe(share: f64, models: &[String]) -> String {
    let of = match models {
        [_] => "the scores of a teacher".to_owned(),
        several => format!("the mean scores of {} teachers", several.len()),
    };
    format!(
        "{:.0} % of each target are {of} (train.distil): {}",
        100.0 * share,
        models.join(", ")
    )
}

fn refusal(run: &Path, what: impl std::fmt::Display) -> PipelineError {
    PipelineError::Request(format!("train.distil.teachers: {}: {what}", run.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_means_and_those_of_a_softmax_sum_to_one() {
        assert_eq!(target(&[1.0, 0.5, 0.0], 2, false), [0.5, 0.25, 0.0]);
        // Geometric means over crops sum to less than one.
        assert_eq!(target(&[0.75, 0.25, 0.5], 2, true), [0.5, 0.16666667, 0.33333334]);
        assert_eq!(target(&[0.0, 0.0], 1, true), [0.0, 0.0]);
    }

    #[test]
    fn a_line_says_what_the_targets_are() {
        let models = ["runs/a".to_owned(), "runs/b".to_owned()];
        assert_eq!(
            describe(0.25, &models[..1]),
            "25 % of each target are the scores of a teacher (train.distil): runs/a"
        );
        assert_eq!(
            describe(1.0, &models),
            "100 % of each target are the mean scores of 2 teachers (train.distil): runs/a, runs/b"
        );
    }

    #[test]
    fn a_cross_validation_run_means_the_model_of_the_same_fold() {
        let dir = tempfile::tempdir().unwrap();
        for fold in ["cv/fold-1", "cv/fold-2", "single"] {
            std::fs::create_dir_all(dir.path().join(fold)).unwrap();
            std::fs::write(dir.path().join(fold).join("run.json"), "{}").unwrap();
        }
        let name = |run: &str| dir.path().join(run).to_string_lossy().into_owned();
        let distil = DistilConfig {
            teachers: vec![name("cv"), name("single")],
            share: 0.5,
        };
        let runs = |fold| teacher_runs(&distil, fold).map(|runs| shown(&runs));
        assert_eq!(runs(Some(2)).unwrap(), [name("cv/fold-2"), name("single")]);
        assert_eq!(
            runs(None).unwrap(),
            [name("cv/fold-1"), name("cv/fold-2"), name("single")]
        );
        let refused = runs(Some(3)).unwrap_err().to_string();
        assert!(
            refused.contains("cv: holds no run of fold 3, the test fold"),
            "{refused}"
        );
    }
}
