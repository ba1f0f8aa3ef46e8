//! What will be done, and about how long it will take.

use super::budget::{fits, too_long};
use super::context::FitContext;
use super::job::WayLeftOut;
use super::ways::Way;
use earmark_core::human::human_duration;
use std::time::Instant;

/// Says it, a line for each way; `started` is when the fit began, as the budget counts from there.
pub(super) fn announce(context: &FitContext, ways: &[Way], left_out: &[WayLeftOut], started: Instant) {
    let before = started.elapsed().as_secs_f64();
    let (mut total, mut lines) = (0.0, Vec::new());
    let all = context.data.train.folds().len();
    for (index, way) in ways.iter().enumerate() {
        let left = context.left(before + total);
        let (folds, seconds) = way.cost.within(left);
        // What is finished costs nothing, however little is left.
        let fits = seconds == 0.0 || fits(left, seconds);
        let what = match folds < all {
            true => format!("{}, compared on {folds} of {all} folds", way.description),
            false => way.description.clone(),
        };
        let time = match (seconds > 0.0, seconds.is_finite()) {
            (true, true) => format!(", about {}", human_duration(seconds)),
            (_, false) => ", for a time that can't be measured beforehand".into(),
            (false, true) => String::new(),
        };
        lines.push(match (fits, index) {
            (true, _) => format!("  {}: {what}{time}", way.name),
            (false, 0) => format!(
                "  {}: {what}{time}: more than --minutes, but one way is always tried",
                way.name
            ),
            (false, _) => format!("  not {}: {}", way.name, too_long(seconds, before + total)),
        });
        let is_counted = (fits || index == 0) && seconds.is_finite();
        total += if is_counted { seconds } else { 0.0 };
    }
    context.note(format!(
        "ways to compare, about {} in all (measured on a few clips and steps):",
        human_duration(total)
    ));
    lines.into_iter().for_each(|line| context.note(line));
    for way in left_out {
        context.note(format!("  not {}: {}", way.name, way.reason));
    }
}
