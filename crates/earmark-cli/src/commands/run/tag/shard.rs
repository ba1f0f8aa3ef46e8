//! `earmark tag --shard`

use super::destination::{Destination, Output};
use super::report::summarize;
use super::{Tag, target};
use crate::args::command_of_shards;
use crate::prelude::*;
use earmark::inference::shards::ShardRun;
use earmark::inference::tag::{self, InputFiles, TagJob};

/// Tags the recordings of a shard of `archive`.
pub fn run(
    args: &Tag,
    job: &TagJob,
    archive: &InputFiles,
    output: &Output,
    console: &Console,
) -> anyhow::Result<Status> {
    let (Some(shard), Some(out)) = (output.shard, output.path()) else {
        bail!("--shard: give -o FILE or --out-dir DIR");
    };
    let target = target(args, output);
    let in_folder = matches!(output.to, Destination::Folder(_));
    if !in_folder {
        tag::check_archive(job, archive, target)?;
    }
    let given: Vec<_> = args
        .inputs
        .iter()
        .chain(&args.from)
        .map(|path| path.to_string_lossy())
        .collect();
    let mut settings = job.tagger.settings();
    let mut add = |key: &str, value: String| settings.push((key.to_owned(), value));
    add("--format", format!("{:?}", target.format).to_lowercase());
    add("the recordings", given.join(" "));
    add("--device", args.compute.device.clone());
    let (inputs, listing) = archive.of_shard(shard);
    let run = ShardRun {
        out: out.to_path_buf(),
        in_folder,
        listing,
        command: command_of_shards(),
        settings,
    };
    let result = tag::to_shard(job, &inputs, target, &run)?;
    console.clear();
    summarize(&result, &inputs, job, output, console)
}
