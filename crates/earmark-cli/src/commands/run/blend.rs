//! `earmark blend`

use super::blend_select;
use crate::args::Blend;
use crate::console::Console;
use crate::output::{self, print_written};
use crate::status::Status;
use anyhow::bail;
use earmark::metrics::{ScoreTable, blend};
use earmark_core::human::human_amount;

/// Blends score tables.
pub fn run(args: &Blend, console: &Console) -> anyhow::Result<Status> {
    if args.select {
        return blend_select::run(args, console);
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
    let blended = blend(&tables, args.mean, weights)?;
    output::write_scores(&args.out, &blended)?;
    let text = format!(
        "{} blended, {}: {}",
        human_amount(tables.len(), "table", "tables"),
        human_amount(blended.files().len(), "file", "files"),
        args.out.display()
    );
    print_written(&args.out, text, console)?;
    Ok(Status::Done)
}
