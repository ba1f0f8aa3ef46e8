//! How one recording is tagged: decoded, cut into windows, scored, and searched for events.

use super::TagError;
use super::events::EventFinder;
use super::result::{ModelClasses, RecordingInfo, TagResult, WindowScores, milliseconds};
use super::scratch_file::ScratchFile;
use super::tagger::Tagger;
use super::windows::Windower;
use crate::error::without_path;
use crate::model::WindowError;
use earmark_audio::{AudioError, AudioStream};
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;

/// Windows that are scored together, and batches that are decoded ahead.
const BATCH: usize = 16;
const AHEAD: usize = 2;

/// Why a recording was not tagged.
#[derive(Debug)]
pub(super) enum TagFailure {
    /// It can't be read; the reason without its name.
    Recording(String),
    /// Nothing can be tagged.
    Fatal(TagError),
    /// It was interrupted.
    Stopped,
}

impl Tagger {
    /// Tags the recording `name`. Scores of windows, if they are kept, go to `lines` as JSON, one per line. `progress` receives the
    /// share that is done. Runs on the threads of the pool that it is called in.
    pub(super) fn decode_and_score(
        &self,
        path: &Path,
        name: &str,
        lines: &mut ScratchFile,
        stop: &AtomicBool,
        mut progress: impl FnMut(f64),
    ) -> Result<TagResult, TagFailure> {
        let bad = |e: AudioError| TagFailure::Recording(without_path(&e.to_string(), path));
        let mut stream = AudioStream::open(path, self.ensemble.sample_rate_hz()).map_err(bad)?;
        let info = stream.info().clone();
        let total = info.frames.filter(|frames| *frames > 0);
        let mut scorer = RecordingScorer {
            tagger: self,
            finder: EventFinder::new(self.grid, self.ensemble.sample_rate_hz(), self.rule.clone()),
            lines,
        };
        // Decode ahead where there are threads for it.
        let ended = if rayon::current_num_threads() > 1 {
            std::thread::scope(|scope| {
                let (send, receive) = sync_channel(AHEAD);
                let decoder = scope.spawn(move || {
                    let ended = self.decode(&mut stream, |batch, read| send.send((batch, read)).is_ok());
                    (ended, stream.frames_read())
                });
                let result = receive.into_iter().try_for_each(|(batch, read)| {
                    scorer.score_batch(&batch, stop)?;
                    progress(total.map_or(0.0, |total| read as f64 / total as f64));
                    Ok(())
                });
                let decoded = decoder
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                result.map(|()| decoded)
            })?
        } else {
            let mut result = Ok(());
            let ended = self.decode(&mut stream, |batch, read| {
                result = scorer.score_batch(&batch, stop);
                progress(total.map_or(0.0, |total| read as f64 / total as f64));
                result.is_ok()
            });
            result?;
            (ended, stream.frames_read())
        };
        let (samples, frames_read) = (ended.0.map_err(bad)?, ended.1);
        let found = scorer.finder.finish(samples);
        // From the frames of the file, so that resampling does not round the length.
        let seconds = frames_read as f64 / f64::from(info.sample_rate_hz.max(1));
        Ok(TagResult::new(
            RecordingInfo {
                file: name,
                seconds,
                sample_rate_hz: info.sample_rate_hz,
            },
            ModelClasses {
                names: self.classes(),
                sample_rate_hz: self.ensemble.sample_rate_hz(),
            },
            &found,
            self.top,
        ))
    }

    /// Decodes a stream and passes its windows to `take` in batches, with the frames of the file read so far, until `take` returns
    /// false. Returns the number of samples.
    fn decode(
        &self,
        stream: &mut AudioStream,
        mut take: impl FnMut(Batch, u64) -> bool,
    ) -> Result<u64, AudioError> {
        let mut windower = Windower::new(self.grid);
        let (mut block, mut batch) = (Vec::new(), Batch::default());
        while stream.next_block(&mut block)? {
            let mut full = Vec::new();
            windower.push(&block, |start, samples| {
                batch.add(start, samples);
                if batch.windows.len() == BATCH {
                    full.push(std::mem::take(&mut batch));
                }
            });
            for batch in full {
                if !take(batch, stream.frames_read()) {
                    return Ok(windower.seen());
                }
            }
        }
        let seen = windower.seen();
        windower.finish(|start, samples| batch.add(start, samples));
        if !batch.windows.is_empty() {
            take(batch, stream.frames_read());
        }
        Ok(seen)
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
        let Tagger {
            ensemble,
            grid,
            chosen,
            top,
            windows,
            ..
        } = self.tagger;
        let rate = f64::from(ensemble.sample_rate_hz());
        let rows = ensemble
            .score_windows(&batch.windows, grid.window)
            .map_err(|error| match error {
                WindowError::Features { window, cause } => TagFailure::Recording(format!(
                    "in the window at {} s: {cause}",
                    milliseconds(batch.starts[window] as f64 / rate)
                )),
                WindowError::Blend(cause) => TagFailure::Fatal(TagError::Model(cause.into())),
            })?;
        for ((start, samples), row) in batch.starts.iter().zip(&batch.windows).zip(rows) {
            let scores: Vec<f32> = chosen.iter().map(|c| row[*c]).collect();
            if *windows {
                let end = start + samples.len() as u64;
                let line = WindowScores::new(*start as f64 / rate, end as f64 / rate, &scores, *top);
                serde_json::to_writer(&mut *self.lines, &line)
                    .map_err(std::io::Error::from)
                    .and_then(|()| self.lines.write_all(b"\n"))
                    .map_err(|cause| TagFailure::Fatal(self.lines.error(cause)))?;
            }
            self.finder.push(&scores);
        }
        Ok(())
    }
}
