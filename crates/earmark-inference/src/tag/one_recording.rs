//! How one recording is tagged: decoded, cut into windows, scored, and searched for events.

use super::TagError;
use super::batches::{Batch, BatchCutter};
use super::error::TagFailure;
use super::events::EventFinder;
use super::result::{TagResult, WindowScores, milliseconds};
use super::scoring_threads::{in_order, scoring_pools};
use super::scratch_file::ScratchFile;
use super::tagger::Tagger;
use crate::error::without_path;
use crate::model::WindowError;
use earmark_audio::{AudioError, AudioStream, Clip, ClipNote, ReadOptions, resample};
use earmark_core::caught_panics::catch_panic;
use earmark_data::{ClipDamage, ClipRemarks};
use std::io::Write;
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};

/// Batches that are decoded ahead.
const AHEAD: usize = 2;

/// Samples of a clip in memory that are cut into windows at a time, so that the windows of a long one are not all held
/// at once.
const BLOCK: usize = 1 << 16;

impl Tagger {
    /// Tags the recording `name`. Scores of windows, if they are kept, go to `lines` as JSON, one per line. `progress`
    /// receives the share that is done and the number of windows that are scored. Uses as many threads as the pool has
    /// that it is called in.
    pub(super) fn decode_and_score(
        &self,
        path: &Path,
        name: &str,
        lines: &mut ScratchFile,
        stop: &AtomicBool,
        mut progress: impl FnMut(f64, u64),
    ) -> Result<TagResult, TagFailure> {
        let bad = |e: AudioError| TagFailure::Recording(without_path(&e.to_string(), path));
        let rate_hz = self.ensemble.sample_rate_hz();
        let options = ReadOptions {
            sample_rate_hz: Some(rate_hz),
            damaged: self.damaged,
        };
        let mut stream = AudioStream::open_with(path, &options).map_err(bad)?;
        let info = stream.info().clone();
        let total = info.frames.filter(|frames| *frames > 0);
        let mut scorer = RecordingScorer {
            tagger: self,
            finder: EventFinder::new(self.grid, rate_hz, self.rule.clone()),
            lines,
        };
        let mut count = 0;
        let mut keep = |scored: ScoredBatch| -> Result<(), TagFailure> {
            count += scored.rows.len() as u64;
            let read = scored.frames_read as f64;
            scorer.keep(scored)?;
            progress(total.map_or(0.0, |total| read / total as f64), count);
            Ok(())
        };
        // Decode ahead where there are threads for it.
        let ahead = match rayon::current_num_threads() > 1 {
            true => self.decode_ahead(&mut stream, stop, &mut keep)?,
            false => None,
        };
        let decoded = match ahead {
            Some(decoded) => decoded,
            None => {
                let mut result = Ok(());
                let decoded = self.decode(&mut stream, |batch, read| {
                    result = self.score(batch, read, stop).and_then(&mut keep);
                    result.is_ok()
                });
                result.map(|()| decoded)?
            }
        };
        let decoded = decoded.map_err(bad)?;
        if let (0, Some(damage)) = (decoded.samples, &decoded.damage) {
            let lost = damage.losses.first().cloned().unwrap_or_default();
            return Err(TagFailure::Recording(format!(
                "nothing of it can be read: {lost}; download it again, or leave it out"
            )));
        }
        let found = scorer.finder.finish(decoded.samples);
        let result = TagResult::new(name, decoded.seconds, info.sample_rate_hz);
        let remarks = ClipRemarks::of(&decoded.notes, decoded.damage.as_ref());
        let mut result = result
            .with_found(&found, self.classes(), rate_hz, self.top)
            .with_remarks(remarks.as_ref());
        result.samples = self.windows.then_some(decoded.samples);
        Ok(result)
    }

    /// Tags a clip in memory as [`decode_and_score`](Self::decode_and_score) does a file of its samples.
    pub(super) fn score_clip(
        &self,
        clip: &Clip,
        name: &str,
        lines: &mut ScratchFile,
        stop: &AtomicBool,
    ) -> Result<TagResult, TagFailure> {
        let bad = |e: AudioError| TagFailure::Recording(e.to_string());
        let rate_hz = self.ensemble.sample_rate_hz();
        let samples = resample(&clip.samples, clip.sample_rate_hz, rate_hz).map_err(bad)?;
        let mut scorer = RecordingScorer {
            tagger: self,
            finder: EventFinder::new(self.grid, rate_hz, self.rule.clone()),
            lines,
        };
        let mut cutter = BatchCutter::new(self.grid);
        for block in samples.chunks(BLOCK) {
            for batch in cutter.push(block) {
                scorer.keep(self.score(batch, 0, stop)?)?;
            }
        }
        let seen = cutter.seen();
        if let Some(batch) = cutter.finish() {
            scorer.keep(self.score(batch, 0, stop)?)?;
        }
        let found = scorer.finder.finish(seen);
        let result = TagResult::new(name, clip.duration_seconds(), clip.sample_rate_hz);
        let mut result = result.with_found(&found, self.classes(), rate_hz, self.top);
        result.samples = self.windows.then_some(seen);
        Ok(result)
    }

    /// Decodes a stream in a thread of its own while its batches are scored: each by one of several threads, or one after
    /// the other on this one. `None` where no thread can be started to decode; the stream is then as it was.
    fn decode_ahead(
        &self,
        stream: &mut AudioStream,
        stop: &AtomicBool,
        keep: &mut impl FnMut(ScoredBatch) -> Result<(), TagFailure>,
    ) -> Result<Option<Result<DecodedRecording, AudioError>>, TagFailure> {
        let pools = scoring_pools(self.grid, stream.expected_len());
        std::thread::scope(|s| {
            let (send, receive) = sync_channel(AHEAD);
            // A panic of the decoder is caught on its own thread, where it is known to be caught.
            let decode =
                move || catch_panic(|| self.decode(stream, |batch, read| send.send((batch, read)).is_ok()));
            let Ok(decoder) = std::thread::Builder::new().spawn_scoped(s, decode) else {
                return Ok(None);
            };
            let score = |(batch, read): (Batch, u64)| self.score(batch, read, stop);
            let result = match pools.is_empty() {
                true => score_here(receive, score, keep),
                false => in_order(&pools, receive, score, |scored| {
                    keep(scored.map_err(TagFailure::Recording)??)
                }),
            };
            let decoded = decoder
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                .map_err(TagFailure::Recording)?;
            result.map(|()| Some(decoded))
        })
    }

    /// Decodes a stream and passes its windows to `take` in batches, with the frames of the file read so far, until
    /// `take` returns false.
    fn decode(
        &self,
        stream: &mut AudioStream,
        mut take: impl FnMut(Batch, u64) -> bool,
    ) -> Result<DecodedRecording, AudioError> {
        let mut cutter = BatchCutter::new(self.grid);
        let mut block = Vec::new();
        while stream.next_block(&mut block)? {
            for batch in cutter.push(&block) {
                if !take(batch, stream.frames_read()) {
                    return Ok(DecodedRecording::of(stream, cutter.seen()));
                }
            }
        }
        let seen = cutter.seen();
        if let Some(batch) = cutter.finish() {
            take(batch, stream.frames_read());
        }
        Ok(DecodedRecording::of(stream, seen))
    }
}

/// What is known of a recording once it is decoded.
struct DecodedRecording {
    /// Samples at the model's rate.
    samples: u64,
    seconds: f64,
    notes: Vec<ClipNote>,
    damage: Option<ClipDamage>,
}

impl DecodedRecording {
    fn of(stream: &AudioStream, samples: u64) -> Self {
        // From the frames of the file, so that resampling does not round the length.
        let seconds = stream.frames_read() as f64 / f64::from(stream.info().sample_rate_hz.max(1));
        Self {
            samples,
            seconds,
            notes: stream.notes(),
            damage: ClipDamage::of(seconds, stream.losses()),
        }
    }
}

/// Scores batches on this thread, one after the other.
fn score_here(
    batches: Receiver<(Batch, u64)>,
    score: impl Fn((Batch, u64)) -> Result<ScoredBatch, TagFailure>,
    keep: &mut impl FnMut(ScoredBatch) -> Result<(), TagFailure>,
) -> Result<(), TagFailure> {
    batches
        .into_iter()
        .try_for_each(|batch| score(batch).and_then(&mut *keep))
}

/// The scores of a batch.
struct ScoredBatch {
    /// Samples of each window.
    spans: Vec<Range<u64>>,
    /// Its scores, one per class.
    rows: Vec<Vec<f32>>,
    /// Frames of the file that were read when it was cut.
    frames_read: u64,
}

impl Tagger {
    fn score(&self, batch: Batch, frames_read: u64, stop: &AtomicBool) -> Result<ScoredBatch, TagFailure> {
        if stop.load(Ordering::Relaxed) {
            return Err(TagFailure::Stopped);
        }
        let rate = f64::from(self.ensemble.sample_rate_hz());
        let at = |window: usize| milliseconds(batch.starts[window] as f64 / rate);
        let rows = self
            .ensemble
            .score_windows(&batch.windows, self.grid.window, self.grid.hop);
        let rows = rows.map_err(|error| match error {
            WindowError::Features { window, cause } => {
                TagFailure::Recording(format!("in the window at {} s: {cause}", at(window)))
            }
            WindowError::Output { window, reason } => {
                TagFailure::Recording(format!("in the window at {} s: {reason}", at(window)))
            }
            WindowError::Blend(cause) => TagFailure::Fatal(TagError::Model(cause.into())),
        })?;
        let windows = batch.starts.iter().zip(&batch.windows);
        Ok(ScoredBatch {
            spans: windows
                .map(|(start, samples)| *start..start + samples.len() as u64)
                .collect(),
            rows,
            frames_read,
        })
    }
}

/// Keeps the scores of one recording's windows, and finds events in them.
struct RecordingScorer<'a> {
    tagger: &'a Tagger,
    finder: EventFinder,
    lines: &'a mut ScratchFile,
}

impl RecordingScorer<'_> {
    /// Takes the batches of a recording in their order.
    fn keep(&mut self, scored: ScoredBatch) -> Result<(), TagFailure> {
        let (tagger, rate) = (self.tagger, f64::from(self.tagger.ensemble.sample_rate_hz()));
        for (span, row) in scored.spans.into_iter().zip(scored.rows) {
            let scores: Vec<f32> = tagger.chosen.iter().map(|c| row[*c]).collect();
            if tagger.windows {
                let [start, end] = [span.start, span.end].map(|sample| sample as f64 / rate);
                let line = WindowScores::new(start, end, &scores, tagger.top);
                serde_json::to_vec(&line)
                    .map_err(std::io::Error::from)
                    .and_then(|json| self.lines.write_all(&[&json[..], b"\n"].concat()))
                    .map_err(|cause| TagFailure::Fatal(self.lines.error(cause)))?;
            }
            self.finder.push(&scores);
        }
        Ok(())
    }
}
