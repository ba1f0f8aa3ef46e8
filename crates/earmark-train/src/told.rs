//! What a training tells, into its log.

use earmark_engine::FitEvent;
use earmark_metrics::{Report, number};
use earmark_runs::run_dir::Log;

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
        FitEvent::Validated {
            step,
            report,
            metric,
            best,
        } => {
            log.line(&format!(
                "step {step}  {}{}",
                validation(report, *metric),
                if *best { "  best so far" } else { "" }
            ));
        }
        FitEvent::Saved { step } => log.line(&format!("step {step}  checkpoint written")),
        FitEvent::Note(text) => log.line(text),
    }
}

/// A validation in a line: lwlrap, accuracy and, if it is another one, the metric that steers.
pub fn validation(report: &Report, (metric, score): (&str, f64)) -> String {
    let mut text = format!(
        "validation lwlrap {} accuracy {}",
        number(report.lwlrap),
        number(report.accuracy)
    );
    if !["lwlrap", "accuracy"].contains(&metric) {
        text += &format!(" {metric} {}", number(Some(score)));
    }
    text
}
