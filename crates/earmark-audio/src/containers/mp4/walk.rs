//! MP4, M4A and QuickTime: the index, and the edit list, which says what part of the decoded audio is played.

use super::codecs;
use super::gapless::{Gapless, find};
use super::movie::{Movie, Track};
use super::samples::list;
use super::top_level::TopLevel;
use crate::clip::{ClipNote, LostSound};
use crate::containers::byte_walker::ByteWalker;
use crate::containers::container::Container;
use crate::containers::layout::{AudioLayout, CodedLayout, CodedSection, FileWalk};
use crate::containers::packet_layout::{PacketCodec, PacketLayout, PacketPlace, PacketSection};
use crate::error::Fault;

pub(in crate::containers) fn inspect(walker: &mut ByteWalker<'_>) -> Result<FileWalk, Fault> {
    let len = walker.len();
    let top = TopLevel::read(walker)?;
    let Some(movie) = top.movie else {
        return Err(Fault::truncated("its index (moov box) is missing", len));
    };
    if !top.has_data && movie.tracks.iter().any(|track| track.duration > 0) {
        return Err(Fault::truncated("its samples (mdat box) are missing", len));
    }
    let mut audio = movie.tracks.iter().filter(|track| track.is_audio);
    let Some(track) = audio.next() else {
        return Err(Fault::unsupported("is MP4 without an audio track"));
    };
    let mut notes = top.notes;
    let others = audio.count();
    if others > 0 {
        notes.push(ClipNote::Contradiction(format!(
            "it has {others} more audio tracks next to the one that is read"
        )));
    }
    let codec = match track.stsd {
        Some(stsd) => codecs::codec(walker, &stsd)?,
        None => None,
    };
    let (layout, cut_off) = match codec {
        Some(PacketCodec::Opus(_)) if top.is_fragmented => {
            return Err(Fault::unsupported("is fragmented MP4 with Opus"));
        }
        Some(codec) if !top.is_fragmented && track.tables.stsz.is_some() => {
            listed(walker, &movie, track, codec)?
        }
        _ => (
            by_symphonia(track, movie.timescale, top.is_fragmented, top.end),
            None,
        ),
    };
    let losses = cut_off.into_iter().chain(top.losses).collect();
    Ok(FileWalk {
        layout,
        notes,
        losses,
    })
}

/// The packets of a track by its index.
fn listed(
    walker: &mut ByteWalker<'_>,
    movie: &Movie,
    track: &Track,
    codec: PacketCodec,
) -> Result<(AudioLayout, Option<LostSound>), Fault> {
    let rate = codec.sample_rate_hz();
    let samples = list(walker, &track.tables, (track.timescale, rate))?;
    let (skip, wanted) = match (find(walker, movie.udta.as_ref())?, &codec) {
        (Some(Gapless { skip_frames, frames }), _) if track.edit.is_none() => (skip_frames, Some(frames)),
        (None, PacketCodec::Opus(head)) if track.edit.is_none() => (u64::from(head.pre_skip), None),
        _ => {
            let (skip, frames) = played(track, movie.timescale);
            let scale = |ticks: u64| {
                let frames = u128::from(ticks) * u128::from(rate) / u128::from(track.timescale.max(1));
                u64::try_from(frames).unwrap_or(u64::MAX)
            };
            (scale(skip), frames.map(scale))
        }
    };
    // What the end of the file cuts off is already in the losses.
    let present = samples.frames.saturating_sub(skip);
    let frames = match samples.loss {
        Some(_) => wanted.map(|frames| frames.min(present)),
        None => wanted,
    };
    let section = PacketSection {
        codec,
        place: PacketPlace::Listed(samples.packets),
        skip_frames: skip,
        frames: frames.or(Some(present)),
        is_cut_to_frames: true,
    };
    let layout = PacketLayout {
        container: Container::Mp4,
        sections: vec![section],
        damage: None,
    };
    Ok((AudioLayout::Packets(layout), samples.loss))
}

/// What Symphonia reads by itself: fragments, and codecs that only it knows.
fn by_symphonia(track: &Track, movie_timescale: u64, is_fragmented: bool, end: u64) -> AudioLayout {
    // A fragmented file does not state its length.
    let (skip_frames, frames) = match is_fragmented {
        true => (0, None),
        false => played(track, movie_timescale),
    };
    AudioLayout::Coded(CodedLayout {
        container: Container::Mp4,
        sections: vec![CodedSection {
            skip_frames,
            frames,
            padded: true,
            ..CodedSection::new(0, end)
        }],
    })
}

/// The part of a track that its edit list plays, as ticks to skip and ticks to keep, in the track's time scale, which for
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
