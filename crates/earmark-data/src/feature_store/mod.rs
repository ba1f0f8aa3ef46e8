//! Features of items: computed in parallel, cached in memory and on disk within stated budgets.
//!
//! Features are identified by what they are made from, the content of the file and the front end: a file that is renamed or
//! copied costs nothing, one that is changed is computed again, and several data sets, recipes and processes share one
//! folder. Neither budgets nor workers nor the state of the cache change any result.

mod cache_file_format;
mod cache_key;
mod config;
mod content_hash;
mod disk_cache;
mod error;
mod first_pass;
mod long_recordings;
mod look_up_or_compute;
mod memory_cache;

pub use cache_key::CachedForm;
pub use config::{CacheConfig, DiskCache};
pub use content_hash::ContentHash;
pub use error::{ItemError, ItemFault};
pub use first_pass::{CacheNote, Interrupted, Prepared, PreparedClip};
pub use long_recordings::seconds_beyond;
pub use look_up_or_compute::{FeatureStore, StoreCounts};
