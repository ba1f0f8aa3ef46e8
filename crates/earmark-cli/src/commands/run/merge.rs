//! `earmark merge`

use super::predict::write_merged;
use crate::prelude::*;
use earmark::inference::shards::{ShardCounts, ShardOutput, ShardSet};
use earmark::inference::{merge_embeddings, merge_predictions, tag};
use serde_json::Value;

/// Merge the shards of `tag`, `embed` or `predict` into their output
#[derive(Args)]
#[command(after_help = "Example: earmark merge tags.csv\n\n\
    The output is byte for byte what a run without --shard would have written. The merge is refused while a shard is \
    missing or not finished, which is named with the command that completes it, and where shards differ in settings, \
    models or recordings.\n\n\
    The exit code is 2 if any shard skipped recordings, which are named again.")]
pub struct Merge {
    /// The output: the file or folder that --out or --out-dir named
    pub out: PathBuf,
    /// Keep the shards' files
    #[arg(long)]
    pub keep: bool,
    /// Print a summary as JSON: shards, recordings, skipped recordings
    #[arg(long)]
    pub json: bool,
}

/// Merges the shards of an output.
pub fn run(args: &Merge, console: &Console) -> anyhow::Result<Status> {
    let set = ShardSet::open(&args.out)?;
    let first = set.manifests.first().context("there is no shard")?;
    match &first.output {
        ShardOutput::Tag(_) => tag::merge_tags(&set)?,
        ShardOutput::Embed { .. } => {
            merge_embeddings(&set)?.save(&args.out)?;
        }
        ShardOutput::Predict(_) => {
            let (scores, format) = merge_predictions(&set)?;
            write_merged(&args.out, &format, &scores)?;
        }
    }
    let counts = set.counts();
    let (shards, recordings) = (set.manifests.len(), first.archive.files);
    print_as(
        args.json,
        || facts(&args.out, [shards, recordings], &counts),
        || {
            let shards = human_amount(shards, "shard", "shards");
            let recordings = human_amount(recordings, "recording", "recordings");
            format!("{recordings} of {shards} merged: {}", shown(&args.out))
        },
    )?;
    if !args.keep {
        set.remove()?;
    }
    for (file, reason) in &counts.skipped {
        console.skipped(file, reason);
    }
    remarks::say(&counts.damaged, &counts.notes, console);
    Ok(Status::of_skips(counts.skipped.len() + counts.damaged.len()))
}

/// The summary for programs.
fn facts(out: &Path, [shards, inputs]: [usize; 2], counts: &ShardCounts) -> Value {
    json!({
        "shards": shards,
        "inputs": inputs,
        "done": counts.done,
        "events": counts.events,
        "seconds": counts.seconds,
        "skipped": counts.skipped,
        "damaged": counts.damaged,
        "notes": counts.notes,
        "out": out.to_string_lossy(),
    })
}
