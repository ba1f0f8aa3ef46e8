//! `earmark embed` and `earmark neighbours`

use crate::Status;
use crate::args::{Embed, Global, Neighbours};
use crate::console::{Console, out, out_json};
use anyhow::{Context, bail};
use earmark::index::{Embeddings, Neighbour};
use earmark::report::{Align, human_amount, text_table};
use serde_json::json;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Writes embeddings of recordings.
pub fn run(args: Embed, global: &Global, console: &Console) -> anyhow::Result<Status> {
    let job = earmark::inference::Embed {
        model: args.model,
        data: args.data.filter(|_| args.files.is_empty()),
        part: args.part,
        files: args.files,
        tiles: args.tiles,
        device: global.device.clone(),
    };
    let stop = console.stop_flag()?;
    let embedded = match earmark::inference::embed(&job, &|e| console.show(e), &stop) {
        Err(e) if e.is_interrupt() => None,
        embedded => embedded?,
    };
    let Some((found, skipped)) = embedded else {
        console.note("interrupted; nothing was written");
        return Ok(Status::Interrupted);
    };
    let written = found.save(&args.out)?;
    let names: Vec<String> = written.iter().map(|p| p.display().to_string()).collect();
    out(format!(
        "{} of {}: {}",
        human_amount(found.files.len(), "row", "rows"),
        human_amount(found.width, "number", "numbers"),
        names.join(", ")
    ))?;
    Ok(Status::of_skips(skipped.len()))
}

/// Looks for what is like a recording.
pub fn neighbours(args: Neighbours, global: &Global, console: &Console) -> anyhow::Result<Status> {
    let index = Embeddings::read(&args.index)?;
    let known: HashMap<&str, usize> = index
        .files
        .iter()
        .enumerate()
        .rev()
        .map(|(i, f)| (f.as_str(), i))
        .collect();
    let files: Vec<PathBuf> = args
        .queries
        .iter()
        .filter(|q| !known.contains_key(q.as_str()))
        .map(PathBuf::from)
        .collect();
    let (embedded, skipped) = if files.is_empty() {
        (Embeddings::new(index.width, false), Vec::new())
    } else {
        let Some(model) = args.model.clone() else {
            bail!(
                "--model: {} is no recording of {}; to embed it as an audio file, name the model that made the others",
                files[0].display(),
                args.index.display()
            );
        };
        let job = earmark::inference::Embed {
            model,
            data: None,
            part: None,
            files,
            tiles: false,
            device: global.device.clone(),
        };
        let stop = console.stop_flag()?;
        match earmark::inference::embed(&job, &|e| console.show(e), &stop) {
            Err(e) if e.is_interrupt() => return Ok(Status::Interrupted),
            embedded => match embedded? {
                None => return Ok(Status::Interrupted),
                Some(embedded) => embedded,
            },
        }
    };
    if embedded.width != index.width {
        bail!(
            "--model: it gives {} numbers a recording and {} holds {}; name the model that made it",
            embedded.width,
            args.index.display(),
            index.width
        );
    }
    let mut told = Vec::new();
    for query in &args.queries {
        let row = match known.get(query.as_str()) {
            Some(&row) => index.row(row),
            None => match embedded.files.iter().position(|f| f == query) {
                Some(row) => embedded.row(row),
                None => continue, // could not be read, and has been named
            },
        };
        // A recording that is its own neighbour says nothing.
        let found = index.nearest(row, args.top.get(), |i| index.files[i] != *query);
        told.push((query.as_str(), found));
    }
    if args.json {
        let queries: Vec<_> = told
            .iter()
            .map(|(query, found)| json!({ "query": query, "neighbours": found }))
            .collect();
        out_json(&queries)?;
    } else {
        for (query, found) in &told {
            out(table(query, found).trim_end()).context("stdout")?;
        }
    }
    Ok(Status::of_skips(skipped.len()))
}

fn table(query: &str, found: &[Neighbour]) -> String {
    let base = |file: &str| {
        Path::new(file)
            .file_name()
            .map_or(file.to_owned(), |n| n.to_string_lossy().into_owned())
    };
    let rows: Vec<Vec<String>> = found
        .iter()
        .map(|n| {
            let start = n.start_seconds.map_or(String::new(), |s| format!("{s:.2} s"));
            vec![n.file.clone(), start, format!("{:.4}", n.similarity)]
        })
        .collect();
    let columns = [Align::Left, Align::Right, Align::Right];
    format!(
        "{}\n",
        text_table(
            &[&format!("like {}", base(query)), "from", "similarity"],
            &rows,
            &columns
        )
    )
}
