//! Spans of a recording one after another, such as the windows of a long one: each piece of the file is decoded once.

use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::rate_conversion::check_size;
use super::stream::AudioStream;
use crate::clip::{Clip, ClipNote, Damaged, Decoded, LostSound, ReadOptions};
use crate::error::{AudioError, FilePosition};
use crate::limit_checks::check_rate;
use crate::resampling::{resample, resampled_len};

/// A span of a recording, in whole microseconds, so that it can be compared and hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Span {
    /// Where it begins, in microseconds.
    pub start_us: u64,
    /// Its length, in microseconds.
    pub length_us: u64,
}

impl Span {
    /// Where it begins, in seconds.
    pub fn start_seconds(&self) -> f64 {
        self.start_us as f64 / 1e6
    }

    /// Its length, in seconds.
    pub fn length_seconds(&self) -> f64 {
        self.length_us as f64 / 1e6
    }

    /// Where it ends, in microseconds.
    pub fn end_us(&self) -> u64 {
        self.start_us.saturating_add(self.length_us)
    }
}

/// Reads spans of one file in flat memory: of what was decoded, only the last span is kept.
///
/// The samples of a span don't depend on what was read before. At the file's own rate they are those of
/// [`read`](crate::read). At another rate half a second on each side is resampled with it, so that they differ from
/// those of the whole file in the resampler's last digits alone.
pub struct SpanReader {
    path: PathBuf,
    /// At the file's own rate.
    stream: AudioStream,
    kept: Vec<f32>,
    /// The frame of the first of `kept`.
    first: u64,
    at_end: bool,
}

impl SpanReader {
    /// Opens a file.
    ///
    /// # Errors
    /// As [`AudioStream::open_with`].
    pub fn open(path: &Path, damaged: Damaged) -> Result<Self, AudioError> {
        let options = ReadOptions {
            sample_rate_hz: None,
            damaged,
        };
        Ok(Self {
            path: path.to_path_buf(),
            stream: AudioStream::open_with(path, &options)?,
            kept: Vec::new(),
            first: 0,
            at_end: false,
        })
    }

    /// Whether a span can be read without opening the file again: what is behind it may have been passed already.
    pub fn reaches(&self, span: Span, sample_rate_hz: Option<u32>) -> bool {
        self.frames(span, self.rate_or_own(sample_rate_hz)).start >= self.first
    }

    /// The span as mono at a rate, or at the file's own. One that reaches beyond the end is shorter, or empty.
    ///
    /// # Errors
    /// A rate out of range, and a fault in the file up to the end of the span; no span can be read after it.
    pub fn read(&mut self, span: Span, sample_rate_hz: Option<u32>) -> Result<Decoded, AudioError> {
        sample_rate_hz.map_or(Ok(()), check_rate)?;
        let (from_hz, to_hz) = (self.stream.sample_rate_hz(), self.rate_or_own(sample_rate_hz));
        let frames = self.frames(span, to_hz);
        self.decode(&frames)?;
        let around = &self.kept[self.place(frames.start)..self.place(frames.end)];
        if from_hz != to_hz {
            let at = FilePosition::frame(frames.start, from_hz);
            check_size(around, at).map_err(|fault| fault.in_file(&self.path))?;
        }
        let mut samples = resample(around, from_hz, to_hz)?;
        let size = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        let lead = resampled_len(frames.start, from_hz, to_hz);
        let lead = size(samples_in(span.start_us, to_hz).saturating_sub(lead));
        samples.drain(..lead.min(samples.len()));
        samples.truncate(size(samples_in(span.length_us, to_hz)));
        Ok(Decoded {
            clip: Clip::new(samples, to_hz),
            source: self.stream.info().clone(),
            notes: self.notes(to_hz),
            losses: self.losses(&frames),
        })
    }

    fn rate_or_own(&self, sample_rate_hz: Option<u32>) -> u32 {
        sample_rate_hz.unwrap_or(self.stream.sample_rate_hz())
    }

    /// The frames of the file that a span is made of. They begin where a sample of either rate does.
    fn frames(&self, span: Span, to_hz: u32) -> Range<u64> {
        let from_hz = self.stream.sample_rate_hz();
        let start = samples_in(span.start_us, from_hz);
        if from_hz == to_hz {
            return start..start.saturating_add(samples_in(span.length_us, from_hz));
        }
        let step = u64::from(from_hz / greatest_divisor(from_hz, to_hz).max(1)).max(1);
        let margin = u64::from(from_hz / 2);
        let end = samples_in(span.end_us(), from_hz).saturating_add(margin + 1);
        start.saturating_sub(margin) / step * step..end
    }

    /// Decodes up to the end of the frames, and forgets what is before them.
    fn decode(&mut self, frames: &Range<u64>) -> Result<(), AudioError> {
        if frames.start > self.behind() && self.stream.seek(frames.start)? {
            self.kept.clear();
            self.first = frames.start;
        }
        self.forget(frames.start);
        while !self.at_end && self.behind() < frames.end {
            self.at_end = !self.stream.append_block(&mut self.kept)?;
            self.forget(frames.start);
        }
        Ok(())
    }

    /// The first frame that is not decoded yet.
    fn behind(&self) -> u64 {
        self.first + self.kept.len() as u64
    }

    fn forget(&mut self, frame: u64) {
        let count = self.place(frame);
        self.kept.drain(..count);
        self.first += count as u64;
    }

    /// The place of a frame in `kept`, or the nearest one.
    fn place(&self, frame: u64) -> usize {
        let place = usize::try_from(frame.saturating_sub(self.first)).unwrap_or(usize::MAX);
        place.min(self.kept.len())
    }

    fn notes(&self, to_hz: u32) -> Vec<ClipNote> {
        let mut notes = self.stream.notes();
        if self.stream.info().frames != Some(0) && self.first > 0 {
            // Nothing was read because nothing was requested there, not because the file is empty.
            notes.retain(|note| *note != ClipNote::EmptyFile);
        }
        let from = self.stream.sample_rate_hz();
        if from != to_hz {
            notes.push(ClipNote::Resampled { from, to: to_hz });
        }
        notes
    }

    /// The losses among these frames: those of a file that ends too early are everywhere behind it, and one whose place
    /// in the sound is not known is everywhere.
    fn losses(&self, frames: &Range<u64>) -> Vec<LostSound> {
        let rate = f64::from(self.stream.sample_rate_hz());
        let is_here = |loss: &&LostSound| match loss.at {
            FilePosition::Byte(_) => true,
            FilePosition::Frame { frame, .. } if loss.is_cut_off => frame <= frames.end,
            FilePosition::Frame { frame, .. } => {
                let silence = loss.seconds.filter(|_| loss.is_silence).unwrap_or(0.0);
                frame <= frames.end && frame.saturating_add((silence * rate) as u64) >= frames.start
            }
        };
        // At the end, the stream has put them among its own.
        let walk: &[LostSound] = match self.at_end {
            true => &[],
            false => self.stream.walk_losses(),
        };
        let all = self.stream.losses().iter().chain(walk);
        all.filter(is_here).cloned().collect()
    }
}

/// Samples in some microseconds, rounded.
fn samples_in(us: u64, rate_hz: u32) -> u64 {
    let rounded = (u128::from(us) * u128::from(rate_hz) + 500_000) / 1_000_000;
    u64::try_from(rounded).unwrap_or(u64::MAX)
}

fn greatest_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { greatest_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn microseconds_are_samples() {
        assert_eq!(samples_in(1_000_000, 44_100), 44_100);
        assert_eq!(samples_in(10, 44_100), 0);
        assert_eq!(samples_in(12, 44_100), 1);
        assert_eq!(samples_in(u64::MAX, u32::MAX), u64::MAX);
        assert_eq!(
            (greatest_divisor(44_100, 32_000), greatest_divisor(8000, 8000)),
            (100, 8000)
        );
    }
}
