//! What part of a track is played: by its edit list, or without one by the comment of iTunes or the header of Opus.

use super::gapless::find;
use super::movie::{Movie, Track};
use super::samples::Samples;
use crate::containers::byte_walker::ByteWalker;
use crate::containers::packet_layout::PacketCodec;
use crate::error::Fault;

/// By this many of its packets the length that something states may differ from that of all packets: what an encoder
/// added at both ends. More is a contradiction.
const MOST_ADDED_PACKETS: u64 = 4;

/// What is played of a track.
pub(super) struct Played {
    /// Frames to drop at the start.
    pub(super) skip_frames: u64,
    /// Frames after that, where something says so.
    pub(super) frames: Option<u64>,
    /// What is stated and not believed, because the packets contradict it.
    pub(super) note: Option<String>,
}

impl Played {
    fn new(skip_frames: u64, frames: Option<u64>) -> Self {
        Self {
            skip_frames,
            frames,
            note: None,
        }
    }
}

/// What is played of the packets of a track. `is_fragmented`: what the index says was known before the fragments were.
pub(super) fn played(
    walker: &mut ByteWalker<'_>,
    movie: &Movie,
    track: &Track,
    codec: &PacketCodec,
    samples: &Samples,
    is_fragmented: bool,
) -> Result<Played, Fault> {
    let all = samples.frames();
    let mut note = None;
    if track.edit.is_none() {
        if let Some(comment) = find(walker, movie.udta.as_ref())? {
            if comment.all_frames().abs_diff(all) <= few(samples, all) {
                return Ok(Played::new(comment.skip_frames, Some(comment.frames)));
            }
            note = Some(format!(
                "a comment by iTunes states {} frames, which the {all} frames of its packets do not fit",
                comment.frames
            ));
        }
        if let PacketCodec::Opus(head) = codec {
            // What was cut out of a longer recording begins later, with sound.
            let skip = u64::from(head.pre_skip).saturating_sub(samples.first);
            return Ok(Played {
                note,
                ..Played::new(skip, None)
            });
        }
    }
    let (part, other) = match is_fragmented {
        true => {
            let slack = few(samples, samples.ticks);
            let part = edited(track, movie.timescale, (samples.first, samples.ticks), slack);
            (part, None)
        }
        false => {
            let (ticks, other) = duration(track, samples);
            (edited(track, movie.timescale, (0, ticks), u64::MAX), other)
        }
    };
    let to_frames = |ticks: u64| {
        let frames = u128::from(ticks) * u128::from(codec.sample_rate_hz());
        u64::try_from(frames / u128::from(track.timescale.max(1))).unwrap_or(u64::MAX)
    };
    Ok(Played {
        note: note.or(other),
        ..Played::new(to_frames(part.0), Some(to_frames(part.1)))
    })
}

/// What an encoder may have added to packets of this length.
fn few(samples: &Samples, length: u64) -> u64 {
    let packet = length / (samples.list.packets.len() as u64).max(1);
    packet.saturating_mul(MOST_ADDED_PACKETS)
}

/// Ticks of a track: as many as its header gives, where that leaves out no more than what an encoder adds, otherwise
/// those of its packets; and what is said of a header that gives something else.
fn duration(track: &Track, samples: &Samples) -> (u64, Option<String>) {
    let (stated, all) = (track.duration, samples.ticks);
    if [0, u64::from(u32::MAX), u64::MAX].contains(&stated) {
        return (all, None);
    }
    if stated.abs_diff(all) <= few(samples, all) {
        return (stated.min(all), None);
    }
    let [stated, present] = [stated, all].map(|ticks| ticks as f64 / track.timescale.max(1) as f64);
    let note = format!("its header gives {stated:.3} s, but its packets have {present:.3} s");
    (all, Some(note))
}

/// The part of a track that its edit list plays, as ticks to skip and ticks to keep, in the track's time scale, which
/// for audio is the sample rate. `part`: when the track begins, and how long it is. An edit that leaves out more than
/// `slack` at the end is not believed.
pub(super) fn edited(track: &Track, movie_timescale: u64, part: (u64, u64), slack: u64) -> (u64, u64) {
    let (first, duration) = part;
    let Some((edit_duration, start)) = track.edit.filter(|_| track.edits == 1) else {
        return (0, duration);
    };
    let skip = start.saturating_sub(first).min(duration);
    let rest = duration - skip;
    if edit_duration == 0 || movie_timescale == 0 || first > start {
        return (skip, rest);
    }
    // The edit is measured in the movie's ticks (often milliseconds): where it differs by less than one tick,
    // that is rounding, and the track's own length is the exact one.
    let scaled = u128::from(edit_duration) * u128::from(track.timescale) / u128::from(movie_timescale);
    let wanted = u64::try_from(scaled).unwrap_or(u64::MAX);
    let tick = track.timescale.div_ceil(movie_timescale);
    let is_shorter = wanted.saturating_add(tick) < rest && rest - wanted <= slack;
    (skip, if is_shorter { wanted } else { rest })
}
