//! Samples out of files: uncompressed ones read here, compressed ones decoded by Symphonia.

mod a_law_and_mu_law;
mod block_reader;
mod channels;
mod compressed;
mod file_section;
mod pcm_blocks;
mod samples_to_floats;

pub(crate) use block_reader::BlockReader;
pub(crate) use compressed::CodedReader;
pub(crate) use pcm_blocks::PcmReader;
pub(crate) use samples_to_floats::{ByteOrder, SampleFormat, SampleKind};
