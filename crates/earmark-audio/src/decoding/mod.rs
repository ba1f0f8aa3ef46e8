//! Samples out of files.
//!
//! Each folder has one reader, for one [kind of layout](crate::containers::AudioLayout): uncompressed samples, blocks of one
//! size, the frames of FLAC, packets, and sections that Symphonia opens by itself. What the readers share is next to
//! the folders.

mod block_reader;
mod channels;
mod decoder_panics;
mod fixed_blocks;
mod flac;
mod losses;
mod mono_output;
mod packets;
mod pcm;
mod sections;
mod symphonia_errors;
mod to_first_rate;

pub(crate) use block_reader::BlockReader;
pub(crate) use decoder_panics::guard;
pub(crate) use fixed_blocks::{BlockCodec, FixedBlockReader};
pub(crate) use flac::FlacReader;
pub(crate) use packets::PacketReader;
pub(crate) use pcm::{ByteOrder, PcmReader, SampleFormat, SampleKind};
pub(crate) use sections::CodedReader;
