//! Embeddings of recordings: one row of numbers each, to search and to train on.
//!
//! An `.npy` file contains the numbers, `[rows, width]` float32, and `NAME.npy.csv` next to it the recording of each
//! row. A `.csv` and a `.parquet` file contain both; the latter is for other programs and is not read here. What is
//! read here has checksums next to it, in `NAME.npy.json` or `NAME.csv.json`.
//!
//! The [`archive`] module has the index of a whole archive: windows of recordings in shards, searched exactly, labelled
//! and classified.

pub mod archive;
mod embedding_checksums;
mod embedding_files;
mod embeddings;
mod nearest_neighbours;
mod npy_of_embeddings;
mod parquet;

pub use embeddings::{Embeddings, EmbeddingsError};
pub use nearest_neighbours::Neighbour;
