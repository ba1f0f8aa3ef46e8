//! Cuts segments out of features that come in blocks: as they are cut out of the features of the whole recording, which
//! are never in memory together.

use super::segmenter::{SegmentPad, SegmentPlacement, Segmenter};
use crate::{Extractor, features::Features, features_in_blocks::WholeFeatures};
use std::ops::Range;

/// What must be known of a recording as a whole before its features are computed and cut in blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FirstPass {
    /// Nothing.
    Nothing,
    /// Its length: segments are placed by it.
    Length,
    /// The largest or the smallest of its features, which others are raised to or segments are padded with.
    Values,
}

impl Extractor {
    /// What a first pass over a recording must find before a second one can cut segments out of blocks of it.
    pub fn first_pass(&self) -> FirstPass {
        if self.front_end().amplitude.top_db().is_some() {
            return FirstPass::Values;
        }
        match &self.checked.segmenter {
            Some(segmenter) if segmenter.pad == SegmentPad::Minimum => FirstPass::Values,
            Some(segmenter) if segmenter.place != SegmentPlacement::Start => FirstPass::Length,
            _ => FirstPass::Nothing,
        }
    }
}

/// Cuts one recording. It keeps the frames that segments to come contain, and those of a block.
#[derive(Debug)]
pub struct SegmentCutter {
    cut: Cut,
    /// Frames of the recording, where they are known.
    total: Option<usize>,
    /// What is beyond the ends of the recording.
    padding: f32,
    channels: usize,
    bands: usize,
    /// The frames from `first` on, by row.
    rows: Vec<Vec<f32>>,
    first: usize,
    /// Frames so far.
    seen: usize,
    /// The next segment.
    next: usize,
}

#[derive(Debug)]
enum Cut {
    Segments(Segmenter),
    Pieces { length: usize, starts: Vec<usize> },
}

/// Where a segment is.
struct Place {
    /// Its first frame, below 0 in the padding before the recording.
    start: i64,
    length: usize,
    /// Frames of padding before the recording.
    skip: usize,
    /// The frames of the recording in it.
    inside: Range<usize>,
}

impl SegmentCutter {
    /// Cuts the segments of a front end, given what its [`first_pass`](Extractor::first_pass) found; `None` where the
    /// front end cuts no segments, and where what it needs is missing.
    pub fn segments(extractor: &Extractor, whole: Option<&WholeFeatures>) -> Option<Self> {
        if whole.is_none() && extractor.first_pass() != FirstPass::Nothing {
            return None;
        }
        let segmenter = extractor.checked.segmenter.clone()?;
        let (frames, minimum) = whole.map_or((1, 0.0), |whole| (whole.frames, whole.minimum));
        let padding = segmenter.padding(frames, || minimum);
        let total = whole.map(|whole| whole.frames);
        Some(Self::new(extractor, Cut::Segments(segmenter), total, padding))
    }

    /// Cuts pieces of `length` frames at these frames, in order, out of a recording of `frames` frames, in which all
    /// of them are.
    pub fn pieces(extractor: &Extractor, frames: usize, length: usize, starts: Vec<usize>) -> Self {
        Self::new(extractor, Cut::Pieces { length, starts }, Some(frames), 0.0)
    }

    fn new(extractor: &Extractor, cut: Cut, total: Option<usize>, padding: f32) -> Self {
        let (channels, bands) = (extractor.log_mel_channels(), extractor.bands());
        Self {
            cut,
            total,
            padding,
            channels,
            bands,
            rows: vec![Vec::new(); channels * bands],
            first: 0,
            seen: 0,
            next: 0,
        }
    }

    /// Takes the next frames, and passes on the segments that they complete, each with its first frame.
    ///
    /// # Errors
    ///
    /// What `take` says; nothing more is passed on then.
    pub fn push<E>(
        &mut self,
        block: &Features,
        take: &mut dyn FnMut(i64, Features) -> Result<(), E>,
    ) -> Result<(), E> {
        for (kept, row) in self.rows.iter_mut().zip(block.rows()) {
            kept.extend_from_slice(row);
        }
        self.seen += block.frames;
        self.pass_on(false, take)
    }

    /// Ends the recording, and passes on the segments that are left.
    ///
    /// # Errors
    ///
    /// As [`push`](Self::push).
    pub fn finish<E>(mut self, take: &mut dyn FnMut(i64, Features) -> Result<(), E>) -> Result<(), E> {
        self.pass_on(true, take)
    }

    /// Whether the recording has had as many frames as it was said to have.
    pub fn is_whole(&self) -> bool {
        self.total.is_none_or(|total| total == self.seen)
    }

    fn pass_on<E>(
        &mut self,
        has_ended: bool,
        take: &mut dyn FnMut(i64, Features) -> Result<(), E>,
    ) -> Result<(), E> {
        while let Some(place) = self.next_place(has_ended) {
            let segment = self.cut_out(&place);
            self.next += 1;
            take(place.start, segment)?;
        }
        self.forget();
        Ok(())
    }

    /// Where the next segment is, if all of it is there.
    fn next_place(&self, has_ended: bool) -> Option<Place> {
        let place = match &self.cut {
            Cut::Segments(segmenter) => {
                let frames = self.total.unwrap_or(self.seen);
                if self.next >= segmenter.count(frames) {
                    return None;
                }
                let (skip, inside) = segmenter.span(frames, self.next);
                // Where more may follow, the last segment may not be full yet.
                let is_full = inside.len() == segmenter.length;
                if self.total.is_none() && !has_ended && !is_full {
                    return None;
                }
                Place {
                    start: segmenter.start(frames, self.next),
                    length: segmenter.length,
                    skip,
                    inside,
                }
            }
            Cut::Pieces { length, starts } => {
                let start = *starts.get(self.next)?;
                Place {
                    start: i64::try_from(start).unwrap_or(i64::MAX),
                    length: *length,
                    skip: 0,
                    inside: start..start + length,
                }
            }
        };
        (place.inside.end <= self.seen).then_some(place)
    }

    fn cut_out(&self, place: &Place) -> Features {
        let Place {
            length, skip, inside, ..
        } = place;
        let kept = inside.start - self.first..inside.end - self.first;
        let mut data = vec![self.padding; self.rows.len() * length];
        for (k, row) in self.rows.iter().enumerate() {
            data[k * length + skip..][..inside.len()].copy_from_slice(&row[kept.clone()]);
        }
        Features {
            channels: self.channels,
            bands: self.bands,
            frames: *length,
            data,
            clip_features: Vec::new(),
        }
    }

    /// Drops the frames that no segment to come contains, when they are most of those that are kept.
    fn forget(&mut self) {
        let needed = match (&self.cut, self.total) {
            (Cut::Pieces { starts, .. }, _) => starts.get(self.next).copied(),
            (Cut::Segments(segmenter), Some(total)) if self.next < segmenter.count(total) => {
                Some(segmenter.span(total, self.next).1.start)
            }
            (Cut::Segments(_), Some(_)) => None,
            (Cut::Segments(segmenter), None) => Some(self.next * segmenter.hop),
        };
        let needed = needed.map_or(self.seen, |needed| needed.min(self.seen));
        let dropped = needed.saturating_sub(self.first);
        if dropped > (self.seen - self.first) / 2 {
            self.rows.iter_mut().for_each(|row| drop(row.drain(..dropped)));
            self.first += dropped;
        }
    }
}
