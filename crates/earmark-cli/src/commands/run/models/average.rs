//! `earmark models average`

use crate::args::Average;
use crate::console::Console;
use crate::output::print;
use crate::status::Status;
use anyhow::bail;
use earmark::train::weight_average::{Weights, average};
use earmark_core::human::human_amount;
use std::path::PathBuf;

/// Writes the mean of several models' weights.
pub fn run(args: Average, console: &Console) -> anyhow::Result<Status> {
    let weights = match (args.last, args.models.as_slice()) {
        (None, _) => Weights::Models(args.models),
        (Some(count), [run]) => Weights::Last {
            run: PathBuf::from(run),
            count: count.get(),
        },
        (Some(_), _) => bail!("--last: averages the checkpoints of one run; name one run, or leave it out"),
    };
    let (mean, files) = average(&weights)?;
    mean.save(&args.out)?;
    files.iter().for_each(|file| console.note(file.display()));
    let count = human_amount(files.len(), "model", "models");
    print(format!("{}: the mean of {count}", args.out.display()))?;
    Ok(Status::Done)
}
