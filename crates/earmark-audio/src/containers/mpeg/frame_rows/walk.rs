//! The walk from frame to frame.

use super::{
    FrameContent, FrameFormat, FrameHeader, FrameRows, Gap, HEADER_BYTES, Row, SearchRange, find_frames,
};
use crate::clip::ClipNote;
use crate::containers::byte_walker::ByteWalker;
use crate::containers::tags::{self, Tag};
use crate::error::Fault;

/// A file in more parts, or with more places to search, is not walked further: what follows is a gap. Each part costs a
/// decoder of its own, and each search up to a block of bytes.
const MAX_PARTS: usize = 4096;
/// Tags up to this size are searched for what looks like a frame; larger ones end a row in any case.
const MAX_TAG_IN_ROW_BYTES: u64 = 1024 * 1024;
/// Padding behind the last frame repeats one byte at least this often.
const MIN_PADDING_BYTES: u64 = 4;

/// Walks over the frames in the bytes from `start` to `end`. Without any frame, there are no rows.
pub(crate) fn walk_rows<F: FrameFormat>(
    walker: &mut ByteWalker<'_>,
    format: &F,
    start: u64,
    end: u64,
) -> Result<FrameRows, Fault> {
    let mut walk = Walk {
        walker,
        format,
        end,
        found: FrameRows::default(),
        is_open: false,
        kind: None,
        last: None,
        gap: None,
        tag: None,
        searches: 0,
    };
    walk.run(start)?;
    let mut found = walk.found;
    found.gap_at_end = walk.gap;
    Ok(found)
}

/// Where the walk is.
pub(super) struct Walk<'w, 's, F> {
    pub(super) walker: &'w mut ByteWalker<'s>,
    pub(super) format: &'w F,
    pub(super) end: u64,
    pub(super) found: FrameRows,
    /// Whether the next frame may belong to the last row.
    pub(super) is_open: bool,
    /// Of the last frame.
    pub(super) kind: Option<u32>,
    /// The last frame, where nothing has followed it yet.
    pub(super) last: Option<(u64, FrameHeader)>,
    /// What is missing before the next row.
    pub(super) gap: Option<Gap>,
    /// The ID3v2 tag before the next frame.
    pub(super) tag: Option<u64>,
    pub(super) searches: usize,
}

impl<F: FrameFormat> Walk<'_, '_, F> {
    fn run(&mut self, start: u64) -> Result<(), Fault> {
        let mut at = start;
        while at < self.end {
            if self.found.rows.len() + self.searches > MAX_PARTS {
                let reason =
                    format!("it falls apart into more than {MAX_PARTS} parts, and the rest is not read");
                self.lose(Gap::new(at, self.end - at, reason));
                return Ok(());
            }
            let trusted = match self.frame_at(at)? {
                Some(header) if self.is_trusted(at, &header)? => Some(header),
                _ => None,
            };
            at = if let Some(header) = trusted {
                self.take(at, header)?
            } else if let Some(tag) = tags::tag_with_head(self.walker, at, self.end)? {
                self.pass_over_tag(at, tag)?
            } else if let Some(next) = self.padding_end(at)? {
                self.pass_over(at, next)?;
                next
            } else if let Some(tag) = tags::tag_at(self.walker, at, self.end)? {
                // Not before each of many bytes of padding: it reads the end of the file.
                self.pass_over_tag(at, tag)?
            } else {
                match self.resume(at)? {
                    Some(next) => next,
                    None => return Ok(()),
                }
            };
        }
        Ok(())
    }

    pub(super) fn header_at(&mut self, at: u64) -> Result<Option<FrameHeader>, Fault> {
        let bytes = tags::bounded(self.walker, at, self.end, HEADER_BYTES)?;
        Ok(self.format.header(&bytes))
    }

    /// The header of a frame that is there as a whole.
    pub(super) fn frame_at(&mut self, at: u64) -> Result<Option<FrameHeader>, Fault> {
        let header = self.header_at(at)?;
        Ok(header.filter(|header| header.bytes <= self.end - at))
    }

    /// A frame like those before it is believed; another one only where its successor, a tag or the end confirms its
    /// length.
    fn is_trusted(&mut self, at: u64, header: &FrameHeader) -> Result<bool, Fault> {
        Ok(self.kind == Some(header.kind) || self.goes_on(at + header.bytes, Some(header.kind))?)
    }

    /// Whether frames (of this kind), a tag, padding or the end follow here.
    fn goes_on(&mut self, at: u64, kind: Option<u32>) -> Result<bool, Fault> {
        let bytes = tags::bounded(self.walker, at, self.end, 16)?;
        let header = self.format.header(&bytes[..bytes.len().min(HEADER_BYTES)]);
        Ok(match header {
            Some(header) => kind.is_none_or(|kind| kind == header.kind),
            // The end, or a header that is cut off, or padding.
            None if bytes.len() < HEADER_BYTES => bytes.first().is_none_or(|&b| b == 0xff || b == 0),
            None => tags::begins_tag(&bytes) || bytes.iter().all(|&b| b == 0),
        })
    }

    /// Takes up a whole frame, and goes behind it.
    pub(super) fn take(&mut self, at: u64, header: FrameHeader) -> Result<u64, Fault> {
        let next = at + header.bytes;
        let content = self.format.content(self.walker, at, &header)?;
        self.kind = Some(header.kind);
        if let FrameContent::Unreadable(reason) = content {
            self.found.unreadable += 1;
            self.lose(Gap::new(at, header.bytes, reason).with_samples(header.samples, true));
            return Ok(next);
        }
        self.last = Some((at, header));
        let tag_before = self.tag.take();
        let is_sound = content == FrameContent::Sound;
        let open = self.found.rows.last_mut().filter(|_| self.is_open && is_sound);
        if let Some(row) = open.filter(|row| row.header.kind == header.kind) {
            row.end = next;
            row.frames += 1;
            row.samples += header.samples;
            let (shortest, longest) = row.frame_bytes;
            row.frame_bytes = (shortest.min(header.bytes), longest.max(header.bytes));
            return Ok(next);
        }
        self.is_open = true;
        self.found.rows.push(Row {
            start: at,
            end: next,
            header,
            has_info_tag: !is_sound,
            frames: u64::from(is_sound),
            samples: if is_sound { header.samples } else { 0 },
            frame_bytes: match is_sound {
                true => (header.bytes, header.bytes),
                false => (u64::MAX, 0),
            },
            gap: self.gap.take(),
            tag_before,
        });
        Ok(next)
    }

    pub(super) fn lose(&mut self, gap: Gap) {
        self.is_open = false;
        self.last = None;
        match &mut self.gap {
            Some(earlier) => earlier.join(gap),
            None => self.gap = Some(gap),
        }
    }

    /// Goes behind a tag, unless its size is wrong and frames begin within it.
    fn pass_over_tag(&mut self, at: u64, tag: Tag) -> Result<u64, Fault> {
        let mut next = tag.end.min(self.end);
        if tag.end > self.end || !self.goes_on(next, None)? {
            let range = SearchRange {
                from: at + 3,
                to: next,
                end: self.end,
            };
            self.searches += 1;
            if let Some(found) = find_frames(self.walker, self.format, range, self.kind)? {
                let note = format!(
                    "a tag at byte {at} claims {} bytes, but sound begins within it",
                    tag.end - at
                );
                self.found.notes.push(ClipNote::Contradiction(note));
                next = found;
            }
        }
        self.pass_over(at, next)?;
        if tag.is_id3v2 {
            self.tag = Some(at);
        }
        Ok(next)
    }

    /// Leaves out bytes that are known not to be sound. The decoder's reader passes over them too, unless it could take
    /// them for frames, or the row has only begun: a reader is opened only where its first frame is followed by
    /// another.
    fn pass_over(&mut self, at: u64, next: u64) -> Result<(), Fault> {
        self.last = None;
        if self.is_open && next < self.end {
            let has_begun = self.found.rows.last().is_some_and(|row| row.all_frames() > 1);
            self.is_open = has_begun && !self.could_be_frames(at, next)?;
        }
        Ok(())
    }

    /// Whether a reader that looks for a frame would stop between `at` and `next`.
    fn could_be_frames(&mut self, at: u64, next: u64) -> Result<bool, Fault> {
        if next - at > MAX_TAG_IN_ROW_BYTES {
            return Ok(true);
        }
        let mut here = at;
        while here < next {
            // One byte more than a block: a pair may lie across two blocks, or across the end of the tag.
            let block = tags::bounded(self.walker, here, next + 1, 4097)?;
            if block.windows(2).any(|pair| self.format.is_sync(pair[0], pair[1])) {
                return Ok(true);
            }
            here += 4096;
        }
        Ok(false)
    }

    /// Where padding ends: zeros up to the next frame, or any byte that is repeated to the end.
    fn padding_end(&mut self, at: u64) -> Result<Option<u64>, Fault> {
        let is_zero = self.walker.peek(at, 1)? == [0];
        let next = tags::repeated_until(self.walker, at, self.end)?;
        let is_padding = match next == self.end {
            true => is_zero || next - at >= MIN_PADDING_BYTES,
            false => is_zero && self.goes_on(next, None)?,
        };
        Ok(is_padding.then_some(next))
    }
}
