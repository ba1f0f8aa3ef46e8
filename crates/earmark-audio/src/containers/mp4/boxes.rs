//! The boxes that MP4 and QuickTime files consist of.

use crate::containers::byte_walker::{ByteWalker, big_endian};
use crate::error::Fault;

/// A box: its name, and where its content is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mp4Box {
    pub(super) name: [u8; 4],
    pub(super) at: u64,
    pub(super) body: u64,
    pub(super) end: u64,
}

impl Mp4Box {
    /// The box at this byte, inside of what ends at `limit`; a size of 0 means up to there.
    ///
    /// # Errors
    /// A box that is longer than what it is in, or ends within its header.
    pub(super) fn read(walker: &mut ByteWalker<'_>, at: u64, limit: u64) -> Result<Self, Fault> {
        let found = Self::read_header(walker, at, limit)?;
        if found.end <= limit {
            return Ok(found);
        }
        let text = found.text();
        if limit < walker.len() {
            let reason = format!("the box {text:?} is larger than the one around it");
            return Err(Fault::corrupt(reason, at));
        }
        let reason = format!("the box {text:?} needs {} more bytes", found.end - limit);
        Err(Fault::truncated(reason, limit))
    }

    /// As [`read`](Self::read), but its end may be behind `limit`.
    pub(super) fn read_header(walker: &mut ByteWalker<'_>, at: u64, limit: u64) -> Result<Self, Fault> {
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
        let found = Self { name, at, body, end };
        if end < body {
            let reason = format!("the box {:?} claims {size} bytes", found.text());
            return Err(Fault::corrupt(reason, at));
        }
        Ok(found)
    }

    /// Its name, for messages.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.name).into_owned()
    }

    /// The first box of this name inside, from `skip` bytes behind the start of its content.
    pub(super) fn child(
        &self,
        walker: &mut ByteWalker<'_>,
        skip: u64,
        name: &[u8; 4],
    ) -> Result<Option<Self>, Fault> {
        let mut at = self.body + skip;
        while at + 8 <= self.end {
            let child = Self::read(walker, at, self.end)?;
            if child.name == *name {
                return Ok(Some(child));
            }
            at = child.end;
        }
        Ok(None)
    }

    /// Its content from `skip` bytes on, up to `most` bytes of it.
    pub(super) fn bytes<'w>(
        &self,
        walker: &'w mut ByteWalker<'_>,
        skip: u64,
        most: usize,
    ) -> Result<&'w [u8], Fault> {
        let start = self.body.saturating_add(skip).min(self.end);
        let size = usize::try_from(self.end - start).unwrap_or(usize::MAX);
        walker.peek(start, size.min(most))
    }

    /// The entries of a table of `width` bytes each, behind `skip` bytes of other fields: as many as its count says and
    /// it has room for, as numbers of `parts` equal parts.
    pub(super) fn table<const PARTS: usize>(
        &self,
        walker: &mut ByteWalker<'_>,
        skip: u64,
        width: usize,
    ) -> Result<Vec<[u64; PARTS]>, Fault> {
        /// Entries that are read at once.
        const AT_ONCE: u64 = 1024;
        let count = big_endian(self.bytes(walker, skip, 4)?);
        let start = self.body + skip + 4;
        let room = self.end.saturating_sub(start) / (width as u64).max(1);
        let count = count.min(room);
        // No larger than the table itself, or twice that.
        let mut entries = Vec::with_capacity(usize::try_from(count).unwrap_or(0));
        let mut done = 0;
        while done < count {
            let some = (count - done).min(AT_ONCE);
            let bytes = walker.peek(start + done * width as u64, some as usize * width)?;
            for entry in bytes.chunks_exact(width) {
                let mut parts = [0; PARTS];
                for (part, bytes) in parts.iter_mut().zip(entry.chunks_exact(width / PARTS)) {
                    *part = big_endian(bytes);
                }
                entries.push(parts);
            }
            done += some;
        }
        Ok(entries)
    }
}
