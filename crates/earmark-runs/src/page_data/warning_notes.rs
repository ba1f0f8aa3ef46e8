//! What is bad about a run and its results, as notes of its page.

use crate::experiment_log::{RunState, StepEvaluation, TrainingHistory};
use crate::run_dir::RunDir;
use crate::warnings::{Remedies, RunWarning};
use earmark_report::{NoteLevel, PageNote};

/// The notes; `evaluated` is the step that the page is about.
pub(super) fn warning_notes(
    run: &RunDir,
    history: &TrainingHistory,
    state: &RunState,
    evaluated: Option<&StepEvaluation>,
) -> Vec<PageNote> {
    // Where test clips drove the training, the page says so anyway.
    let optimistic = evaluated
        .filter(|_| !run.info.optimistic)
        .and_then(StepEvaluation::optimistic_note);
    let optimistic = optimistic.map(|note| PageNote::new(NoteLevel::Caution, format!("{note}.")));
    let remedies = Remedies::of_audio(&run.recipe, run.info.init_from.is_some());
    let warnings = history.run_warnings(&run.recipe.train, state, evaluated, remedies);
    optimistic
        .into_iter()
        .chain(warnings.into_iter().map(note))
        .collect()
}

fn note(warning: RunWarning) -> PageNote {
    let mut letters = warning.text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string());
    PageNote {
        level: NoteLevel::Caution,
        text: format!("{}{}.", first.unwrap_or_default(), letters.as_str()),
        remedy: warning.remedy,
        ..PageNote::default()
    }
}
