//! The page that compares runs.

use super::frame::Page;
use super::table::{TableCell, table};
use crate::{Better, sparkline};
use earmark_core::human::score;
use maud::html;
use std::iter::once;

/// Several runs and the metrics by which they are compared.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunsTable {
    /// What the runs have in common, such as their folder.
    pub title: String,
    /// Names of the metrics and which values of each are better. The first one orders the table.
    pub metrics: Vec<(String, Better)>,
    /// The runs in any order.
    pub runs: Vec<RunRow>,
}

/// One run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunRow {
    /// Name of the run.
    pub name: String,
    /// What it trained.
    pub recipe: String,
    /// When it started, as it should be read.
    pub started: String,
    /// One value per metric, in their order; `None` where there is none yet.
    pub values: Vec<Option<f64>>,
    /// The loss in a few dozen values, for a curve the size of a word.
    pub loss: Vec<Option<f64>>,
    /// What a reader must know before comparing (such as `optimistic`); may be empty.
    pub note: String,
}

impl RunRow {
    fn value(&self, metric: usize) -> f64 {
        self.values.get(metric).copied().flatten().unwrap_or(f64::NAN)
    }
}

impl RunsTable {
    /// The runs, best first by the first metric; those without a value come last, equals stay in the given order.
    fn ranked(&self) -> Vec<&RunRow> {
        let mut runs: Vec<&RunRow> = self.runs.iter().collect();
        let higher = self.metrics.first().is_none_or(|m| m.1 == Better::Higher);
        runs.sort_by(|a, b| {
            let (a, b) = (a.value(0), b.value(0));
            let order = if higher { b.total_cmp(&a) } else { a.total_cmp(&b) };
            a.is_nan().cmp(&b.is_nan()).then(order)
        });
        runs
    }

    fn best(&self, metric: usize) -> Option<(&RunRow, f64)> {
        let better = self.metrics.get(metric)?.1;
        let values = (0..self.runs.len()).map(|i| (i as f64, self.runs[i].value(metric)));
        let (i, value) = better.best(&values.collect::<Vec<_>>())?;
        Some((&self.runs[i as usize], value))
    }
}

/// One HTML page with a sortable table of runs, best first.
#[must_use]
pub fn render_runs_page(runs: &RunsTable) -> String {
    let mut page = Page::new("earmark runs", &runs.title);
    for (i, (name, _)) in runs.metrics.iter().enumerate().take(4) {
        if let Some((run, value)) = runs.best(i) {
            page.number(&format!("best {name}"), &score(value), &run.name);
        }
    }
    let metrics = runs.metrics.iter().map(|m| m.0.as_str());
    let rest = ["loss", "recipe", "started", "note"];
    let headers: Vec<&str> = once("run").chain(metrics).chain(rest).collect();
    let row = |run: &RunRow| {
        let loss: Vec<f64> = run.loss.iter().map(|v| v.unwrap_or(f64::NAN)).collect();
        let curve = match loss.len() {
            0 => html! { "–" },
            _ => sparkline(&loss, &format!("loss of {}", run.name)).inline(),
        };
        let values = (0..runs.metrics.len()).map(|i| TableCell::number(score(run.value(i)), run.value(i)));
        let words = [&run.recipe, &run.started, &run.note].map(|text| TableCell::text(text));
        let name = TableCell::markup(html! { b { (run.name) } });
        let curve = once(TableCell::markup(curve));
        once(name).chain(values).chain(curve).chain(words).collect()
    };
    let rows: Vec<_> = runs.ranked().into_iter().map(row).collect();
    page.section("runs", "Runs", table(&headers, &rows));
    page.finish()
}
