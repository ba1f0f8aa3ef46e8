//! Containers made for uncompressed samples: WAV and Wave64, AIFF, AU, CAF. Some carry compressed sound as well.

pub(super) mod aiff;
mod aiff_samples;
pub(super) mod au;
mod behind_samples;
pub(super) mod caf;
mod caf_header;
mod caf_packets;
mod chunks;
mod sample_bytes;
pub(super) mod wav;
mod wav_format;
pub(super) mod wav_metadata;
mod wav_parts;
mod wav_samples;
pub(super) mod wave64;
