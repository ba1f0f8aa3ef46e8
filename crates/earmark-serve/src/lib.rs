//! Tagging over HTTP and WebSocket, with a live page: `earmark serve`; and the pages of a review and of an index:
//! `earmark review serve`.
//!
//! ```text
//! connection -- access -- route -- upload --> file -- queue --> worker: tag, predict, embed --> answer
//!                                \- WebSocket -- samples --> a thread of its own -- labels --> answer
//! ```
//!
//! Networks compute on the threads of one queue, sockets are served by two threads. Memory and disk are bounded by
//! [`ServeLimits`], whatever clients send. Work whose client goes away ends.

mod access;
mod app;
mod archive;
mod compute;
mod config;
mod connections;
mod exchange;
mod failure;
mod formats;
mod json;
mod limits;
mod metrics;
mod models;
mod observer;
mod page;
mod pages;
mod query;
mod queue;
mod review;
mod routes;
mod server;
mod sounds;
mod stream;
mod upload;

pub use archive::ArchiveConfig;
pub use config::{ServeConfig, ServeError};
pub use limits::ServeLimits;
pub use observer::{ServeObserver, ServedRequest};
pub use review::{LearningConfig, ReviewContents, ReviewServeConfig};
pub use server::Server;

#[cfg(test)]
mod tests;
