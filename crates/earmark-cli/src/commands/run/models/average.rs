//! `earmark models average`

use crate::Status;
use crate::args::Average;
use crate::console::{Console, out};
use anyhow::bail;
use earmark::train::weight_average::{Weights, average};
use std::path::PathBuf;

/// Writes the mean of several models' weights.
pub fn run(args: Average, console: &Console) -> anyhow::Result<Status> {
    let weights = match (args.last, args.models.as_slice()) {
        (None, _) => Weights::Models(args.models),
        (Some(count), [run]) => Weights::Last {
            run: PathBuf::from(run),
            count: count.get(),
        },
        (Some(_), _) => bail!("--last: is about the checkpoints of one run; name one, or leave it out"),
    };
    let (mean, files) = average(&weights)?;
    mean.save(&args.out)?;
    files.iter().for_each(|file| console.note(file.display()));
    out(format!(
        "{}: the mean of {} models",
        args.out.display(),
        files.len()
    ))?;
    Ok(Status::Done)
}
