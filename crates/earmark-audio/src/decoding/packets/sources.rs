//! Where packets come from: the pages of Ogg, the blocks of Matroska, or a list.

use super::group::{GroupPosition, PacketGroup};
use super::matroska_blocks::MatroskaPackets;
use super::ogg_pages::OggPackets;
use crate::containers::{ByteWalker, PacketList, PacketPlace};
use crate::error::Fault;

/// Most bytes of a packet from a list: far above any packet of sound.
const MOST_LISTED_BYTES: u32 = 1 << 20;

/// The packets of a section, in order.
pub(super) enum PacketSource {
    Ogg(OggPackets),
    Matroska(MatroskaPackets),
    /// Also the numbers of the next packet and of the next hole.
    Listed {
        list: PacketList,
        next: usize,
        hole: usize,
    },
}

impl PacketSource {
    pub(super) fn new(place: PacketPlace, sample_rate_hz: u32) -> Self {
        match place {
            PacketPlace::Ogg { start, end, serial } => Self::Ogg(OggPackets::new(start, end, serial)),
            PacketPlace::Matroska(blocks) => Self::Matroska(MatroskaPackets::new(blocks, sample_rate_hz)),
            PacketPlace::Listed(list) => Self::Listed {
                list,
                next: 0,
                hole: 0,
            },
        }
    }

    /// Replaces `group` by the next one; `false` at the end, where `group` can still have a gap.
    pub(super) fn next(
        &mut self,
        walker: &mut ByteWalker<'_>,
        group: &mut PacketGroup,
    ) -> Result<bool, Fault> {
        group.clear();
        match self {
            Self::Ogg(pages) => pages.next(walker, group),
            Self::Matroska(blocks) => blocks.next(walker, group),
            Self::Listed { list, next, hole } => {
                let Some(packet) = list.packets.get(*next) else {
                    return Ok(false);
                };
                let mut missing = 0_u64;
                while let Some(&(index, frames)) = list.holes.get(*hole)
                    && index <= *next
                {
                    missing = missing.saturating_add(frames);
                    *hole += 1;
                }
                if missing > 0 {
                    group.position = GroupPosition::Behind { hole: missing };
                }
                *next += 1;
                group.at = packet.at;
                let wanted = packet.bytes.min(MOST_LISTED_BYTES) as usize;
                group.push(walker.peek(packet.at, wanted)?);
                Ok(true)
            }
        }
    }

    /// How long the packet lasts by the container, in frames, where it says so, and whether it is the last one.
    pub(super) fn stated(&self) -> Option<(u64, bool)> {
        match self {
            Self::Listed { list, next, .. } => {
                let packet = list.packets.get(next.checked_sub(1)?)?;
                Some((u64::from(packet.frames), *next == list.packets.len()))
            }
            _ => None,
        }
    }
}
