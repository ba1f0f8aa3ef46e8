//! `earmark models list`

use crate::output::{print, print_json};
use crate::status::Status;
use earmark::hub::{self, Entry};
use earmark::models::{Network, VarKind, VarSpec};
use earmark::report::{Align, text_table};
use earmark_core::human::{human_bytes, human_count};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Lists the published models and the installed ones.
pub fn run(as_json: bool) -> anyhow::Result<Status> {
    let own = own();
    if as_json {
        let named = |path: &PathBuf| json!({ "name": stem(path), "file": path });
        print_json(&json!({
            "folder": hub::models_folder(),
            "published": hub::entries().iter().map(entry_json).collect::<Vec<_>>(),
            "own": own.iter().map(named).collect::<Vec<_>>(),
        }))?;
        return Ok(Status::Done);
    }
    let headers = [
        "Name",
        "Parameters",
        "Download",
        "Licence",
        "AudioSet mAP",
        "Installed",
    ];
    let rows: Vec<Vec<String>> = hub::entries().iter().map(row).collect();
    let (left, right) = (Align::Left, Align::Right);
    print(text_table(&headers, &rows, &[left, right, right, left, right, left]).trim_end())?;
    print(
        "\nAll of them score the 527 classes of AudioSet; the mAP is the authors'. Install one with `earmark models get NAME`.",
    )?;
    for path in own {
        print(format!("Your own: {} ({})", stem(&path), path.display()))?;
    }
    Ok(Status::Done)
}

fn row(entry: &Entry) -> Vec<String> {
    let parameters = parameters(entry).unwrap_or(0) as u64;
    // A checkpoint is little more than its numbers.
    let about = || format!("about {}", human_bytes(4 * parameters));
    vec![
        entry.name.clone(),
        human_count(parameters),
        entry.bytes.map_or_else(about, human_bytes),
        licence(entry).into(),
        format!("{:.3}", entry.map),
        if is_installed(entry) { "yes" } else { "" }.into(),
    ]
}

fn entry_json(entry: &Entry) -> Value {
    let mut value = json!(entry);
    value["licence"] = licence(entry).into();
    value["labels"] = "AudioSet, 527 classes".into();
    value["parameters"] = parameters(entry).into();
    value["installed"] = is_installed(entry).into();
    value
}

fn licence(entry: &Entry) -> &'static str {
    entry.network().map_or("", |network| network.licence())
}

fn is_installed(entry: &Entry) -> bool {
    entry.model_file().is_some_and(|path| path.is_file())
}

/// Trainable numbers of a published model.
fn parameters(entry: &Entry) -> Option<usize> {
    let network = entry.network()?.recipe().ok()?.network;
    let (_, specs) = Network::build(&network, 1, hub::audioset().len()).ok()?;
    let trainable = specs.iter().filter(|spec| spec.kind == VarKind::Trainable);
    Some(trainable.map(VarSpec::len).sum())
}

/// Model files in the models folder that are not in the catalogue.
fn own() -> Vec<PathBuf> {
    let known: Vec<PathBuf> = hub::entries().iter().filter_map(Entry::model_file).collect();
    let files = hub::models_folder().and_then(|folder| std::fs::read_dir(folder).ok());
    let paths = files
        .into_iter()
        .flatten()
        .filter_map(|file| Some(file.ok()?.path()));
    let mut own: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|e| e == "safetensors") && !known.contains(path))
        .collect();
    own.sort();
    own
}

fn stem(path: &Path) -> String {
    path.file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
