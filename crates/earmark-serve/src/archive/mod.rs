//! The index of an archive in a browser: search by a part of a recording, label what comes back, learn, look again.
//!
//! ```text
//! page -- part of a recording --> cut, embedded by the model of the index --> ArchiveIndex::nearest --> windows
//!      |- labels --> labels.jsonl, as `earmark index label` writes it
//!      \- learn, look --> classifiers of the index --> windows by score, by how unsure, by how different
//! ```

mod label;
mod learn;
mod look;
mod overview;
mod page;
mod part;
mod routes;
mod search;
mod service;
mod sound;
mod windows;
mod work;

pub(crate) use routes::{ARCHIVE_ROUTES, archive_routes};
pub use service::ArchiveConfig;
pub(crate) use service::ArchiveService;
