//! `earmark runs --compare`

use crate::console::Console;
use crate::output::{print, print_json};
use crate::status::Status;
use earmark::metrics::{Bootstrap, ClassComparison, ClassMetric, ModelComparison, number};
use earmark::report::{Align, text_table};
use earmark::runs::compare::{common, judged_run};
use earmark_core::human::human_amount;
use std::path::Path;

/// Prints where run `b` is better or worse than run `a`.
pub fn run(a: &Path, b: &Path, metric: ClassMetric, json: bool, console: &Console) -> anyhow::Result<Status> {
    let (found, notes) = comparison(a, b, metric)?;
    for note in notes {
        console.note(note);
    }
    if json {
        print_json(&serde_json::json!({ "a": a, "b": b, "comparison": found }))?;
        return Ok(Status::Done);
    }
    print(table(&found).trim_end())?;
    print(format!(
        "A: {}, B: {}; {} of {}; a difference is significant (*) if its {:.0} % interval excludes 0",
        a.display(),
        b.display(),
        found.metric.name(),
        human_amount(found.clips, "clip", "clips"),
        100.0 * found.confidence
    ))?;
    Ok(Status::Done)
}

/// The comparison, and what must be known before believing it.
pub fn comparison(a: &Path, b: &Path, metric: ClassMetric) -> anyhow::Result<(ModelComparison, Vec<String>)> {
    let (first, second) = (judged_run(a)?, judged_run(b)?);
    let names = [a, b].map(|p| p.display().to_string());
    let (x, y, alone) = common((&names[0], &first.aligned), (&names[1], &second.aligned))?;
    let mut notes = Vec::new();
    for (name, run) in names.iter().zip([&first, &second]) {
        if run.optimistic {
            notes.push(format!("{name}: OPTIMISTIC, its test clips drove its training"));
        }
    }
    if alone > 0 {
        let clips = human_amount(alone, "clip", "clips");
        notes.push(format!(
            "{clips} that only one of them was evaluated on are left out"
        ));
    }
    Ok((ModelComparison::of(&x, &y, metric, Bootstrap::default())?, notes))
}

fn table(found: &ModelComparison) -> String {
    let missing = || "–".to_owned();
    let row = |c: &ClassComparison| {
        let interval = c.interval.map(|i| format!("{:+.4} to {:+.4}", i.low, i.high));
        vec![
            c.name.clone(),
            c.count.to_string(),
            number(c.a),
            number(c.b),
            c.difference.map_or_else(missing, |v| format!("{v:+.4}")),
            interval.unwrap_or_else(missing),
            if c.is_clear() { "*" } else { "" }.to_owned(),
        ]
    };
    let rows: Vec<Vec<String>> = found.classes.iter().chain([&found.overall]).map(row).collect();
    let (left, right) = (Align::Left, Align::Right);
    let headers = ["class", "clips", "A", "B", "B - A", "interval", ""];
    text_table(&headers, &rows, &[left, right, right, right, right, right, left])
}
