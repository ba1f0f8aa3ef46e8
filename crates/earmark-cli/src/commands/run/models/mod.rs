//! `earmark models`

mod average;
mod get;
mod import;
mod info;
mod list;

use crate::args::Models;
use crate::console::Console;
use crate::status::Status;

/// Lists, downloads, describes, imports or averages models.
pub fn run(what: Models, console: &Console) -> anyhow::Result<Status> {
    match what {
        Models::List { json } => list::run(json),
        Models::Get(args) => get::run(&args, console),
        Models::Info(args) => info::run(&args),
        Models::Import(args) => import::run(args, console),
        Models::Average(args) => average::run(args, console),
    }
}
