//! Where each packet of an MP4 track is, by the tables of its index, and how much of that a file has that is cut off.

use super::boxes::Mp4Box;
use crate::clip::LostSound;
use crate::containers::byte_walker::{ByteWalker, big_endian};
use crate::containers::packet_layout::{ListedPacket, PacketList};
use crate::error::Fault;
use crate::limit_checks::most_silence_seconds;

/// Holes between packets that are shorter than this part of a second are the rounding and the jitter of whoever wrote
/// the times.
const SHORTEST_HOLE: u128 = 10;

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

/// The packets of a track, as they are found.
pub(super) struct Samples {
    pub(super) list: PacketList,
    /// When the first one begins, and how long all of them last with the holes between them, in ticks.
    pub(super) first: u64,
    pub(super) ticks: u64,
    /// Whether the times of fragments go back somewhere.
    pub(super) goes_back: bool,
    clock: Clock,
    /// Where the clock would be by times before or after those that went back.
    other_ticks: Option<u128>,
    sample_rate_hz: u32,
}

impl Samples {
    /// No packets yet. `rates`: the time scale of the track, and the rate of its frames.
    pub(super) fn new(rates: (u64, u32)) -> Self {
        Self {
            list: PacketList::default(),
            first: 0,
            ticks: 0,
            goes_back: false,
            clock: Clock::new(rates),
            other_ticks: None,
            sample_rate_hz: rates.1,
        }
    }

    /// Adds a packet that lasts this many ticks.
    pub(super) fn push(&mut self, at: u64, bytes: u32, ticks: u64) {
        let frames = self.clock.advance(ticks);
        self.list.packets.push(ListedPacket { at, bytes, frames });
        self.ticks = self.ticks.saturating_add(ticks);
        self.other_ticks = self.other_ticks.map(|other| other + u128::from(ticks));
    }

    /// Takes when the next packet begins. Times that go back are wrong, or those before them were: what follows on one
    /// of them follows without a hole, so that a few wrong times don't become silence.
    pub(super) fn begin_at(&mut self, ticks: u64) {
        let index = self.list.packets.len();
        let (before, now) = (self.clock, u128::from(ticks));
        let is_near = |ticks: u128| ticks.abs_diff(now) < (before.timescale / SHORTEST_HOLE).max(1);
        if index > 0 && is_near(before.ticks) {
            return;
        }
        if let Some(other) = self.other_ticks.filter(|other| is_near(*other)) {
            self.clock.ticks = other;
            self.other_ticks = Some(before.ticks);
            return;
        }
        self.clock.ticks = now;
        if index == 0 {
            self.first = ticks;
        } else if now < before.ticks {
            self.goes_back = true;
            self.other_ticks = Some(before.ticks);
        } else if let Some(missing) = now.checked_sub(before.ticks) {
            self.other_ticks = self.other_ticks.map(|other| other + missing);
            let frames = self.clock.frame() - before.frame();
            let frames = u64::try_from(frames).unwrap_or(u64::MAX);
            self.ticks = self
                .ticks
                .saturating_add(u64::try_from(missing).unwrap_or(u64::MAX));
            self.list.holes.push((index, frames));
        }
    }

    /// Frames of all packets and of the holes between them.
    pub(super) fn frames(&self) -> u64 {
        frames_of(&self.list.packets).saturating_add(self.hole_frames())
    }

    fn hole_frames(&self) -> u64 {
        let holes = self.list.holes.iter().map(|(_, frames)| *frames);
        holes.fold(0, u64::saturating_add)
    }

    /// Whether the holes are so long that in a file of this many bytes silence may not fill all of them.
    pub(super) fn has_closed_hole(&self, file_bytes: u64) -> bool {
        self.hole_frames() > most_silence_seconds(file_bytes) * u64::from(self.sample_rate_hz)
    }

    /// Takes the packets away that are behind the end of a file of `len` bytes; what they are.
    pub(super) fn cut(&mut self, len: u64) -> Option<LostSound> {
        let packets = &mut self.list.packets;
        let is_there = |packet: &ListedPacket| packet.at.saturating_add(u64::from(packet.bytes)) <= len;
        let there = packets.iter().take_while(|packet| is_there(packet)).count();
        let count = packets.len();
        let missing = frames_of(&packets[there..]) as f64 / f64::from(self.sample_rate_hz.max(1));
        packets.truncate(there);
        self.list.holes.retain(|(index, _)| *index < there);
        (there < count).then(|| LostSound {
            seconds: Some(missing),
            ..LostSound::cut_off(
                format!("its index promises {count} packets, of which {there} are present"),
                len,
            )
        })
    }
}

fn frames_of(packets: &[ListedPacket]) -> u64 {
    packets.iter().map(|packet| u64::from(packet.frames)).sum()
}

/// Lists the packets of a track by its tables. `rates`: its time scale, and the rate of its frames.
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
    let mut durations = Durations::new(&durations);
    let mut samples = Samples::new(rates);
    samples.list.packets.reserve_exact(sizes.len());
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
            samples.push(at, bytes, durations.next());
            at = at.saturating_add(u64::from(bytes));
        }
    }
    match sizes.next() {
        None => Ok(samples),
        Some(_) => Err(Fault::corrupt(
            "its index places fewer packets than it has",
            stsc.at,
        )),
    }
}

/// Lengths in bytes of all packets.
fn sizes(walker: &mut ByteWalker<'_>, stsz: &Mp4Box) -> Result<Vec<u32>, Fault> {
    let equal = big_endian(stsz.bytes(walker, 4, 4)?);
    let count = big_endian(stsz.bytes(walker, 8, 4)?);
    if equal == 0 || count == 0 {
        let table = stsz.table::<1>(walker, 8, 4)?;
        if count > table.len() as u64 {
            return Err(Fault::corrupt(
                "its table of packets is shorter than it says",
                stsz.at,
            ));
        }
        return Ok(table.into_iter().map(|[size]| size as u32).collect());
    }
    // A few bytes each, without a table: uncompressed samples, which could be billions.
    if equal < 16 || count.saturating_mul(16) > walker.len() {
        return Err(Fault::unsupported("is MP4 with uncompressed samples"));
    }
    Ok(vec![equal as u32; count as usize])
}

/// Gives how long one packet after another lasts, in ticks. Behind the end of the table they last as long as the last
/// of it.
struct Durations<'a> {
    runs: std::slice::Iter<'a, [u64; 2]>,
    left: u64,
    ticks: u64,
}

impl<'a> Durations<'a> {
    fn new(runs: &'a [[u64; 2]]) -> Self {
        Self {
            runs: runs.iter(),
            left: 0,
            ticks: 0,
        }
    }

    fn next(&mut self) -> u64 {
        while self.left == 0 {
            let Some([count, ticks]) = self.runs.next() else {
                return self.ticks;
            };
            (self.left, self.ticks) = (*count, *ticks);
        }
        self.left -= 1;
        self.ticks
    }
}

/// The time of a track, as frames without an error that adds up.
#[derive(Clone, Copy)]
struct Clock {
    ticks: u128,
    /// Ticks and frames in a second.
    timescale: u128,
    rate: u128,
}

impl Clock {
    fn new((timescale, rate): (u64, u32)) -> Self {
        Self {
            ticks: 0,
            timescale: u128::from(timescale.max(1)),
            rate: u128::from(rate),
        }
    }

    fn frame(&self) -> u128 {
        self.ticks * self.rate / self.timescale
    }

    /// Moves on by this many ticks; how many frames that is.
    fn advance(&mut self, ticks: u64) -> u32 {
        let before = self.frame();
        self.ticks += u128::from(ticks);
        u32::try_from(self.frame() - before).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(places: &[u64]) -> Samples {
        let mut samples = Samples::new((8_000, 8_000));
        for at in places {
            samples.push(*at, 10, 1_024);
        }
        samples
    }

    #[test]
    fn durations_add_up_in_any_time_scale() {
        let runs = [[2, 1_000], [0, 7], [3, 333]];
        let (mut durations, mut clock) = (Durations::new(&runs), Clock::new((1_000, 44_100)));
        let frames: Vec<u32> = (0..6).map(|_| clock.advance(durations.next())).collect();
        assert_eq!(frames[..2], [44_100, 44_100]);
        assert_eq!(frames[2..5].iter().sum::<u32>(), 44_055, "0.999 s, rounded down");
        assert_eq!(frames[5], 14_686, "behind the table");
    }

    #[test]
    fn packets_behind_the_end_are_lost() {
        let mut cut = samples(&[0, 10, 20, 30]);
        let loss = cut.cut(25).expect("two packets are missing");
        assert_eq!((cut.list.packets.len(), cut.frames()), (2, 2_048));
        assert_eq!((loss.seconds, loss.is_cut_off), (Some(0.256), true));
        assert!(samples(&[0, 10]).cut(20).is_none());
    }

    /// A fragment with a time that is too low adds no silence; where a clock begins again, a hole is a hole.
    #[test]
    fn times_that_go_back_leave_no_holes() {
        for (times, holes) in [
            (&[8_000, 16_000, 100, 32_000, 40_000][..], &[][..]),
            (&[8_000, 16_000, 0, 8_000, 26_000], &[(4, 10_000)]),
        ] {
            let mut samples = Samples::new((8_000, 8_000));
            for (index, time) in times.iter().enumerate() {
                samples.begin_at(*time);
                samples.push(index as u64, 10, 8_000);
            }
            assert_eq!(samples.list.holes, holes, "{times:?}");
            assert!(samples.goes_back);
        }
    }

    #[test]
    fn times_leave_holes() {
        let mut samples = samples(&[0, 10]);
        // Jitter, a hole of a second, the same packets again.
        samples.begin_at(2_048 + 700);
        samples.push(20, 10, 1_024);
        samples.begin_at(3 * 1_024 + 8_000);
        samples.push(30, 10, 1_024);
        samples.begin_at(0);
        samples.push(40, 10, 1_024);
        assert_eq!(samples.list.holes, [(3, 8_000)]);
        assert_eq!(
            (samples.frames(), samples.ticks, samples.first),
            (5 * 1_024 + 8_000, 5 * 1_024 + 8_000, 0)
        );
        assert!(!samples.has_closed_hole(50));
        // A second more, of which a few bytes may not ask for two.
        samples.begin_at(1_024 + 8_000);
        assert_eq!(
            [50, 200].map(|bytes| samples.has_closed_hole(bytes)),
            [true, false]
        );
        samples.begin_at(u64::MAX);
        assert!(samples.has_closed_hole(u64::MAX));
        // The first packet begins anywhere.
        let mut later = Samples::new((8_000, 8_000));
        later.begin_at(5_000);
        assert_eq!(
            (later.first, later.frames(), later.list.holes.len()),
            (5_000, 0, 0)
        );
    }
}
