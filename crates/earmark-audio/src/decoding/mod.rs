//! Samples out of files: uncompressed ones read here, compressed ones decoded by Symphonia.

mod channels;
mod coded;
mod file_section;
mod pcm;
mod sample_format;

pub(crate) use coded::CodedReader;
pub(crate) use pcm::PcmReader;
pub(crate) use sample_format::SampleFormat;
