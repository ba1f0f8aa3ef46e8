//! `earmark index merge`

use super::add::rows_per_shard;
use super::parts;
use crate::prelude::*;
use earmark::index::archive::merge_indices;
use std::num::NonZeroUsize;

/// Put indices of the parts of an archive into one
#[derive(Args)]
#[command(after_help = "Example: earmark index merge owls.shard-*-of-50 --to owls\n\n\
    The parts stay as they are. All must be of one model and of the same windows. Recordings and labels that are there \
    already are not added again, so that an interrupted merge is completed by the same command. The merge is refused while \
    a part of X.shard-K-of-N is missing, which is named with the command that makes it.")]
pub struct MergeIndices {
    /// The parts
    #[arg(required = true)]
    pub parts: Vec<PathBuf>,
    /// The index to put them into; it may be there already
    #[arg(long, value_name = "X")]
    pub to: PathBuf,
    /// Windows per file of the index
    #[arg(long, value_name = "N", default_value_t = rows_per_shard())]
    pub rows_per_file: NonZeroUsize,
    /// Print a summary as JSON
    #[arg(long)]
    pub json: bool,
}

/// Merges indices.
pub fn run(args: &MergeIndices, console: &Console) -> anyhow::Result<Status> {
    let to = args.to.canonicalize().ok();
    let is_to = |part: &PathBuf| part == &args.to || to.is_some() && part.canonicalize().ok() == to;
    if args.parts.iter().any(is_to) {
        bail!(
            "--to {}: is one of the parts; name another folder",
            args.to.display()
        );
    }
    parts::refuse_missing(&args.parts)?;
    let merged = console.run("run the same command again for the rest", |_, stop| {
        Ok(merge_indices(
            &args.parts,
            &args.to,
            args.rows_per_file.get(),
            stop,
        )?)
    })?;
    for torn in &merged.torn {
        console.warning(format!("{torn}; that label is not in {}", args.to.display()));
    }
    let (recordings, windows) = merged.manifest.recordings_and_windows();
    print_as(
        args.json,
        || {
            json!({
                "index": args.to.to_string_lossy(),
                "parts": args.parts.len(),
                "added": merged.added,
                "unchanged": merged.same,
                "labels": merged.labels,
                "torn_labels": merged.torn,
                "recordings": recordings,
                "windows": windows,
                "shards": merged.manifest.shards.len(),
            })
        },
        || {
            let added = human_amount(merged.added, "recording", "recordings");
            let labels = human_amount(merged.labels, "label", "labels");
            let same = match merged.same {
                0 => String::new(),
                count => format!(", {count} there already"),
            };
            format!("{added} and {labels} added{same}: {}", shown(&args.to))
        },
    )?;
    Ok(Status::Done)
}
