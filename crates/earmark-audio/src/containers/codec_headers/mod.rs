//! What codecs say about their streams in headers that several containers carry: AAC, FLAC, Opus and Vorbis.

pub(super) mod aac;
mod bits_from_high;
pub(super) mod flac;
pub(super) mod opus;
pub(super) mod vorbis;
