//! `earmark score`

use crate::prelude::*;
use earmark::metrics::{Bootstrap, Report, ReportOptions, ScoreTable, TruthTable};

/// Evaluate a score table against the true labels
#[derive(Args)]
#[command(after_help = "Example: earmark score --truth test.csv --scores scores.csv --json")]
pub struct Score {
    /// True labels: fname,labels; or fname,label; or one 0/1 column per class
    #[arg(long)]
    pub truth: PathBuf,
    /// Scores: fname, then one column per class
    #[arg(long)]
    pub scores: PathBuf,
    /// The k of MAP@k
    #[arg(long, value_name = "K", default_value_t = 3)]
    pub map_at: usize,
    /// Threshold for F1, precision and recall
    #[arg(long, default_value_t = 0.5)]
    pub threshold: f32,
    /// Number of bootstrap samples for 95 % confidence intervals (0 = no intervals)
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub bootstrap: usize,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Evaluates a score table against the true labels.
pub fn run(args: &Score, console: &Console) -> anyhow::Result<Status> {
    let truth = TruthTable::read(&args.truth)?;
    let scores = ScoreTable::read(&args.scores)?;
    let bootstrap = (args.bootstrap > 0).then(|| Bootstrap {
        resamples: args.bootstrap,
        ..Bootstrap::default()
    });
    let options = ReportOptions {
        map_at: args.map_at,
        threshold: args.threshold,
        bootstrap,
        ..ReportOptions::default()
    };
    let report = Report::compute(&scores, &truth, &options)?;
    if report.extra > 0 {
        let extra = report.extra;
        console.note(format!(
            "{extra} scored files have no true labels and are left out"
        ));
    }
    print_as(args.json, || &report, || report.table())?;
    Ok(Status::Done)
}
