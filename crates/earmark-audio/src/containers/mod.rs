//! Recognises a file's format from its first bytes, and checks that all of the file is there.
//!
//! Decoders are made to play whatever they get: they skip pages with a wrong checksum, look for the next frame header,
//! and take the end of a file for the end of its recording. Training needs the opposite. So each container is walked
//! here from header to header before anything is decoded, and the decoder is later held to what the walk finds (the
//! length, the position of the audio, the frames to leave out).

mod adpcm;
mod adts;
mod aiff;
mod byte_walker;
mod flac;
mod layout;
mod mp3;
mod mp4;
mod ogg;
mod recognise;
mod tags;
mod wav;
mod wav_chunks;

pub(crate) use byte_walker::ByteWalker;
pub(crate) use layout::{AudioLayout, CodedLayout, Container, PcmLayout};
pub(crate) use recognise::inspect;
