//! `earmark runs`

use super::compare;
use crate::args::Runs;
use crate::console::Console;
use crate::output::{print, print_json};
use crate::status::Status;
use earmark::engine::ValidationMetric;
use earmark::report::{Align, render_runs_page, text_table};
use earmark::runs::journal::history::METRICS;
use earmark::runs::journal::{Entry, Journal, SortBy, journal};
use earmark_core::atomic;

/// Lists runs, or compares two.
pub fn run(args: &Runs, console: &Console) -> anyhow::Result<Status> {
    if let [a, b] = args.compare.as_slice() {
        return compare::run(a, b, args.metric, args.json, console);
    }
    let sort: SortBy = args.sort.parse()?;
    let found = journal(&args.dir, sort)?;
    for broken in &found.broken {
        console.skipped("a run", broken);
    }
    if found.entries.is_empty() {
        console.note(format!(
            "{}: no runs in this folder; `earmark train` makes them",
            args.dir.display()
        ));
    }
    if let Some(path) = &args.html {
        let title = format!("Runs under {}", args.dir.display());
        let page = render_runs_page(&found.table(&title, sort));
        atomic::write(path, |w| w.write_all(page.as_bytes()))?;
        console.note(format!("wrote {}", path.display()));
    }
    if args.json {
        print_json(&found.entries)?;
    } else if !found.entries.is_empty() {
        print(text(&found, sort).trim_end())?;
    }
    Ok(Status::of_skips(found.broken.len()))
}

/// A line per run: the sort metric first; metrics that no run has are left out.
fn text(journal: &Journal, sort: SortBy) -> String {
    let entries = &journal.entries;
    let mut metrics: Vec<ValidationMetric> = METRICS
        .into_iter()
        .filter(|m| entries.iter().any(|e| e.value(*m).is_some()))
        .collect();
    if let SortBy::Judged(first) = sort {
        metrics.sort_by_key(|m| *m != first);
    }
    let mut columns: Vec<Column> = metrics.into_iter().map(Column::Judged).collect();
    if entries.iter().any(|e| e.judged.is_some()) {
        columns.push(Column::JudgedStep);
    }
    if entries.iter().any(|e| e.validation.is_some()) {
        let first = sort == SortBy::Validation;
        let at = if first { 0 } else { columns.len() };
        columns.insert(at, Column::Validation);
    }
    columns.insert(0, Column::Name);
    columns.extend([Column::State, Column::Recipe, Column::Started]);
    if entries.iter().any(|e| !e.note().is_empty()) {
        columns.push(Column::Note);
    }
    let headers: Vec<&str> = columns.iter().map(|c| c.header()).collect();
    let rows: Vec<Vec<String>> = entries
        .iter()
        .map(|e| columns.iter().map(|c| c.cell(e)).collect())
        .collect();
    let alignments: Vec<Align> = columns.iter().map(|c| c.align()).collect();
    text_table(&headers, &rows, &alignments)
}

enum Column {
    Name,
    Judged(ValidationMetric),
    JudgedStep,
    Validation,
    State,
    Recipe,
    Started,
    Note,
}

impl Column {
    fn header(&self) -> &'static str {
        match self {
            Self::Name => "run",
            Self::Judged(metric) => metric.name(),
            Self::JudgedStep => "at step",
            Self::Validation => "validation",
            Self::State => "state",
            Self::Recipe => "recipe",
            Self::Started => "started",
            Self::Note => "note",
        }
    }

    fn align(&self) -> Align {
        match self {
            Self::Judged(_) | Self::JudgedStep | Self::Validation => Align::Right,
            _ => Align::Left,
        }
    }

    fn cell(&self, e: &Entry) -> String {
        let score = |v: Option<f64>| v.map_or("–".to_owned(), |v| format!("{v:.4}"));
        match self {
            Self::Name => e.name.clone(),
            Self::Judged(metric) => score(e.value(*metric)),
            Self::JudgedStep => e
                .judged
                .as_ref()
                .map_or("–".to_owned(), |j| j.best.step.to_string()),
            Self::Validation => score(e.validation.as_ref().map(|v| v.score)),
            Self::State => e.status.to_string(),
            Self::Recipe => e.recipe.clone(),
            // 2026-01-31T09:30:00Z: a table of runs needs no seconds.
            Self::Started => e.started.get(..16).unwrap_or(&e.started).replace('T', " "),
            Self::Note => e.note(),
        }
    }
}
