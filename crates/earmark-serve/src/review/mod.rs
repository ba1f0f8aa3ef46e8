//! Reviewing in a browser: `earmark review serve`. A page of its own, and what it asks for.
//!
//! ```text
//! page -- items, counts --> ReviewDesk (earmark-review) -- decisions.jsonl
//!      \- sound, spectrogram --> queue --> cut-outs, the last ones kept
//! ```

mod decide;
mod items;
mod page;
mod range;
mod routes;
mod service;
mod sound;
mod sound_cache;
mod work;

pub(crate) use routes::{REVIEW_ROUTES, review_router};
pub use service::ReviewServeConfig;
pub(crate) use service::ReviewService;
