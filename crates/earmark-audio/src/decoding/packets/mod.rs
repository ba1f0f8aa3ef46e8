//! Recordings that are split into packets here: those of Ogg, Matroska, MP4 and CAF.

mod decoder;
mod group;
mod matroska_blocks;
mod ogg_pages;
mod opus_decoder;
mod positions;
mod reader;
mod section;
mod sources;
mod symphonia_decoder;

pub(crate) use reader::PacketReader;
