//! The clips that a run is evaluated on, and what is said of them with the results.

use crate::evaluate_job::EvaluateJob;
use crate::{Event, Observer, PipelineError, Skips, SplitTable, split};
use earmark_core::atomic;
use earmark_core::human::human_amount;
use earmark_data::{DataSet, Item, is_test_subset};
use earmark_engine::evaluation::{clips_path, was_evaluated_on};
use earmark_inference::data::{open_data, open_for_scoring, report_unusable};
use earmark_runs::optimism::Optimism;
use earmark_runs::run_dir::RunDir;
use earmark_runs::warnings::Remedies;
use std::collections::BTreeSet;
use std::path::Path;

/// What is said of the clips of a job.
#[derive(Clone, Debug)]
pub(super) struct ClipNotes {
    /// The lines above the results.
    pub heading: String,
    /// Where the clips had a part in making the model.
    pub optimism: Option<Optimism>,
    /// What can be advised where the results are weak.
    pub remedies: Remedies,
}

impl ClipNotes {
    /// What is said of `items`, the clips of a job; `recipe` is the name of the run's recipe.
    pub fn of<R>(
        job: &EvaluateJob,
        run: &RunDir<R>,
        recipe: &str,
        items: &[Item],
        remedies: Remedies,
    ) -> Result<Self, PipelineError> {
        let clips = match job.fold.or(run.info.data.fold).filter(|_| job.subset.is_none()) {
            Some(fold) => format!("fold {fold}"),
            None => {
                let subsets: BTreeSet<&str> = items.iter().map(|item| item.subset.as_str()).collect();
                let names: Vec<&str> = subsets.into_iter().collect();
                let what = if names.len() == 1 { "subset" } else { "subsets" };
                format!("the {what} {}", names.join(", "))
            }
        };
        let table = SplitTable::read(&run.path)?;
        let optimism = table.and_then(|table| Optimism::of(&table, run.info.optimistic, items));
        let count = human_amount(items.len(), "clip", "clips");
        let mut heading = format!("# {recipe}: {count} of {clips}\n");
        heading.extend(optimism.iter().map(|optimism| format!("# {}\n", optimism.note)));
        Ok(Self {
            heading,
            optimism,
            remedies,
        })
    }
}

/// The clips to evaluate on, with labels in the run's classes; and the entries of the data folder that can't be used,
/// which are named.
pub(super) fn test_items(
    job: &EvaluateJob,
    run: &RunDir,
    observer: Observer,
) -> Result<(Vec<Item>, Skips), PipelineError> {
    let recipe = &run.recipe;
    let fold = job.fold.or(run.info.data.fold);
    if fold.is_some() && job.subset.is_none() {
        let data = open_data(recipe, &job.data)?;
        observer(Event::Data(&data.lines()));
        let unusable = report_unusable(&data, observer);
        let data = data.map_to(&run.classes)?;
        let table = SplitTable::read(&run.path)?;
        let own_split = fold == run.info.data.fold && job.fold_table.is_none();
        if let Some(table) = table.as_ref().filter(|_| own_split) {
            return Ok((table.test_clips(data.items)?, unusable));
        }
        let test = split(recipe, &data, fold, job.fold_table.as_deref())?.test;
        return match table.map_or(0, |table| table.count_trained_on(&test)) {
            0 => Ok((test, unusable)),
            n => Err(PipelineError::Request(format!(
                "{}: was trained on {n} of the {} clips to evaluate; leave out --fold and --fold-table to evaluate it \
                 on its test clips",
                run.path.display(),
                test.len()
            ))),
        };
    }
    let data = open_for_scoring(&recipe.data, &job.data, job.subset.as_deref())?;
    observer(Event::Data(&data.lines()));
    let unusable = report_unusable(&data, observer);
    let items = subset_items(job, data.map_to(&run.classes)?)?;
    if items.iter().all(|i| i.labels.is_empty()) {
        return Err(PipelineError::Request(format!(
            "{}: the clips to evaluate have no labels; use `earmark predict` for scores",
            job.data.display()
        )));
    }
    Ok((items, unusable))
}

/// The clips of the subset that a job names; by default those of the subsets for testing.
fn subset_items(job: &EvaluateJob, data: DataSet) -> Result<Vec<Item>, PipelineError> {
    if let Some(subset) = &job.subset {
        return Ok(data.select_subsets(&[subset])?.items);
    }
    let known = data.subsets().join(", ");
    let mut items = data.items;
    items.retain(|item| is_test_subset(&item.subset));
    match items.is_empty() {
        false => Ok(items),
        true => Err(PipelineError::Request(format!(
            "{}: the run has no test fold and the data has no subset `test`; choose the clips to evaluate with \
             --subset ({known}) or --fold",
            job.data.display()
        ))),
    }
}

/// Writes `clips.txt`, or checks it: results on different clips must not mix in one folder. Returns its text.
pub(super) fn remember_data(eval: &Path, items: &[Item]) -> Result<String, PipelineError> {
    let line = |item: &Item| format!("{} {:?}\n", item.file, item.labels);
    let text: String = items.iter().map(line).collect();
    let path = clips_path(eval);
    match std::fs::read(&path) {
        Ok(before) if before == text.as_bytes() => return Ok(text),
        // The results say that they are on these clips, so that the list is damaged.
        Ok(_) if was_evaluated_on(eval, &text) => {}
        Ok(_) => {
            return Err(PipelineError::Request(format!(
                "{}: holds results on other clips or labels; choose another folder with --eval-dir",
                eval.display()
            )));
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
        Err(e) => {
            return Err(PipelineError::Request(format!(
                "{}: cannot be read: {e}",
                path.display()
            )));
        }
    }
    atomic::write(&path, |w| w.write_all(text.as_bytes()))?;
    Ok(text)
}
