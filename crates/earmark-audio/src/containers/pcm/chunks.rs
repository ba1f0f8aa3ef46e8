//! Chunks: a name, a size, a body. RIFF and IFF files, Wave64 and CAF are rows of them.

use crate::containers::byte_walker::{ByteWalker, big_endian};
use crate::decoding::ByteOrder;
use crate::error::Fault;

/// How the head of a chunk is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChunkStyle {
    /// RIFF and IFF: name and size of four bytes each, bodies filled up to an even length.
    Short(ByteOrder),
    /// Wave64: an identifier of 16 bytes, then the size of the whole chunk in eight; chunks begin at multiples of eight bytes.
    Wave64,
    /// CAF: a name of four bytes and a size of eight, without filling.
    Caf,
}

/// One chunk, of which the body may reach beyond the end of the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chunk {
    pub(super) name: [u8; 4],
    /// First byte of the body.
    pub(super) body: u64,
    /// Bytes of the body, as stated.
    pub(super) size: u64,
    /// Behind the body, and behind what fills it up.
    pub(super) end: u64,
    pub(super) padded_end: u64,
}

/// Ends of the identifiers in Wave64 files, behind a name: Sonic Foundry's and Microsoft's.
const WAVE64_ENDS: [&[u8]; 2] = [&[0xc0, 0x4f, 0x8e, 0xdb, 0x8a], &[0xdb, 0x04, 0xc1, 0, 0]];

/// Names by which a chunk is known even where its size leads nowhere.
#[rustfmt::skip]
const KNOWN: [&[u8; 4]; 61] = [
    // RIFF, the data of recorders and editors included.
    b"fmt ", b"data", b"fact", b"LIST", b"list", b"bext", b"iXML", b"cue ", b"smpl", b"PEAK", b"JUNK", b"junk", b"PAD ",
    b"FLLR", b"guan", b"wamd", b"aXML", b"axml", b"chna", b"acid", b"inst", b"plst", b"labl", b"note", b"adtl", b"DISP",
    b"umid", b"minf", b"elm1", b"regn", b"ovwf", b"LGWV", b"cart", b"levl", b"link", b"id3 ", b"ID3 ", b"ds64",
    // IFF.
    b"COMM", b"SSND", b"MARK", b"INST", b"COMT", b"NAME", b"AUTH", b"(c) ", b"ANNO", b"AESD", b"APPL", b"MIDI", b"FVER",
    b"CHAN",
    // CAF.
    b"desc", b"pakt", b"kuki", b"free", b"info", b"chan", b"peak", b"edct", b"uuid",
];

impl Chunk {
    pub(super) fn is_known(&self) -> bool {
        KNOWN.contains(&&self.name)
    }

    /// The name for messages.
    pub(super) fn shown_name(&self) -> String {
        String::from_utf8_lossy(&self.name).trim_end().to_owned()
    }
}

impl ChunkStyle {
    /// Bytes before a body.
    pub(super) fn head_bytes(self) -> u64 {
        match self {
            ChunkStyle::Short(_) => 8,
            ChunkStyle::Wave64 => 24,
            ChunkStyle::Caf => 12,
        }
    }

    /// The number of which the places of chunks are multiples.
    pub(super) fn alignment(self) -> u64 {
        match self {
            ChunkStyle::Short(_) => 2,
            ChunkStyle::Wave64 => 8,
            ChunkStyle::Caf => 1,
        }
    }

    /// The chunk whose head is at `at`; `None` where the file ends before, or where these bytes are no head of a chunk.
    pub(super) fn read(self, walker: &mut ByteWalker<'_>, at: u64) -> Result<Option<Chunk>, Fault> {
        if at >= walker.len() {
            return Ok(None);
        }
        let head_bytes = self.head_bytes();
        let head = walker.peek(at, head_bytes as usize)?;
        let Some(name) = head.first_chunk::<4>().copied() else {
            return Ok(None);
        };
        let size = match (self, head) {
            (ChunkStyle::Short(order), [_, _, _, _, a, b, c, d]) => u64::from(order.u32([*a, *b, *c, *d])),
            (ChunkStyle::Caf, [_, _, _, _, size @ ..]) if size.len() == 8 => big_endian(size),
            (ChunkStyle::Wave64, [identifier @ .., _, _, _, _, _, _, _, _]) if head.len() == 24 => {
                if !WAVE64_ENDS.iter().any(|end| identifier.ends_with(end)) {
                    return Ok(None);
                }
                let size = head[16..]
                    .iter()
                    .rev()
                    .fold(0_u64, |sum, &b| (sum << 8) | u64::from(b));
                size.saturating_sub(head_bytes)
            }
            _ => return Ok(None),
        };
        // Some names end with a zero.
        let is_name = |(i, b): (usize, &u8)| matches!(b, b' '..=b'~') || (i == 3 && *b == 0);
        if self != ChunkStyle::Wave64 && !name.iter().enumerate().all(is_name) {
            return Ok(None);
        }
        let body = at.saturating_add(head_bytes);
        let filled = size
            .checked_next_multiple_of(self.alignment())
            .unwrap_or(u64::MAX);
        Ok(Some(Chunk {
            name,
            body,
            size,
            end: body.saturating_add(size),
            padded_end: body.saturating_add(filled),
        }))
    }

    /// Where the chunk behind `end` begins, of which the padding ends at `padded_end`: some programs forget the padding.
    pub(super) fn behind(self, walker: &mut ByteWalker<'_>, end: u64, padded_end: u64) -> Result<u64, Fault> {
        if end == padded_end || end >= walker.len() {
            return Ok(padded_end);
        }
        let padded = self.read(walker, padded_end)?;
        let bare = self.read(walker, end)?;
        Ok(match (padded, bare) {
            (padded, Some(bare)) if bare.is_known() && !padded.is_some_and(|chunk| chunk.is_known()) => end,
            (None, Some(_)) => end,
            _ => padded_end,
        })
    }
}

/// The first place from `at` on, within `limit` bytes, where one of these names begins.
pub(super) fn find_name(
    walker: &mut ByteWalker<'_>,
    at: u64,
    limit: u64,
    names: &[&[u8; 4]],
) -> Result<Option<u64>, Fault> {
    const STEP: u64 = 8 * 1024;
    let end = at.saturating_add(limit).min(walker.len());
    let mut here = at;
    while here < end {
        // A name may begin in the last three bytes.
        let wanted = STEP.min(end - here + 3);
        let bytes = walker.peek(here, wanted as usize)?;
        let is_name = |window: &[u8]| names.iter().any(|name| window == name.as_slice());
        if let Some(found) = bytes.windows(4).position(is_name) {
            return Ok(Some(here + found as u64));
        }
        if (bytes.len() as u64) < STEP {
            break;
        }
        here += STEP - 3;
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    const RIFF: ChunkStyle = ChunkStyle::Short(ByteOrder::Little);

    #[test]
    fn heads_of_the_three_styles() {
        let mut bytes = b"LIST\x03\0\0\0abc\0free\0\0\0\0\0\0\0\x02".to_vec();
        bytes.extend(b"bext\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a\x21\0\0\0\0\0\0\0");
        let mut source = Cursor::new(bytes);
        let mut walker = ByteWalker::new(&mut source).expect("opens");
        let list = RIFF.read(&mut walker, 0).expect("reads").expect("a chunk");
        assert_eq!((list.body, list.size, list.end, list.padded_end), (8, 3, 11, 12));
        let free = ChunkStyle::Caf
            .read(&mut walker, 12)
            .expect("reads")
            .expect("a chunk");
        assert_eq!((free.body, free.size, free.padded_end), (24, 2, 26));
        let bext = ChunkStyle::Wave64
            .read(&mut walker, 24)
            .expect("reads")
            .expect("a chunk");
        assert_eq!(
            (bext.shown_name().as_str(), bext.size, bext.padded_end),
            ("bext", 9, 64)
        );
        assert!(ChunkStyle::Wave64.read(&mut walker, 0).expect("reads").is_none());
        // Not a name, and cut within the head.
        assert!(RIFF.read(&mut walker, 5).expect("reads").is_none());
        assert!(RIFF.read(&mut walker, 44).expect("reads").is_none());
    }

    #[test]
    fn forgotten_padding_is_noticed() {
        let cases: [(&[u8], u64); 3] = [
            (b"x\0data\x04\0\0\0", 2),
            (b"xdata\x04\0\0\0", 1),
            (b"xodd!\0\0\0\0", 1),
        ];
        for (bytes, behind) in cases {
            let mut source = Cursor::new(bytes.to_vec());
            let mut walker = ByteWalker::new(&mut source).expect("opens");
            assert_eq!(
                RIFF.behind(&mut walker, 1, 2).expect("reads"),
                behind,
                "{bytes:?}"
            );
        }
    }

    #[test]
    fn names_are_found_across_reads() {
        let mut bytes = vec![b'd'; 20_000];
        bytes[8_190..8_194].copy_from_slice(b"data");
        let mut source = Cursor::new(bytes);
        let mut walker = ByteWalker::new(&mut source).expect("opens");
        let mut find = |limit| find_name(&mut walker, 5, limit, &[b"fmt ", b"data"]).expect("reads");
        assert_eq!(find(100_000), Some(8_190));
        assert_eq!(find(8_186), Some(8_190));
        assert_eq!(find(8_185), None);
        assert_eq!(find(0), None);
    }
}
