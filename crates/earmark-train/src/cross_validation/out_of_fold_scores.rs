//! Out-of-fold scores: every clip of a cross-validation run, scored by the model that was not trained on it.

use super::fold_result::FoldResult;
use super::{data_of, evaluate_own_fold, trained_folds};
use crate::evaluation::with_truth;
use crate::{Event, Observer, PipelineError, Skips, evaluate};
use earmark_data::Item;
use earmark_metrics::{Aligned, MetricsError, ScoreTable};
use earmark_runs::run_dir::RunDir;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// The clips of a cross-validation run, each scored by the model that was not trained on it.
#[derive(Clone, Debug)]
pub struct OutOfFold {
    /// Fold after fold.
    pub scores: ScoreTable,
    /// The clips in the same order, with labels in the classes of the scores.
    pub items: Vec<Item>,
    /// The fold of each.
    pub folds: Vec<u32>,
    /// Clips that could not be read.
    pub skipped: Skips,
    /// Whether a clip has exactly one label (softmax).
    pub single_label: bool,
    /// Whether the clips of a fold chose the weights that scored them.
    pub optimistic: bool,
}

impl OutOfFold {
    /// The clips of all folds, without the reasons why some could not be read.
    pub(crate) fn of(results: &[FoldResult]) -> Result<Self, MetricsError> {
        let tables = results.iter().map(|r| &r.scores);
        let files = tables.clone().flat_map(ScoreTable::files).cloned().collect();
        let values = tables.flat_map(ScoreTable::values).copied().collect();
        let classes = results.last().map_or(&[][..], |r| r.scores.classes()).to_vec();
        let folds = results.iter().flat_map(|r| vec![r.fold; r.items.len()]);
        Ok(Self {
            scores: ScoreTable::new(files, classes, values)?,
            items: results.iter().flat_map(|r| r.items.clone()).collect(),
            folds: folds.collect(),
            skipped: Skips::new(),
            single_label: results.last().is_some_and(|r| r.single_label),
            optimistic: results.iter().any(|r| r.optimistic),
        })
    }

    /// The scores with the labels as the truth.
    ///
    /// # Errors
    /// None in practice: there is an item for each row.
    pub fn aligned(&self) -> Result<Aligned, MetricsError> {
        with_truth(self.scores.clone(), &self.items)
    }
}

/// The scores of each fold's model for its test clips; folds that are not evaluated yet are evaluated now. `data` is the folder of the
/// clips, by default that of the training. `None` when stopped.
pub fn out_of_fold(
    set: &Path,
    data: Option<&Path>,
    device: &str,
    observer: Observer,
    stop: &AtomicBool,
) -> Result<Option<OutOfFold>, PipelineError> {
    let (mut results, mut skipped) = (Vec::<FoldResult>::new(), Skips::new());
    for (fold, run) in trained_folds(set)? {
        let root = RunDir::open_any(&run)?.info.data.root;
        let data = data.unwrap_or(&root);
        let evaluation = evaluate(&evaluate_own_fold(&run, data, device), observer, stop)?;
        if evaluation.interrupted {
            return Ok(None);
        }
        let result = FoldResult::read(set, fold, &data_of(&run, data)?)?;
        let mut others = results.iter().map(|other| other.scores.classes());
        if others.any(|classes| classes != result.scores.classes()) {
            return Err(PipelineError::Request(format!(
                "{}: its classes differ from those of the other folds; train all of them on the same data",
                run.display()
            )));
        }
        let mut reasons: BTreeMap<String, String> = evaluation.skipped.into_iter().collect();
        for file in &result.skipped {
            let before = || "could not be read when its fold was evaluated".to_owned();
            skipped.push((file.clone(), reasons.remove(file).unwrap_or_else(before)));
        }
        results.push(result);
    }
    let clips = OutOfFold::of(&results)?;
    if clips.optimistic {
        observer(Event::Note(format!(
            "{}: OPTIMISTIC: the clips of each fold chose the weights that score them (validation.split = test-fold)",
            set.display()
        )));
    }
    Ok(Some(OutOfFold { skipped, ..clips }))
}
