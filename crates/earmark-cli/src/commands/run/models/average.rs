//! `earmark models average`

use crate::prelude::*;
use earmark::train::weight_average::{WeightSource, average};
use std::num::NonZeroUsize;

/// Average the weights of several models: the last checkpoints of a run, or runs with the same start
#[derive(Args)]
#[command(
    after_help = "Examples:\n  earmark models average runs/a --last 5 -o averaged.safetensors\n  \
    earmark models average runs/a@800 runs/a@900 runs/a@1000 -o averaged.safetensors"
)]
pub struct Average {
    /// Models: MODEL.safetensors, RUN or RUN@STEP; with --last, one RUN
    #[arg(required = true)]
    pub models: Vec<String>,
    /// The last N checkpoints of the run
    #[arg(long, value_name = "N")]
    pub last: Option<NonZeroUsize>,
    /// Model file to write
    #[arg(long, short)]
    pub out: PathBuf,
}

/// Writes the mean of several models' weights.
pub fn run(args: Average, console: &Console) -> anyhow::Result<Status> {
    let weights = match (args.last, args.models.as_slice()) {
        (None, _) => WeightSource::Models(args.models),
        (Some(count), [run]) => WeightSource::Last {
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
