//! Where a group of packets belongs by the positions of its container, and what is missing before it.

use super::group::GroupPosition;
use super::section::SectionReader;
use crate::clip::LostSound;
use crate::error::FilePosition;

/// Holes shorter than this fraction of a second, 20 ms in Ogg and 100 ms in Matroska, are the rounding and the jitter
/// of whoever wrote the positions.
const SHORTEST_HOLE_OGG: i64 = 50;
const SHORTEST_HOLE_MATROSKA: i64 = 10;

impl SectionReader {
    /// Puts the group where it belongs; the number of frames that are missing before it.
    pub(super) fn place(&mut self, position: GroupPosition) -> u64 {
        let decoded = i64::try_from(self.samples.len()).unwrap_or(i64::MAX);
        let hole = match position {
            GroupPosition::Unknown => {
                self.ends_at = self.ends_at.map(|end| end.saturating_add(decoded));
                self.move_other_ends(decoded);
                0
            }
            GroupPosition::End { frame, is_last } => {
                let hole = self.place_by_end(frame, is_last, decoded);
                self.ends_at = Some(frame);
                hole.max(0)
            }
            // What a decoder needs to settle gives no sound.
            GroupPosition::Start { .. } if decoded == 0 => 0,
            GroupPosition::Start { frame } => {
                let hole = self.hole_before(frame);
                let filled = self.pause(hole);
                self.move_end(frame, hole, decoded, filled);
                filled
            }
            GroupPosition::Behind { hole } => self.pause(i64::try_from(hole).unwrap_or(i64::MAX)),
        };
        hole.cast_unsigned()
    }

    /// Frames between the sound so far and a group that begins at `frame`. Times that go back are wrong, or those
    /// before them were: where the sound would end by either is remembered, and a group that follows on one of them
    /// follows without a hole. So a few wrong times, or the same one for many groups, don't become silence.
    fn hole_before(&mut self, frame: i64) -> i64 {
        let shortest = self.shortest_pause();
        let is_near = |hole: &i64| hole.saturating_abs() < shortest;
        let hole = self.ends_at.map_or(0, |end| frame.saturating_sub(end));
        if is_near(&hole) {
            return hole;
        }
        for other in &mut self.other_ends {
            let hole = other.map(|end| frame.saturating_sub(end)).filter(is_near);
            if let Some(hole) = hole {
                std::mem::swap(&mut self.ends_at, other);
                return hole;
            }
        }
        if hole < 0 {
            self.note("its times go back; what follows is joined to what is before".into());
            let [_, furthest] = self.other_ends;
            self.other_ends = [self.ends_at, furthest.max(self.ends_at)];
        }
        hole
    }

    fn move_other_ends(&mut self, frames: i64) {
        let ends = self.other_ends.iter_mut().flatten();
        ends.for_each(|end| *end = end.saturating_add(frames));
    }

    /// The shortest hole that is not jitter, in frames.
    fn shortest_pause(&self) -> i64 {
        (i64::from(self.sample_rate_hz()) / SHORTEST_HOLE_MATROSKA).max(1)
    }

    /// How much of the time between two packets, in frames, is a gap. Where nothing is missing in the file, the
    /// recorder was paused, which may last for days.
    fn pause(&self, hole: i64) -> i64 {
        match self.gap.is_some() || hole >= self.shortest_pause() {
            true => hole.max(0),
            false => 0,
        }
    }

    /// Where the sound ends behind a group that begins at `frame`, `hole` frames behind the sound before it. Of holes
    /// that are too short to be filled it keeps count, so that many of them add up to one that is filled.
    fn move_end(&mut self, frame: i64, hole: i64, decoded: i64, filled: i64) {
        let is_filled = hole > 0 && self.gap.is_some();
        let start = match self.ends_at {
            Some(end) if !is_filled && hole.saturating_abs() < self.shortest_pause() => end,
            _ => frame,
        };
        self.ends_at = Some(start.saturating_add(decoded));
        self.move_other_ends(decoded.saturating_add(filled));
    }

    /// Compares where the group ends with where it should; the frames that are missing before it.
    fn place_by_end(&mut self, frame: i64, is_last: bool, decoded: i64) -> i64 {
        let rate = i64::from(self.sample_rate_hz());
        let Some(end) = self.ends_at else {
            return self.place_first(frame, is_last, decoded);
        };
        let hole = frame.saturating_sub(end.saturating_add(decoded));
        match (self.gap.is_some(), is_last) {
            (_, true) if hole < 0 => {
                self.cut_end(hole.unsigned_abs());
                0
            }
            (true, _) => hole,
            (false, _) if hole == 0 => 0,
            (false, true) => {
                self.note(format!("its last page claims {hole} frames more than it has"));
                0
            }
            (false, false) if hole < rate / SHORTEST_HOLE_OGG => {
                self.note("its pages give positions that its sound contradicts".into());
                0
            }
            (false, false) => {
                let at = FilePosition::frame(end.max(0).cast_unsigned(), self.sample_rate_hz());
                self.note_gap(LostSound::damaged("its pages leave a gap", at), 0);
                hole
            }
        }
    }

    /// The first group: it may begin before the start of the recording, or be all of it, or follow a gap.
    fn place_first(&mut self, frame: i64, is_last: bool, decoded: i64) -> i64 {
        let start = frame.saturating_sub(decoded);
        match (self.gap.is_some(), is_last) {
            (true, _) => start,
            (false, true) if start < 0 => {
                self.cut_end(start.unsigned_abs());
                0
            }
            // Vorbis is cut at its start by the position of its first page; other codecs have a field for that.
            (false, false) if start < 0 && self.decoder.name() == "Vorbis" => {
                let early = usize::try_from(start.unsigned_abs()).unwrap_or(usize::MAX);
                self.samples.drain(..early.min(self.samples.len()));
                0
            }
            (false, false) if start < 0 => {
                self.note("its first page gives a position that its sound contradicts".into());
                0
            }
            _ => 0,
        }
    }

    fn cut_end(&mut self, frames: u64) {
        let len = self.samples.len();
        let frames = usize::try_from(frames).unwrap_or(len).min(len);
        self.samples.truncate(len - frames);
    }
}
