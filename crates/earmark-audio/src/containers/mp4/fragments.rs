//! The packets of fragments (moof boxes): of files that are written while they are recorded, and of streams.

use super::boxes::Mp4Box;
use super::movie::{Movie, SampleDefaults, Track};
use super::samples::Samples;
use crate::clip::LostSound;
use crate::containers::byte_walker::{ByteWalker, big_endian};
use crate::error::Fault;

/// Bytes of the file for each packet, at least, where a run says only how many there are: a number that may be
/// billions.
const LEAST_BYTES: u64 = 4;

/// Adds the packets of the fragments of a track. What is lost where a fragment contradicts itself.
pub(super) fn add_fragments(
    walker: &mut ByteWalker<'_>,
    samples: &mut Samples,
    movie: &Movie,
    track: &Track,
    fragments: &[Mp4Box],
) -> Result<Option<LostSound>, Fault> {
    let mut reader = Fragments {
        samples,
        movie,
        track,
    };
    let mut lost: Option<LostSound> = None;
    for moof in fragments {
        match reader.read(walker, moof) {
            Ok(()) => {}
            Err(fault @ Fault::Read(..)) => return Err(fault),
            Err(fault) => {
                // The first reason is given for all.
                let loss = lost.get_or_insert_with(|| {
                    let reason = format!("a fragment can't be read: {}", fault.reason());
                    LostSound::damaged(reason, moof.at)
                });
                loss.bytes = Some(loss.bytes.unwrap_or(0) + (moof.end - moof.at));
            }
        }
    }
    Ok(lost)
}

struct Fragments<'a> {
    samples: &'a mut Samples,
    movie: &'a Movie,
    track: &'a Track,
}

/// The part of a fragment that is of one track, while it is read.
struct Part {
    is_wanted: bool,
    /// What places of samples count from, and where the next one begins.
    base: u64,
    next: u64,
    /// What holds for a packet that says nothing else.
    defaults: SampleDefaults,
}

impl Fragments<'_> {
    fn read(&mut self, walker: &mut ByteWalker<'_>, moof: &Mp4Box) -> Result<(), Fault> {
        // Where the samples of a track begin unless its header says so: behind those of the track before.
        let mut behind = moof.at;
        let mut at = moof.body;
        while at + 8 <= moof.end {
            let found = Mp4Box::read(walker, at, moof.end)?;
            if found.name == *b"traf" {
                behind = self.read_part(walker, &found, (moof.at, behind))?;
            }
            at = found.end;
        }
        Ok(())
    }

    /// Reads the part of one track; where its samples end. `bases`: where the fragment begins, and where the samples
    /// before it end.
    fn read_part(
        &mut self,
        walker: &mut ByteWalker<'_>,
        traf: &Mp4Box,
        bases: (u64, u64),
    ) -> Result<u64, Fault> {
        let mut part: Option<Part> = None;
        let mut at = traf.body;
        while at + 8 <= traf.end {
            let found = Mp4Box::read(walker, at, traf.end)?;
            if let Some(part) = &mut part {
                match &found.name {
                    b"tfdt" if part.is_wanted => {
                        let is_long = found.bytes(walker, 0, 1)? == [1];
                        let time = found.bytes(walker, 4, if is_long { 8 } else { 4 })?;
                        self.samples.begin_at(big_endian(time));
                    }
                    b"trun" => self.read_run(walker, &found, part)?,
                    _ => {}
                }
            } else if found.name == *b"tfhd" {
                part = Some(self.read_head(walker, &found, bases)?);
            }
            at = found.end;
        }
        Ok(part.map_or(bases.1, |part| part.next))
    }

    /// The header of a part: its track, and what holds for all its packets.
    fn read_head(
        &self,
        walker: &mut ByteWalker<'_>,
        head: &Mp4Box,
        (fragment, behind): (u64, u64),
    ) -> Result<Part, Fault> {
        let mut fields = Fields::new(walker, head)?;
        let track = fields.next(4);
        let base = fields.optional(0x01, 8);
        fields.optional(0x02, 4);
        let stated = self.movie.defaults.iter().find(|stated| stated.track == track);
        let mut defaults = stated.copied().unwrap_or_default();
        defaults.ticks = fields.optional(0x08, 4).unwrap_or(defaults.ticks);
        defaults.bytes = fields.optional(0x10, 4).unwrap_or(defaults.bytes);
        // Counted from the fragment, where this is said.
        let base = base.unwrap_or(match fields.flags & 0x2_0000 {
            0 => behind,
            _ => fragment,
        });
        Ok(Part {
            is_wanted: self.track.id.is_none_or(|id| id == track),
            base,
            next: base,
            defaults,
        })
    }

    /// A run of packets, one behind the other.
    fn read_run(&mut self, walker: &mut ByteWalker<'_>, run: &Mp4Box, part: &mut Part) -> Result<(), Fault> {
        let mut fields = Fields::new(walker, run)?;
        let (flags, count) = (fields.flags, fields.next(4));
        if let Some(offset) = fields.optional(0x01, 4) {
            let offset = i64::from((offset as u32).cast_signed());
            let place = part.base.checked_add_signed(offset);
            part.next = place.ok_or_else(|| Fault::corrupt("its samples begin before the file", run.at))?;
        }
        fields.optional(0x04, 4);
        let start = run.body + fields.at as u64;
        // Each packet has up to four numbers: ticks, bytes, and two that don't matter here.
        let width = 4 * u64::from((flags & 0xf00).count_ones());
        let listed = self.samples.list.packets.len() as u64;
        let is_too_long = match width {
            0 if !part.is_wanted => {
                part.next = part.next.saturating_add(count * part.defaults.bytes);
                return Ok(());
            }
            0 => (listed + count) * LEAST_BYTES > walker.len(),
            _ => start + count * width > run.end,
        };
        if is_too_long {
            let reason = format!("a run of {count} packets is longer than what it is in");
            return Err(Fault::corrupt(reason, run.at));
        }
        for index in 0..count {
            let entry = walker.peek(start + index * width, width as usize)?;
            let mut numbers = entry.chunks_exact(4).map(big_endian);
            let mut number = |flag: u32| if flags & flag != 0 { numbers.next() } else { None };
            let ticks = number(0x100).unwrap_or(part.defaults.ticks);
            let bytes = number(0x200).unwrap_or(part.defaults.bytes);
            if part.is_wanted {
                self.samples.push(part.next, bytes as u32, ticks);
            }
            part.next = part.next.saturating_add(bytes);
        }
        Ok(())
    }
}

/// The first bytes of a box with flags: fields, some of which only a flag announces.
struct Fields {
    flags: u32,
    bytes: [u8; 40],
    at: usize,
}

impl Fields {
    fn new(walker: &mut ByteWalker<'_>, found: &Mp4Box) -> Result<Self, Fault> {
        let mut bytes = [0; 40];
        let there = found.bytes(walker, 0, 40)?;
        bytes[..there.len()].copy_from_slice(there);
        Ok(Self {
            flags: u32::from_be_bytes([0, bytes[1], bytes[2], bytes[3]]),
            bytes,
            at: 4,
        })
    }

    /// The next field, of four or eight bytes.
    fn next(&mut self, size: usize) -> u64 {
        let start = self.at;
        self.at += size;
        big_endian(&self.bytes[start..self.at])
    }

    /// The next field, if this flag announces it.
    fn optional(&mut self, flag: u32, size: usize) -> Option<u64> {
        (self.flags & flag != 0).then(|| self.next(size))
    }
}
