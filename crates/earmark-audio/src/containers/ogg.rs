//! Ogg: every page's checksum, the page numbers, and the page marked as the last.

use std::collections::BTreeMap;

use super::byte_walker::ByteWalker;
use super::layout::{CodedLayout, Container};
use crate::error::Fault;

const CONTINUED: u8 = 1;
const FIRST: u8 = 2;
const LAST: u8 = 4;

struct OggStream {
    next_page: u32,
    ended: bool,
}

pub(super) fn inspect(walker: &mut ByteWalker<'_>, start: u64) -> Result<CodedLayout, Fault> {
    let crc = crc_table();
    let mut streams: BTreeMap<u32, OggStream> = BTreeMap::new();
    let mut body_begun = false;
    let mut at = start;
    while at < walker.len() {
        let Some(header) = walker.array::<27>(at)? else {
            return Err(Fault::truncated("its last page is incomplete", at));
        };
        if !header.starts_with(b"OggS") {
            return Err(Fault::corrupt("a page should begin here", at));
        }
        let (flags, segments) = (header[5], usize::from(header[26]));
        let table = walker.peek(at + 27, segments)?;
        let size = 27 + segments + table.iter().map(|&n| usize::from(n)).sum::<usize>();
        let page = walker.peek(at, size)?;
        if page.len() < size {
            return Err(Fault::truncated("its last page is incomplete", at));
        }
        let u32_at = |i: usize| u32::from_le_bytes([page[i], page[i + 1], page[i + 2], page[i + 3]]);
        let (serial, number, sum) = (u32_at(14), u32_at(18), u32_at(22));
        if checksum(&crc, page) != sum {
            return Err(Fault::corrupt("the checksum of this page is wrong", at));
        }
        match streams.get_mut(&serial) {
            None if flags & FIRST != 0 && !body_begun => {
                let next_page = number.wrapping_add(1);
                let ended = flags & LAST != 0;
                streams.insert(serial, OggStream { next_page, ended });
            }
            None if flags & FIRST != 0 => {
                let reason = "is several Ogg streams in sequence (a chained file)";
                return Err(Fault::unsupported(reason));
            }
            None => return Err(Fault::corrupt("a page belongs to no stream", at)),
            Some(OggStream { next_page, ended }) => {
                if number != *next_page || (flags & CONTINUED != 0 && *ended) {
                    let reason = format!("page {next_page} is missing, page {number} follows");
                    return Err(Fault::corrupt(reason, at));
                }
                *next_page = number.wrapping_add(1);
                *ended |= flags & LAST != 0;
                body_begun = true;
            }
        }
        at += size as u64;
    }
    if streams.values().any(|stream| !stream.ended) {
        return Err(Fault::truncated("its last page is missing", at));
    }
    Ok(CodedLayout::new(Container::Ogg, start, walker.len()))
}

/// Ogg's CRC-32: polynomial 0x04c11db7, not reflected, starting from 0.
fn crc_table() -> [u32; 256] {
    let shift = |r: u32| (r << 1) ^ if r >> 31 != 0 { 0x04c1_1db7 } else { 0 };
    std::array::from_fn(|byte| (0..8).fold((byte as u32) << 24, |r, _| shift(r)))
}

/// The checksum of a page, whose own checksum field counts as zeros.
fn checksum(table: &[u32; 256], page: &[u8]) -> u32 {
    let step = |crc: u32, byte: u8| (crc << 8) ^ table[((crc >> 24) as u8 ^ byte) as usize];
    let head = page[..22].iter().fold(0, |crc, &byte| step(crc, byte));
    let field = (0..4).fold(head, |crc, _| step(crc, 0));
    page[26..].iter().fold(field, |crc, &byte| step(crc, byte))
}
