//! Recordings that are too long to be read whole, in blocks: memory must not grow with their length, and a file of a
//! few kilobytes may hold hours of silence.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use earmark_audio::{AudioStream, ClipNote};
use earmark_core::caught_panics::catch_panic;
use earmark_core::human::human_duration;
use earmark_features::{HandcraftedFeatures, TrimPass, TrimmedSpan};

use super::error::ItemError;
use super::look_up_or_compute::FeatureStore;
use crate::damaged_recordings::{ClipDamage, ClipRemarks};
use crate::dataset::item::Item;
use crate::read_recordings::{caught, options, refuse_nothing};

/// Most numbers of the features of a recording that is read whole, or of a part that is scored at a time: 1 GiB. Usual
/// front ends make 4,000 to 40,000 in a second, so that ten minutes are far less.
const MOST_NUMBERS: f64 = (1_u64 << 28) as f64;

/// Most numbers of the samples and the features of a recording that is read as a whole: 2 GiB, which are hours.
const MOST_NUMBERS_WHOLE: f64 = (1_u64 << 29) as f64;

impl FeatureStore {
    /// The same store for recordings of any length: those longer than this are to be read by [`Self::blocks`] rather
    /// than whole. Where a second makes very many numbers, the limit is lower.
    #[must_use]
    pub fn with_longest(mut self, seconds: f64) -> Self {
        let extractor = &self.extractor;
        let rows = (extractor.log_mel_channels() * extractor.bands()) as f64;
        let most = MOST_NUMBERS / (rows * extractor.frames_per_second());
        self.longest_seconds = Some(seconds.min(most).max(1.0));
        self
    }

    /// Seconds of the longest recording that is read whole; `None` where all are.
    pub fn longest_seconds(&self) -> Option<f64> {
        self.longest_seconds
    }

    /// Seconds of the longest recording whose features can be computed at all: those of a longer one, with its samples,
    /// would take more than [`MOST_NUMBERS_WHOLE`], or their front end has a limit of its own.
    pub(super) fn longest_whole_seconds(&self) -> f64 {
        let extractor = &self.extractor;
        let rate = f64::from(extractor.front_end().sample_rate_hz);
        let own = match extractor.front_end().handcrafted {
            // Silence that is trimmed may be as long as what is left.
            true => 2.0 * HandcraftedFeatures::MAX_SECONDS as f64,
            false => {
                let rows = (extractor.log_mel_channels() * extractor.bands()) as f64;
                MOST_NUMBERS_WHOLE / (rate + rows * extractor.frames_per_second())
            }
        };
        let clip_features = self.clip_features.as_ref();
        clip_features.map_or(own, |store| own.min(store.longest_whole_seconds()))
    }

    /// Whether a recording is longer than that.
    pub fn is_long(&self, item: &Item) -> bool {
        let beyond = self
            .longest_seconds
            .and_then(|longest| seconds_beyond(item, longest));
        beyond.is_some()
    }

    /// What `front-end.trim` leaves of a recording, which is read twice for that, in flat memory; `None` of a front end
    /// that does not trim. Once `stop` is set, nothing more is read, and the result is worth nothing.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub fn trimmed_span(&self, item: &Item, stop: &AtomicBool) -> Result<Option<TrimmedSpan>, ItemError> {
        let front_end = self.extractor.front_end();
        let Some(trimming) = &front_end.trim else {
            return Ok(None);
        };
        let mut first = TrimPass::first(trimming);
        self.each_block(item, &mut |block| {
            first.push(block);
            !stop.load(Ordering::Relaxed)
        })?;
        let mut second = TrimPass::second(trimming, first.loudest());
        self.each_block(item, &mut |block| {
            second.push(block);
            !stop.load(Ordering::Relaxed)
        })?;
        Ok(Some(second.span(front_end.sample_rate_hz)))
    }

    /// Reads a recording at the front end's rate, or what is left of it after trimming, and passes its blocks on until
    /// `take` returns false; a block of which nothing is left is empty, so that long silence can be ended, too. Nothing
    /// is cached. Returns what decoding noted, or `None` where it was not read to its end. What is to be said of it is
    /// then among [`Self::remarks`], with its length and `note`, how it was read.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub fn blocks(
        &self,
        item: &Item,
        trimmed: Option<&TrimmedSpan>,
        note: Option<&str>,
        take: &mut dyn FnMut(&[f32]) -> bool,
    ) -> Result<Option<Vec<ClipNote>>, ItemError> {
        let (before, after) = trimmed.map_or((0, 0), |span| (span.zeros_before, span.zeros_after));
        let wanted = trimmed.map_or(0..usize::MAX, |span| span.samples.clone());
        if !zeros(before, take) {
            return Ok(None);
        }
        let mut first = 0;
        let read = self.each_block(item, &mut |block| {
            let part = within(&wanted, first, block);
            first += block.len();
            take(part)
        })?;
        let Some(stream) = read else { return Ok(None) };
        let seconds = stream.frames_read() as f64 / f64::from(stream.info().sample_rate_hz.max(1));
        let damage = ClipDamage::of(seconds, stream.losses());
        refuse_nothing(item, damage.as_ref()).map_err(|fault| ItemError::new(item, fault))?;
        let whole = zeros(after, take);
        let notes = stream.notes();
        let mut remarks = ClipRemarks::of(&notes, damage.as_ref()).unwrap_or_default();
        let note = note.map(|note| format!("{} long, and {note}", human_duration(seconds)));
        remarks.notes.extend(note);
        self.remember(item, (remarks != ClipRemarks::default()).then_some(remarks));
        Ok(whole.then_some(notes))
    }

    /// Reads a recording at the front end's rate and passes its blocks on until `take` returns false. Returns what was
    /// read to its end.
    fn each_block(
        &self,
        item: &Item,
        take: &mut dyn FnMut(&[f32]) -> bool,
    ) -> Result<Option<AudioStream>, ItemError> {
        let failed = |fault| ItemError::new(item, fault);
        let options = options(item, Some(self.extractor.front_end().sample_rate_hz));
        let open = || AudioStream::open_with(&item.path, &options);
        let mut stream = caught(item, open).map_err(failed)?;
        let mut block = Vec::new();
        while caught(item, || stream.next_block(&mut block)).map_err(failed)? {
            if !take(&block) {
                return Ok(None);
            }
        }
        Ok(Some(stream))
    }

    /// Samples between frames.
    pub fn hop_samples(&self) -> usize {
        let rate = f64::from(self.extractor.front_end().sample_rate_hz);
        ((rate / self.extractor.frames_per_second()).round() as usize).max(1)
    }
}

/// The seconds of a recording that is longer than `limit`; of one that does not say how long it is, which is decoded as
/// far as the limit, the limit. What can't be opened is not too long: it is refused where it is read.
pub fn seconds_beyond(item: &Item, limit: f64) -> Option<f64> {
    // Windows are short, whatever they are windows of.
    if item.span.is_some() {
        return None;
    }
    let opened = catch_panic(|| AudioStream::open_with(&item.path, &options(item, None)));
    let mut stream = opened.ok()?.ok()?;
    if let Some(seconds) = stream.info().duration_seconds() {
        return (seconds > limit).then_some(seconds);
    }
    let frames = limit * f64::from(stream.info().sample_rate_hz);
    let mut block = Vec::new();
    while let Ok(Ok(true)) = catch_panic(|| stream.next_block(&mut block)) {
        if stream.frames_read() as f64 > frames {
            return Some(limit);
        }
    }
    None
}

/// The part of a block that is wanted; the block begins at the sample `first`.
fn within<'a>(wanted: &Range<usize>, first: usize, block: &'a [f32]) -> &'a [f32] {
    let at = |sample: usize| sample.saturating_sub(first).min(block.len());
    &block[at(wanted.start)..at(wanted.end)]
}

/// Passes zeros on, in blocks, until `take` returns false; whether it never did.
fn zeros(count: usize, take: &mut dyn FnMut(&[f32]) -> bool) -> bool {
    let block = [0.0; 1024];
    let mut left = count;
    while left > 0 {
        let now = left.min(block.len());
        if !take(&block[..now]) {
            return false;
        }
        left -= now;
    }
    true
}
