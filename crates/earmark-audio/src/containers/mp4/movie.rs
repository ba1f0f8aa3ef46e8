//! The index of an MP4 file (moov box): its tracks.

use super::boxes::Mp4Box;
use super::samples::SampleTables;
use crate::containers::byte_walker::{ByteWalker, big_endian};
use crate::error::Fault;

/// The boxes read here are five levels deep; a file that nests much deeper is hostile.
const MAX_DEPTH: usize = 8;
/// Most tracks of a file.
const MOST_TRACKS: usize = 1024;

/// A track.
#[derive(Default)]
pub(super) struct Track {
    pub(super) id: Option<u64>,
    pub(super) is_audio: bool,
    pub(super) timescale: u64,
    pub(super) duration: u64,
    /// (duration in the movie's time scale, start in the track's) of the first edit that plays something.
    pub(super) edit: Option<(u64, u64)>,
    /// How many edits play something.
    pub(super) edits: usize,
    pub(super) stsd: Option<Mp4Box>,
    pub(super) tables: SampleTables,
}

/// What holds for the packets of a track where a fragment does not say otherwise (trex box).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SampleDefaults {
    pub(super) track: u64,
    pub(super) ticks: u64,
    pub(super) bytes: u64,
}

/// What an index says.
#[derive(Default)]
pub(super) struct Movie {
    pub(super) timescale: u64,
    pub(super) tracks: Vec<Track>,
    pub(super) defaults: Vec<SampleDefaults>,
    pub(super) udta: Option<Mp4Box>,
}

impl Movie {
    /// Reads an index.
    ///
    /// # Errors
    /// Boxes that contradict each other.
    pub(super) fn read(walker: &mut ByteWalker<'_>, moov: &Mp4Box) -> Result<Self, Fault> {
        let mut movie = Self::default();
        walk(walker, moov.body, moov.end, &mut movie, 0)?;
        Ok(movie)
    }
}

fn walk(
    walker: &mut ByteWalker<'_>,
    mut at: u64,
    limit: u64,
    movie: &mut Movie,
    depth: usize,
) -> Result<(), Fault> {
    if depth > MAX_DEPTH {
        return Err(Fault::corrupt("its boxes nest too deep", at));
    }
    // Fewer than eight bytes at the end of a box are padding.
    while at + 8 <= limit {
        let found = Mp4Box::read(walker, at, limit)?;
        match &found.name {
            b"trak" => {
                if movie.tracks.len() == MOST_TRACKS {
                    return Err(Fault::corrupt("it has more than 1,024 tracks", at));
                }
                movie.tracks.push(Track::default());
                walk(walker, found.body, found.end, movie, depth + 1)?;
            }
            b"mdia" | b"edts" | b"minf" | b"stbl" | b"mvex" => {
                walk(walker, found.body, found.end, movie, depth + 1)?;
            }
            b"trex" if movie.defaults.len() < MOST_TRACKS => {
                let fields = walker.array::<20>(found.body)?.unwrap_or_default();
                let [track, ticks, bytes] = [4, 12, 16].map(|at: usize| big_endian(&fields[at..at + 4]));
                movie.defaults.push(SampleDefaults { track, ticks, bytes });
            }
            b"mvhd" => movie.timescale = times(walker, found.body)?.0,
            b"udta" if depth == 0 => movie.udta = Some(found),
            _ => {
                if let Some(track) = movie.tracks.last_mut() {
                    read_track_box(walker, track, &found)?;
                }
            }
        }
        at = found.end;
    }
    Ok(())
}

fn read_track_box(walker: &mut ByteWalker<'_>, track: &mut Track, found: &Mp4Box) -> Result<(), Fault> {
    let body = found.body;
    match &found.name {
        b"tkhd" => {
            // Behind two times, of four or eight bytes each.
            let is_long = walker.peek(body, 1)? == [1];
            let id = walker.array::<4>(body + if is_long { 20 } else { 12 })?;
            track.id = id.map(|id| big_endian(&id));
        }
        b"mdhd" => (track.timescale, track.duration) = times(walker, body)?,
        // QuickTime also has a description of data, which says another kind.
        b"hdlr" => track.is_audio |= walker.array::<4>(body + 8)?.as_ref() == Some(b"soun"),
        b"stsd" => track.stsd = Some(*found),
        b"stts" => track.tables.stts = Some(*found),
        b"stsc" => track.tables.stsc = Some(*found),
        b"stsz" => track.tables.stsz = Some(*found),
        b"stco" => track.tables.stco = Some(*found),
        b"co64" => track.tables.co64 = Some(*found),
        b"elst" => {
            // Duration and start of each edit, and its speed.
            let is_long = walker.peek(body, 1)? == [1];
            let edits: Vec<[u64; 2]> = if is_long {
                let entries = found.table::<5>(walker, 4, 20)?.into_iter();
                entries
                    .map(|[a, b, c, d, _]| [a << 32 | b, c << 32 | d])
                    .collect()
            } else {
                let entries = found.table::<3>(walker, 4, 12)?.into_iter();
                entries.map(|[duration, start, _]| [duration, start]).collect()
            };
            // A start of -1 is an edit that plays nothing.
            let nothing = if is_long { u64::MAX } else { u64::from(u32::MAX) };
            let mut playing = edits.iter().filter(|[_, start]| *start != nothing);
            track.edit = playing.next().map(|[duration, start]| (*duration, *start));
            track.edits = usize::from(track.edit.is_some()) + playing.count();
        }
        _ => {}
    }
    Ok(())
}

/// Time scale and duration, which `mvhd` and `mdhd` store at the same place.
fn times(walker: &mut ByteWalker<'_>, body: u64) -> Result<(u64, u64), Fault> {
    let b = walker.array::<32>(body)?.unwrap_or([0; 32]);
    Ok(if b[0] == 1 {
        (big_endian(&b[20..24]), big_endian(&b[24..32]))
    } else {
        (big_endian(&b[12..16]), big_endian(&b[16..20]))
    })
}
