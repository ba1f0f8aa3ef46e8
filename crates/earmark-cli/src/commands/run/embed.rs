//! `earmark embed`

use crate::prelude::*;
use earmark::inference;

/// Write embeddings of recordings: the input of a model's last layer
#[derive(Args)]
#[command(after_help = "Example: earmark embed mn04.safetensors --data my-sounds -o sounds.npy")]
pub struct Embed {
    /// The model: MODEL.safetensors, RUN or RUN@STEP
    pub model: String,
    #[command(flatten)]
    pub source: Source,
    /// File to write: X.npy (with X.npy.csv, which names the recording of each row), X.csv or X.parquet
    #[arg(long, short)]
    pub out: PathBuf,
    /// Write one row per segment of a clip, with its start in seconds, instead of their mean
    #[arg(long, alias = "tiles")]
    pub segments: bool,
    #[command(flatten)]
    pub compute: Compute,
}

/// Writes embeddings of recordings.
pub fn run(args: Embed, console: &Console) -> anyhow::Result<Status> {
    let source = args.source;
    let job = inference::EmbedJob {
        model: args.model,
        data: source.data.filter(|_| source.files.is_empty()),
        subset: source.subset,
        files: source.files,
        segments: args.segments,
        device: args.compute.device,
    };
    let (found, skipped) = console.run("nothing was written", |show, stop| {
        inference::embed(&job, show, stop)
    })?;
    let written = found.save(&args.out)?;
    let names: Vec<String> = written.iter().map(|p| p.display().to_string()).collect();
    let rows = human_amount(found.files.len(), "row", "rows");
    let (numbers, names) = (human_amount(found.width, "number", "numbers"), names.join(", "));
    print(format!("{rows} of {numbers}: {names}"))?;
    Ok(Status::of_skips(skipped.len()))
}
