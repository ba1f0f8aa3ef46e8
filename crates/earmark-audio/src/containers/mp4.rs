//! MP4 and M4A (AAC, ALAC): nested boxes, and the edit list, which says what part of the decoded audio is played.

use super::byte_walker::{ByteWalker, big_endian};
use super::layout::{CodedLayout, Container};
use crate::error::Fault;

/// The boxes read here are four levels deep; a file that nests much deeper is hostile.
const MAX_DEPTH: usize = 8;

struct BoxHeader {
    name: [u8; 4],
    body: u64,
    end: u64,
}

#[derive(Default)]
struct Track {
    audio: bool,
    timescale: u64,
    duration: u64,
    /// (duration in the movie's time scale, start in the track's) of the first edit that plays something.
    edit: Option<(u64, u64)>,
    edits: usize,
}

#[derive(Default)]
struct Movie {
    timescale: u64,
    tracks: Vec<Track>,
}

pub(super) fn inspect(walker: &mut ByteWalker<'_>) -> Result<CodedLayout, Fault> {
    let len = walker.len();
    let mut movie = None;
    let mut has_data = false;
    let mut fragmented = false;
    let mut at = 0;
    while at < len {
        let header = read_box(walker, at, len)?;
        match &header.name {
            b"moov" => {
                let mut found = Movie::default();
                walk(walker, header.body, header.end, &mut found, 0)?;
                movie = Some(found);
            }
            b"mdat" => has_data = true,
            b"moof" => fragmented = true,
            _ => {}
        }
        at = header.end;
    }
    let Some(movie) = movie else {
        return Err(Fault::truncated("its index (moov box) is missing", len));
    };
    if !has_data && movie.tracks.iter().any(|track| track.duration > 0) {
        return Err(Fault::truncated("its samples (mdat box) are missing", len));
    }
    let Some(track) = movie.tracks.iter().find(|track| track.audio) else {
        return Err(Fault::unsupported("is MP4 without an audio track"));
    };
    // A fragmented file does not state its length.
    let (skip_frames, frames) = match fragmented {
        true => (0, None),
        false => played(track, movie.timescale),
    };
    Ok(CodedLayout {
        skip_frames,
        frames,
        padded: true,
        ..CodedLayout::new(Container::Mp4, 0, len)
    })
}

/// The part of a track that its edit list plays, as frames to skip and frames to keep, in the track's time scale, which for
/// audio is the sample rate.
fn played(track: &Track, movie_timescale: u64) -> (u64, Option<u64>) {
    let Some((edit_duration, skip)) = track.edit.filter(|_| track.edits == 1) else {
        return (0, Some(track.duration));
    };
    let skip = skip.min(track.duration);
    let rest = track.duration - skip;
    if edit_duration == 0 || movie_timescale == 0 {
        return (skip, Some(rest));
    }
    // The edit is measured in the movie's ticks (often milliseconds): where it differs by less than one tick,
    // that is rounding, and the track's own length is the exact one.
    let scaled = u128::from(edit_duration) * u128::from(track.timescale) / u128::from(movie_timescale);
    let wanted = u64::try_from(scaled).unwrap_or(u64::MAX);
    let tick = track.timescale.div_ceil(movie_timescale);
    let shorter = wanted.saturating_add(tick) < rest;
    (skip, Some(if shorter { wanted } else { rest }))
}

fn read_box(walker: &mut ByteWalker<'_>, at: u64, limit: u64) -> Result<BoxHeader, Fault> {
    let cut = || Fault::truncated("it ends within a box header", at);
    let [s0, s1, s2, s3, name @ ..] = walker.array::<8>(at)?.ok_or_else(cut)?;
    let (body, size) = match u32::from_be_bytes([s0, s1, s2, s3]) {
        0 => (at + 8, limit - at),
        1 => {
            let size = walker.array::<8>(at + 8)?.ok_or_else(cut)?;
            (at + 16, u64::from_be_bytes(size))
        }
        size => (at + 8, u64::from(size)),
    };
    let end = at.saturating_add(size);
    let text = String::from_utf8_lossy(&name);
    if end < body {
        let reason = format!("the box {text:?} claims {size} bytes");
        return Err(Fault::corrupt(reason, at));
    }
    if end <= limit {
        return Ok(BoxHeader { name, body, end });
    }
    if limit < walker.len() {
        let reason = format!("the box {text:?} is larger than the one around it");
        return Err(Fault::corrupt(reason, at));
    }
    let reason = format!("the box {text:?} needs {} more bytes", end - limit);
    Err(Fault::truncated(reason, limit))
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
        let header = read_box(walker, at, limit)?;
        match &header.name {
            b"trak" => {
                movie.tracks.push(Track::default());
                walk(walker, header.body, header.end, movie, depth + 1)?;
            }
            b"mdia" | b"edts" => walk(walker, header.body, header.end, movie, depth + 1)?,
            b"mvhd" => movie.timescale = times(walker, header.body)?.0,
            name => {
                if let Some(track) = movie.tracks.last_mut() {
                    read_track_box(walker, track, name, header.body)?;
                }
            }
        }
        at = header.end;
    }
    Ok(())
}

fn read_track_box(
    walker: &mut ByteWalker<'_>,
    track: &mut Track,
    name: &[u8; 4],
    body: u64,
) -> Result<(), Fault> {
    match name {
        b"mdhd" => (track.timescale, track.duration) = times(walker, body)?,
        b"hdlr" => track.audio = walker.array::<4>(body + 8)?.as_ref() == Some(b"soun"),
        b"elst" => {
            let Some([version, _, _, _, edits @ ..]) = walker.array::<8>(body)? else {
                return Ok(());
            };
            track.edits = u32::from_be_bytes(edits) as usize;
            // A start of -1 is an edit that plays nothing.
            let half = if version == 1 { 8 } else { 4 };
            let edit = walker.peek(body + 8, 2 * half)?;
            track.edit = (edit.len() == 2 * half)
                .then(|| (big_endian(&edit[..half]), big_endian(&edit[half..])))
                .filter(|(_, start)| *start != u64::MAX >> (64 - 8 * half));
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
