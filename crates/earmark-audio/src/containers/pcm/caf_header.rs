//! What the chunks of a CAF file say about its samples: the description and the table of packets.

use super::chunks::Chunk;
use crate::containers::byte_walker::{ByteWalker, big_endian};
use crate::error::Fault;
use crate::limit_checks::check_shape;
use crate::limits::{MAX_CHANNELS, MAX_SAMPLE_RATE_HZ};

/// What the chunk `desc` says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Description {
    pub(super) sample_rate_hz: u32,
    pub(super) format: [u8; 4],
    pub(super) flags: u32,
    pub(super) bytes_per_packet: u32,
    pub(super) frames_per_packet: u32,
    pub(super) channels: u16,
    pub(super) bits: u32,
}

/// What the chunks say.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) cookie: Vec<u8>,
    pub(super) table: Option<PacketTable>,
    pub(super) data: Option<Chunk>,
}

impl Description {
    pub(super) fn read(walker: &mut ByteWalker<'_>, chunk: &Chunk) -> Result<Self, Fault> {
        let b = walker.required::<32>(chunk.body, "it ends within its description (desc chunk)")?;
        let number = |i: usize| big_endian(&b[i..i + 4]) as u32;
        let rate = f64::from_bits(big_endian(&b[..8]));
        // Also zero for what is not a number.
        let is_rate = rate >= 0.0 && rate <= f64::from(MAX_SAMPLE_RATE_HZ);
        let sample_rate_hz = if is_rate { rate.round() as u32 } else { 0 };
        let channels = number(24);
        check_shape(sample_rate_hz, u64::from(channels))?;
        Ok(Self {
            sample_rate_hz,
            format: [b[8], b[9], b[10], b[11]],
            flags: number(12),
            bytes_per_packet: number(16),
            frames_per_packet: number(20),
            channels: u16::try_from(channels).unwrap_or(MAX_CHANNELS),
            bits: number(28),
        })
    }
}

/// Bytes of the table before its entries.
const TABLE_HEADER_BYTES: u64 = 24;

/// The head of the chunk `pakt`, and where its entries are.
#[derive(Clone, Copy, Debug)]
pub(super) struct PacketTable {
    pub(super) count: u64,
    /// Frames without those that an encoder adds at both ends.
    pub(super) valid_frames: u64,
    pub(super) priming_frames: u64,
    pub(super) entries: u64,
    pub(super) end: u64,
}

impl PacketTable {
    pub(super) fn read(walker: &mut ByteWalker<'_>, chunk: &Chunk) -> Result<Option<Self>, Fault> {
        let Some(b) = walker.array::<24>(chunk.body)? else {
            return Ok(None);
        };
        let [count, valid_frames] = [0, 8].map(|i: usize| big_endian(&b[i..i + 8]));
        Ok(Some(Self {
            count,
            valid_frames,
            // Signed; nothing can be taken from before the start.
            priming_frames: Some(big_endian(&b[16..20])).filter(|&n| n < 1 << 31).unwrap_or(0),
            entries: chunk.body + TABLE_HEADER_BYTES,
            end: chunk.end.min(walker.len()),
        }))
    }
}
