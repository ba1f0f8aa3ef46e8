//! The blocks of one track of Matroska, over all clusters of a segment, and where they begin again behind damage.

use std::ops::Range;

use super::ebml::{Element, number};
use super::element_ids as id;
use super::hidden_clusters::hidden_cluster;
use super::lacing::{FIXED, LACING, packet_sizes, split_evenly};
use crate::clip::LostSound;
use crate::containers::byte_walker::ByteWalker;
use crate::containers::tags::is_harmless;
use crate::error::Fault;

/// Most bytes of the lengths of the packets in a block.
const MOST_LACING_BYTES: usize = 4096;

/// A block of the track.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) at: u64,
    /// When it sounds.
    pub(crate) time_ns: i64,
    /// Where its packets are.
    pub(crate) packets: Vec<Range<u64>>,
    /// How much of it is to be dropped: at its end, or, if negative, at its start.
    pub(crate) discard_ns: i64,
}

/// What comes next.
pub(crate) enum BlockStep {
    Block(Block),
    Damage(LostSound),
    End,
}

/// Goes from block to block.
#[derive(Clone, Debug)]
pub(crate) struct MatroskaBlocks {
    at: u64,
    end: u64,
    track: u64,
    /// Nanoseconds in a tick of the blocks' times.
    tick_ns: u64,
    cluster_time: i64,
}

impl MatroskaBlocks {
    /// The blocks of this track between these bytes.
    pub(super) fn new(bytes: Range<u64>, track: u64, tick_ns: u64) -> Self {
        Self {
            at: bytes.start,
            end: bytes.end,
            track,
            tick_ns,
            cluster_time: 0,
        }
    }

    /// The first byte that was not gone over yet.
    pub(super) fn position(&self) -> u64 {
        self.at
    }

    pub(crate) fn next(&mut self, walker: &mut ByteWalker<'_>) -> Result<BlockStep, Fault> {
        while self.at < self.end {
            let at = self.at;
            let Some(element) = Element::read(walker, at, self.end)? else {
                return self.resync(walker, at);
            };
            match element.id {
                // Another recording begins behind a segment of unknown size.
                id::EBML | id::SEGMENT => break,
                // What is inside is gone over like what is outside.
                id::CLUSTER => self.at = element.body,
                id::TIMESTAMP | id::SIMPLE_BLOCK | id::BLOCK_GROUP if element.is_cut_off => {
                    return Ok(self.cut_off(at));
                }
                id::TIMESTAMP => {
                    self.cluster_time = element.unsigned(walker)?.min(1 << 62).cast_signed();
                    self.at = element.end;
                }
                id::SIMPLE_BLOCK | id::BLOCK_GROUP => {
                    self.at = element.end;
                    match self.read_block(walker, at, &element)? {
                        Some(block) if block.packets.is_empty() => {}
                        Some(block) => return Ok(BlockStep::Block(block)),
                        None => return Ok(damage("a block contradicts itself", at..element.end)),
                    }
                }
                other if id::OTHERS.contains(&other) => {
                    let hidden = hidden_cluster(walker, &element, self.end)?;
                    self.at = hidden.unwrap_or(element.end);
                    // Blocks may be in the rest of the last cluster; what a segment consists of has none.
                    let may_hide_blocks = element.is_cut_off && other <= 0xffff;
                    if hidden.is_some()
                        || (may_hide_blocks && !is_harmless(walker, element.body, element.end)?)
                    {
                        return Ok(damage("the size of an element is wrong", at..self.at));
                    }
                }
                _ => return self.resync(walker, at),
            }
        }
        Ok(BlockStep::End)
    }

    fn cut_off(&mut self, at: u64) -> BlockStep {
        self.at = self.end;
        BlockStep::Damage(LostSound {
            bytes: Some(self.end - at),
            ..LostSound::cut_off("its last block is incomplete", at)
        })
    }

    /// Resumes at the next cluster behind this byte, where no element begins.
    fn resync(&mut self, walker: &mut ByteWalker<'_>, at: u64) -> Result<BlockStep, Fault> {
        let pattern = id::CLUSTER.to_be_bytes();
        let mut from = at + 1;
        let mut only_zeros = walker.peek(at, 1)? == [0];
        self.at = self.end;
        while from < self.end {
            let window = walker.peek(from, 4096)?;
            if let Some(found) = window.windows(4).position(|bytes| bytes == pattern) {
                self.at = (from + found as u64).min(self.end);
                break;
            }
            only_zeros &= window.iter().all(|byte| *byte == 0);
            from += (window.len() as u64).saturating_sub(3).max(1);
        }
        let is_end = self.at == self.end;
        if is_end && only_zeros {
            return Ok(BlockStep::End);
        }
        if is_end && self.end - at < 12 {
            return Ok(self.cut_off(at));
        }
        Ok(damage("an element should begin here", at..self.at))
    }

    /// A block, without packets if it is of another track; `None` where it can't be.
    fn read_block(
        &self,
        walker: &mut ByteWalker<'_>,
        at: u64,
        element: &Element,
    ) -> Result<Option<Block>, Fault> {
        if element.id == id::SIMPLE_BLOCK {
            return self.read_content(walker, at, element.body..element.end);
        }
        let mut block = None;
        let mut discard_ns = 0;
        for child in element.children(walker)? {
            match child.id {
                id::BLOCK if child.is_cut_off => return Ok(None),
                id::BLOCK => block = self.read_content(walker, at, child.body..child.end)?,
                id::DISCARD_PADDING => {
                    // Signed: its first bit is repeated to the left.
                    let bits = 8 * (child.end - child.body).clamp(1, 8);
                    let shift = 64 - bits as u32;
                    discard_ns = (child.unsigned(walker)? << shift).cast_signed() >> shift;
                }
                _ => {}
            }
        }
        Ok(block.map(|block| Block { discard_ns, ..block }))
    }

    /// The content of a block: its track, its time, its flags, and the lengths of its packets.
    fn read_content(
        &self,
        walker: &mut ByteWalker<'_>,
        at: u64,
        bytes: Range<u64>,
    ) -> Result<Option<Block>, Fault> {
        let size = usize::try_from(bytes.end - bytes.start).unwrap_or(usize::MAX);
        let content = walker.peek(bytes.start, size.min(MOST_LACING_BYTES))?;
        let Some((Some(track), length)) = number(content) else {
            return Ok(None);
        };
        let Some(&[t0, t1, flags]) = content[length..].first_chunk::<3>() else {
            return Ok(None);
        };
        let ticks = self
            .cluster_time
            .saturating_add(i64::from(i16::from_be_bytes([t0, t1])));
        let mut block = Block {
            at,
            time_ns: ticks.saturating_mul(i64::try_from(self.tick_ns).unwrap_or(i64::MAX)),
            packets: Vec::new(),
            discard_ns: 0,
        };
        if track != self.track {
            return Ok(Some(block));
        }
        let Some((sizes, used)) = packet_sizes(&content[length + 3..], flags) else {
            return Ok(None);
        };
        let mut start = bytes.start + (length + 3 + used) as u64;
        for size in sizes {
            block.packets.push(start..start.saturating_add(size));
            start = start.saturating_add(size);
        }
        if start > bytes.end {
            return Ok(None);
        }
        // The last packet takes what is left.
        block.packets.push(start..bytes.end);
        if flags & LACING == FIXED {
            let Some(packets) = split_evenly(&(start..bytes.end), block.packets.len()) else {
                return Ok(None);
            };
            block.packets = packets;
        }
        Ok(Some(block))
    }
}

/// Bytes that are not used.
fn damage(reason: &str, bytes: Range<u64>) -> BlockStep {
    BlockStep::Damage(LostSound {
        bytes: Some(bytes.end - bytes.start),
        ..LostSound::damaged(reason, bytes.start)
    })
}
