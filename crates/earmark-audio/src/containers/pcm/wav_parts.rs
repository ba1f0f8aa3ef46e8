//! Samples of WAV in several chunks. Where these have one format they are one recording: silence of a stated length
//! (`slnt`) may be between them, and a list (`LIST` of the kind `wavl`) around them.

use super::behind_samples::{Behind, behind_samples};
use super::chunks::ChunkStyle;
use super::sample_bytes::{Found, MORE_SAMPLES, Measure, Stated, samples_and_more, unread};
use super::wav_format::WavFormat;
use crate::containers::byte_walker::ByteWalker;
use crate::containers::layout::PcmPart;
use crate::error::{Fault, FilePosition};
use crate::limit_checks::most_silence_seconds;

/// Most chunks of samples and silence that are read.
const MOST_PARTS: usize = 1 << 16;

/// The parts of a recording, as they are found.
pub(super) struct WavParts<'a> {
    format: &'a WavFormat,
    measure: &'a Measure<'a>,
    parts: Vec<PcmPart>,
    found: Found,
    /// Frames of both so far.
    sound: u64,
    silence: u64,
    /// How many frames of silence there may be more than of sound, and how many would be too much.
    most_silence: u64,
    left_out: u64,
    /// Whether the size of the last chunk of samples leads to what follows them.
    is_believed: bool,
}

impl<'a> WavParts<'a> {
    /// No parts yet, of samples in this format.
    pub(super) fn new(format: &'a WavFormat, measure: &'a Measure<'a>) -> Self {
        Self {
            format,
            measure,
            parts: Vec::new(),
            found: Found::default(),
            sound: 0,
            silence: 0,
            most_silence: 0,
            left_out: 0,
            is_believed: true,
        }
    }

    /// Finds all parts: `silence` frames, then the samples of a chunk, then those of the chunks behind it.
    pub(super) fn read(
        mut self,
        walker: &mut ByteWalker<'_>,
        stated: &Stated,
        silence: u64,
    ) -> Result<(Vec<PcmPart>, Found), Fault> {
        let rate = u64::from(self.measure.sample_rate_hz);
        self.most_silence = most_silence_seconds(walker.len()) * rate;
        self.add_silence(silence);
        let mut more = self.add_samples(walker, stated)?;
        let style = stated.style.unwrap_or(ChunkStyle::Short(self.format.order));
        let (end, padded_end) = stated.ends();
        let mut at = style.behind(walker, end, padded_end)?;
        let mut other = None;
        while self.is_believed
            && let Some(chunk) = style.read(walker, at)?
        {
            if chunk.name == *b"LIST" && walker.peek(chunk.body, 4)? == b"wavl" {
                at = chunk.body + 4;
                more = match behind_samples(walker, at, Some(style))? {
                    Behind::Sound(at) => Some(at),
                    _ => None,
                };
                continue;
            }
            match &chunk.name {
                b"data" if self.parts.len() < MOST_PARTS => {
                    let stated = Stated {
                        start: chunk.body,
                        size: chunk.size,
                        is_32_bit: style != ChunkStyle::Wave64,
                        ..*stated
                    };
                    more = self.add_samples(walker, &stated)?;
                }
                b"slnt" if self.parts.len() < MOST_PARTS => {
                    let frames = walker.array::<4>(chunk.body)?;
                    self.add_silence(frames.map_or(0, |b| u64::from(self.format.order.u32(b))));
                }
                b"fmt " => match WavFormat::read(walker, chunk.body, chunk.size, self.format.order) {
                    Ok(format) if format.is_like(self.format) => {}
                    Err(fault @ Fault::Read(..)) => return Err(fault),
                    format => {
                        other = format.ok();
                        break;
                    }
                },
                // Another file, or too many parts.
                _ if more == Some(at) || chunk.end > walker.len() => break,
                _ => {}
            }
            at = style.behind(walker, chunk.end, chunk.padded_end)?;
        }
        if let Some(at) = more {
            self.lose(walker.len() - at, at, style, other.as_ref());
        }
        if self.left_out > 0 {
            let seconds = self.left_out / rate.max(1);
            self.found
                .note(format!("{seconds} s of silence that it asks for are left out"));
        }
        Ok((self.parts, self.found))
    }

    /// Adds the samples of a chunk; where more samples begin behind them.
    fn add_samples(&mut self, walker: &mut ByteWalker<'_>, stated: &Stated) -> Result<Option<u64>, Fault> {
        let (mut found, more) = samples_and_more(walker, stated, self.measure)?;
        let frames = found.frames(self.measure);
        self.is_believed = found.losses.is_empty() && found.bytes == stated.size;
        for loss in &mut found.losses {
            // Counted from the start of the chunk.
            if let FilePosition::Frame { frame, .. } = loss.at {
                let frame = self.sound + self.silence + frame;
                loss.at = FilePosition::frame(frame, self.measure.sample_rate_hz);
            }
        }
        self.sound += frames;
        // A file without any samples has one part, too.
        if frames > 0 || self.parts.is_empty() {
            self.parts.push(PcmPart {
                start: Some(stated.start),
                frames,
            });
        }
        for note in found.notes {
            if !self.found.notes.contains(&note) {
                self.found.notes.push(note);
            }
        }
        self.found.losses.append(&mut found.losses);
        Ok(more)
    }

    /// Adds silence, unless it would be too much.
    fn add_silence(&mut self, frames: u64) {
        if self.silence + frames > self.sound + self.most_silence {
            self.left_out += frames;
        } else if frames > 0 {
            self.silence += frames;
            self.parts.push(PcmPart { start: None, frames });
        }
    }

    /// Notes that the last `bytes` bytes are not read: another file, or samples in another format.
    fn lose(&mut self, bytes: u64, at: u64, style: ChunkStyle, other: Option<&WavFormat>) {
        let loss = match other {
            None => unread(MORE_SAMPLES, at, bytes, self.measure),
            Some(format) => {
                let reason = format!(
                    "more samples follow in another format ({} Hz, {} channels, {} bits), and are not read",
                    format.sample_rate_hz, format.channels, format.bits
                );
                let frame_bytes = format.frame_bytes();
                let measure = Measure {
                    sample_rate_hz: format.sample_rate_hz,
                    // Without the head of their chunk.
                    frames_in: &|bytes: u64| {
                        let bytes = bytes.saturating_sub(style.head_bytes());
                        bytes.checked_div(frame_bytes).unwrap_or(0)
                    },
                };
                unread(&reason, at, bytes, &measure)
            }
        };
        self.found.losses.push(loss);
    }
}
