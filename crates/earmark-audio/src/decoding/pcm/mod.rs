//! Uncompressed samples, and those of A-law and mu-law, to floats.

mod a_law_and_mu_law;
mod blocks;
mod samples_to_floats;

pub(crate) use blocks::PcmReader;
pub(crate) use samples_to_floats::{ByteOrder, SampleFormat, SampleKind};
