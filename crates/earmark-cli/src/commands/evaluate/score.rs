//! `earmark score`

use super::score_events::{EventRun, EventScoreArgs};
use crate::args::finite_f32;
use crate::commands::truth::{show_truth, truth_source};
use crate::prelude::*;
use earmark::metrics::{
    Bootstrap, PredictionTable, Report, ReportOptions, ScoreTable, Submission, SubmissionReport,
};
use earmark::train::{DataLabels, ScoredTruth, TruthSource};
use serde::Serialize;

/// The k of MAP@k of a score table.
const MAP_AT: usize = 3;
/// The threshold for F1, precision and recall.
const THRESHOLD: f32 = 0.5;

/// Evaluate a score table, a submission or predicted events against the truth
#[derive(Args)]
#[command(
    after_help = "Examples:\n  earmark score --truth test.csv --scores scores.csv --json\n  \
    earmark score --data ESC-10 --fold 1 --scores scores.csv\n  \
    earmark score --truth test.csv --scores submission.csv\n  \
    earmark score --truth events.csv --events tags.csv --bootstrap 1000\n\n\
    A table with the header fname,label is a submission: each row names labels, best first, separated by spaces. It \
    has MAP@k and accuracy. With --events, the table of --truth has true events in any of the forms that \
    --events takes."
)]
pub struct Score {
    /// True labels: fname,labels; or fname,label; or one 0/1 column per class; with --events true events
    #[arg(long)]
    pub truth: Option<PathBuf>,
    /// Data folder whose labels are the truth instead, matched by file name
    #[arg(long, env = "EARMARK_DATA")]
    pub data: Option<PathBuf>,
    /// Scores: fname, then one column per class; or a submission: fname,label
    #[arg(long)]
    pub scores: Option<PathBuf>,
    /// Only clips of this subset of the data folder; default: all subsets with a scored clip
    #[arg(long, alias = "part", requires = "data", conflicts_with = "truth")]
    pub subset: Option<String>,
    /// Only clips of this fold of the data folder
    #[arg(long, requires = "data", conflicts_with = "truth")]
    pub fold: Option<u32>,
    /// Fold table (file,fold) instead of the data's own folds
    #[arg(long, value_name = "TABLE", requires = "fold")]
    pub fold_table: Option<PathBuf>,
    #[command(flatten)]
    pub read: DataArgs,
    #[command(flatten)]
    pub event: EventScoreArgs,
    /// The k of MAP@k; default: 3, or the longest row of a submission
    #[arg(long, visible_alias = "top-k", value_name = "K")]
    pub map_at: Option<usize>,
    /// Threshold for F1, precision and recall; default: 0.5
    #[arg(long, value_parser = finite_f32)]
    pub threshold: Option<f32>,
    /// Number of bootstrap samples for 95 % confidence intervals (0 = no intervals)
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub bootstrap: usize,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// The results as JSON, with the files of a data folder that were left out.
#[derive(Serialize)]
struct ScoreOutcome<'a, R: Serialize> {
    #[serde(flatten)]
    report: &'a R,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    missing_files: &'a [String],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    extra_files: &'a [String],
}

/// Evaluates a score table or a submission against the true labels.
pub fn run(args: &Score, console: &Console) -> anyhow::Result<Status> {
    if let Some(truth) = &args.truth
        && args.event.events.is_some()
    {
        let run = EventRun {
            truth,
            data: args.data.as_deref(),
            read: &args.read,
            bootstrap: bootstrap(args),
            json: args.json,
        };
        return run.score(&args.event, console);
    }
    let Some(path) = &args.scores else {
        bail!("nothing to evaluate: give scores with --scores FILE, or predicted events with --events FILE");
    };
    let labels = DataLabels {
        subset: args.subset.clone(),
        fold: args.fold,
        fold_table: args.fold_table.clone(),
        ..DataLabels::default()
    };
    let source = truth_source(args.truth.as_deref(), args.data.as_deref(), &args.read, labels)?;
    let predictions = PredictionTable::read(path)?;
    let found = source.read(predictions.files())?;
    let status = show_truth(&found, console);
    let extra = match &predictions {
        PredictionTable::Scores(scores) => score(args, scores, &found)?,
        PredictionTable::Submission(submission) => {
            refuse_without_scores(args, path)?;
            rank(args, submission, &found, console)?
        }
    };
    // Those of a data folder are named already.
    if extra > 0 && matches!(source, TruthSource::Table(_)) {
        let files = human_amount(extra, "scored file", "scored files");
        console.note(format!("{files} without true labels left out"));
    }
    Ok(status)
}

/// The bootstrap that is asked for.
fn bootstrap(args: &Score) -> Option<Bootstrap> {
    (args.bootstrap > 0).then(|| Bootstrap {
        resamples: args.bootstrap,
        ..Bootstrap::default()
    })
}

/// Refuses arguments that need scores, for the submission at `path`.
fn refuse_without_scores(args: &Score, path: &Path) -> anyhow::Result<()> {
    if args.threshold.is_some() || args.bootstrap > 0 {
        let flag = match args.bootstrap {
            0 => "--threshold",
            _ => "--bootstrap",
        };
        bail!(
            "{flag}: {} is a submission, which ranks labels and has no scores; leave it out",
            path.display()
        );
    }
    Ok(())
}

/// Prints the results of a score table; returns how many of its files have no truth.
fn score(args: &Score, scores: &ScoreTable, found: &ScoredTruth) -> anyhow::Result<usize> {
    let options = ReportOptions {
        map_at: args.map_at.unwrap_or(MAP_AT),
        threshold: args.threshold.unwrap_or(THRESHOLD),
        bootstrap: bootstrap(args),
        ..ReportOptions::default()
    };
    let report = Report::compute(scores, &found.truth, &options)?;
    print_as(args.json, || outcome(&report, found), || report.table())?;
    Ok(report.extra)
}

/// Prints the results of a submission; returns how many of its files have no truth.
fn rank(
    args: &Score,
    submission: &Submission,
    found: &ScoredTruth,
    console: &Console,
) -> anyhow::Result<usize> {
    let report = SubmissionReport::compute(submission, &found.truth, args.map_at)?;
    print_as(args.json, || outcome(&report, found), || report.table())?;
    if !report.unknown_labels.is_empty() {
        let amount = human_amount(report.unknown_labels.len(), "label", "labels");
        let named: Vec<&str> = report.unknown_labels.iter().take(5).map(String::as_str).collect();
        console.note(format!(
            "{amount} of the submission that no clip carries, such as {}",
            named.join(", ")
        ));
    }
    Ok(report.extra)
}

fn outcome<'a, R: Serialize>(report: &'a R, found: &'a ScoredTruth) -> ScoreOutcome<'a, R> {
    ScoreOutcome {
        report,
        missing_files: &found.missing,
        extra_files: &found.extra,
    }
}
