//! The boxes of the highest level: where a file ends whose index is read, and what follows it.

use super::boxes::Mp4Box;
use super::movie::Movie;
use crate::clip::{ClipNote, LostSound};
use crate::containers::byte_walker::ByteWalker;
use crate::containers::tags::behind_tags;
use crate::error::Fault;

/// Fewer bytes than the header of a box has can't be a recording.
const BOX_HEADER_BYTES: u64 = 8;

/// What the boxes of the highest level are.
pub(super) struct TopLevel {
    /// The first index.
    pub(super) movie: Option<Movie>,
    pub(super) has_data: bool,
    pub(super) is_fragmented: bool,
    /// Descriptions of fragments (moof boxes), all of them whole.
    pub(super) fragments: Vec<Mp4Box>,
    /// The end of what is read: of the file, or before what does not belong to it.
    pub(super) end: u64,
    pub(super) notes: Vec<ClipNote>,
    pub(super) losses: Vec<LostSound>,
    /// The last fragment, if not all of it is there.
    pub(super) unfinished: Option<LostSound>,
    /// Where the last fragment begins, if its samples have not come yet.
    open_fragment: Option<u64>,
}

impl TopLevel {
    /// Goes over the boxes.
    ///
    /// # Errors
    /// An index that can't be read, or a box that is wrong before index and samples are found.
    pub(super) fn read(walker: &mut ByteWalker<'_>, start: u64) -> Result<Self, Fault> {
        let len = walker.len();
        let mut top = Self {
            movie: None,
            has_data: false,
            is_fragmented: false,
            fragments: Vec::new(),
            end: len,
            notes: Vec::new(),
            losses: Vec::new(),
            unfinished: None,
            open_fragment: None,
        };
        let mut at = start;
        while at < len {
            match Mp4Box::read_header(walker, at, len) {
                Ok(found) if top.is_complete() && !is_plausible(&found, len) => {
                    top.end_before_others(walker, at)?;
                    break;
                }
                Ok(found) if top.begins_other_file(&found) => {
                    top.end_before_file(at, len);
                    break;
                }
                Ok(found) => {
                    top.take(walker, &found)?;
                    at = found.end;
                }
                Err(fault @ Fault::Read(..)) => return Err(fault),
                Err(Fault::Truncated(..)) if top.is_fragmented && behind_tags(walker, at, len)? < len => {
                    top.open_fragment.get_or_insert(at);
                    break;
                }
                Err(_) if top.is_complete() => {
                    top.end_before_others(walker, at)?;
                    break;
                }
                Err(fault) => return Err(fault),
            }
        }
        top.unfinished = top.open_fragment.map(|at| LostSound {
            bytes: Some(top.end.saturating_sub(at)),
            ..LostSound::cut_off("its last fragment is incomplete", at)
        });
        Ok(top)
    }

    /// Whether index and samples are found.
    fn is_complete(&self) -> bool {
        self.movie.is_some() && (self.has_data || self.is_fragmented)
    }

    /// Whether a box can only be of another file. Fragmented files may repeat their index.
    fn begins_other_file(&self, found: &Mp4Box) -> bool {
        self.is_complete() && !self.is_fragmented && matches!(&found.name, b"ftyp" | b"moov")
    }

    fn take(&mut self, walker: &mut ByteWalker<'_>, found: &Mp4Box) -> Result<(), Fault> {
        let len = walker.len();
        match &found.name {
            // Streams repeat it for those who join late.
            b"moov" if self.movie.is_some() && self.is_fragmented => {}
            b"moov" if self.movie.is_some() => {
                let at = found.at;
                self.notes.push(ClipNote::Contradiction(format!(
                    "it has a second index (moov box) at byte {at}, which is not used"
                )));
            }
            b"moov" => {
                let found = Mp4Box::read(walker, found.at, len)?;
                self.movie = Some(Movie::read(walker, &found)?);
            }
            // How much of it is missing is for the index to say.
            b"mdat" => {
                self.has_data = true;
                if found.end <= len {
                    self.open_fragment = None;
                }
            }
            b"moof" => {
                self.is_fragmented = true;
                self.open_fragment = Some(found.at);
                if found.end <= len {
                    self.fragments.push(*found);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Ends before another file, whose samples the index knows nothing of.
    fn end_before_file(&mut self, at: u64, len: u64) {
        self.end = at;
        self.losses.push(LostSound {
            bytes: Some(len - at),
            ..LostSound::damaged("another recording follows, and only the first is read", at)
        });
    }

    /// Ends before what is not a box: tags and padding are harmless, anything else may be sound.
    fn end_before_others(&mut self, walker: &mut ByteWalker<'_>, at: u64) -> Result<(), Fault> {
        let len = walker.len();
        self.end = at;
        let other = behind_tags(walker, at, len)?;
        if len - other < BOX_HEADER_BYTES {
            let bytes = len - at;
            self.notes.push(ClipNote::Contradiction(format!(
                "the {bytes} bytes behind its last box are not used by its samples"
            )));
        } else {
            let reason = "what follows its last box is something else than MP4, and is not read";
            self.losses.push(LostSound {
                bytes: Some(len - other),
                ..LostSound::damaged(reason, other)
            });
        }
        Ok(())
    }
}

/// Whether the name of a box can be one. That of a box that is longer than the file has letters and digits only.
fn is_plausible(found: &Mp4Box, len: u64) -> bool {
    let is_longer = found.end > len;
    found.name.iter().all(|byte| match is_longer {
        true => byte.is_ascii_alphanumeric(),
        false => byte.is_ascii_graphic() || *byte == b' ',
    })
}
