//! Whole files, parts of files, and files as a stream of blocks.

mod metadata;
mod rate_conversion;
mod source;
mod spans;
mod stream;
mod whole_files_and_parts;

pub use metadata::recorder_metadata;
pub use spans::{Span, SpanReader};
pub use stream::AudioStream;
pub use whole_files_and_parts::{
    decode_bytes, decode_bytes_native, decode_bytes_with, probe, read, read_native, read_range,
    read_range_with, read_with,
};
