//! Reviewing in a browser: `earmark review serve`. A page of its own, and what it asks for.
//!
//! ```text
//! page -- items, counts --> ReviewDesk (earmark-review) -- decisions.jsonl
//!      |- sound, spectrogram --> queue --> cut-outs, the last ones kept
//!      \- learn again --> a thread of its own: probes of the labels before and after --> model file
//! ```

mod decide;
mod items;
mod learn;
mod learning;
mod page;
mod routes;
mod service;
mod sound;
mod work;

pub use learning::LearningConfig;
pub(crate) use routes::{REVIEW_ROUTES, review_routes};
pub(crate) use service::ReviewService;
pub use service::{ReviewContents, ReviewServeConfig};
