//! `earmark embed`

use crate::prelude::*;
use earmark::inference;
use std::collections::BTreeSet;

/// Write embeddings of recordings: the input of a model's last layer
#[derive(Args)]
#[command(
    after_help = "Examples:\n  earmark embed mn04.safetensors --data my-sounds -o sounds.npy\n  \
    earmark embed mn04.safetensors --files *.wav -o sounds.csv --json"
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
}

/// Writes embeddings of recordings.
pub fn run(args: Embed, console: &Console) -> anyhow::Result<Status> {
    if output::is_stdout(&args.out) {
        bail!(
            "-o -: embeddings cannot be written to stdout; name a file that ends in .npy, .csv or .parquet"
        );
    }
    let source = args.source;
    args.read.refuse_without(source.data.as_deref())?;
    let job = inference::EmbedJob {
        model: args.model,
        data: source.data.filter(|_| source.files.is_empty()),
        subset: source.subset,
        files: source.files,
        read: args.damaged.with(args.read.read_as()?),
        segments: args.segments,
        device: args.compute.device,
    };
    let done = console.run("nothing was written", |show, stop| {
        inference::embed(&job, show, stop)
    })?;
    let (found, skipped) = (done.embeddings, done.skipped);
    let (damaged, notes) = (done.remarks.damaged(), done.remarks.notes());
    let written = found.save(&args.out)?;
    let names: Vec<String> = written.iter().map(|p| p.display().to_string()).collect();
    let facts = || {
        let files: BTreeSet<&str> = found.files.iter().map(String::as_str).collect();
        json!({
            "model": job.model,
            "inputs": files.len() + skipped.len(),
            "rows": found.files.len(),
            "width": found.width,
            "segments": job.segments,
            "skipped": skipped,
            "damaged": damaged,
            "notes": notes,
            "out": names,
        })
    };
    print_as(args.json, facts, || {
        let rows = human_amount(found.files.len(), "row", "rows");
        let numbers = human_amount(found.width, "number", "numbers");
        format!("{rows} of {numbers}: {}", names.join(", "))
    })?;
    remarks::say(&damaged, &notes, console);
    Ok(Status::of_skips(skipped.len() + damaged.len()))
}
