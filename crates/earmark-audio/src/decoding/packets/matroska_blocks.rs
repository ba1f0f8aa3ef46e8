//! The packets of one track of Matroska, block by block.

use super::group::{GroupPosition, PacketGroup};
use crate::clip::LostSound;
use crate::containers::{BlockStep, ByteWalker, MatroskaBlocks};
use crate::error::Fault;

/// Most bytes of a packet: far above any packet of sound.
const MOST_PACKET_BYTES: u64 = 16 << 20;

/// Goes over the blocks of one track.
pub(super) struct MatroskaPackets {
    blocks: MatroskaBlocks,
    sample_rate_hz: u32,
}

impl MatroskaPackets {
    pub(super) fn new(blocks: MatroskaBlocks, sample_rate_hz: u32) -> Self {
        Self {
            blocks,
            sample_rate_hz,
        }
    }

    /// Replaces the content of `group` by the packets of the next block; `false` at the end.
    pub(super) fn next(
        &mut self,
        walker: &mut ByteWalker<'_>,
        group: &mut PacketGroup,
    ) -> Result<bool, Fault> {
        loop {
            match self.blocks.next(walker)? {
                BlockStep::Block(block) => {
                    group.at = block.at;
                    for packet in &block.packets {
                        let bytes = packet.end - packet.start;
                        if bytes > MOST_PACKET_BYTES {
                            group.add_gap(LostSound {
                                bytes: Some(bytes),
                                ..LostSound::damaged("a packet has more than 16 MiB", block.at)
                            });
                            continue;
                        }
                        group.push(walker.peek(packet.start, bytes as usize)?);
                    }
                    let frame = self.frames(block.time_ns);
                    group.position = GroupPosition::Start { frame };
                    group.drop_start = self
                        .frames(block.discard_ns.saturating_neg())
                        .max(0)
                        .cast_unsigned();
                    group.drop_end = self.frames(block.discard_ns).max(0).cast_unsigned();
                    return Ok(true);
                }
                BlockStep::Damage(loss) => group.add_gap(loss),
                BlockStep::End => return Ok(false),
            }
        }
    }

    /// Nanoseconds as frames, rounded.
    fn frames(&self, nanoseconds: i64) -> i64 {
        let scaled = i128::from(nanoseconds) * i128::from(self.sample_rate_hz);
        let half = 500_000_000 * scaled.signum();
        i64::try_from((scaled + half) / 1_000_000_000).unwrap_or(0)
    }
}
