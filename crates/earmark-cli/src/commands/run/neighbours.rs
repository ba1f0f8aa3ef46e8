//! `earmark neighbours`

use crate::prelude::*;
use earmark::index::{Embeddings, Neighbour};
use earmark::inference::{self, Skips};
use earmark_core::text::suggest;
use std::collections::HashMap;
use std::num::NonZeroUsize;

/// Find recordings that sound similar
#[derive(Args)]
#[command(
    after_help = "Example: earmark neighbours bird.wav --in sounds.npy --model mn04.safetensors --top-k 10"
)]
pub struct Neighbours {
    /// What to search for: audio files, or names of recordings in the embeddings
    #[arg(required = true)]
    pub queries: Vec<String>,
    /// Embeddings to search, written by `earmark embed`
    #[arg(long = "in", value_name = "X.npy|X.csv")]
    pub index: PathBuf,
    /// The model that made them; required if a query is an audio file
    #[arg(long)]
    pub model: Option<String>,
    /// Number of nearest neighbours to list
    #[arg(long, alias = "top", default_value = "5", value_name = "K")]
    pub top_k: NonZeroUsize,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub compute: Compute,
}

/// Finds recordings that sound similar.
pub fn run(args: &Neighbours, console: &Console) -> anyhow::Result<Status> {
    let index = Embeddings::read(&args.index)?;
    let names = index.files.iter().enumerate().rev();
    let known: HashMap<&str, usize> = names.map(|(i, file)| (file.as_str(), i)).collect();
    let queries = args.queries.iter();
    let files = queries.filter(|query| !known.contains_key(query.as_str()));
    let (embedded, skipped) = embed(args, files.map(PathBuf::from).collect(), &index, console)?;
    let mut entries = Vec::new();
    for query in &args.queries {
        let embedded_row = || embedded.files.iter().position(|file| file == query);
        let row = match (known.get(query.as_str()), embedded_row()) {
            (Some(&row), _) => index.row(row),
            (None, Some(row)) => embedded.row(row),
            (None, None) => continue, // could not be read, and has been named
        };
        // A recording that is its own neighbour says nothing.
        let found = index.nearest(row, args.top_k.get(), |i| index.files[i] != *query);
        match args.json {
            true => entries.push(json!({ "query": query, "neighbours": found })),
            false => print_lines(table(query, &found).trim_end())?,
        }
    }
    if args.json {
        print_json(&entries)?;
    }
    Ok(Status::of_skips(skipped.len()))
}

/// Embeds the queries that are audio files.
fn embed(
    args: &Neighbours,
    files: Vec<PathBuf>,
    index: &Embeddings,
    console: &Console,
) -> anyhow::Result<(Embeddings, Skips)> {
    let Some(first) = files.first() else {
        return Ok((Embeddings::new(index.width, false), Vec::new()));
    };
    let place = args.index.display();
    let Some(model) = args.model.clone() else {
        bail!(
            "--model: {} is not a recording in {place}; to search for an audio file, name the model that made the \
             embeddings",
            first.display()
        );
    };
    if let Some(missing) = files.iter().find(|file| !file.exists()) {
        let names = index.files.iter().map(String::as_str);
        let near = suggest(&missing.to_string_lossy(), names);
        let remedy = near.map_or("check the name".to_owned(), |near| {
            format!("did you mean {near}?")
        });
        bail!(
            "{}: neither a file nor a recording in {place}; {remedy}",
            missing.display()
        );
    }
    if let Some(folder) = files.iter().find(|file| file.is_dir()) {
        bail!("{}: is a folder; name the recordings in it", folder.display());
    }
    let job = inference::EmbedJob {
        model,
        files,
        device: args.compute.device.clone(),
        ..inference::EmbedJob::default()
    };
    let done = console.run("nothing was found", |show, stop| {
        inference::embed(&job, show, stop)
    })?;
    let (embedded, mut skipped) = (done.embeddings, done.skipped);
    let damaged = done.remarks.damaged();
    remarks::say(&damaged, &done.remarks.notes(), console);
    // Both make the exit code: what was asked about is not the whole recording.
    skipped.extend(damaged);
    let (made, wanted) = (embedded.width, index.width);
    if made != wanted {
        bail!(
            "--model: it gives {made} numbers per recording, but {place} has {wanted}; name the model that made it"
        );
    }
    Ok((embedded, skipped))
}

fn table(query: &str, found: &[Neighbour]) -> String {
    let name = Path::new(query).file_name();
    let name = name.map_or(query.into(), |name| name.to_string_lossy());
    let row = |n: &Neighbour| {
        let start = n.start_seconds.map_or(String::new(), |s| format!("{s:.2} s"));
        vec![n.file.clone(), start, format!("{:.4}", n.similarity)]
    };
    let rows = found.iter().map(row);
    number_table(&[&format!("similar to {name}"), "from", "similarity"], rows)
}
