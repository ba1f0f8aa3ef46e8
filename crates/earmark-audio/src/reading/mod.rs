//! Whole files, parts of files, and files as a stream of blocks.

mod rate_conversion;
mod stream;
mod whole_files_and_parts;

pub use stream::AudioStream;
pub use whole_files_and_parts::{
    decode_bytes, decode_bytes_native, decode_bytes_with, probe, read, read_native, read_range,
    read_range_with, read_with,
};
