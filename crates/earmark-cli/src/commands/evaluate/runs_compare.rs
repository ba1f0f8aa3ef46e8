//! `earmark runs --compare`

use crate::Status;
use crate::args::CompareBy;
use crate::console::{Console, out, out_json};
use earmark::metrics::{Bootstrap, ClassComparison, ClassMetric, ModelComparison, number};
use earmark::report::{Align, human_amount, text_table};
use earmark::runs::compare::{common, judged_run};
use std::path::Path;

/// Says where run `b` is better or worse than run `a`.
pub fn run(a: &Path, b: &Path, by: CompareBy, json: bool, console: &Console) -> anyhow::Result<Status> {
    let (found, notes) = compared(a, b, by)?;
    for note in notes {
        console.note(note);
    }
    if json {
        out_json(&serde_json::json!({ "a": a, "b": b, "comparison": found }))?;
        return Ok(Status::Done);
    }
    out(table(&found).trim_end())?;
    out(format!(
        "A: {}, B: {}; {} of {}; a difference counts as clear (*) where its interval of {:.0} % leaves out 0",
        a.display(),
        b.display(),
        found.metric.name(),
        human_amount(found.clips, "clip", "clips"),
        100.0 * found.confidence
    ))?;
    Ok(Status::Done)
}

/// The comparison, and what must be known before believing it.
pub(super) fn compared(a: &Path, b: &Path, by: CompareBy) -> anyhow::Result<(ModelComparison, Vec<String>)> {
    let metric = match by {
        CompareBy::Lwlrap => ClassMetric::Lwlrap,
        CompareBy::Recall => ClassMetric::Recall,
    };
    let (first, second) = (judged_run(a)?, judged_run(b)?);
    let names = [a, b].map(|p| p.display().to_string());
    let (x, y, alone) = common((&names[0], &first.aligned), (&names[1], &second.aligned))?;
    let mut notes = Vec::new();
    for (name, judged) in names.iter().zip([&first, &second]) {
        if judged.optimistic {
            notes.push(format!("{name}: OPTIMISTIC, judged clips steered it"));
        }
    }
    if alone > 0 {
        let clips = human_amount(alone, "clip", "clips");
        notes.push(format!(
            "{clips} that only one of them was judged on are left out"
        ));
    }
    Ok((ModelComparison::of(&x, &y, metric, Bootstrap::default())?, notes))
}

fn table(found: &ModelComparison) -> String {
    let signed = |v: Option<f64>| v.map_or("–".to_owned(), |v| format!("{v:+.4}"));
    let row = |c: &ClassComparison| {
        let interval = c
            .interval
            .map_or("–".to_owned(), |i| format!("{:+.4} to {:+.4}", i.low, i.high));
        let mark = if c.is_clear() { "*" } else { "" };
        vec![
            c.name.clone(),
            c.count.to_string(),
            number(c.a),
            number(c.b),
            signed(c.difference),
            interval,
            mark.to_owned(),
        ]
    };
    let rows: Vec<Vec<String>> = found.classes.iter().chain([&found.overall]).map(row).collect();
    let (left, right) = (Align::Left, Align::Right);
    let headers = ["class", "clips", "A", "B", "B - A", "interval", ""];
    text_table(&headers, &rows, &[left, right, right, right, right, right, left])
}
