//! Recordings that are too long to be read whole, in chunks: memory must not grow with their length, and a file of a
//! few kilobytes may hold hours of silence.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use earmark_audio::AudioStream;
use earmark_core::caught_panics::catch_panic;
use earmark_core::human::human_duration;
use earmark_features::{HandcraftedFeatures, TrimPass, TrimmedSpan};

use super::error::ItemError;
use super::look_up_or_compute::FeatureStore;
use crate::damaged_recordings::{ClipDamage, ClipRemarks};
use crate::dataset::item::Item;
use crate::read_recordings::{caught, options, refuse_nothing};

/// Most numbers of the features of a chunk: 1 GiB. Usual front ends make 4,000 to 40,000 in a second, so that ten
/// minutes are far less.
const MOST_NUMBERS: f64 = (1_u64 << 28) as f64;

/// Most numbers of the samples and the features of a recording that is read as a whole: 2 GiB, which are hours.
const MOST_NUMBERS_WHOLE: f64 = (1_u64 << 29) as f64;

impl FeatureStore {
    /// The same store for recordings of any length: those longer than this are to be read by [`Self::chunks`] rather
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

    /// Reads a recording at the front end's rate, or what is left of it after trimming, and passes its chunks on, each
    /// with its first sample, until `take` returns false: none is longer than [`Self::longest_seconds`], none but that
    /// of a short recording is shorter than half of it, and all begin at a whole number of hops of the front end.
    /// Nothing is cached. Returns whether it was read to its end; that it was in several chunks is among
    /// [`Self::remarks`].
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub fn chunks(
        &self,
        item: &Item,
        trimmed: Option<&TrimmedSpan>,
        mut take: impl FnMut(u64, &[f32]) -> bool,
    ) -> Result<bool, ItemError> {
        let mut count = 0;
        let mut take = |start: u64, samples: &[f32]| {
            count += 1;
            take(start, samples)
        };
        let (before, after) = trimmed.map_or((0, 0), |span| (span.zeros_before, span.zeros_after));
        let wanted = trimmed.map_or(0..usize::MAX, |span| span.samples.clone());
        let mut cutter = ChunkCutter::new(self.chunk_samples(), self.hop_samples());
        if !cutter.push_zeros(before, &mut take) {
            return Ok(false);
        }
        let mut first = 0;
        let read = self.each_block(item, &mut |block| {
            let part = within(&wanted, first, block);
            first += block.len();
            cutter.push(part, &mut take)
        })?;
        let Some(stream) = read else { return Ok(false) };
        let seconds = stream.frames_read() as f64 / f64::from(stream.info().sample_rate_hz.max(1));
        let damage = ClipDamage::of(seconds, stream.losses());
        refuse_nothing(item, damage.as_ref()).map_err(|fault| ItemError::new(item, fault))?;
        let whole = cutter.push_zeros(after, &mut take) && cutter.finish(&mut take);
        let mut remarks = ClipRemarks::of(&stream.notes(), damage.as_ref()).unwrap_or_default();
        if count > 1 {
            remarks.notes.push(format!(
                "{} long, and read in {count} chunks, whose results are averaged (predict.longest-seconds)",
                human_duration(seconds)
            ));
        }
        self.remember(item, (remarks != ClipRemarks::default()).then_some(remarks));
        Ok(whole)
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

    fn chunk_samples(&self) -> usize {
        let rate = f64::from(self.extractor.front_end().sample_rate_hz);
        // Float to integer saturates: without a limit, a recording is one chunk.
        (self.longest_seconds.unwrap_or(f64::INFINITY) * rate) as usize
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

/// Cuts a stream of samples into chunks.
struct ChunkCutter {
    /// Samples of a chunk, a multiple of the hop.
    length: usize,
    hop: usize,
    kept: Vec<f32>,
    /// The first of `kept`.
    start: u64,
}

impl ChunkCutter {
    fn new(most: usize, hop: usize) -> Self {
        Self {
            length: (most / hop * hop).max(hop),
            hop,
            kept: Vec::new(),
            start: 0,
        }
    }

    /// Takes a block and passes on what it completes; false where `take` wants no more. A rest of less than half a
    /// chunk is never left.
    fn push(&mut self, block: &[f32], take: &mut impl FnMut(u64, &[f32]) -> bool) -> bool {
        self.kept.extend_from_slice(block);
        while self.kept.len() >= self.length.saturating_add(self.length / 2) {
            if !self.pass(self.length, take) {
                return false;
            }
        }
        true
    }

    /// Takes zeros as [`push`](Self::push) takes samples.
    fn push_zeros(&mut self, count: usize, take: &mut impl FnMut(u64, &[f32]) -> bool) -> bool {
        let mut left = count;
        while left > 0 {
            let block = [0.0; 1024];
            let now = left.min(block.len());
            if !self.push(&block[..now], take) {
                return false;
            }
            left -= now;
        }
        true
    }

    /// Passes on the rest: in two equal parts where it is longer than a chunk, and an empty chunk where there was
    /// nothing at all.
    fn finish(mut self, take: &mut impl FnMut(u64, &[f32]) -> bool) -> bool {
        let rest = self.kept.len();
        let half = (rest / 2 / self.hop * self.hop).max(self.hop);
        if rest > self.length && half < rest && !self.pass(half, take) {
            return false;
        }
        (self.kept.is_empty() && self.start > 0) || take(self.start, &self.kept)
    }

    fn pass(&mut self, samples: usize, take: &mut impl FnMut(u64, &[f32]) -> bool) -> bool {
        let wants_more = take(self.start, &self.kept[..samples]);
        self.kept.drain(..samples);
        self.start += samples as u64;
        wants_more
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The chunks of a number of samples, which come in blocks of this size.
    fn chunks(samples: usize, block: usize, most: usize, hop: usize) -> Vec<(u64, Vec<f32>)> {
        let all: Vec<f32> = (0..samples).map(|i| i as f32).collect();
        let mut found = Vec::new();
        let mut take = |start: u64, samples: &[f32]| {
            found.push((start, samples.to_vec()));
            true
        };
        let mut cutter = ChunkCutter::new(most, hop);
        for block in all.chunks(block) {
            assert!(cutter.push(block, &mut take));
        }
        assert!(cutter.finish(&mut take));
        found
    }

    #[test]
    fn chunks_are_equal_and_no_splinter_is_left() {
        let lengths = |samples| -> Vec<usize> {
            let found = chunks(samples, 3, 10, 1);
            found.iter().map(|(_, samples)| samples.len()).collect()
        };
        assert_eq!(lengths(0), [0]);
        assert_eq!(lengths(10), [10]);
        assert_eq!(lengths(11), [5, 6]);
        assert_eq!(lengths(20), [10, 10]);
        assert_eq!(lengths(24), [10, 7, 7]);
        assert_eq!(lengths(25), [10, 10, 5]);
    }

    #[test]
    fn nothing_is_passed_on_when_no_more_is_wanted() {
        let mut count = 0;
        let mut take = |_: u64, _: &[f32]| {
            count += 1;
            count < 2
        };
        let mut cutter = ChunkCutter::new(4, 1);
        assert!(!cutter.push(&[0.0; 40], &mut take));
        assert_eq!(count, 2);
    }

    proptest! {
        #[test]
        fn chunks_are_the_samples_in_order(
            samples in 0_usize..300, block in 1_usize..50, most in 1_usize..60, hop in 1_usize..9,
        ) {
            let found = chunks(samples, block, most, hop);
            let joined: Vec<f32> = found.iter().flat_map(|(_, samples)| samples.clone()).collect();
            prop_assert_eq!(joined, (0..samples).map(|i| i as f32).collect::<Vec<f32>>());
            let length = (most / hop * hop).max(hop);
            let mut next = 0;
            for (start, samples) in &found {
                prop_assert_eq!(*start, next);
                prop_assert!(start.is_multiple_of(hop as u64));
                prop_assert!(samples.len() <= length.max(length / 2 + hop));
                next += samples.len() as u64;
            }
            if samples > length && length > 2 * hop {
                prop_assert!(found.iter().all(|(_, samples)| samples.len() + hop > length / 2));
            }
        }
    }
}
