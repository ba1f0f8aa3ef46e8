//! What `earmark fit` prints at its end.

use crate::prelude::*;
use earmark::metrics::number;
use earmark::train::{FitFolderResult, FitWayResult};

/// The ways, what was chosen and how good it is, and what can be done with it; where notes were not printed, with why
/// ways were left out.
pub fn summary(done: &FitFolderResult, next: &[String], is_quiet: bool) -> String {
    let mut text = way_table(done);
    for same in done.left_out.chunk_by(|a, b| a.reason == b.reason) {
        if is_quiet {
            let names: Vec<&str> = same.iter().map(|way| way.name.as_str()).collect();
            text += &format!("not {}: {}\n", names.join(", "), one_line(&same[0].reason));
        }
    }
    text += &format!(
        "\nchosen: {}, by {} on {} of {}, each scored by models that were not trained on it ({})\n",
        done.chosen,
        done.metric.name(),
        human_amount(done.clips, "clip", "clips"),
        human_amount(done.classes.len(), "class", "classes"),
        human_duration(done.seconds)
    );
    text += &calibration(done);
    text += &match &done.held_out {
        Some(held_out) => format!(
            "fold {}, of which nothing was seen: accuracy {}, lwlrap {} of {}\n",
            held_out.fold,
            number(held_out.report.accuracy),
            number(held_out.report.lwlrap),
            human_amount(held_out.report.clips, "clip", "clips")
        ),
        None if done.ways.len() == 1 => "no other way was tried, so that these scores have chosen nothing\n".into(),
        None => "these scores have chosen between the ways, so that those of the chosen one are a little too good; \
                 --fold K (the last command below) gives some that have chosen nothing\n"
            .into(),
    };
    text += &cautions(&done.warnings);
    text += &format!(
        "model: {}\nreport: {}\nwhat the words mean: docs/glossary.md\n\nnext:\n",
        shown(&done.model),
        shown(&done.report)
    );
    text.extend(next.iter().map(|line| format!("  {}\n", one_line(line))));
    text
}

/// What calibration does for held-out clips, and where the thresholds are.
fn calibration(done: &FitFolderResult) -> String {
    let found = &done.calibration;
    let (before, after) = (number(found.before.log_loss), number(found.after.log_loss));
    let mut text = match found.helps {
        true => format!(
            "its scores are made probabilities, which are better for held-out clips: log loss {after}, without that \
             {before}\n"
        ),
        false => format!(
            "its scores stay as they are, since making them probabilities does not help held-out clips: log loss \
             {before}, with that {after}\n"
        ),
    };
    if !done.thresholds.is_empty() {
        text += "a class counts as found from its threshold on: in the report, and in the model\n";
    }
    text
}

/// A line per way, and one for guessing.
fn way_table(done: &FitFolderResult) -> String {
    let row = |way: &FitWayResult| {
        vec![
            way.name.clone(),
            number(way.accuracy),
            number(way.lwlrap),
            way.compared.map_or_else(String::new, |found| {
                format!("{:+.4} ± {:.4}", found.difference, found.standard_error)
            }),
            way.clips.to_string(),
            human_duration(way.seconds),
            if way.chosen {
                "chosen".into()
            } else {
                String::new()
            },
        ]
    };
    let guessing = done.guessing.iter().map(|guess| {
        let levels = [guess.accuracy, guess.lwlrap].map(|level| number(Some(level.expected)));
        let [accuracy, lwlrap] = levels;
        let empty = String::new;
        vec![
            "guessing".into(),
            accuracy,
            lwlrap,
            empty(),
            empty(),
            empty(),
            empty(),
        ]
    });
    // Why is said before, once.
    let left_out = done.left_out.iter().map(|way| {
        let mut row = vec![String::new(); 7];
        row[0].clone_from(&way.name);
        row[6] = "left out".into();
        row
    });
    let first = done.ways.first().map_or("", |way| way.name.as_str());
    let against = format!("than {first}");
    let headers = ["way", "accuracy", "lwlrap", against.as_str(), "clips", "time", ""];
    number_table(
        &headers,
        done.ways.iter().map(row).chain(left_out).chain(guessing),
    )
}
