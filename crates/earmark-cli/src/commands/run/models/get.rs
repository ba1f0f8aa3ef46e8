//! `earmark models list` and `earmark models get`

use crate::Status;
use crate::args::ModelGet;
use crate::console::{Console, out, out_json};
use anyhow::bail;
use earmark::hub::{self, Entry, Progress};
use earmark::models::{Network, VarKind, VarSpec};
use earmark::report::{Align, human_bytes, human_count, text_table};
use serde_json::json;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

/// Fetches and installs a model.
pub fn get(args: &ModelGet, console: &Console) -> anyhow::Result<Status> {
    let Some(entry) = hub::entry(&args.name) else {
        if hub::Architecture::parse(&args.name).is_some() {
            bail!(
                "{0}: is not fetched but made from a file of weights: `earmark models import FILE --as {0}`",
                args.name
            );
        }
        let near = hub::nearest(&args.name).map_or(String::new(), |n| format!(", did you mean {n}?"));
        bail!(
            "{}: no such published model{near}; `earmark models list` shows them",
            args.name
        );
    };
    let stop = console.stop_flag()?;
    let url = args.url.as_deref().unwrap_or(&entry.url);
    let mut show = |p: Progress| {
        console.transfer(&entry.name, p.done, p.total);
        !stop.load(Ordering::Relaxed)
    };
    let installed = match hub::get(entry, url, &mut show) {
        Err(e) if e.is_stop() => {
            console.note("interrupted; the next call goes on from here");
            return Ok(Status::Interrupted);
        }
        installed => installed?,
    };
    console.clear();
    if installed.imported.is_none() {
        console.note(format!("{} is installed already", entry.name));
    }
    out(installed.path.display())?;
    Ok(Status::Done)
}

/// Trainable numbers of a published model.
fn parameters(entry: &Entry) -> Option<usize> {
    let network = entry.network()?.recipe().ok()?.network;
    let (_, specs) = Network::build(&network, 1, hub::audioset().len()).ok()?;
    let trainable = specs.iter().filter(|s| s.kind == VarKind::Trainable);
    Some(trainable.map(VarSpec::len).sum())
}

/// Model files of the models folder that are in no catalogue.
fn own() -> Vec<PathBuf> {
    let known: Vec<PathBuf> = hub::entries().iter().filter_map(Entry::model_file).collect();
    let files = hub::models_folder().and_then(|folder| std::fs::read_dir(folder).ok());
    let mut own: Vec<PathBuf> = files
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "safetensors") && !known.contains(path))
        .collect();
    own.sort();
    own
}

/// Tells what there is to fetch and what is installed.
pub fn list(as_json: bool) -> anyhow::Result<Status> {
    let stem = |path: &PathBuf| {
        path.file_stem()
            .map_or(String::new(), |n| n.to_string_lossy().into_owned())
    };
    let is_there = |e: &Entry| e.model_file().is_some_and(|path| path.is_file());
    let licence = |e: &Entry| e.network().map_or("", |n| n.licence());
    if as_json {
        let published = hub::entries().iter().map(|e| {
            let mut value = json!(e);
            value["licence"] = licence(e).into();
            value["labels"] = "AudioSet, 527 classes".into();
            value["parameters"] = parameters(e).into();
            value["installed"] = is_there(e).into();
            value
        });
        let own: Vec<_> = own()
            .iter()
            .map(|path| json!({ "name": stem(path), "file": path }))
            .collect();
        out_json(&json!({
            "folder": hub::models_folder(),
            "published": published.collect::<Vec<_>>(),
            "own": own,
        }))?;
        return Ok(Status::Done);
    }
    let rows: Vec<Vec<String>> = hub::entries()
        .iter()
        .map(|e| {
            let n = parameters(e).unwrap_or(0);
            // A checkpoint is little more than its numbers.
            let size = e
                .bytes
                .map_or_else(|| format!("about {}", human_bytes(4 * n as u64)), human_bytes);
            vec![
                e.name.clone(),
                human_count(n as u64),
                size,
                licence(e).into(),
                format!("{:.3}", e.map),
                if is_there(e) { "yes" } else { "" }.into(),
            ]
        })
        .collect();
    let headers = [
        "Name",
        "Parameters",
        "Download",
        "Licence",
        "AudioSet mAP",
        "Installed",
    ];
    let [l, r] = [Align::Left, Align::Right];
    out(text_table(&headers, &rows, &[l, r, r, l, r, l]).trim_end())?;
    out(
        "\nAll score the 527 classes of AudioSet; the mAP is their authors'. Install one with `earmark models get NAME`.",
    )?;
    for path in own() {
        out(format!("Your own: {} ({})", stem(&path), path.display()))?;
    }
    Ok(Status::Done)
}
