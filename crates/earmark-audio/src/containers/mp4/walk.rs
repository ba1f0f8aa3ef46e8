//! MP4, M4A and QuickTime: the track that is read, and its packets by the index and by fragments.

use super::codecs;
use super::fragments::add_fragments;
use super::movie::{Movie, Track};
use super::played::{edited, played};
use super::samples::{Samples, list};
use super::top_level::TopLevel;
use crate::clip::ClipNote;
use crate::containers::byte_walker::ByteWalker;
use crate::containers::container::Container;
use crate::containers::layout::{AudioLayout, CodedLayout, CodedSection, FileWalk};
use crate::containers::packet_layout::{PacketCodec, PacketLayout, PacketPlace, PacketSection};
use crate::error::Fault;

pub(in crate::containers) fn inspect(walker: &mut ByteWalker<'_>, start: u64) -> Result<FileWalk, Fault> {
    let len = walker.len();
    let mut top = TopLevel::read(walker, start)?;
    let Some(movie) = top.movie.take() else {
        return Err(Fault::truncated("its index (moov box) is missing", len));
    };
    if !top.has_data && movie.tracks.iter().any(|track| track.duration > 0) {
        return Err(Fault::truncated("its samples (mdat box) are missing", len));
    }
    let (track, codec) = readable_track(walker, &movie)?;
    let mut walk = match codec {
        Some(codec) if top.is_fragmented || track.tables.stsz.is_some() => {
            listed(walker, &movie, track, codec, &top)?
        }
        _ => by_symphonia(track, movie.timescale, &top).into(),
    };
    let others = movie.tracks.iter().filter(|track| track.is_audio).count() - 1;
    if others > 0 {
        top.notes.push(ClipNote::Contradiction(format!(
            "it has {others} more audio tracks next to the one that is read"
        )));
    }
    if track.edits > 1 {
        top.notes.push(ClipNote::Contradiction(format!(
            "its edit list plays {} parts of its sound; all of it is read",
            track.edits
        )));
    }
    top.notes.append(&mut walk.notes);
    // What is missing of the last fragment is listed already, where its description is whole.
    let unfinished = top
        .unfinished
        .filter(|_| !walk.losses.iter().any(|loss| loss.is_cut_off));
    walk.losses.extend(unfinished.into_iter().chain(top.losses));
    walk.notes = top.notes;
    Ok(walk)
}

/// The first audio track of a codec that is known, and that codec; `None` where Symphonia finds out what it is.
fn readable_track<'m>(
    walker: &mut ByteWalker<'_>,
    movie: &'m Movie,
) -> Result<(&'m Track, Option<PacketCodec>), Fault> {
    let mut refusal = None;
    for track in movie.tracks.iter().filter(|track| track.is_audio) {
        let codec = match track.stsd {
            Some(stsd) => codecs::codec(walker, &stsd),
            None => Ok(None),
        };
        match codec {
            Ok(codec) => return Ok((track, codec)),
            Err(fault @ Fault::Read(..)) => return Err(fault),
            Err(fault) => {
                refusal.get_or_insert(fault);
            }
        }
    }
    Err(refusal.unwrap_or_else(|| Fault::unsupported("is MP4 without an audio track")))
}

/// The packets of a track by its index and by its fragments.
fn listed(
    walker: &mut ByteWalker<'_>,
    movie: &Movie,
    track: &Track,
    codec: PacketCodec,
    top: &TopLevel,
) -> Result<FileWalk, Fault> {
    let rates = (track.timescale, codec.sample_rate_hz());
    let mut samples = match track.tables.stsz {
        Some(_) => list(walker, &track.tables, rates)?,
        None => Samples::new(rates),
    };
    let damage = add_fragments(walker, &mut samples, movie, track, &top.fragments)?;
    let back = "the times of its fragments go back; what follows is joined to what is before";
    let back = samples
        .goes_back
        .then(|| ClipNote::Contradiction(back.to_owned()));
    let part = played(walker, movie, track, &codec, &samples, top.is_fragmented)?;
    let loss = samples.cut(walker.len());
    // What the end of the file cuts off is in the loss.
    let present = samples.frames().saturating_sub(part.skip_frames);
    let frames = part.frames.map_or(present, |frames| frames.min(present));
    let is_known = !samples.has_closed_hole(walker.len());
    let section = PacketSection {
        codec,
        place: PacketPlace::Listed(samples.list),
        skip_frames: part.skip_frames,
        frames: Some(frames).filter(|_| is_known),
        is_cut_to_frames: true,
    };
    let layout = PacketLayout {
        container: Container::Mp4,
        sections: vec![section],
        damage: None,
    };
    Ok(FileWalk {
        layout: AudioLayout::Packets(layout),
        notes: part
            .note
            .map(ClipNote::Contradiction)
            .into_iter()
            .chain(back)
            .collect(),
        losses: loss.into_iter().chain(damage).collect(),
    })
}

/// What Symphonia reads by itself: codecs that only it knows.
fn by_symphonia(track: &Track, movie_timescale: u64, top: &TopLevel) -> AudioLayout {
    let (skip_frames, frames) = edited(track, movie_timescale, (0, track.duration), u64::MAX);
    // A fragmented file does not state its length.
    let is_known = !top.is_fragmented && track.duration > 0;
    AudioLayout::Coded(CodedLayout {
        container: Container::Mp4,
        sections: vec![CodedSection {
            skip_frames: if is_known { skip_frames } else { 0 },
            frames: is_known.then_some(frames),
            padded: true,
            ..CodedSection::new(0, top.end)
        }],
    })
}
