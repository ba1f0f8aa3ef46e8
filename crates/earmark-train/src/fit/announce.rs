//! What will be done, and about how long it will take.

use super::budget::{fits, too_long};
use super::context::FitContext;
use super::job::WayLeftOut;
use super::ways::Way;
use earmark_core::human::human_duration;
use std::time::Instant;

/// Of a way whose time nothing says.
const NOT_MEASURED: &str = "for a time that can't be measured beforehand";

/// Says it, a line for each way; `started` is when the fit began, as the budget counts from there.
pub(super) fn announce(context: &FitContext, ways: &[Way], left_out: &[WayLeftOut], started: Instant) {
    let before = started.elapsed().as_secs_f64();
    let (mut total, mut is_whole) = (0.0, true);
    let (mut lines, mut too_slow) = (Vec::new(), Vec::new());
    let all = context.data.train.folds().len();
    for (index, way) in ways.iter().enumerate() {
        let left = context.left(before + total);
        let (folds, seconds) = way.cost.within(left);
        // What is finished costs nothing, however little is left.
        let fits = seconds == 0.0 || fits(left, seconds);
        if !fits && index > 0 {
            too_slow.push((way.name, too_long(seconds, before + total)));
            continue;
        }
        let what = match folds < all {
            true => format!("{}, compared on {folds} of {all} folds", way.description),
            false => way.description.clone(),
        };
        let is_unknown = way.cost.is_unknown();
        let time = match (is_unknown, seconds > 0.0) {
            (true, _) => format!(", {NOT_MEASURED}"),
            (false, true) => format!(", about {}", human_duration(seconds)),
            (false, false) => String::new(),
        };
        let more = match fits {
            true => "",
            false => ": more than --minutes, but one way is always tried",
        };
        lines.push(format!("  {}: {what}{time}{more}", way.name));
        is_whole &= !is_unknown;
        total += if is_unknown { 0.0 } else { seconds };
    }
    context.note(heading(lines.len(), total, is_whole));
    lines.into_iter().for_each(|line| context.note(line));
    for (name, reason) in too_slow {
        context.not_tried(&[name], &reason);
    }
    for same in left_out.chunk_by(|a, b| a.reason == b.reason) {
        let names: Vec<&str> = same.iter().map(|way| way.name.as_str()).collect();
        context.not_tried(&names, &same[0].reason);
    }
}

/// The line above the ways that are tried, with the time of all of them; or with the least of it, where that of some is
/// not known.
fn heading(ways: usize, total: f64, is_whole: bool) -> String {
    let what = match ways {
        1 => "one way to try",
        _ => "ways to compare",
    };
    let time = match (is_whole, total > 0.0) {
        (true, _) => format!("about {} in all", human_duration(total)),
        (false, true) => format!("at least {} in all", human_duration(total)),
        (false, false) => return format!("{what}, {NOT_MEASURED}:"),
    };
    format!("{what}, {time} (measured on a few clips and steps):")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_all_ways_says_where_some_are_not_in_it() {
        let measured = "(measured on a few clips and steps):";
        assert_eq!(
            heading(3, 90.0, true),
            format!("ways to compare, about 1 min 30 s in all {measured}")
        );
        assert_eq!(
            heading(2, 2.5, false),
            format!("ways to compare, at least 2.5 s in all {measured}")
        );
        assert_eq!(
            heading(1, 0.0, false),
            "one way to try, for a time that can't be measured beforehand:"
        );
    }
}
