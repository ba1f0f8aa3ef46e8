//! What recorders write about a recording into the chunks of WAV. Samples are passed over.

use super::chunks::{Chunk, ChunkStyle};
use crate::containers::byte_walker::ByteWalker;
use crate::decoding::ByteOrder;
use crate::error::Fault;
use crate::recorder_metadata::{BroadcastStart, RecorderMetadata};

/// Longest text that is read; what is longer is cut there.
const MAX_TEXT_BYTES: u64 = 64 * 1024;
/// Most chunks that are looked at, so that a file of nothing but heads of chunks takes no time.
const MAX_CHUNKS: usize = 4096;
/// The fixed part of the chunk `bext` up to and with TimeReference.
const BEXT_BYTES: usize = 346;

/// The metadata of a WAV file (RIFF, RIFX, RF64 or BW64); empty for any other file. Of several chunks of a kind the
/// first one counts.
pub(crate) fn wav_metadata(walker: &mut ByteWalker<'_>) -> Result<RecorderMetadata, Fault> {
    let mut found = RecorderMetadata::default();
    let Some(head) = walker.array::<12>(0)? else {
        return Ok(found);
    };
    let order = match &head[..4] {
        b"RIFF" | b"RF64" | b"BW64" => ByteOrder::Little,
        b"RIFX" => ByteOrder::Big,
        _ => return Ok(found),
    };
    if !head.ends_with(b"WAVE") {
        return Ok(found);
    }
    let style = ChunkStyle::Short(order);
    let (mut at, mut sample_rate_hz, mut size_64) = (12, 0, None);
    // The broadcast extension counts in samples, and may come before their rate.
    let mut broadcast = None;
    for _ in 0..MAX_CHUNKS {
        let Some(mut chunk) = style.read(walker, at)? else {
            break;
        };
        let name = chunk.name;
        match &name {
            b"fmt " => {
                let rate = walker.array::<8>(chunk.body)?;
                sample_rate_hz = rate.map_or(0, |b| order.u32([b[4], b[5], b[6], b[7]]));
            }
            b"ds64" => size_64 = walker.array::<16>(chunk.body)?.map(samples_size),
            // Sizes of all ones are in the chunk ds64, or were never filled in.
            b"data" if chunk.size == u64::from(u32::MAX) => {
                let Some(size) = size_64 else {
                    break;
                };
                chunk.end = chunk.body.saturating_add(size);
                chunk.padded_end = chunk.end.saturating_add(size & 1);
            }
            b"guan" if found.guano.is_none() => found.guano = Some(text(walker, &chunk)?),
            b"bext" if broadcast.is_none() && chunk.size >= BEXT_BYTES as u64 => {
                broadcast = walker.array::<BEXT_BYTES>(chunk.body)?;
            }
            b"LIST" if found.comment.is_none() => found.comment = comment(walker, style, &chunk)?,
            _ => {}
        }
        at = style.behind(walker, chunk.end, chunk.padded_end)?;
    }
    found.broadcast = broadcast.map(|bytes| broadcast_start(&bytes, order, sample_rate_hz));
    Ok(found)
}

/// The size of the samples in the chunk `ds64`.
fn samples_size(body: [u8; 16]) -> u64 {
    let [.., a, b, c, d, e, f, g, h] = body;
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

/// The comment in a list of the kind `INFO`.
fn comment(walker: &mut ByteWalker<'_>, style: ChunkStyle, list: &Chunk) -> Result<Option<String>, Fault> {
    if walker.peek(list.body, 4)? != b"INFO" {
        return Ok(None);
    }
    let mut at = list.body + 4;
    for _ in 0..MAX_CHUNKS {
        let chunk = match style.read(walker, at)? {
            Some(chunk) if at < list.end => chunk,
            _ => break,
        };
        if chunk.name == *b"ICMT" {
            return text(walker, &chunk).map(Some);
        }
        at = style.behind(walker, chunk.end, chunk.padded_end)?;
    }
    Ok(None)
}

/// The text of a chunk, up to the zeros that fill it up.
fn text(walker: &mut ByteWalker<'_>, chunk: &Chunk) -> Result<String, Fault> {
    let bytes = walker.peek(chunk.body, chunk.size.min(MAX_TEXT_BYTES) as usize)?;
    Ok(up_to_zero(bytes))
}

fn up_to_zero(bytes: &[u8]) -> String {
    let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text).trim().to_owned()
}

/// The start by the fixed part of the chunk `bext`: 256 + 32 + 32 bytes of description and origin, date, time, and a
/// number of samples since midnight in two halves, the lower one first.
fn broadcast_start(body: &[u8; BEXT_BYTES], order: ByteOrder, sample_rate_hz: u32) -> BroadcastStart {
    let half = |at: usize| u64::from(order.u32([body[at], body[at + 1], body[at + 2], body[at + 3]]));
    let samples = half(338) | (half(342) << 32);
    let is_counted = samples > 0 && sample_rate_hz > 0;
    BroadcastStart {
        date: up_to_zero(&body[320..330]),
        time: up_to_zero(&body[330..338]),
        seconds_since_midnight: is_counted.then(|| samples as f64 / f64::from(sample_rate_hz)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Cursor;

    fn chunk(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
        let mut out = [&name[..], &(body.len() as u32).to_le_bytes(), body].concat();
        out.resize(out.len().next_multiple_of(2), 0);
        out
    }

    fn file(chunks: &[Vec<u8>]) -> Vec<u8> {
        let fmt = [1, 0, 1, 0, 0x40, 0x1f, 0, 0, 0x80, 0x3e, 0, 0, 2, 0, 16, 0]; // 8 kHz
        chunk(
            b"RIFF",
            &[b"WAVE".to_vec(), chunk(b"fmt ", &fmt), chunks.concat()].concat(),
        )
    }

    fn read(bytes: Vec<u8>) -> RecorderMetadata {
        let mut source = Cursor::new(bytes);
        let mut walker = ByteWalker::new(&mut source).expect("opens");
        wav_metadata(&mut walker).expect("reads")
    }

    fn bext(date: &[u8], time: &[u8], samples: u64) -> Vec<u8> {
        let mut body = vec![0; 602];
        body[..5].copy_from_slice(b"Field");
        body[320..320 + date.len()].copy_from_slice(date);
        body[330..330 + time.len()].copy_from_slice(time);
        body[338..346].copy_from_slice(&samples.to_le_bytes());
        chunk(b"bext", &body)
    }

    #[test]
    fn texts_are_found_before_and_behind_the_samples() {
        let guano = chunk(b"guan", b"GUANO|Version:1.0\nSite: A\n\0\0");
        let list = chunk(b"LIST", b"INFOIART\x03\0\0\0abc\0ICMT\x06\0\0\0hello\0");
        let data = chunk(b"data", &[7; 41]);
        for chunks in [
            [guano.clone(), list.clone(), data.clone()],
            [data.clone(), guano.clone(), list.clone()],
            [list.clone(), data, guano],
        ] {
            let found = read(file(&chunks));
            assert_eq!(found.guano.as_deref(), Some("GUANO|Version:1.0\nSite: A"));
            assert_eq!(found.comment.as_deref(), Some("hello"));
            assert_eq!(found.broadcast, None);
        }
    }

    #[test]
    fn the_broadcast_extension_counts_in_samples() {
        let found = read(file(&[bext(b"2024-05-17", b"04:30:00", 8_000 * 16_200 + 4_000)]));
        let wanted = BroadcastStart {
            date: "2024-05-17".into(),
            time: "04:30:00".into(),
            seconds_since_midnight: Some(16_200.5),
        };
        assert_eq!(found.broadcast, Some(wanted));
        let empty = read(file(&[bext(b"", b"", 0)])).broadcast.expect("a chunk");
        assert_eq!(empty, BroadcastStart::default());
        // Too short to have a time.
        assert_eq!(read(file(&[chunk(b"bext", &[b'x'; 300])])).broadcast, None);
    }

    #[test]
    fn sizes_of_64_bits_lead_behind_the_samples() {
        let mut ds64 = vec![0; 28];
        ds64[8..16].copy_from_slice(&6_u64.to_le_bytes());
        let mut data = chunk(b"data", &[7; 6]);
        data[4..8].fill(0xff);
        let guano = chunk(b"guan", b"Site: A");
        let mut whole = file(&[chunk(b"ds64", &ds64), data.clone(), guano.clone()]);
        whole[..4].copy_from_slice(b"RF64");
        assert_eq!(read(whole).guano.as_deref(), Some("Site: A"));
        // A size that was never filled in leads nowhere.
        assert_eq!(read(file(&[data, guano])), RecorderMetadata::default());
    }

    #[test]
    fn long_texts_are_cut_and_other_files_have_none() {
        let long = read(file(&[chunk(b"guan", &[b'x'; 200_000])]));
        assert_eq!(long.guano.map(|text| text.len() as u64), Some(MAX_TEXT_BYTES));
        for other in [&b"fLaC\0\0\0\x22"[..], b"", b"RIFF\0\0\0\0AVI fmt "] {
            assert_eq!(read(other.to_vec()), RecorderMetadata::default());
        }
    }

    proptest! {
        #[test]
        fn no_file_makes_it_panic(
            cut in 0usize..700,
            flips in proptest::collection::vec((0usize..700, any::<u8>()), 0..12),
        ) {
            let list = chunk(b"LIST", b"INFOICMT\x06\0\0\0hello\0");
            let mut bytes = file(&[
                bext(b"2024-05-17", b"04:30:00", 9),
                list,
                chunk(b"guan", b"Site: A"),
                chunk(b"data", &[1; 20]),
            ]);
            for (at, byte) in flips {
                if let Some(place) = bytes.get_mut(at) {
                    *place = byte;
                }
            }
            bytes.truncate(cut.max(12));
            let _ = read(bytes);
        }
    }
}
