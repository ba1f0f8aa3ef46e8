//! Two runs class by class: `earmark runs --compare`, and the comparison in `earmark report --compare`

use crate::prelude::*;
use earmark::metrics::{Bootstrap, ClassComparison, ClassMetric, ModelComparison, number};
use earmark::report::{Align, text_table};
use earmark::runs::common_clips_of_two_runs::{common_clips, evaluated_run};

/// Prints where run `b` is better or worse than run `a`.
pub fn run(a: &Path, b: &Path, metric: ClassMetric, json: bool, console: &Console) -> anyhow::Result<Status> {
    let (found, notes) = comparison(a, b, metric)?;
    notes.iter().for_each(|note| console.note(note));
    let result = || json!({ "a": a, "b": b, "notes": notes, "comparison": found });
    print_as(json, result, || {
        let (table, metric) = (table(&found), found.metric.name());
        let clips = human_amount(found.clips, "clip", "clips");
        format!(
            "{table}A: {}, B: {}; {metric} of {clips}; a difference is significant (*) if its {:.0} % interval \
             excludes 0",
            shown(a),
            shown(b),
            100.0 * found.confidence
        )
    })?;
    Ok(Status::Done)
}

/// The comparison, and what must be known before believing it.
pub fn comparison(a: &Path, b: &Path, metric: ClassMetric) -> anyhow::Result<(ModelComparison, Vec<String>)> {
    let (first, second) = (evaluated_run(a)?, evaluated_run(b)?);
    let names = [a, b].map(|p| p.display().to_string());
    let (x, y, alone) = common_clips((&names[0], &first.aligned), (&names[1], &second.aligned))?;
    let mut notes = Vec::new();
    for (name, run) in names.iter().zip([&first, &second]) {
        if run.optimistic {
            notes.push(format!(
                "{name}: OPTIMISTIC, it was trained on some of these clips or chosen by them"
            ));
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
