//! Recognises a file's format from its first bytes, and checks that all of the file is there.
//!
//! Decoders are made to play whatever they get: they skip pages with a wrong checksum, look for the next frame header,
//! and take the end of a file for the end of its recording. Training needs the opposite. So each container is walked
//! here from header to header before anything is decoded, and the decoder is later held to what the walk finds (the
//! length, the position of the audio, the frames to leave out).
//!
//! A walk accounts for every byte: it is sound that is read, or known to be harmless (tags, padding), or reported as a
//! [`LostSound`](crate::LostSound). It ends with a [`Fault`](crate::Fault) only where no sound can be had.
//!
//! Each folder is a family of containers, except [`codec_headers`], which several of them carry. What they share is
//! next to the folders.

mod byte_walker;
mod codec_headers;
mod container;
mod first_bytes;
mod flac;
mod layout;
mod leading_tags;
mod matroska;
mod mp4;
mod mpeg;
mod ogg;
mod packet_layout;
mod pcm;
mod recognise;
mod tags;
mod unsupported;

pub(crate) use byte_walker::{ByteWalker, ReadAhead};
pub(crate) use codec_headers::opus::{OpusHead, OpusPacket, packet_samples};
pub(crate) use codec_headers::vorbis::can_be_kept as vorbis_can_be_kept;
pub(crate) use container::Container;
pub(crate) use flac::layout::{FlacLayout, StreamInfo};
pub(crate) use flac::read_header as read_flac_header;
pub(crate) use layout::{AudioLayout, BlockLayout, CodedLayout, CodedSection, FileWalk, PcmLayout};
pub(crate) use matroska::blocks::{BlockStep, MatroskaBlocks};
pub(crate) use ogg::pages::{Page as OggPage, PageScanner, Step as PageStep};
pub(crate) use packet_layout::{
    PacketCodec, PacketLayout, PacketList, PacketPlace, PacketSection, SymphoniaCodec,
};
pub(crate) use pcm::wav_metadata::wav_metadata;
pub(crate) use recognise::inspect;
pub(crate) use tags::is_harmless;
