//! Tags and padding before, between and behind the frames of formats that are a bare row of them.

use super::byte_walker::ByteWalker;
use crate::error::Fault;

/// A Lyrics3 tag is text of a song; its end is looked for within this length.
const MAX_LYRICS_BYTES: u64 = 256 * 1024;

/// Sizes of fixed headers, footers and tags.
const ID3V1_BYTES: u64 = 128;
const ID3V1_EXTENDED_BYTES: u64 = 227;
const ID3V2_HEADER_BYTES: u64 = 10;
const APE_HEADER_BYTES: u64 = 32;

/// The length of an ID3v2 tag with its header and footer: seven bits per byte of its size, and bit 4 of the flags
/// announces a footer.
pub(super) fn id3v2_bytes(header: [u8; 10]) -> u64 {
    let append = |sum: u64, b: &u8| (sum << 7) | u64::from(b & 0x7f);
    let size = header[6..].iter().fold(0, append);
    let footer = if header[5] & 0x10 != 0 {
        ID3V2_HEADER_BYTES
    } else {
        0
    };
    ID3V2_HEADER_BYTES + size + footer
}

/// A tag between or behind frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tag {
    /// Behind the tag, as it states its size: possibly behind the end of the file.
    pub(super) end: u64,
    pub(super) is_id3v2: bool,
}

/// Whether these bytes look like the start of a tag.
pub(super) fn begins_tag(bytes: &[u8]) -> bool {
    const MAGICS: [&[u8]; 5] = [b"TAG", b"ID3", b"3DI", b"APETAGEX", b"LYRICSBEGIN"];
    MAGICS.iter().any(|magic| bytes.starts_with(magic))
}

/// The tag that begins at `at`, in the part of the file before `end`: ID3v1, ID3v2, APE or Lyrics3.
pub(super) fn tag_at(walker: &mut ByteWalker<'_>, at: u64, end: u64) -> Result<Option<Tag>, Fault> {
    if let Some(tag) = tag_with_head(walker, at, end)? {
        return Ok(Some(tag));
    }
    let is_ape = ape_without_header(walker, at, end)?;
    Ok(is_ape.then_some(Tag { end, is_id3v2: false }))
}

/// The same without APE tags that only their end shows, for which the end of the file must be read.
pub(super) fn tag_with_head(walker: &mut ByteWalker<'_>, at: u64, end: u64) -> Result<Option<Tag>, Fault> {
    let head = bounded(walker, at, end, 32)?;
    let bytes = match stated_bytes(&head) {
        Some(bytes) => bytes,
        None if head.starts_with(b"LYRICSBEGIN") => match lyrics_bytes(walker, at, end)? {
            Some(bytes) => bytes,
            None => return Ok(None),
        },
        None => return Ok(None),
    };
    Ok(Some(Tag {
        end: at + bytes,
        is_id3v2: head.starts_with(b"ID3"),
    }))
}

/// Bytes of a tag whose length is fixed or given in its header.
fn stated_bytes(head: &[u8]) -> Option<u64> {
    // Behind the name comes a version, other than in the name of the chunk `ID3 ` of RIFF and IFF.
    if let Some(header) = head.first_chunk::<10>()
        && header.starts_with(b"ID3")
        && header[3] != b' '
    {
        return Some(id3v2_bytes(*header));
    }
    if let Some(header) = head.first_chunk::<32>()
        && header.starts_with(b"APETAGEX")
    {
        // The size of items and footer; bit 29 of the flags is set in a header and clear in a footer.
        let size = u32::from_le_bytes([header[12], header[13], header[14], header[15]]);
        let is_header = header[23] & 0x20 != 0;
        return Some(APE_HEADER_BYTES + if is_header { u64::from(size) } else { 0 });
    }
    match head {
        // A footer of which the header is missing.
        [b'3', b'D', b'I', ..] => Some(ID3V2_HEADER_BYTES),
        [b'T', b'A', b'G', b'+', ..] => Some(ID3V1_EXTENDED_BYTES),
        [b'T', b'A', b'G', ..] => Some(ID3V1_BYTES),
        _ => None,
    }
}

/// A Lyrics3 tag ends with its version's mark: `LYRICSEND`, or six digits of its size and `LYRICS200`.
fn lyrics_bytes(walker: &mut ByteWalker<'_>, at: u64, end: u64) -> Result<Option<u64>, Fault> {
    /// Read at once: a file of very many short tags is not read to its end for each of them.
    const STEP: usize = 4096;
    const MARK: usize = 9;
    let is_mark = |w: &[u8]| w == b"LYRICSEND" || w == b"LYRICS200";
    let end = end.min(at.saturating_add(MAX_LYRICS_BYTES));
    let mut here = at;
    while here < end {
        let text = bounded(walker, here, end, STEP)?;
        if let Some(place) = text.windows(MARK).position(is_mark) {
            return Ok(Some(here - at + (place + MARK) as u64));
        }
        if text.len() < STEP {
            break;
        }
        here += (STEP - MARK + 1) as u64;
    }
    Ok(None)
}

/// Whether an APE tag without a header (version 1) takes up all from `at` to the end, or to an ID3v1 tag there.
fn ape_without_header(walker: &mut ByteWalker<'_>, at: u64, end: u64) -> Result<bool, Fault> {
    for behind in [0, ID3V1_BYTES] {
        let Some(footer_at) = end.checked_sub(behind + APE_HEADER_BYTES) else {
            continue;
        };
        let Some(footer) = walker.array::<16>(footer_at)? else {
            continue;
        };
        let size = u64::from(u32::from_le_bytes([
            footer[12], footer[13], footer[14], footer[15],
        ]));
        if footer.starts_with(b"APETAGEX") && Some(at) == (footer_at + APE_HEADER_BYTES).checked_sub(size) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The first byte from `at` on, before `end`, that is neither of a tag nor zero: taggers and some recorders put these
/// there.
pub(super) fn behind_tags(walker: &mut ByteWalker<'_>, mut at: u64, end: u64) -> Result<u64, Fault> {
    while at < end {
        at = if let Some(tag) = tag_with_head(walker, at, end)? {
            tag.end
        } else if walker.peek(at, 1)? == [0] {
            repeated_until(walker, at, end)?
        } else if let Some(tag) = tag_at(walker, at, end)? {
            // Not before each of many zeros: it reads the end of the file.
            tag.end
        } else {
            break;
        };
    }
    Ok(at.min(end))
}

/// Whether there is nothing but tags and zeros between two places.
pub(crate) fn is_harmless(walker: &mut ByteWalker<'_>, at: u64, end: u64) -> Result<bool, Fault> {
    Ok(behind_tags(walker, at, end)? >= end)
}

/// The first byte from `at` on, before `end`, that differs from the byte at `at`.
pub(super) fn repeated_until(walker: &mut ByteWalker<'_>, at: u64, end: u64) -> Result<u64, Fault> {
    let Some(&byte) = walker.peek(at, 1)?.first() else {
        return Ok(at);
    };
    let mut here = at;
    while here < end {
        let block = walker.peek(here, 4096)?;
        if let Some(other) = block.iter().position(|&b| b != byte) {
            return Ok((here + other as u64).min(end));
        }
        if block.is_empty() {
            break;
        }
        here += block.len() as u64;
    }
    Ok(here.min(end))
}

/// Up to `wanted` bytes from `at`, all of them before `end`.
pub(super) fn bounded(
    walker: &mut ByteWalker<'_>,
    at: u64,
    end: u64,
    wanted: usize,
) -> Result<Vec<u8>, Fault> {
    let left = usize::try_from(end.saturating_sub(at)).unwrap_or(usize::MAX);
    Ok(walker.peek(at, wanted.min(left))?.to_vec())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::super::byte_walker::tests::CountingSource;
    use super::*;

    #[test]
    fn tags_and_zeros_are_harmless() {
        let is_harmless = |bytes: &[u8]| {
            let mut source = Cursor::new(bytes.to_vec());
            let mut walker = ByteWalker::new(&mut source).unwrap();
            is_harmless(&mut walker, 0, bytes.len() as u64).unwrap()
        };
        let tag = [b"TAG".as_slice(), &[b'x'; 125]].concat();
        assert!(is_harmless(&[]) && is_harmless(&[0; 5_000]) && is_harmless(&tag));
        assert!(is_harmless(&[&[0; 10], tag.as_slice()].concat()));
        let id3v2 = b"ID3\x03\0\0\0\0\0\x02zz".as_slice();
        assert!(is_harmless(&[id3v2, tag.as_slice()].concat()));
        assert!(!is_harmless(&[0, 0, 7]) && !is_harmless(&[0xff, 0xf8]));
    }

    #[test]
    fn lyrics_end_at_their_mark() {
        for text in [0, 4_080, 4_090, 9_000, 300_000] {
            let tag = [b"LYRICSBEGIN".as_slice(), &vec![b'x'; text], b"LYRICS200"].concat();
            let mut source = Cursor::new(tag.clone());
            let mut walker = ByteWalker::new(&mut source).unwrap();
            let found = tag_at(&mut walker, 0, tag.len() as u64).unwrap();
            let end = found.map(|tag| tag.end);
            assert_eq!(end, (text < 300_000).then_some(tag.len() as u64), "{text}");
        }
    }

    #[test]
    fn very_many_tags_are_read_once() {
        // With zeros between them, too.
        for tags in [&b"LYRICSBEGINLYRICSEND"[..], b"\0\0LYRICSBEGINLYRICSEND"] {
            let bytes = tags.repeat(5_000);
            let len = bytes.len();
            let mut source = CountingSource::new(bytes);
            let mut walker = ByteWalker::new(&mut source).unwrap();
            assert!(is_harmless(&mut walker, 0, len as u64).unwrap());
            assert!(source.read < 3 * len, "{} of {len} bytes", source.read);
        }
    }
}
