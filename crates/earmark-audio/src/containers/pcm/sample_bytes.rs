//! How many bytes of samples a file has: what its header says, held against the file.
//!
//! Sizes are wrong in practice in a few ways: a program that writes to a pipe cannot know them, 32 bits overflow beyond
//! 4 GiB, some count a header too much, and a file that is cut off is shorter than they say. All but the last lose no
//! sound.

use super::behind_samples::{Behind, behind_samples};
use super::chunks::ChunkStyle;
use crate::clip::{ClipNote, LostSound};
use crate::containers::byte_walker::ByteWalker;
use crate::error::{Fault, FilePosition};

/// What is written instead of a size that can't be known: two to the power of 32 minus one by ffmpeg, to the power of
/// 31 by arecord, the same minus one page by sox, and 0x7f000000 by sox for AIFF; zero where the header was never
/// finished.
const EXACT_PLACEHOLDERS: [u64; 6] = [
    0,
    u32::MAX as u64,
    0x8000_0000,
    0x7fff_ffff,
    0x7fff_f000,
    0x7f00_0000,
];
/// Programs subtract the bytes of a header from them, or add them.
const NEAR: u64 = 256;
/// The outermost size may count this much more or less than the file: the head of its chunk, or a byte of padding.
const SLACK: u64 = 8;
/// Sizes of 32 bits are what remains of the true ones beyond this.
const WRAP: u64 = 1 << 32;

/// What a header says about the samples.
pub(super) struct Stated {
    /// First byte of the samples.
    pub(super) start: u64,
    /// Bytes of samples.
    pub(super) size: u64,
    /// Whether the size has 32 bits, so that it can be too small for the file.
    pub(super) is_32_bit: bool,
    /// Where the file ends by its outermost size, if it has one.
    pub(super) file_end: Option<u64>,
    /// How chunks behind the samples are written, in formats that have any.
    pub(super) style: Option<ChunkStyle>,
}

/// What bytes of samples amount to.
pub(super) struct Measure<'a> {
    pub(super) sample_rate_hz: u32,
    /// Frames in a number of bytes, without an incomplete one at the end.
    pub(super) frames_in: &'a dyn Fn(u64) -> u64,
}

impl Measure<'_> {
    fn seconds(&self, frames: u64) -> f64 {
        frames as f64 / f64::from(self.sample_rate_hz.max(1))
    }
}

/// The samples that are there.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) bytes: u64,
    pub(super) notes: Vec<ClipNote>,
    pub(super) losses: Vec<LostSound>,
}

impl Found {
    pub(super) fn note(&mut self, what: impl Into<String>) {
        self.notes.push(ClipNote::Contradiction(what.into()));
    }

    /// Frames of the samples. Tells of bytes that are left over from the last one.
    pub(super) fn frames(&mut self, measure: &Measure<'_>) -> u64 {
        let frames = (measure.frames_in)(self.bytes);
        // Fewer bytes with the same result, in all formats, only where some are left over.
        let is_incomplete = self.bytes > 0 && (measure.frames_in)(self.bytes - 1) == frames;
        if is_incomplete && self.losses.is_empty() {
            self.note("its samples end within a frame, which is left out");
        }
        frames
    }
}

/// Finds the end of the samples. More samples behind them are a loss.
pub(super) fn sample_bytes(
    walker: &mut ByteWalker<'_>,
    stated: &Stated,
    measure: &Measure<'_>,
) -> Result<Found, Fault> {
    let (mut found, more) = samples_and_more(walker, stated, measure)?;
    if let Some(at) = more {
        let loss = unread(MORE_SAMPLES, at, walker.len() - at, measure);
        found.losses.push(loss);
    }
    Ok(found)
}

/// Finds the end of the samples, and where more samples, or another file, begin behind it.
pub(super) fn samples_and_more(
    walker: &mut ByteWalker<'_>,
    stated: &Stated,
    measure: &Measure<'_>,
) -> Result<(Found, Option<u64>), Fault> {
    let mut found = Found::default();
    let present = walker.len().saturating_sub(stated.start);
    if stated.size > present {
        stated.beyond_the_end(walker.len(), measure, &mut found);
        return Ok((found, None));
    }
    found.bytes = stated.size;
    let (end, padded_end) = stated.ends();
    if end == walker.len() || padded_end == walker.len() {
        return Ok((found, None));
    }
    if stated.is_32_bit && present - stated.size >= WRAP && wraps_at_the_end(present - stated.size) {
        found.bytes = present;
        found.note(stated.wrapped());
        return Ok((found, None));
    }
    let behind_at = match stated.style {
        Some(style) => style.behind(walker, end, padded_end)?,
        None => end,
    };
    let behind = behind_samples(walker, behind_at, stated.style)?;
    if let Behind::Sound(at) = behind {
        return Ok((found, Some(at)));
    }
    stated.settle(walker, behind, &mut found)?;
    Ok((found, None))
}

impl Stated {
    /// Behind the samples, and behind the byte that fills up their chunk.
    pub(super) fn ends(&self) -> (u64, u64) {
        let alignment = self.style.map_or(1, ChunkStyle::alignment);
        let filled = self.size.checked_next_multiple_of(alignment).unwrap_or(u64::MAX);
        let at = |bytes: u64| self.start.saturating_add(bytes);
        (at(self.size), at(filled))
    }

    /// Whether the size means "not known".
    fn is_placeholder(&self) -> bool {
        let is_near = |placeholder: u64| placeholder.abs_diff(self.size) <= NEAR;
        // A recorder that begins a new file at 2 GiB writes a size near to that and means it: the outermost size
        // confirms it.
        let is_confirmed = self.file_end == Some(self.ends().0);
        EXACT_PLACEHOLDERS.contains(&self.size)
            // All ones in 64 bits, with or without a sign.
            || self.size >= u64::MAX / 2 - NEAR
            || (!is_confirmed && [WRAP, 0x8000_0000, 0x7fff_f000, 0x7f00_0000].into_iter().any(is_near))
    }

    fn wrapped(&self) -> String {
        format!(
            "its header gives {} bytes of samples, the rest of a size beyond 4 GiB",
            self.size
        )
    }

    /// The size is larger than the rest of the file.
    fn beyond_the_end(&self, len: u64, measure: &Measure<'_>, found: &mut Found) {
        let present = len.saturating_sub(self.start);
        let size = self.size;
        found.bytes = present;
        if self.is_placeholder() {
            if !EXACT_PLACEHOLDERS.contains(&size) && size < u64::from(u32::MAX) {
                found.note(format!(
                    "its header gives no true size of its samples ({size} bytes)"
                ));
            }
            return;
        }
        let missing = (measure.frames_in)(size).saturating_sub((measure.frames_in)(present));
        // The outermost size says that the file is whole, and that the samples don't fit into it.
        let is_whole = |end: u64| end.abs_diff(len) <= SLACK && self.ends().0 > end;
        if missing == 0 || self.file_end.is_some_and(is_whole) {
            found.note(format!(
                "its header promises {size} bytes of samples, but the whole file has {present}"
            ));
            return;
        }
        let reason = format!("its header promises {size} bytes of samples, but only {present} are present");
        let intact = (measure.frames_in)(present);
        let at = FilePosition::frame(intact, measure.sample_rate_hz);
        found.losses.push(LostSound {
            seconds: Some(measure.seconds(missing)),
            ..LostSound::cut_off(reason, at)
        });
    }

    /// The file continues behind the size, without more samples.
    fn settle(&self, walker: &mut ByteWalker<'_>, behind: Behind, found: &mut Found) -> Result<(), Fault> {
        let present = walker.len().saturating_sub(self.start);
        let is_sizeless = self.is_placeholder();
        match behind {
            Behind::Harmless | Behind::Sound(_) => {}
            Behind::Zeros | Behind::Unknown(_) if is_sizeless => found.bytes = present,
            Behind::Zeros => {}
            Behind::DamagedChunk(name) => {
                found.note(format!("{name:?} behind its samples is cut off or damaged"));
            }
            Behind::Unknown(at) => {
                if let Some(bytes) = self.wrapped_before_chunks(walker)? {
                    found.bytes = bytes;
                    found.note(self.wrapped());
                } else if self.is_32_bit && walker.len() > WRAP {
                    found.bytes = present;
                    found.note(self.wrapped());
                } else if self.is_too_small(at) {
                    found.bytes = present;
                    let size = self.size;
                    found.note(format!(
                        "its header gives {size} bytes of samples, but there are {present}"
                    ));
                } else {
                    let bytes = walker.len() - at;
                    let reason = format!("{bytes} bytes of an unknown kind follow its samples");
                    found.losses.push(LostSound {
                        bytes: Some(bytes),
                        ..LostSound::damaged(reason, at)
                    });
                }
            }
        }
        Ok(())
    }

    /// Whether the outermost size says that there is more than the samples, and what begins at `at` directly follows
    /// them.
    fn is_too_small(&self, at: u64) -> bool {
        let (end, padded_end) = self.ends();
        (at == end || at == padded_end) && self.file_end.is_some_and(|file_end| file_end > at + SLACK)
    }

    /// The true size of samples beyond 4 GiB, where chunks without sound follow them.
    fn wrapped_before_chunks(&self, walker: &mut ByteWalker<'_>) -> Result<Option<u64>, Fault> {
        let present = walker.len().saturating_sub(self.start);
        if !self.is_32_bit || present - self.size < WRAP {
            return Ok(None);
        }
        // The last turns first: what follows the samples is short. A few are enough for every file system in use.
        let turns = (present - self.size) / WRAP;
        for turn in (1..=turns).rev().take(4) {
            let bytes = self.size + turn * WRAP;
            if behind_samples(walker, self.start + bytes, self.style)? == Behind::Harmless {
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }
}

/// What is said of samples that are not read because others come before them.
pub(super) const MORE_SAMPLES: &str = "more samples, or another file, follow; only the first are read";

/// Samples that are not read.
pub(super) fn unread(reason: &str, at: u64, bytes: u64, measure: &Measure<'_>) -> LostSound {
    let frames = (measure.frames_in)(bytes);
    LostSound {
        seconds: (frames > 0).then(|| measure.seconds(frames)),
        bytes: Some(bytes),
        ..LostSound::damaged(reason, at)
    }
}

/// Whether a remainder is whole turns of a 32-bit size, or one byte of padding more.
fn wraps_at_the_end(remainder: u64) -> bool {
    remainder % WRAP <= 1
}
