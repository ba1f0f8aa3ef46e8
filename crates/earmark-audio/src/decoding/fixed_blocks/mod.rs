//! Codecs whose blocks all have the same number of bytes, decoded here: ADPCM and GSM 06.10.

mod codecs;
mod gsm_full_rate;
mod ima_adpcm;
mod microsoft_adpcm;
mod reader;

pub(crate) use codecs::BlockCodec;
pub(crate) use reader::FixedBlockReader;
