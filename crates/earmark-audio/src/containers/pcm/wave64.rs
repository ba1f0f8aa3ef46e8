//! Wave64 of Sonic Foundry (later Sony): WAV with sizes of 64 bits and identifiers of 16 bytes instead of names.

use super::chunks::ChunkStyle;
use super::sample_bytes::Stated;
use super::wav_format::WavFormat;
use super::wav_samples::WavSamples;
use crate::containers::byte_walker::ByteWalker;
use crate::containers::container::Container;
use crate::containers::layout::FileWalk;
use crate::decoding::ByteOrder;
use crate::error::Fault;

const STYLE: ChunkStyle = ChunkStyle::Wave64;

pub(in crate::containers) fn inspect(walker: &mut ByteWalker<'_>, start: u64) -> Result<FileWalk, Fault> {
    const NO_SAMPLES: &str = "it ends before its samples begin";
    let mut format = None;
    let mut fact_frames = None;
    // The identifier and size of the file, then the identifier of its kind.
    let head = walker.required::<40>(start, "it ends within its header")?;
    if !head[24..].starts_with(b"wave") {
        return Err(Fault::unsupported("is a Wave64 file of another kind than audio"));
    }
    let file_size = head[16..24]
        .iter()
        .rev()
        .fold(0_u64, |sum, &b| (sum << 8) | u64::from(b));
    let mut at = start + 40;
    while let Some(chunk) = STYLE.read(walker, at)? {
        match &chunk.name {
            b"fmt " => {
                format = Some(WavFormat::read(
                    walker,
                    chunk.body,
                    chunk.size,
                    ByteOrder::Little,
                )?)
            }
            b"fact" => fact_frames = walker.array::<8>(chunk.body)?.map(u64::from_le_bytes),
            b"data" => {
                let Some(format) = format else {
                    let reason = "its samples come before their description (no fmt chunk)";
                    return Err(Fault::corrupt(reason, at));
                };
                let stated = Stated {
                    start: chunk.body,
                    size: chunk.size,
                    is_32_bit: false,
                    // Sizes that were never written are zero or all ones.
                    file_end: Some(file_size)
                        .filter(|&size| size > chunk.body - start && size <= u64::MAX / 2)
                        .map(|size| start + size),
                    style: Some(STYLE),
                };
                let samples = WavSamples {
                    container: Container::Wave64,
                    format,
                    fact_frames,
                    stated,
                    silence: 0,
                    notes: Vec::new(),
                };
                return samples.walk(walker);
            }
            _ => {}
        }
        at = STYLE.behind(walker, chunk.end, chunk.padded_end)?;
    }
    Err(
        match at < walker.len() && STYLE.head_bytes() <= walker.len() - at {
            true => Fault::corrupt("what follows is not one of its chunks", at),
            false => Fault::truncated(NO_SAMPLES, walker.len()),
        },
    )
}
