//! What a training tells, into its log.

use crate::run_dir::Log;
use earmark_engine::FitEvent;
use earmark_metrics::number;

/// Writes an event of the training loop into the run's log.
pub(super) fn log_fit(log: &Log, event: &FitEvent) {
    match event {
        FitEvent::Started {
            step,
            total,
            steps_per_epoch,
        } => {
            log.line(&format!("step {step} of {total}, {steps_per_epoch} an epoch"));
        }
        FitEvent::Step { step, loss, rate } if step % 10 == 0 => {
            log.line(&format!("step {step}  loss {loss:.5}  learning rate {rate:.3e}"));
        }
        FitEvent::Step { .. } => {}
        FitEvent::Validated { step, report, best } => {
            log.line(&format!(
                "step {step}  validation lwlrap {} accuracy {}{}",
                number(report.lwlrap),
                number(report.accuracy),
                if *best { "  best so far" } else { "" }
            ));
        }
        FitEvent::Saved { step } => log.line(&format!("step {step}  checkpoint written")),
        FitEvent::Note(text) => log.line(text),
    }
}
