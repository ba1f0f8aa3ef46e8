//! Resuming behind damage: where the next frames are, and how much sound is missing before them.

use super::walk::Walk;
use super::{FrameFormat, FrameHeader, Gap, HEADER_BYTES, START_SEARCH_BYTES, SearchRange, find_frames};
use crate::error::Fault;

impl<F: FrameFormat> Walk<'_, '_, F> {
    /// Looks for the next frames where none follows; `None` at the end.
    pub(super) fn resume(&mut self, at: u64) -> Result<Option<u64>, Fault> {
        let is_start = self.found.rows.is_empty() && self.gap.is_none();
        let range = SearchRange {
            // Bytes may be missing within the last frame: then the next one begins before it should.
            from: self.last.map_or(at, |(last, _)| last + 1),
            to: if is_start {
                at.saturating_add(START_SEARCH_BYTES)
            } else {
                self.end
            },
            end: self.end,
        };
        self.searches += 1;
        let found = find_frames(self.walker, self.format, range, self.kind)?;
        let header = match found {
            Some(found) => self.frame_at(found)?,
            None => None,
        };
        let (Some(found), Some(header)) = (found, header) else {
            let gap = self.gap_at_end(at)?;
            self.lose(gap);
            return Ok(None);
        };
        if is_start {
            self.lose(gap_at_start(at, found, &header));
        } else if found < at {
            self.lose_shortened(found);
        } else {
            self.lose_between(at, found);
        }
        self.take(found, header).map(Some)
    }

    /// What the file ends with: a frame of which the rest is missing, or something that is not a frame.
    fn gap_at_end(&mut self, at: u64) -> Result<Gap, Fault> {
        let bytes = self.end - at;
        let header = self.header_at(at)?.filter(|header| header.bytes > bytes);
        let is_like_before = |header: &FrameHeader| self.kind.is_none_or(|kind| kind == header.kind);
        let samples = match header.filter(is_like_before) {
            Some(header) => Some(header.samples),
            None if bytes < HEADER_BYTES as u64 && self.walker.peek(at, 1)? == [0xff] => {
                self.last.map(|(_, h)| h.samples)
            }
            None => {
                let reason = format!("the next frame should begin here, but {bytes} other bytes follow");
                return Ok(Gap::new(at, bytes, reason));
            }
        };
        Ok(Gap {
            samples,
            is_cut_off: true,
            ..Gap::new(at, bytes, "its last frame is incomplete")
        })
    }

    /// The last frame ends before its length, where the next one begins.
    fn lose_shortened(&mut self, next: u64) {
        let Some((at, header)) = self.last else { return };
        self.drop_last_frame(at, &header);
        let gap = Gap::new(at, next - at, "bytes of a frame are missing here");
        self.lose(gap.with_samples(header.samples, true));
    }

    /// Bytes that are no frames. Where they are as long as frames, these were overwritten, and so was the rest of the frame before
    /// them: damage does not begin exactly where a frame does.
    fn lose_between(&mut self, at: u64, next: u64) {
        let bytes = next - at;
        let reason = "the next frame should begin here";
        let row = self.found.rows.last().filter(|row| row.frames > 0);
        let (Some(row), Some((last, header))) = (row, self.last) else {
            self.lose(Gap::new(at, bytes, reason));
            return;
        };
        let (shortest, longest) = row.frame_bytes;
        let is_constant_rate = row.is_constant_rate();
        if !is_constant_rate {
            let mean = (row.end - row.start) as f64 / row.all_frames() as f64;
            let samples = (bytes as f64 / mean * header.samples as f64) as u64;
            self.lose(Gap::new(at, bytes, reason).with_samples(samples, false));
            return;
        }
        let mean = (shortest + longest) as f64 / 2.0;
        let frames = (bytes as f64 / mean).round();
        if frames >= 1.0 && (bytes as f64 - frames * mean).abs() <= frames + 1.0 {
            self.drop_last_frame(last, &header);
            let samples = (frames as u64 + 1) * header.samples;
            self.lose(Gap::new(last, next - last, reason).with_samples(samples, true));
        } else {
            // Bytes were put in, or others are also missing: how much sound that is can't be known.
            self.lose(Gap::new(at, bytes, reason));
        }
    }

    /// Takes the last frame off its row, and a row that becomes empty away.
    fn drop_last_frame(&mut self, at: u64, header: &FrameHeader) {
        let Some(row) = self.found.rows.last_mut() else {
            return;
        };
        if row.all_frames() <= 1 {
            let row = self.found.rows.pop();
            self.gap = row.and_then(|row| row.gap);
            return;
        }
        row.end = at;
        row.frames -= 1;
        row.samples -= header.samples;
    }
}

/// A file that begins within a frame has lost no more than this frame; longer bytes may be anything.
fn gap_at_start(at: u64, next: u64, header: &FrameHeader) -> Gap {
    let bytes = next - at;
    let gap = Gap::new(at, bytes, "it begins within a frame or with something else");
    match bytes <= 2 * header.bytes {
        true => gap.with_samples((bytes * header.samples / header.bytes).min(header.samples), false),
        false => gap,
    }
}
