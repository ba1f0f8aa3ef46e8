//! The experiment log as a table.

use super::log::ExperimentLog;
use super::metrics::METRICS;
use super::run_entry::RunEntry;
use super::sort_by::SortBy;
use earmark_report::{Better, RunRow, RunsTable};

impl ExperimentLog {
    /// The runs as a table of [`earmark_report`], with the metric asked for first. A page can't be sorted by a date, so
    /// [`SortBy::Started`] puts lwlrap first.
    pub fn table(&self, title: &str, sort: SortBy) -> RunsTable {
        let mut metrics = METRICS.to_vec();
        if let SortBy::Metric(first) = sort {
            metrics.sort_by_key(|m| *m != first);
        }
        let mut names: Vec<(String, Better)> = metrics
            .iter()
            .map(|m| (m.name().to_owned(), Better::Higher))
            .collect();
        let by_validation = sort == SortBy::Validation;
        let at = if by_validation { 0 } else { names.len() };
        names.insert(at, ("validation".to_owned(), Better::Higher));
        let row = |e: &RunEntry| {
            let mut values: Vec<Option<f64>> = metrics.iter().map(|m| e.value(*m)).collect();
            values.insert(at, e.validation_score());
            let note = e.note();
            RunRow {
                name: e.name.clone(),
                recipe: e.recipe.clone(),
                started: e.started.clone(),
                values,
                loss: e.loss.clone(),
                note: match note.is_empty() {
                    true => e.status.to_string(),
                    false => format!("{}; {note}", e.status),
                },
            }
        };
        RunsTable {
            title: title.to_owned(),
            metrics: names,
            runs: self.entries.iter().map(row).collect(),
        }
    }
}
