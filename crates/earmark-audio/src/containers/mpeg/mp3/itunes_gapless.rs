//! The delays that iTunes writes into a comment of the ID3v2 tag: `iTunSMPB`, with hexadecimal numbers of samples. The first is
//! reserved, then come the encoder's delay, its padding and the length of the recording.

use crate::containers::byte_walker::{ByteWalker, big_endian};
use crate::containers::tags::{bounded, id3v2_bytes};
use crate::error::Fault;

const NAME: &str = "iTunSMPB";
/// The comment is a line of about 120 characters, in UTF-16 at most twice as many bytes.
const MAX_COMMENT_BYTES: u64 = 4096;
/// Frames of a tag that are looked through.
const MAX_TAG_FRAMES: usize = 1024;

/// What the comment states, in samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ItunesGapless {
    pub(super) delay: u64,
    pub(super) padding: u64,
    pub(super) length: u64,
}

/// The comment in the ID3v2 tag at `at`.
pub(super) fn itunes_gapless(walker: &mut ByteWalker<'_>, at: u64) -> Result<Option<ItunesGapless>, Fault> {
    let Some(header) = walker.array::<10>(at)? else {
        return Ok(None);
    };
    // Tags of the versions 2.2 to 2.4. With unsynchronisation (bit 7) sizes do not show where frames are.
    let version = header[3];
    if !header.starts_with(b"ID3") || !(2..=4).contains(&version) || header[5] & 0x80 != 0 {
        return Ok(None);
    }
    let end = (at + id3v2_bytes(header)).min(walker.len());
    let mut here = at + 10;
    if header[5] & 0x40 != 0 && version > 2 {
        // An extended header, of which the size counts itself in version 2.4 only.
        let Some(size) = walker.array::<4>(here)? else {
            return Ok(None);
        };
        here += if version == 4 {
            seven_bits(&size)
        } else {
            big_endian(&size) + 4
        };
    }
    for _ in 0..MAX_TAG_FRAMES {
        let Some(frame) = tag_frame(walker, here, version)? else {
            return Ok(None);
        };
        let body = here + frame.header_bytes;
        here = body.saturating_add(frame.bytes);
        if here > end {
            return Ok(None);
        }
        if frame.is_comment && frame.bytes <= MAX_COMMENT_BYTES {
            let comment = bounded(walker, body, end, frame.bytes as usize)?;
            if let Some(found) = parse(&comment) {
                return Ok(Some(found));
            }
        }
    }
    Ok(None)
}

/// A frame of an ID3v2 tag.
struct TagFrame {
    header_bytes: u64,
    bytes: u64,
    is_comment: bool,
}

/// The frame at `at`; `None` at padding or the end.
fn tag_frame(walker: &mut ByteWalker<'_>, at: u64, version: u8) -> Result<Option<TagFrame>, Fault> {
    let Some(header) = walker.array::<10>(at)? else {
        return Ok(None);
    };
    if !header[0].is_ascii_uppercase() {
        return Ok(None);
    }
    let (header_bytes, bytes, name) = match version {
        2 => (6, big_endian(&header[3..6]), &header[..3]),
        3 => (10, big_endian(&header[4..8]), &header[..4]),
        _ => (10, seven_bits(&header[4..8]), &header[..4]),
    };
    Ok(Some(TagFrame {
        header_bytes,
        bytes,
        is_comment: name == b"COM" || name == b"COMM",
    }))
}

/// A number with seven bits in each byte.
fn seven_bits(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |sum, &b| (sum << 7) | u64::from(b & 0x7f))
}

/// Encoding and language come first, then the name, a zero and the text, in an encoding of one or two bytes per character. All that
/// is wanted is ASCII, so that the other bytes can be left out.
fn parse(comment: &[u8]) -> Option<ItunesGapless> {
    let printable = |&b: &u8| (b' '..=b'~').contains(&b);
    let text: String = comment
        .iter()
        .copied()
        .filter(printable)
        .map(char::from)
        .collect();
    let (_, numbers) = text.split_once(NAME)?;
    let mut numbers = numbers
        .split_ascii_whitespace()
        .map(|word| u64::from_str_radix(word, 16));
    let _reserved = numbers.next()?.ok()?;
    let mut number = || numbers.next()?.ok();
    Some(ItunesGapless {
        delay: number()?,
        padding: number()?,
        length: number()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = " 00000000 00000240 000004B9 00000000000019D7 00000000 00000000";
    const WANTED: ItunesGapless = ItunesGapless {
        delay: 576,
        padding: 1209,
        length: 6615,
    };

    fn tag(version: u8, frames: &[u8]) -> Vec<u8> {
        let size = frames.len() + 20;
        let mut tag = vec![
            b'I',
            b'D',
            b'3',
            version,
            0,
            0,
            0,
            0,
            (size >> 7) as u8,
            (size & 0x7f) as u8,
        ];
        tag.extend(frames);
        tag.extend([0; 20]);
        tag
    }

    fn found(tag: Vec<u8>) -> Option<ItunesGapless> {
        let mut source = std::io::Cursor::new(tag);
        let mut walker = ByteWalker::new(&mut source).expect("readable");
        itunes_gapless(&mut walker, 0).expect("readable")
    }

    fn comment(name: &str, text: &str) -> Vec<u8> {
        [b"\0eng".as_slice(), name.as_bytes(), b"\0", text.as_bytes()].concat()
    }

    #[test]
    fn comments_of_all_versions_are_read() {
        let body = comment("iTunSMPB", TEXT);
        let size = body.len() as u8;
        let old = [b"TT2\0\0\x03\0ab".as_slice(), b"COM\0\0", &[size], &body].concat();
        assert_eq!(found(tag(2, &old)), Some(WANTED));
        let other = comment("iTunNORM", " 0000 0001 0002 0003");
        for version in [3, 4] {
            let first = [b"COMM\0\0\0".as_slice(), &[other.len() as u8], &[0, 0], &other].concat();
            let second = [b"COMM\0\0\0".as_slice(), &[size], &[0, 0], &body].concat();
            assert_eq!(found(tag(version, &[first, second].concat())), Some(WANTED));
        }
    }

    #[test]
    fn utf_16_is_read_too() {
        let mut body = b"\x01eng\xff\xfe".to_vec();
        body.extend("iTunSMPB\0".encode_utf16().flat_map(u16::to_le_bytes));
        body.extend(b"\xff\xfe");
        body.extend(TEXT.encode_utf16().flat_map(u16::to_le_bytes));
        let frame = [
            b"COMM\0\0".as_slice(),
            &(body.len() as u16).to_be_bytes(),
            &[0, 0],
            &body,
        ]
        .concat();
        assert_eq!(found(tag(3, &frame)), Some(WANTED));
    }

    #[test]
    fn what_is_not_there_or_not_a_number_is_no_statement() {
        let frame = |body: &[u8]| [b"COMM\0\0\0".as_slice(), &[body.len() as u8], &[0, 0], body].concat();
        assert_eq!(
            found(tag(3, &frame(&comment("iTunSMPB", " 0000 zz 11 22")))),
            None
        );
        assert_eq!(found(tag(3, &frame(&comment("iTunSMPB", " 0000 11")))), None);
        assert_eq!(found(tag(3, b"")), None);
        let mut cut = tag(3, &frame(&comment("iTunSMPB", TEXT)));
        cut.truncate(40);
        assert_eq!(found(cut), None);
        assert_eq!(found(b"RIFF....".to_vec()), None);
    }
}
