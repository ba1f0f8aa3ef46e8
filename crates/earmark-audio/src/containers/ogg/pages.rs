//! The pages of an Ogg file: found, checked against their checksum, and found again behind damage.

use std::ops::Range;

use crate::clip::LostSound;
use crate::containers::byte_walker::ByteWalker;
use crate::containers::tags::is_harmless;
use crate::error::Fault;

/// Bytes of a page before its table of segments.
const HEADER_BYTES: usize = 27;

/// How many bytes of false pages are checked while looking for a page behind damage, beyond four times the length of
/// the file: a file made of false pages would otherwise take hours.
const MOST_FALSE_BYTES: u64 = 64 << 20;

const CONTINUED: u8 = 1;
const FIRST: u8 = 2;
const LAST: u8 = 4;

/// The header of an intact page.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    /// Where the page begins and ends in the file.
    pub(crate) bytes: Range<u64>,
    flags: u8,
    /// Position at the end of the last packet that ends here; `None` where none does.
    pub(crate) granule: Option<i64>,
    pub(crate) serial: u32,
    pub(crate) number: u32,
    /// Lengths of the pieces of packets, from the table of segments; the last one continues in the next page where
    /// `is_open`.
    pieces: Vec<u32>,
    is_open: bool,
}

impl Page {
    /// Whether the first packet of the page began on an earlier one.
    pub(crate) fn is_continued(&self) -> bool {
        self.flags & CONTINUED != 0
    }

    /// Whether its logical stream begins here.
    pub(crate) fn is_first(&self) -> bool {
        self.flags & FIRST != 0
    }

    /// Whether its logical stream ends here.
    pub(crate) fn is_last(&self) -> bool {
        self.flags & LAST != 0
    }

    /// The pieces of packets in order, and for each whether its packet ends on this page.
    pub(crate) fn pieces<'w>(
        &self,
        walker: &'w mut ByteWalker<'_>,
    ) -> Result<impl Iterator<Item = (&'w [u8], bool)>, Fault> {
        let size = self.pieces.iter().map(|&piece| piece as usize).sum::<usize>();
        let body = walker.peek(self.bytes.end - size as u64, size)?;
        let (count, is_open) = (self.pieces.len(), self.is_open);
        let ends: Vec<usize> = self
            .pieces
            .iter()
            .scan(0, |end, &piece| {
                *end += piece as usize;
                Some(*end)
            })
            .collect();
        Ok((0..count).map(move |index| {
            let start = if index == 0 { 0 } else { ends[index - 1] };
            let piece = body.get(start..ends[index]).unwrap_or_default();
            (piece, !(is_open && index + 1 == count))
        }))
    }
}

/// What comes next in a row of pages.
pub(crate) enum Step {
    Page(Page),
    /// These bytes are not intact pages.
    Damage(PageDamage),
    End,
}

/// Bytes where intact pages should be.
#[derive(Clone, Debug)]
pub(crate) struct PageDamage {
    pub(crate) bytes: Range<u64>,
    pub(crate) reason: &'static str,
    /// Whether they are the beginning of a page that the end of the file cuts off.
    pub(crate) is_cut_off: bool,
}

impl PageDamage {
    /// The loss that it is.
    pub(crate) fn to_loss(&self) -> LostSound {
        LostSound {
            is_cut_off: self.is_cut_off,
            bytes: Some(self.bytes.end - self.bytes.start),
            ..LostSound::damaged(self.reason, self.bytes.start)
        }
    }
}

/// Goes from page to page.
#[derive(Clone, Debug)]
pub(crate) struct PageScanner {
    at: u64,
    end: u64,
    false_bytes: u64,
}

impl PageScanner {
    pub(crate) fn new(start: u64, end: u64) -> Self {
        Self {
            at: start,
            end,
            false_bytes: 0,
        }
    }

    /// The first byte that was not gone over yet.
    pub(crate) fn position(&self) -> u64 {
        self.at
    }

    /// The next page, or what stands where it should be.
    pub(crate) fn next(&mut self, walker: &mut ByteWalker<'_>) -> Result<Step, Fault> {
        let start = self.at;
        if start >= self.end {
            return Ok(Step::End);
        }
        if let Some(page) = self.intact_page(walker, start)? {
            self.at = page.bytes.end;
            return Ok(Step::Page(page));
        }
        let is_page = walker.peek(start, 4)?;
        let begins_one = b"OggS".starts_with(is_page);
        let mut at = start + 1;
        self.at = self.end;
        while let Some(found) = find_capture_pattern(walker, at, self.end)? {
            if let Some(page) = self.intact_page(walker, found)? {
                self.at = page.bytes.start;
                break;
            }
            if self.false_bytes > MOST_FALSE_BYTES.saturating_add(4 * (self.end - start)) {
                break;
            }
            at = found + 1;
        }
        // Zeros and the tags of players at the end are not sound.
        if self.at == self.end && is_harmless(walker, start, self.end)? {
            return Ok(Step::End);
        }
        let is_cut_off = begins_one && self.at == self.end && is_longer(walker, start, self.end)?;
        Ok(Step::Damage(PageDamage {
            bytes: start..self.at,
            reason: match (is_cut_off, begins_one) {
                (true, _) => "its last page is incomplete",
                (_, true) => "the checksum of this page is wrong",
                _ => "a page should begin here",
            },
            is_cut_off,
        }))
    }

    /// The page at this byte, if there is a whole one with the right checksum.
    fn intact_page(&mut self, walker: &mut ByteWalker<'_>, at: u64) -> Result<Option<Page>, Fault> {
        let Some(size) = page_size(walker, at)?.filter(|size| at + *size as u64 <= self.end) else {
            return Ok(None);
        };
        let page = walker.peek(at, size)?;
        let u32_at = |i: usize| u32::from_le_bytes([page[i], page[i + 1], page[i + 2], page[i + 3]]);
        if page.len() < size || checksum(page) != u32_at(22) {
            self.false_bytes += size as u64;
            return Ok(None);
        }
        let segments = &page[HEADER_BYTES..HEADER_BYTES + usize::from(page[26])];
        let mut pieces = Vec::new();
        let mut is_open = false;
        for &segment in segments {
            match pieces.last_mut().filter(|_| is_open) {
                Some(piece) => *piece += u32::from(segment),
                None => pieces.push(u32::from(segment)),
            }
            is_open = segment == 255;
        }
        let granule = u64::from(u32_at(6)) | u64::from(u32_at(10)) << 32;
        Ok(Some(Page {
            bytes: at..at + size as u64,
            flags: page[5],
            granule: Some(granule.cast_signed()).filter(|granule| *granule != -1),
            serial: u32_at(14),
            number: u32_at(18),
            pieces,
            is_open,
        }))
    }
}

/// Length of the page that begins at this byte by its header, if one does.
fn page_size(walker: &mut ByteWalker<'_>, at: u64) -> Result<Option<usize>, Fault> {
    let Some(header) = walker.array::<HEADER_BYTES>(at)? else {
        return Ok(None);
    };
    if !header.starts_with(b"OggS\0") || header[5] > 7 {
        return Ok(None);
    }
    let segments = usize::from(header[26]);
    let table = walker.peek(at + HEADER_BYTES as u64, segments)?;
    let body = table.iter().map(|&size| usize::from(size)).sum::<usize>();
    Ok((table.len() == segments).then_some(HEADER_BYTES + segments + body))
}

/// Whether the page that begins here extends behind the end, by its header, or ends within its header.
fn is_longer(walker: &mut ByteWalker<'_>, at: u64, end: u64) -> Result<bool, Fault> {
    Ok(page_size(walker, at)?.is_none_or(|size| at + size as u64 > end))
}

/// Where the next page may begin.
fn find_capture_pattern(walker: &mut ByteWalker<'_>, mut at: u64, end: u64) -> Result<Option<u64>, Fault> {
    const PATTERN: &[u8; 4] = b"OggS";
    while at + 4 <= end {
        let window = walker.peek(at, 4096)?;
        if let Some(found) = window.windows(4).position(|bytes| bytes == PATTERN) {
            let found = at + found as u64;
            return Ok((found + 4 <= end).then_some(found));
        }
        at += (window.len() as u64).saturating_sub(3).max(1);
    }
    Ok(None)
}

/// Ogg's CRC-32 (polynomial 0x04c11db7, not reflected, starting from 0) of a byte with 0 to 7 zeros behind it, so that
/// eight bytes are taken at once ("slicing by 8", Kounavis and Berry 2005).
const CRC: [[u32; 256]; 8] = {
    let mut tables = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut register = (byte as u32) << 24;
        let mut zeros = 0;
        while zeros < 8 {
            let mut bit = 0;
            while bit < 8 {
                register = (register << 1) ^ if register >> 31 != 0 { 0x04c1_1db7 } else { 0 };
                bit += 1;
            }
            tables[zeros][byte] = register;
            zeros += 1;
        }
        byte += 1;
    }
    tables
};

/// The checksum of a page, whose own checksum field counts as zeros.
fn checksum(page: &[u8]) -> u32 {
    let head = crc(0, &page[..22]);
    crc(crc(head, &[0; 4]), &page[26..])
}

/// A checksum continued over further bytes.
fn crc(before: u32, bytes: &[u8]) -> u32 {
    let (eights, rest) = bytes.as_chunks::<8>();
    let register = eights.iter().fold(before, |register, eight| {
        let [a, b, c, d] = register.to_be_bytes();
        CRC[7][usize::from(eight[0] ^ a)]
            ^ CRC[6][usize::from(eight[1] ^ b)]
            ^ CRC[5][usize::from(eight[2] ^ c)]
            ^ CRC[4][usize::from(eight[3] ^ d)]
            ^ CRC[3][usize::from(eight[4])]
            ^ CRC[2][usize::from(eight[5])]
            ^ CRC[1][usize::from(eight[6])]
            ^ CRC[0][usize::from(eight[7])]
    });
    rest.iter().fold(register, |register, &byte| {
        (register << 8) ^ CRC[0][usize::from((register >> 24) as u8 ^ byte)]
    })
}

#[cfg(test)]
mod tests {
    use super::crc;

    #[test]
    fn eight_bytes_at_once_give_the_checksum_of_single_bits() {
        let bytes: Vec<u8> = (0..300u32).map(|i| (i * i * 31 + i * 7) as u8).collect();
        for length in (0..40).chain([255, 300]) {
            let by_bits = bytes[..length].iter().fold(0x1234_5678u32, |register, &byte| {
                (0..8).fold(register ^ u32::from(byte) << 24, |register, _| {
                    (register << 1) ^ ((register >> 31) * 0x04c1_1db7)
                })
            });
            assert_eq!(crc(0x1234_5678, &bytes[..length]), by_bits, "{length} bytes");
        }
    }
}
