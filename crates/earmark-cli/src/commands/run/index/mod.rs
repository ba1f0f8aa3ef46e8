//! `earmark index`

mod add;
mod detect;
mod info;
mod label;
mod learn;
mod merge;
mod parts;
mod remove;
mod search;
mod window_names;

use crate::prelude::*;

/// Index an archive by embeddings: search by example, label, train on the labels, detect
#[derive(Subcommand)]
#[command(
    after_help = "Examples:\n  earmark index add archive --model mn04.safetensors --to owls\n  \
    earmark index search owls owl.wav --top 50\n  \
    earmark index label owls owl archive/a.wav@12.5\n  \
    earmark index learn owls owl --select margin\n  \
    earmark index detect owls owl -o tags.csv"
)]
pub enum Index {
    Add(add::AddToIndex),
    Search(search::SearchIndex),
    Label(label::LabelWindows),
    Learn(learn::LearnClasses),
    Detect(detect::DetectInIndex),
    Info(info::IndexInfo),
    Merge(merge::MergeIndices),
    Remove(remove::RemoveFromIndex),
}

/// Adds to, searches, labels, trains on, or describes an index.
pub fn run(what: &Index, console: &Console) -> anyhow::Result<Status> {
    match what {
        Index::Add(args) => add::run(args, console),
        Index::Search(args) => search::run(args, console),
        Index::Label(args) => label::run(args, console),
        Index::Learn(args) => learn::run(args, console),
        Index::Detect(args) => detect::run(args, console),
        Index::Info(args) => info::run(args, console),
        Index::Merge(args) => merge::run(args, console),
        Index::Remove(args) => remove::run(args, console),
    }
}
