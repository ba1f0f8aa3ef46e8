//! AU, the sound files of Sun and NeXT: one header, then samples.

use super::sample_bytes::{Measure, Stated, sample_bytes};
use crate::clip::ClipNote;
use crate::containers::byte_walker::ByteWalker;
use crate::containers::container::Container;
use crate::containers::layout::{AudioLayout, FileWalk, PcmLayout, PcmPart};
use crate::decoding::{ByteOrder, SampleFormat, SampleKind};
use crate::error::Fault;
use crate::limit_checks::check_shape;

/// Bytes of the header without its comment.
const HEADER_BYTES: u64 = 24;

pub(in crate::containers) fn inspect(walker: &mut ByteWalker<'_>, start: u64) -> Result<FileWalk, Fault> {
    let b = walker.required::<24>(start, "it ends within its header")?;
    // The mark is turned round by machines that write the lowest byte first.
    let order = match b.starts_with(b"dns.") {
        true => ByteOrder::Little,
        false => ByteOrder::Big,
    };
    let number = |i: usize| order.u32([b[i], b[i + 1], b[i + 2], b[i + 3]]);
    let [offset, size, encoding, sample_rate_hz, channels] = [4, 8, 12, 16, 20].map(number);
    check_shape(sample_rate_hz, u64::from(channels))?;
    let kind = match encoding {
        1 => SampleKind::MuLaw,
        2 => SampleKind::I8,
        3 => SampleKind::I16,
        4 => SampleKind::I24,
        5 => SampleKind::I32,
        6 => SampleKind::F32,
        7 => SampleKind::F64,
        27 => SampleKind::ALaw,
        _ => return Err(unsupported(encoding)),
    };
    let mut notes = Vec::new();
    let offset = u64::from(offset);
    let data_start = if offset < HEADER_BYTES {
        let what = format!("its header gives byte {offset} as the first of its samples");
        notes.push(ClipNote::Contradiction(what));
        start + HEADER_BYTES
    } else if start + offset > walker.len() {
        return Err(Fault::truncated("it ends before its samples begin", walker.len()));
    } else {
        start + offset
    };
    let format = SampleFormat { kind, order };
    let frame_bytes = format.bytes() as u64 * u64::from(channels);
    let measure = Measure {
        sample_rate_hz,
        frames_in: &|bytes| bytes / frame_bytes,
    };
    let stated = Stated {
        start: data_start,
        size: u64::from(size),
        is_32_bit: true,
        file_end: None,
        style: None,
    };
    let mut found = sample_bytes(walker, &stated, &measure)?;
    let frames = found.frames(&measure);
    notes.append(&mut found.notes);
    Ok(FileWalk {
        layout: AudioLayout::Pcm(PcmLayout {
            container: Container::Au,
            format,
            channels: channels as u16,
            sample_rate_hz,
            parts: vec![PcmPart {
                start: Some(data_start),
                frames,
            }],
        }),
        notes,
        losses: found.losses,
    })
}

fn unsupported(encoding: u32) -> Fault {
    let name = match encoding {
        23 => "G.721 ADPCM",
        24 => "G.722 ADPCM",
        25 | 26 => "G.723 ADPCM",
        8 | 28 => "fragmented or delta-coded samples",
        _ => {
            return Fault::Unsupported(format!(
                "is AU with samples in an unknown format (encoding {encoding})"
            ));
        }
    };
    Fault::Unsupported(format!("is AU with {name}, which is not supported"))
}
