//! `earmark runs`

use super::compare_two_runs;
use crate::prelude::*;
use earmark::metrics::ClassMetric;
use earmark::report::{Align, render_runs_page, text_table};
use earmark::runs::experiment_log::{ExperimentLog, METRICS, RunEntry, SortBy};

const CLASS_METRICS: &[Choice<ClassMetric>] = &[
    (
        "lwlrap",
        "Mean precision at the labels of the class",
        ClassMetric::Lwlrap,
    ),
    (
        "recall",
        "Share of the class's clips whose highest score is one of their labels",
        ClassMetric::Recall,
    ),
];

/// List and compare the runs under a folder
#[derive(Args)]
#[command(
    after_help = "Examples:\n  earmark runs runs --sort accuracy\n  earmark runs --compare runs/noisy runs/curated"
)]
pub struct Runs {
    /// Folder with runs, searched recursively
    #[arg(default_value = "runs")]
    pub dir: PathBuf,
    /// Sort by: lwlrap, accuracy, map@3, mAP, auc, validation, started
    #[arg(long, default_value = "lwlrap")]
    pub sort: String,
    /// Compare two runs class by class instead (B minus A), on the clips that both were evaluated on
    #[arg(long, num_args = 2, value_names = ["A", "B"], conflicts_with_all = ["sort", "html"])]
    pub compare: Vec<PathBuf>,
    /// Also list the folds of cross-validation runs and the trials of searches
    #[arg(long, conflicts_with = "compare")]
    pub all: bool,
    /// Metric to compare by
    #[arg(long, alias = "by", value_parser = choice(CLASS_METRICS), requires = "compare", default_value = "lwlrap")]
    pub metric: ClassMetric,
    /// Also write a page
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Lists runs, or compares two.
pub fn run(args: &Runs, console: &Console) -> anyhow::Result<Status> {
    if let [a, b] = args.compare.as_slice() {
        return compare_two_runs::run(a, b, args.metric, args.json, console);
    }
    let sort: SortBy = args.sort.parse()?;
    let found = ExperimentLog::read(&args.dir, sort, args.all)?;
    for broken in &found.broken {
        console.skipped("a run", broken);
    }
    let mut damaged = 0;
    for entry in &found.entries {
        for problem in &entry.problems {
            console.damaged(&entry.name, problem);
            damaged += 1;
        }
    }
    let (folder, none) = (args.dir.display(), found.entries.is_empty());
    if found.hidden > 0 {
        let inner = human_amount(found.hidden, "fold or trial is", "folds and trials are");
        console.note(format!("{inner} not listed; --all lists them"));
    }
    if none {
        console.note(format!(
            "{folder}: no runs in this folder; `earmark train` makes them"
        ));
    }
    if let Some(path) = &args.html {
        let page = render_runs_page(&found.table(&format!("Runs under {folder}"), sort));
        output::write_or_print(Some(path), page.as_bytes(), console)?;
    }
    if args.json || !none {
        print_as(args.json, || &found.entries, || text(&found, sort))?;
    }
    Ok(Status::of_skips(found.broken.len() + damaged))
}

/// A line per run: the sort metric first; numbers that no run has are left out.
fn text(log: &ExperimentLog, sort: SortBy) -> String {
    let entries = &log.entries;
    let cells = |cell: &dyn Fn(&RunEntry) -> Option<String>| entries.iter().map(cell).collect::<Vec<_>>();
    let score = |v: f64| format!("{v:.4}");
    let mut numbers = METRICS
        .map(|m| (m.name(), cells(&|e| e.value(m).map(score))))
        .to_vec();
    let step = cells(&|e| Some(e.evaluated.as_ref()?.best.step.to_string()));
    let validation = cells(&|e| e.validation_score().map(score));
    numbers.extend([("at step", step), ("validation", validation)]);
    let first = match sort {
        SortBy::Metric(metric) => metric.name(),
        SortBy::Validation => "validation",
        SortBy::Started => "",
    };
    numbers.sort_by_key(|(name, _)| *name != first);
    numbers.retain(|(_, cells)| cells.iter().any(Option::is_some));
    let notes = entries.iter().any(|e| !e.note().is_empty());
    let mut headers = vec!["run"];
    headers.extend(numbers.iter().map(|(name, _)| *name));
    headers.extend(["state", "recipe", "started"]);
    headers.extend(notes.then_some("note"));
    let row = |(k, e): (usize, &RunEntry)| {
        let numbers = numbers.iter().map(|(_, cells)| cells[k].as_deref());
        let mut row = vec![e.name.clone()];
        row.extend(numbers.map(|cell| cell.unwrap_or("–").to_owned()));
        // 2026-01-31T09:30:00Z: a table of runs needs no seconds.
        let started = e.started.get(..16).unwrap_or(&e.started).replace('T', " ");
        row.extend([e.status.to_string(), e.recipe.clone(), started]);
        row.extend(notes.then(|| e.note()));
        row
    };
    let rows: Vec<Vec<String>> = entries.iter().enumerate().map(row).collect();
    let mut alignments = vec![Align::Right; numbers.len() + 1];
    alignments[0] = Align::Left;
    text_table(&headers, &rows, &alignments)
}
