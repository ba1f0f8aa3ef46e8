//! Whole files, parts of files, and files as a stream of blocks.

mod files;
mod rate_conversion;
mod stream;

pub use files::{decode_bytes, decode_bytes_native, probe, read, read_native, read_range};
pub use stream::AudioStream;
