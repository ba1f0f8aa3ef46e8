//! `earmark neighbours`

use crate::args::Neighbours;
use crate::console::Console;
use crate::output::{number_table, print, print_json};
use crate::status::Status;
use anyhow::bail;
use earmark::index::{Embeddings, Neighbour};
use earmark::inference::{self, Skips};
use serde_json::json;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Finds recordings that sound similar.
pub fn run(args: &Neighbours, console: &Console) -> anyhow::Result<Status> {
    let index = Embeddings::read(&args.index)?;
    let names = index.files.iter().enumerate().rev();
    let known: HashMap<&str, usize> = names.map(|(i, file)| (file.as_str(), i)).collect();
    let queries = args.queries.iter();
    let files = queries.filter(|query| !known.contains_key(query.as_str()));
    let (embedded, skipped) = embed(args, files.map(PathBuf::from).collect(), &index, console)?;
    let mut results = Vec::new();
    for query in &args.queries {
        let embedded_row = || embedded.files.iter().position(|file| file == query);
        let row = match (known.get(query.as_str()), embedded_row()) {
            (Some(&row), _) => index.row(row),
            (None, Some(row)) => embedded.row(row),
            (None, None) => continue, // could not be read, and has been named
        };
        // A recording that is its own neighbour says nothing.
        let found = index.nearest(row, args.top_k.get(), |i| index.files[i] != *query);
        results.push((query.as_str(), found));
    }
    if args.json {
        let queries = results.iter();
        let queries = queries.map(|(query, found)| json!({ "query": query, "neighbours": found }));
        print_json(&queries.collect::<Vec<_>>())?;
    } else {
        for (query, found) in &results {
            print(table(query, found).trim_end())?;
        }
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
            "--model: {} is not a recording in {place}; to search for an audio file, name the model that made the embeddings",
            first.display()
        );
    };
    let job = inference::EmbedJob {
        model,
        data: None,
        subset: None,
        files,
        segments: false,
        device: args.compute.device.clone(),
    };
    let stop = console.stop_flag()?;
    let embedded = inference::embed(&job, &|e| console.show(e), &stop);
    let (embedded, skipped) = console.finished(embedded, "nothing was found")?;
    if embedded.width != index.width {
        bail!(
            "--model: it gives {} numbers per recording, but {place} has {}; name the model that made it",
            embedded.width,
            index.width
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
    let rows: Vec<Vec<String>> = found.iter().map(row).collect();
    number_table(&[&format!("similar to {name}"), "from", "similarity"], &rows) + "\n"
}
