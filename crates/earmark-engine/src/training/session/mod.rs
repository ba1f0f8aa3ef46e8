//! A training while it runs: from its start, or from where it was interrupted, to its end.
//!
//! A run that is killed at any moment and resumed ends with the same bytes as an uninterrupted one: batches and dropout masks follow
//! from (seed, step), the state is written last and atomically, and the logs are cut back to it.

mod early_stop_and_save;
mod moving_average_of_weights;
mod next_phase;
mod start_or_resume;
mod state;
mod step_loop;

use super::job::{FitError, FitEvent, FitJob, FitOutcome};
use earmark_models::Vars;
use state::Session;

/// Trains to the end, or until it is stopped; returns the outcome and the last weights (averaged, where the recipe averages).
///
/// # Errors
///
/// When a file can't be read or written, a training or validation clip fails, or the loss is no longer finite.
pub fn fit(job: FitJob, on_event: &mut dyn FnMut(FitEvent)) -> Result<(FitOutcome, Vars), FitError> {
    let mut session = Session::open(job, on_event)?;
    let interrupted = session.run()?;
    Ok(session.finish(interrupted))
}
