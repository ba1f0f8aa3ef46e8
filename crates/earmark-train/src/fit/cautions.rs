//! What to know before believing the results of a fit.

use super::choose::WayComparison;
use super::context::FitContext;
use super::tried::TriedWay;
use earmark_core::text::quote;
use earmark_data::split::is_fold_warning;
use earmark_metrics::Report;
use earmark_runs::warnings::{Remedies, ResultFacts, RunWarning, WarningKind};

/// About the folds, and the results of the chosen way.
pub(super) fn warnings(
    context: &FitContext,
    tried: &[TriedWay],
    (chosen, report): (usize, &Report),
    compared: &[Option<WayComparison>],
) -> Vec<String> {
    let mut all = context.data.warnings.clone();
    // A fit has remedies of its own.
    let of_result = ResultFacts::from(report).warnings("held-out clips", Remedies::default());
    all.extend(of_result.iter().map(|warning| in_a_fit(context, warning)));
    // What a part says of its folds and of its results is said of all of them.
    let about = |text: &&String| !text.contains("clips of all folds") && !is_fold_warning(text);
    let own = tried[chosen].found.warnings.iter().filter(about);
    all.extend(own.cloned());
    for (one, comparison) in tried.iter().zip(compared) {
        let is_better = comparison.is_some_and(|comparison| comparison.is_surely_better());
        if is_better && !one.way.is_candidate && chosen == 0 {
            all.push(format!(
                "{} does better than the chosen way: the network says little about these classes; check the labels \
                 with `earmark data check`, or begin with another network (--model)",
                one.way.description
            ));
        }
    }
    all
}

/// A warning with what can be done about it in a fit.
fn in_a_fit(context: &FitContext, warning: &RunWarning) -> String {
    let remedy = match warning.kind {
        WarningKind::NoBetterThanGuessing => format!(
            "check the labels (`earmark data check {}`), add recordings, or begin with another network (--model)",
            quote(&context.job.data.to_string_lossy())
        ),
        WarningKind::NeverPredicted => "add recordings of these classes".into(),
        WarningKind::LossStillFalling => warning.remedy.clone(),
    };
    format!("{}; {remedy}", warning.text)
}
