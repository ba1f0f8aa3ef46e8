//! Where each packet of an MP4 track is, by the tables of its index, and how much of that a file has that is cut off.

use super::boxes::Mp4Box;
use crate::clip::LostSound;
use crate::containers::byte_walker::{ByteWalker, big_endian};
use crate::containers::packet_layout::ListedPacket;
use crate::error::Fault;

/// The boxes of the tables.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SampleTables {
    /// Lengths in time, in runs.
    pub(super) stts: Option<Mp4Box>,
    /// Chunks by the number of packets in them, in runs.
    pub(super) stsc: Option<Mp4Box>,
    /// Lengths in bytes.
    pub(super) stsz: Option<Mp4Box>,
    /// Places of the chunks, in 32 or in 64 bits.
    pub(super) stco: Option<Mp4Box>,
    pub(super) co64: Option<Mp4Box>,
}

/// The packets of a track that a file has.
pub(super) struct Samples {
    pub(super) packets: Vec<ListedPacket>,
    /// Frames of all of them.
    pub(super) frames: u64,
    /// Those that the end of the file cuts off.
    pub(super) loss: Option<LostSound>,
}

/// Lists the packets of a track. `rates`: its time scale, and the rate of its frames.
///
/// # Errors
/// Tables that are missing or contradict each other.
pub(super) fn list(
    walker: &mut ByteWalker<'_>,
    tables: &SampleTables,
    rates: (u64, u32),
) -> Result<Samples, Fault> {
    let missing = || Fault::corrupt("its index lacks a table", walker.len());
    let stsz = tables.stsz.ok_or_else(missing)?;
    let stsc = tables.stsc.ok_or_else(missing)?;
    let sizes = sizes(walker, &stsz)?;
    let runs = stsc.table::<3>(walker, 4, 12)?;
    let chunks = match (tables.stco, tables.co64) {
        (Some(stco), _) => stco.table::<1>(walker, 4, 4)?,
        (None, Some(co64)) => co64.table::<1>(walker, 4, 8)?,
        (None, None) => Vec::new(),
    };
    let durations = match tables.stts {
        Some(stts) => stts.table::<2>(walker, 4, 8)?,
        None => Vec::new(),
    };
    let mut clock = Clock::new(&durations, rates);
    let mut packets = Vec::with_capacity(sizes.len());
    let mut run = 0;
    let mut sizes = sizes.into_iter();
    'chunks: for (index, [place]) in chunks.iter().enumerate() {
        while runs
            .get(run + 1)
            .is_some_and(|[first, ..]| *first <= index as u64 + 1)
        {
            run += 1;
        }
        let Some([_, count, _]) = runs.get(run) else { break };
        let mut at = *place;
        for _ in 0..*count {
            let Some(bytes) = sizes.next() else { break 'chunks };
            let frames = clock.next();
            packets.push(ListedPacket { at, bytes, frames });
            at = at.saturating_add(u64::from(bytes));
        }
    }
    if sizes.next().is_some() {
        return Err(Fault::corrupt(
            "its index places fewer packets than it has",
            stsc.at,
        ));
    }
    Ok(cut(packets, walker.len(), rates.1))
}

/// Divides the packets into those that are there and those behind the end of the file.
fn cut(mut packets: Vec<ListedPacket>, len: u64, sample_rate_hz: u32) -> Samples {
    let is_there = |packet: &ListedPacket| packet.at.saturating_add(u64::from(packet.bytes)) <= len;
    let frames =
        |packets: &[ListedPacket]| packets.iter().map(|packet| u64::from(packet.frames)).sum::<u64>();
    let there = packets.iter().take_while(|packet| is_there(packet)).count();
    let loss = (there < packets.len()).then(|| {
        let count = packets.len();
        LostSound {
            seconds: Some(frames(&packets[there..]) as f64 / f64::from(sample_rate_hz.max(1))),
            ..LostSound::cut_off(
                format!("its index promises {count} packets, of which {there} are present"),
                len,
            )
        }
    });
    packets.truncate(there);
    Samples {
        frames: frames(&packets),
        packets,
        loss,
    }
}

/// Lengths in bytes of all packets.
fn sizes(walker: &mut ByteWalker<'_>, stsz: &Mp4Box) -> Result<Vec<u32>, Fault> {
    let equal = big_endian(stsz.bytes(walker, 4, 4)?);
    if equal == 0 {
        let table = stsz.table::<1>(walker, 8, 4)?;
        let count = big_endian(stsz.bytes(walker, 8, 4)?);
        if count > table.len() as u64 {
            return Err(Fault::corrupt(
                "its table of packets is shorter than it says",
                stsz.at,
            ));
        }
        return Ok(table.into_iter().map(|[size]| size as u32).collect());
    }
    // A few bytes each, without a table: uncompressed samples, which could be billions.
    let count = big_endian(stsz.bytes(walker, 8, 4)?);
    if equal < 16 || count.saturating_mul(16) > walker.len() {
        return Err(Fault::unsupported("is MP4 with uncompressed samples"));
    }
    Ok(vec![equal as u32; count as usize])
}

/// Gives how long one packet after another lasts, in frames.
struct Clock<'a> {
    runs: std::slice::Iter<'a, [u64; 2]>,
    left: u64,
    duration: u64,
    /// The sum of the durations so far, in ticks, and ticks and frames in a second.
    ticks: u128,
    timescale: u128,
    rate: u128,
}

impl<'a> Clock<'a> {
    fn new(runs: &'a [[u64; 2]], (timescale, rate): (u64, u32)) -> Self {
        Self {
            runs: runs.iter(),
            left: 0,
            duration: 0,
            ticks: 0,
            timescale: u128::from(timescale.max(1)),
            rate: u128::from(rate),
        }
    }

    fn next(&mut self) -> u32 {
        while self.left == 0 {
            let Some([count, duration]) = self.runs.next() else {
                return 0;
            };
            (self.left, self.duration) = (*count, *duration);
        }
        self.left -= 1;
        let before = self.ticks * self.rate / self.timescale;
        self.ticks += u128::from(self.duration);
        let after = self.ticks * self.rate / self.timescale;
        u32::try_from(after - before).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_add_up_in_any_time_scale() {
        let runs = [[2, 1_000], [0, 7], [3, 333]];
        let mut clock = Clock::new(&runs, (1_000, 44_100));
        let frames: Vec<u32> = (0..6).map(|_| clock.next()).collect();
        assert_eq!(frames[..2], [44_100, 44_100]);
        assert_eq!(frames[2..5].iter().sum::<u32>(), 44_055, "0.999 s, rounded down");
        assert_eq!(frames[5], 0, "behind the table");
    }

    #[test]
    fn packets_behind_the_end_are_lost() {
        let packet = |at| ListedPacket {
            at,
            bytes: 10,
            frames: 1_024,
        };
        let samples = cut(vec![packet(0), packet(10), packet(20), packet(30)], 25, 8_000);
        assert_eq!((samples.packets.len(), samples.frames), (2, 2_048));
        let loss = samples.loss.expect("two packets are missing");
        assert_eq!((loss.seconds, loss.is_cut_off), (Some(0.256), true));
        assert!(cut(vec![packet(0), packet(10)], 20, 8_000).loss.is_none());
    }
}
