//! The recordings of a file: rows of frames under one encoder's tag, held to what it promises.

use std::ops::Range;

use super::info_tag::{Delays, InfoTag, read_info_tag};
use super::itunes_gapless::{ItunesGapless, itunes_gapless};
use super::silent_samples;
use crate::clip::{ClipNote, LostSound};
use crate::containers::byte_walker::ByteWalker;
use crate::containers::container::Container;
use crate::containers::layout::{AudioLayout, CodedLayout, CodedSection, FileWalk};
use crate::containers::mpeg::frame_rows::{FrameRows, Gap, Row};
use crate::error::Fault;

/// A stated length may differ from that of the frames by this many frames: encoders differ in what they count.
const LENGTH_TOLERANCE_FRAMES: u64 = 2;

/// Makes sections of the rows, of which there is at least one. `leading`: what iTunes states before the first.
pub(super) fn to_sections(
    walker: &mut ByteWalker<'_>,
    found: FrameRows,
    container: Container,
    leading: Option<ItunesGapless>,
) -> Result<FileWalk, Fault> {
    let FrameRows {
        mut rows,
        gap_at_end,
        notes,
        ..
    } = found;
    let mut gaps: Vec<Option<Gap>> = rows.iter_mut().map(|row| row.gap.take()).collect();
    gaps.push(gap_at_end);
    let mut sections = Sections {
        rows: &rows,
        found: Vec::new(),
        gap: None,
        rate_before: None,
        losses: Vec::new(),
        notes,
    };
    let mut start = 0;
    while let Some(first) = rows.get(start) {
        let tag = match first.has_info_tag {
            true => read_info_tag(walker, first.start, &first.header)?.unwrap_or_default(),
            false => InfoTag::default(),
        };
        let before = match first.tag_before {
            Some(at) => itunes_gapless(walker, at)?,
            None => None,
        };
        let itunes = before.or(leading.filter(|_| start == 0));
        let end = start + recording_rows(&rows[start..], tag.mpeg_frames);
        sections.add(walker, start..end, &tag, itunes, &mut gaps)?;
        start = end;
    }
    Ok(sections.finish(container, gaps.pop().flatten()))
}

/// How many of the rows are of one recording: up to the next encoder's tag, or as far as all promised frames are there.
fn recording_rows(rows: &[Row], stated: Option<u64>) -> usize {
    let mut frames = 0;
    for (index, row) in rows.iter().enumerate() {
        if index > 0 && (row.has_info_tag || stated == Some(frames)) {
            return index;
        }
        frames += row.frames;
    }
    rows.len()
}

/// The sections so far.
struct Sections<'a> {
    rows: &'a [Row],
    found: Vec<CodedSection>,
    /// What is missing before the next row with sound.
    gap: Option<Gap>,
    /// Of the last section, in hertz.
    rate_before: Option<u32>,
    losses: Vec<LostSound>,
    notes: Vec<ClipNote>,
}

impl Sections<'_> {
    /// Adds a recording. `gaps`: before each row, and behind the last.
    fn add(
        &mut self,
        walker: &mut ByteWalker<'_>,
        range: Range<usize>,
        tag: &InfoTag,
        itunes: Option<ItunesGapless>,
        gaps: &mut [Option<Gap>],
    ) -> Result<(), Fault> {
        let all = self.rows;
        let rows = &all[range.clone()];
        let frames: u64 = rows.iter().map(|row| row.frames).sum();
        let samples: u64 = rows.iter().map(|row| row.samples).sum();
        let Some((first, last)) = rows.first().zip(rows.last()) else {
            return Ok(());
        };
        let inside = &mut gaps[range.start + 1..=range.end];
        let is_complete = match tag.mpeg_frames {
            Some(stated) => {
                let promise = Promise {
                    stated,
                    frames,
                    frame_samples: first.header.samples,
                    frame_bytes: last.header.bytes,
                    may_count_itself: tag.may_count_itself,
                    end: last.end,
                    is_last: range.end == all.len(),
                };
                self.settle(&promise, inside)
            }
            None => inside.iter().all(Option::is_none),
        };
        let delays = match (tag.delays, itunes) {
            (Some(delays), _) => delays,
            (None, Some(itunes)) => self.of_itunes(itunes, samples, first.header.samples),
            (None, None) => Delays::default(),
        };
        let last_with_sound = rows.iter().rposition(|row| row.samples > 0);
        let mut skip = delays.start;
        for (index, row) in rows.iter().enumerate() {
            self.take_up(gaps[range.start + index].take());
            if row.samples == 0 {
                continue;
            }
            let skipped = skip.min(row.samples);
            skip -= skipped;
            let is_end = is_complete && Some(index) == last_with_sound;
            let trimmed = if is_end { delays.end } else { 0 };
            let section = CodedSection {
                skip_frames: skipped,
                frames: Some((row.samples - skipped).saturating_sub(trimmed)),
                padded: true,
                ..CodedSection::new(row.start, row.end)
            };
            self.push(walker, section, row)?;
        }
        Ok(())
    }

    fn take_up(&mut self, gap: Option<Gap>) {
        match (&mut self.gap, gap) {
            (Some(earlier), Some(later)) => earlier.join(later),
            (None, gap) => self.gap = gap,
            (Some(_), None) => {}
        }
    }

    /// Adds a section with what is missing before it.
    fn push(&mut self, walker: &mut ByteWalker<'_>, section: CodedSection, row: &Row) -> Result<(), Fault> {
        let rate = row.header.sample_rate_hz;
        let is_first = self.found.is_empty();
        let silent = silent_samples(walker, row)?;
        let seconds = silent as f64 / f64::from(rate.max(1));
        let gap = self.gap.take();
        if silent > 0 && is_first && gap.is_none() {
            self.notes.push(ClipNote::Contradiction(format!(
                "its first {seconds:.3} s refer to sound before its beginning, and are silent"
            )));
        } else if silent > 0 {
            let reason = "these frames refer to sound in frames that are missing";
            self.losses.push(LostSound {
                seconds: Some(seconds),
                is_silence: true,
                ..LostSound::damaged(reason, row.start)
            });
        }
        let loss_before = match gap {
            Some(gap) if gap.is_harmless(None) => {
                self.notes.push(gap.to_note());
                None
            }
            gap => gap.map(|gap| gap.to_loss(self.rate_before.unwrap_or(rate))),
        };
        self.rate_before = Some(rate);
        self.found.push(CodedSection {
            loss_before,
            ..section
        });
        Ok(())
    }

    /// Compares a recording with what its tag promises, and notes in its gaps what they have lost. Whether the
    /// recording ends where the encoder ended it, so that its padding is there.
    fn settle(&mut self, promise: &Promise, gaps: &mut [Option<Gap>]) -> bool {
        let Promise { stated, frames, .. } = *promise;
        let reason = || format!("its header promises {stated} MPEG frames, but {frames} are present");
        let Some(missing) = stated.checked_sub(frames) else {
            self.notes.push(ClipNote::Contradiction(reason()));
            return false;
        };
        let count = gaps.iter().flatten().count();
        let is_tag_itself = missing == 1 && promise.may_count_itself;
        if missing == 0 || (is_tag_itself && count == 0) {
            // All sound is there: what is between the frames is not sound. Behind them another recording may follow.
            let last = gaps.len().saturating_sub(1);
            for (index, gap) in gaps.iter_mut().enumerate() {
                let Some(gap) = gap else { continue };
                let is_foreign = index == last && !gap.is_cut_off && gap.bytes >= promise.frame_bytes;
                (gap.samples, gap.is_exact) = if is_foreign {
                    (None, false)
                } else {
                    (Some(0), true)
                };
            }
            return true;
        }
        if is_tag_itself {
            return false;
        }
        let of_frames = |frames: u64| frames.saturating_mul(promise.frame_samples);
        let noted = gaps.iter().flatten().filter_map(|gap| gap.samples).sum::<u64>();
        let noted = noted / promise.frame_samples.max(1);
        let ends_with_sound = gaps.last().is_some_and(Option::is_none);
        // A count is believed up to twice of what is there: silence beyond that would be as long as a damaged count
        // likes.
        let is_believed = missing <= frames;
        if count == 1 && is_believed {
            for gap in gaps.iter_mut().flatten() {
                (gap.samples, gap.is_exact) = (Some(of_frames(missing)), true);
            }
            return ends_with_sound;
        }
        // Every gap may be a frame longer than estimated.
        if missing > noted + count as u64
            && let Some(end) = gaps.last_mut()
        {
            let mut cut = Gap::new(promise.end, 0, reason());
            cut.is_cut_off = true;
            // Behind the last recording no silence is asked for.
            if is_believed || promise.is_last {
                cut = cut.with_samples(of_frames(missing - noted), true);
            }
            match end {
                Some(end) => end.join(cut),
                None => *end = Some(cut),
            }
        }
        false
    }

    /// The delays of a recording of `samples` samples by iTunes's comment, where it fits them.
    fn of_itunes(&mut self, itunes: ItunesGapless, samples: u64, frame_samples: u64) -> Delays {
        let ItunesGapless {
            delay,
            padding,
            length,
        } = itunes;
        let stated = delay.saturating_add(padding).saturating_add(length);
        if stated.abs_diff(samples) > LENGTH_TOLERANCE_FRAMES * frame_samples {
            self.notes.push(ClipNote::Contradiction(format!(
                "a comment by iTunes states {length} samples, which {samples} samples of MPEG frames do not fit"
            )));
            return Delays::default();
        }
        let start = Delays::of_encoder(delay, padding).start;
        Delays {
            start,
            // The length counts, to the sample.
            end: samples.saturating_sub(start).saturating_sub(length),
        }
    }

    /// All sections, and what is missing behind them.
    fn finish(mut self, container: Container, gap_at_end: Option<Gap>) -> FileWalk {
        self.take_up(gap_at_end);
        let last = self.rows.iter().rfind(|row| row.samples > 0).or(self.rows.last());
        if let (Some(gap), Some(last)) = (self.gap.take(), last) {
            match gap.is_harmless(Some(last.header.bytes)) {
                true => self.notes.push(gap.to_note()),
                false => self.losses.push(gap.to_loss(last.header.sample_rate_hz)),
            }
        }
        if let (true, Some(row)) = (self.found.is_empty(), self.rows.first()) {
            // Nothing but an encoder's tag: a recording without samples.
            self.found.push(CodedSection {
                frames: Some(0),
                padded: true,
                ..CodedSection::new(row.start, row.end)
            });
        }
        FileWalk {
            layout: AudioLayout::Coded(CodedLayout {
                container,
                sections: self.found,
            }),
            notes: self.notes,
            losses: self.losses,
        }
    }
}

/// What a tag promises, and what is there.
struct Promise {
    stated: u64,
    frames: u64,
    /// Of one frame.
    frame_samples: u64,
    frame_bytes: u64,
    may_count_itself: bool,
    /// Where the last row of the recording ends, and whether it is the last one of the file.
    end: u64,
    is_last: bool,
}
