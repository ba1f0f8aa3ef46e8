//! How one recording is tagged: decoded, cut into windows, scored, and searched for events.

use super::TagError;
use super::error::TagFailure;
use super::events::EventFinder;
use super::result::{TagResult, WindowScores, milliseconds};
use super::scratch_file::ScratchFile;
use super::tagger::Tagger;
use super::windows::{WindowGrid, Windower};
use crate::error::without_path;
use crate::model::WindowError;
use earmark_audio::{AudioError, AudioStream, Clip, ClipNote, ReadOptions, resample};
use earmark_core::caught_panics::catch_panic;
use earmark_data::{ClipDamage, ClipRemarks};
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;

/// Windows that are scored together, and batches that are decoded ahead.
const BATCH: usize = 16;
const AHEAD: usize = 2;

/// Samples of a clip in memory that are cut into windows at a time, so that the windows of a long one are not all held
/// at once.
const BLOCK: usize = 1 << 16;

impl Tagger {
    /// Tags the recording `name`. Scores of windows, if they are kept, go to `lines` as JSON, one per line. `progress`
    /// receives the share that is done and the number of windows that are scored. Runs on the threads of the pool that
    /// it is called in.
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
        let mut scored = 0;
        let mut score = |batch: &Batch, read: u64| -> Result<(), TagFailure> {
            scorer.score_batch(batch, stop)?;
            scored += batch.windows.len() as u64;
            progress(total.map_or(0.0, |total| read as f64 / total as f64), scored);
            Ok(())
        };
        // Decode ahead where there are threads for it.
        let ahead = match rayon::current_num_threads() > 1 {
            true => self.decode_ahead(&mut stream, &mut score)?,
            false => None,
        };
        let decoded = match ahead {
            Some(decoded) => decoded,
            None => {
                let mut result = Ok(());
                let decoded = self.decode(&mut stream, |batch, read| {
                    result = score(&batch, read);
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
                scorer.score_batch(&batch, stop)?;
            }
        }
        let seen = cutter.seen();
        if let Some(batch) = cutter.finish() {
            scorer.score_batch(&batch, stop)?;
        }
        let found = scorer.finder.finish(seen);
        let result = TagResult::new(name, clip.duration_seconds(), clip.sample_rate_hz);
        let mut result = result.with_found(&found, self.classes(), rate_hz, self.top);
        result.samples = self.windows.then_some(seen);
        Ok(result)
    }

    /// Decodes a stream in a thread of its own while its batches are scored on this one. `None` where no thread can be
    /// started; the stream is then as it was.
    fn decode_ahead(
        &self,
        stream: &mut AudioStream,
        score: &mut impl FnMut(&Batch, u64) -> Result<(), TagFailure>,
    ) -> Result<Option<Result<DecodedRecording, AudioError>>, TagFailure> {
        std::thread::scope(|s| {
            let (send, receive) = sync_channel(AHEAD);
            // A panic of the decoder is caught on its own thread, where it is known to be caught.
            let decode =
                move || catch_panic(|| self.decode(stream, |batch, read| send.send((batch, read)).is_ok()));
            let Ok(decoder) = std::thread::Builder::new().spawn_scoped(s, decode) else {
                return Ok(None);
            };
            let result = receive
                .into_iter()
                .try_for_each(|(batch, read)| score(&batch, read));
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

/// Windows that are scored together.
#[derive(Default)]
struct Batch {
    starts: Vec<u64>,
    windows: Vec<Vec<f32>>,
}

impl Batch {
    fn add(&mut self, start: u64, samples: &[f32]) {
        self.starts.push(start);
        self.windows.push(samples.to_vec());
    }
}

/// Cuts blocks of samples into windows, and these into batches.
struct BatchCutter {
    windower: Windower,
    batch: Batch,
}

impl BatchCutter {
    fn new(grid: WindowGrid) -> Self {
        Self {
            windower: Windower::new(grid),
            batch: Batch::default(),
        }
    }

    /// Samples so far.
    fn seen(&self) -> u64 {
        self.windower.seen()
    }

    /// Takes a block; the batches that it fills.
    fn push(&mut self, block: &[f32]) -> Vec<Batch> {
        let (batch, mut full) = (&mut self.batch, Vec::new());
        self.windower.push(block, |start, samples| {
            batch.add(start, samples);
            if batch.windows.len() == BATCH {
                full.push(std::mem::take(&mut *batch));
            }
        });
        full
    }

    /// The last batch, unless it is empty.
    fn finish(self) -> Option<Batch> {
        let Self { windower, mut batch } = self;
        windower.finish(|start, samples| batch.add(start, samples));
        Some(batch).filter(|batch| !batch.windows.is_empty())
    }
}

/// Scores the windows of one recording.
struct RecordingScorer<'a> {
    tagger: &'a Tagger,
    finder: EventFinder,
    lines: &'a mut ScratchFile,
}

impl RecordingScorer<'_> {
    fn score_batch(&mut self, batch: &Batch, stop: &AtomicBool) -> Result<(), TagFailure> {
        if stop.load(Ordering::Relaxed) {
            return Err(TagFailure::Stopped);
        }
        let (tagger, rate) = (self.tagger, f64::from(self.tagger.ensemble.sample_rate_hz()));
        let rows = tagger.ensemble.score_windows(&batch.windows, tagger.grid.window);
        let rows = rows.map_err(|error| match error {
            WindowError::Features { window, cause } => TagFailure::Recording(format!(
                "in the window at {} s: {cause}",
                milliseconds(batch.starts[window] as f64 / rate)
            )),
            WindowError::Output { window, reason } => TagFailure::Recording(format!(
                "in the window at {} s: {reason}",
                milliseconds(batch.starts[window] as f64 / rate)
            )),
            WindowError::Blend(cause) => TagFailure::Fatal(TagError::Model(cause.into())),
        })?;
        for ((start, samples), row) in batch.starts.iter().zip(&batch.windows).zip(rows) {
            let scores: Vec<f32> = tagger.chosen.iter().map(|c| row[*c]).collect();
            if tagger.windows {
                let end = start + samples.len() as u64;
                let line = WindowScores::new(*start as f64 / rate, end as f64 / rate, &scores, tagger.top);
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
