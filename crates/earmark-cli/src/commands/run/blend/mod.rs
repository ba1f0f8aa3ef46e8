//! `earmark blend`

mod select;

use crate::prelude::*;
use earmark::metrics::{BlendMean, MetricsError, ScoreTable, blend};

/// Heading of the arguments of `--select`.
const SELECTION: &str = "Selection";

/// Blend score tables: all of them, or the combination that scores best
#[derive(Args)]
#[command(
    after_help = "Examples:\n  earmark blend a.csv b.csv -o both.csv --mean geometric --weights 2,1\n  \
    earmark blend runs/a runs/b runs/stack --select -o oof.csv --chosen chosen.txt\n  \
    earmark blend a.csv b.csv --select --truth train.csv --fold-table folds.csv -o oof.csv"
)]
pub struct Blend {
    /// Score tables; with --select also cross-validation runs, which are blended by their out-of-fold scores
    #[arg(required = true)]
    pub tables: Vec<PathBuf>,
    /// File to write; - is stdout
    #[arg(long, short)]
    pub out: PathBuf,
    /// How to average: arithmetic or geometric
    #[arg(long, default_value = "geometric")]
    pub mean: BlendMean,
    /// Weights in the mean, one per table
    #[arg(long, value_delimiter = ',')]
    pub weights: Vec<f64>,

    /// Blend the tables that score best together, and estimate that score by nested cross-validation
    #[arg(long, conflicts_with = "weights", help_heading = SELECTION)]
    pub select: bool,
    /// Metric to select by: lwlrap, accuracy, map@3, mAP or auc
    #[arg(long, alias = "by", requires = "select", default_value = "lwlrap", help_heading = SELECTION)]
    pub metric: String,
    /// True labels, required if no input is a run: fname,labels; or fname,label; or one 0/1 column per class
    #[arg(long, requires = "select", help_heading = SELECTION)]
    pub truth: Option<PathBuf>,
    /// Fold table (file,fold), for the estimate if no input is a run
    #[arg(long, requires = "select", value_name = "TABLE", help_heading = SELECTION)]
    pub fold_table: Option<PathBuf>,
    /// The data folder of the runs; default: where it was in training
    #[arg(long, requires = "select", env = "EARMARK_DATA", help_heading = SELECTION)]
    pub data: Option<PathBuf>,
    /// File for the names of the chosen inputs, one per line, repeated by weight
    #[arg(long, requires = "select", value_name = "FILE", help_heading = SELECTION)]
    pub chosen: Option<PathBuf>,
    /// Print the selection as JSON
    #[arg(long, requires = "select", help_heading = SELECTION)]
    pub json: bool,
    #[command(flatten)]
    pub compute: Compute,
}

/// Blends score tables.
pub fn run(args: &Blend, console: &Console) -> anyhow::Result<Status> {
    if args.select {
        return select::run(args, console);
    }
    if let Some(run) = args.tables.iter().find(|path| path.is_dir()) {
        bail!(
            "{0}: is a folder, not a score table; add --select to blend runs by their out-of-fold scores, or write its scores first: earmark predict {0} --data DIR -o scores.csv",
            run.display()
        );
    }
    let tables = args.tables.iter().map(ScoreTable::read);
    let tables = tables.collect::<Result<Vec<_>, _>>()?;
    let weights = (!args.weights.is_empty()).then_some(args.weights.as_slice());
    let blended = blend(&tables, args.mean, weights).map_err(|e| with_names(&e, &args.tables))?;
    output::write_scores(&args.out, &blended)?;
    if let [only] = args.tables.as_slice() {
        console.note(format!(
            "{}: is the only table, so that the result has its scores; a blend takes two or more",
            only.display()
        ));
    }
    let (tables, out) = (human_amount(tables.len(), "table", "tables"), args.out.display());
    let files = human_amount(blended.files().len(), "file", "files");
    print_written(&args.out, format!("{tables} blended, {files}: {out}"), console)?;
    Ok(Status::Done)
}

/// An error of a blend, which numbers the tables, with their names.
fn with_names(error: &MetricsError, tables: &[PathBuf]) -> anyhow::Error {
    let message = error.to_string();
    let is_named = |number: usize| {
        [" ", ","]
            .iter()
            .any(|behind| message.contains(&format!("table {number}{behind}")))
    };
    let named = tables.iter().enumerate().map(|(k, table)| (k + 1, table));
    let named = named.filter(|(number, _)| is_named(*number));
    let named = named.map(|(number, table)| format!("table {number} is {}", table.display()));
    match named.collect::<Vec<_>>().join(", ") {
        names if names.is_empty() => anyhow::anyhow!("{message}"),
        names => anyhow::anyhow!("{message} ({names})"),
    }
}
