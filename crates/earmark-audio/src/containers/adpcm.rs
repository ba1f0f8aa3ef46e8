//! ADPCM inside WAV (IMA and Microsoft), which Symphonia decodes.

use super::byte_walker::ByteWalker;
use super::layout::{AudioLayout, CodedLayout, Container};
use super::wav_chunks::{DataChunk, WavFormat};
use crate::decoding::ByteOrder;
use crate::error::{Fault, FilePosition};

pub(super) fn layout(
    walker: &ByteWalker<'_>,
    format: &WavFormat,
    data: &DataChunk,
) -> Result<AudioLayout, Fault> {
    let (channels, block) = (u64::from(format.channels), u64::from(format.block_align));
    if channels > 2 {
        return Err(Fault::unsupported(format!("is ADPCM with {channels} channels")));
    }
    if format.order == ByteOrder::Big {
        return Err(Fault::unsupported("is ADPCM in big-endian WAV (RIFX)"));
    }
    // Header bytes and header frames of a channel's block.
    let (head_bytes, head_frames) = if format.tag == 2 { (7, 2) } else { (4, 1) };
    if block <= head_bytes * channels {
        let reason = format!("its ADPCM blocks have {block} bytes, less than their header");
        return Err(Fault::corrupt(reason, data.start));
    }
    let block_frames = (block - head_bytes * channels) * 2 / channels + head_frames;
    data.check_present(|| FilePosition::frame(data.present / block * block_frames, format.sample_rate_hz))?;
    let whole = data.size / block * block_frames;
    let stated = data.fact_frames.map(u64::from).filter(|&n| n <= whole);
    Ok(AudioLayout::Coded(CodedLayout {
        frames: Some(stated.unwrap_or(whole)),
        padded: true,
        ..CodedLayout::new(Container::Wav, 0, walker.len())
    }))
}
