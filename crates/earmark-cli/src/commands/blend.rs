//! `earmark blend`

use crate::Status;
use crate::args::{Blend, Global};
use crate::console::{Console, out};
use anyhow::Context;
use earmark::metrics::{Mean, ScoreTable, blend};

/// Blends score tables.
pub fn run(args: Blend, _: &Global, _: &Console) -> anyhow::Result<Status> {
    let mean: Mean = args.mean.parse().context("--mean")?;
    let tables = args
        .tables
        .iter()
        .map(ScoreTable::read)
        .collect::<Result<Vec<_>, _>>()?;
    let weights = (!args.weights.is_empty()).then_some(args.weights.as_slice());
    let blended = blend(&tables, mean, weights)?;
    blended.save(&args.out)?;
    out(format!(
        "{} tables blended, {} files: {}",
        tables.len(),
        blended.files().len(),
        args.out.display()
    ))?;
    Ok(Status::Done)
}
