//! The index of an archive: a folder with the embedding of every window of every recording.
//!
//! ```text
//! X/index.json                 the manifest: model, windows, width, shards with their checksums
//! X/shard-000001.parquet       names and times of the shard's windows, one row each
//! X/shard-000001.f32           their embeddings, float32, little-endian, [windows, width]
//! X/shard-000001.i8            the same as bytes: per window a scale, an error (float32), and `width` signed bytes
//! X/adding.log                 recordings that are embedded and not yet in a shard
//! X/labels.jsonl               labels of windows, append-only
//! X/classifiers/...            classifiers that were trained on them
//! ```
//!
//! Names and times are Parquet, for other programs; vectors are flat files, as a search reads all of them at the speed
//! of memory or disk, and pages and column chunks would have to be put together first. A shard is never changed: the
//! manifest, which is replaced in one step, says which shards there are.

mod add_log;
mod bytes_of_vectors;
mod classifier;
mod index;
mod known_paths;
mod labels;
mod locks;
mod manifest;
mod merge;
mod recording;
mod search;
mod select;
mod shard_files;
mod writer;

pub use classifier::WindowClassifier;
pub use index::{ArchiveIndex, IndexedWindow, PlacedRecording};
pub use known_paths::{KnownPaths, normal_name};
pub use labels::{CurrentLabels, LabelAnswer, LabelLog, TornLabel, WindowLabel, append_labels, read_labels};
pub use manifest::{IndexManifest, IndexModel, IndexShard, IndexWindows};
pub use merge::{MergedIndex, merge_indices};
pub use recording::{IndexedRecording, RecordingVersion};
pub use search::{IndexHit, SearchBy, SearchCounts, VectorsInMemory};
pub use select::{WindowSelection, select_windows};
pub use writer::{IndexWriter, ROWS_PER_SHARD};

#[cfg(test)]
mod tests;
