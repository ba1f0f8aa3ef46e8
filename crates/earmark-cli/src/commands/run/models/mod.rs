//! `earmark models`

mod average;
mod destination;
mod get;
mod import;
mod import_args;
#[cfg(feature = "onnx-models")]
mod import_graph;
mod info;
mod list;

use crate::prelude::*;

/// List, download, import, describe and average models
#[derive(Subcommand)]
#[command(
    after_help = "Examples:\n  earmark models list\n  earmark models get efficientat-mn04-as\n  earmark models info runs/a\n  \
    earmark models import mn04_as_mAP_432.pt --as efficientat-mn04 -o mn04.safetensors"
)]
pub enum Models {
    List(list::ListModels),
    Get(get::GetModel),
    Info(info::ModelInfo),
    Import(Box<import_args::ImportModel>),
    Average(average::Average),
}

/// Lists, downloads, describes, imports or averages models.
pub fn run(what: Models, console: &Console) -> anyhow::Result<Status> {
    match what {
        Models::List(args) => list::run(&args),
        Models::Get(args) => get::run(&args, console),
        Models::Info(args) => info::run(&args),
        Models::Import(args) => import::run(*args, console),
        Models::Average(args) => average::run(args, console),
    }
}
