//! `earmark blend`

use crate::Status;
use crate::args::{Blend, Global};
use crate::console::{Console, done};
use crate::output;
use anyhow::{Context, bail};
use earmark::metrics::{BlendMean, ScoreTable, blend};
use earmark::report::human_amount;

/// Blends score tables.
pub fn run(args: Blend, global: &Global, console: &Console) -> anyhow::Result<Status> {
    let mean: BlendMean = args.mean.parse().context("--mean")?;
    if args.select {
        return super::blend_select::run(&args, mean, global, console);
    }
    if let Some(run) = args.tables.iter().find(|path| path.is_dir()) {
        bail!(
            "{0}: is a folder and no table of scores; add --select to blend runs by their out-of-fold scores, or write its scores first: earmark predict {0} --data DIR -o scores.csv",
            run.display()
        );
    }
    let tables = args
        .tables
        .iter()
        .map(ScoreTable::read)
        .collect::<Result<Vec<_>, _>>()?;
    let weights = (!args.weights.is_empty()).then_some(args.weights.as_slice());
    let blended = blend(&tables, mean, weights)?;
    output::table(&args.out, &blended)?;
    let text = format!(
        "{} blended, {}: {}",
        human_amount(tables.len(), "table", "tables"),
        human_amount(blended.files().len(), "file", "files"),
        args.out.display()
    );
    done(&args.out, text, console)?;
    Ok(Status::Done)
}
