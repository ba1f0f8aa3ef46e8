//! `earmark embed`

use crate::args::{Asked, ShardArgs, command_of_shards};
use crate::prelude::*;
use earmark::index::Embeddings;
use earmark::inference;
use earmark::inference::shards::{ShardRun, refuse_other_shards};
use std::collections::BTreeSet;

/// Write embeddings of recordings: the input of a model's last layer
#[derive(Args)]
#[command(
    after_help = "Examples:\n  earmark embed mn04.safetensors --data my-sounds -o sounds.npy\n  \
    earmark embed mn04.safetensors --files *.wav -o sounds.csv --json\n  \
    earmark embed mn04.safetensors --files archive -o archive.npy --shard auto"
)]
pub struct Embed {
    /// The model: MODEL.safetensors, RUN or RUN@STEP
    pub model: String,
    #[command(flatten)]
    pub source: Source,
    #[command(flatten)]
    pub read: DataArgs,
    #[command(flatten)]
    pub damaged: DamagedArgs,
    #[command(flatten)]
    pub shard: ShardArgs,
    /// File to write: X.npy (with X.npy.csv, which names the recording of each row), X.csv or X.parquet
    #[arg(long, short)]
    pub out: PathBuf,
    /// Write one row per segment of a clip, with its start in seconds, instead of their mean
    #[arg(long, alias = "tiles")]
    pub segments: bool,
    /// Print a summary as JSON: inputs, skipped recordings, rows
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub compute: Compute,
    #[command(flatten)]
    pub precision: PrecisionArg,
}

/// Writes embeddings of recordings.
pub fn run(args: Embed, console: &Console) -> anyhow::Result<Status> {
    if output::is_stdout(&args.out) {
        bail!(
            "-o -: embeddings cannot be written to stdout; name a file that ends in .npy, .csv or .parquet"
        );
    }
    Embeddings::check(&args.out)?;
    args.read.refuse_without(args.source.data.as_deref())?;
    let shard = args.shard.shard()?;
    let settings = match shard {
        None => Vec::new(),
        Some(shard) => {
            refuse_other_shards(&args.out, false, shard)?;
            settings(&args)?
        }
    };
    let source = args.source;
    let job = inference::EmbedJob {
        model: args.model,
        files: source.recordings()?,
        data: source.data.clone().filter(|_| !source.names_files()),
        subset: source.subset,
        shard,
        read: args.damaged.with(args.read.read_as()?),
        segments: args.segments,
        device: args.compute.device,
        precision: args.precision.precision,
    };
    let done = console.run("nothing was written", |show, stop| {
        inference::embed(&job, show, stop)
    })?;
    let (damaged, notes) = (done.remarks.damaged(), done.remarks.notes());
    let names: Vec<String> = match &done.listing {
        None => {
            let written = done.embeddings.save(&args.out)?;
            written.iter().map(|p| p.display().to_string()).collect()
        }
        Some(listing) => {
            let run = ShardRun {
                out: args.out.clone(),
                in_folder: false,
                listing: listing.clone(),
                command: command_of_shards(),
                settings,
            };
            done.save_shard(&run)?;
            vec![args.out.display().to_string()]
        }
    };
    let (found, skipped, precision) = (done.embeddings, done.skipped, done.precision);
    let facts = || {
        let files: BTreeSet<&str> = found.files.iter().map(String::as_str).collect();
        let mut facts = json!({
            "model": job.model,
            "inputs": files.len() + skipped.len(),
            "rows": found.files.len(),
            "width": found.width,
            "segments": job.segments,
            "precision": [precision],
            "skipped": skipped,
            "damaged": damaged,
            "notes": notes,
            "out": names,
        });
        if let Some(shard) = shard {
            facts["shard"] = json!([shard.number(), shard.of()]);
        }
        facts
    };
    print_as(args.json, facts, || {
        let rows = human_amount(found.files.len(), "row", "rows");
        let numbers = human_amount(found.width, "number", "numbers");
        let part = shard.map_or_else(String::new, |shard| format!("shard {shard} of "));
        format!("{rows} of {numbers}: {part}{}", one_line(&names.join(", ")))
    })?;
    remarks::say(&damaged, &notes, console);
    Ok(Status::of_skips(skipped.len() + damaged.len()))
}

/// What all shards have in common.
fn settings(args: &Embed) -> anyhow::Result<Vec<(String, String)>> {
    let asked = Asked {
        command: "embed",
        models: std::slice::from_ref(&args.model),
        source: &args.source,
        read: &args.read,
        damaged: args.damaged,
        device: &args.compute.device,
        precision: args.precision,
    };
    let mut settings = asked.settings()?;
    settings.push(("--segments".to_owned(), args.segments.to_string()));
    Ok(settings)
}
