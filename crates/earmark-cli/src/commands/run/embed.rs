//! `earmark embed`

use crate::args::Embed;
use crate::console::Console;
use crate::output::print;
use crate::status::Status;
use earmark::inference;
use earmark_core::human::human_amount;

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
    let stop = console.stop_flag()?;
    let embedded = inference::embed(&job, &|e| console.show(e), &stop);
    let (found, skipped) = console.finished(embedded, "nothing was written")?;
    let written = found.save(&args.out)?;
    let names: Vec<String> = written.iter().map(|p| p.display().to_string()).collect();
    print(format!(
        "{} of {}: {}",
        human_amount(found.files.len(), "row", "rows"),
        human_amount(found.width, "number", "numbers"),
        names.join(", ")
    ))?;
    Ok(Status::of_skips(skipped.len()))
}
