//! `earmark models list`

use crate::prelude::*;
use earmark::hub::{self, PublishedModel};
use earmark::models::{Network, VarKind, VarSpec};
use earmark::report::{Align, text_table};
use serde_json::Value;

/// List published models and installed ones
#[derive(Args)]
#[command(after_help = "Example: earmark models list")]
pub struct ListModels {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Lists the published models and the installed ones.
pub fn run(args: &ListModels) -> anyhow::Result<Status> {
    let (published, own) = (hub::published_models(), own());
    let named = |path: &PathBuf| json!({ "name": stem(path), "file": path });
    let lists = || {
        json!({
            "folder": hub::models_folder(),
            "published": published.iter().map(model_json).collect::<Vec<_>>(),
            "by_hand": hub::hand_downloads(),
            "own": own.iter().map(named).collect::<Vec<_>>(),
        })
    };
    print_as(args.json, lists, || {
        let headers = [
            "Name",
            "Parameters",
            "Download",
            "Licence",
            "AudioSet mAP",
            "Checked by",
            "Installed",
        ];
        let rows: Vec<Vec<String>> = published.iter().map(row).collect();
        let (left, right) = (Align::Left, Align::Right);
        let table = text_table(&headers, &rows, &[left, right, right, left, right, left, left]);
        let by_hand = hub::hand_downloads().iter();
        let by_hand = by_hand.map(|o| {
            let (network, content, url) = (&o.architecture, &o.content, &o.url);
            format!("To download by hand and import with --as {network}: {content}, at {url}\n")
        });
        let own = own.iter();
        let own = own.map(|path| format!("Your own: {} ({})\n", one_line(&stem(path)), shown(path)));
        let note = "All of them score the 527 classes of AudioSet; the mAP is the authors'. Install one with \
                    `earmark models get NAME`.\n\
                    A download is checked by the SHA-256 of its published file where that is known. Where it is not, \
                    that of the first file that is installed is recorded, and later downloads are checked by it.";
        let [by_hand, own] = [by_hand.collect::<String>(), own.collect()];
        format!("{table}\n{note}\n{by_hand}{own}")
    })?;
    Ok(Status::Done)
}

fn row(model: &PublishedModel) -> Vec<String> {
    let parameters = parameters(model).unwrap_or(0) as u64;
    // A checkpoint is little more than its numbers.
    let about = || format!("about {}", human_bytes(4 * parameters));
    vec![
        model.name.clone(),
        human_count(parameters),
        model.bytes.map_or_else(about, human_bytes),
        licence(model).into(),
        format!("{:.3}", model.map),
        checked_by(model).unwrap_or_default().into(),
        if model.is_installed() { "yes" } else { "" }.into(),
    ]
}

fn model_json(model: &PublishedModel) -> Value {
    let mut value = json!(model);
    value["licence"] = licence(model).into();
    value["labels"] = "AudioSet, 527 classes".into();
    value["parameters"] = parameters(model).into();
    value["installed"] = model.is_installed().into();
    value["checked_by"] = checked_by(model).into();
    value["recorded_sha256"] = model.recorded_sha256().into();
    value
}

/// What a download of it is compared with; `None` before the first one of a file whose SHA-256 is not known.
fn checked_by(model: &PublishedModel) -> Option<&'static str> {
    match &model.sha256 {
        Some(_) => Some("SHA-256"),
        None => model.recorded_sha256().map(|_| "record"),
    }
}

fn licence(model: &PublishedModel) -> &'static str {
    model.architecture().map_or("", |network| network.licence())
}

/// Trainable numbers of a published model.
fn parameters(model: &PublishedModel) -> Option<usize> {
    let network = model.architecture()?.recipe().ok()?.network;
    let (_, specs) = Network::build(&network, 1, hub::audioset().len()).ok()?;
    let trainable = specs.iter().filter(|spec| spec.kind == VarKind::Trainable);
    Some(trainable.map(VarSpec::len).sum())
}

/// Model files in the models folder that are not in the catalogue.
fn own() -> Vec<PathBuf> {
    let known = hub::published_models().iter();
    let known: Vec<PathBuf> = known.filter_map(PublishedModel::model_file).collect();
    let files = hub::models_folder().and_then(|folder| std::fs::read_dir(folder).ok());
    let files = files.into_iter().flatten().flatten();
    let mut own: Vec<PathBuf> = files.map(|file| file.path()).collect();
    own.retain(|path| path.extension().is_some_and(|e| e == "safetensors") && !known.contains(path));
    own.sort();
    own
}

fn stem(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}
