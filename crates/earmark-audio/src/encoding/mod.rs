//! From samples to files, without loss: FLAC and WAV.

mod bit_writer;
mod flac;
mod wav;

pub use flac::encode_flac;
pub use wav::{encode_wav_16, encode_wav_float};
