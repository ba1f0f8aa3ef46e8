//! A file as a stream of mono blocks: what reading whole files is made of, and what files of many hours need.

use std::path::{Path, PathBuf};

use symphonia::core::io::MediaSource;

use crate::clip::{AudioInfo, Note};
use crate::coded::CodedReader;
use crate::container::{Container, Layout, inspect};
use crate::error::{AudioError, Fault, Position};
use crate::pcm::PcmReader;
use crate::resample::{Resampler, check_rate, resampled_len};
use crate::source::{Walker, open_file};

/// Most samples of output that one block of a resampled stream should have (the resampler's own chunk may be larger).
const RESAMPLED_BLOCK: u64 = 1 << 16;

enum Reader {
    Pcm(PcmReader),
    Coded(Box<CodedReader>),
}

impl Reader {
    fn next_block(&mut self, out: &mut Vec<f32>) -> Result<bool, Fault> {
        match self {
            Reader::Pcm(reader) => reader.next_block(out),
            Reader::Coded(reader) => reader.next_block(out),
        }
    }
}

struct Conversion {
    /// `None` when the input is over.
    resampler: Option<Resampler>,
    to_hz: u32,
    /// A decoded block at the file's rate, and how much of it has been resampled.
    block: Vec<f32>,
    used: usize,
}

/// A recording read block by block, as mono at one rate.
///
/// Opening walks over the whole structure of the file (its headers, not its samples; for Ogg the checksums too), so
/// that most files that are cut or damaged are refused before the first block. A block has some ten thousand
/// samples, whatever the length of the file. All blocks together equal what [`read`](crate::read) gives.
///
/// ```no_run
/// # fn main() -> Result<(), earmark_audio::AudioError> {
/// let mut stream = earmark_audio::AudioStream::open("night.flac".as_ref(), 44_100)?;
/// let mut block = Vec::new();
/// while stream.next_block(&mut block)? {
///     // use the block
/// }
/// # Ok(()) }
/// ```
pub struct AudioStream {
    path: PathBuf,
    info: AudioInfo,
    reader: Reader,
    conversion: Option<Conversion>,
    frames_read: u64,
    failed: bool,
}

impl AudioStream {
    /// Open a file, to be read at `sample_rate_hz`.
    ///
    /// # Errors
    /// Whatever makes the file unreadable, see [`AudioError`].
    pub fn open(path: &Path, sample_rate_hz: u32) -> Result<Self, AudioError> {
        check_rate(sample_rate_hz)?;
        Self::from_source(Box::new(open_file(path)?), path, Some(sample_rate_hz))
    }

    /// Open a file, to be read at its own rate.
    ///
    /// # Errors
    /// Whatever makes the file unreadable, see [`AudioError`].
    pub fn open_native(path: &Path) -> Result<Self, AudioError> {
        Self::from_source(Box::new(open_file(path)?), path, None)
    }

    /// Read from any source that can seek. `name` stands for the file in messages; without a rate, the source's
    /// own is kept.
    ///
    /// # Errors
    /// Whatever makes the source unreadable, see [`AudioError`].
    pub fn from_source(
        mut source: Box<dyn MediaSource>,
        name: &Path,
        sample_rate_hz: Option<u32>,
    ) -> Result<Self, AudioError> {
        if let Some(rate) = sample_rate_hz {
            check_rate(rate)?;
        }
        let in_file = |fault: Fault| fault.in_file(name);
        let layout = Walker::new(source.as_mut())
            .and_then(|mut walker| inspect(&mut walker))
            .map_err(in_file)?;
        let (reader, info) = match layout {
            Layout::Pcm(raw) => {
                let info = AudioInfo {
                    codec: raw.format.name().into(),
                    container: raw.container.name().into(),
                    sample_rate_hz: raw.sample_rate_hz,
                    channels: raw.channels,
                    frames: Some(raw.frames),
                };
                (Reader::Pcm(PcmReader::new(source, raw).map_err(in_file)?), info)
            }
            Layout::Coded(coded) => {
                let reader = CodedReader::new(source, coded).map_err(in_file)?;
                let info = AudioInfo {
                    codec: reader.codec().into(),
                    container: container_name(&reader).into(),
                    sample_rate_hz: reader.sample_rate_hz(),
                    channels: reader.channels(),
                    frames: reader.frames(),
                };
                (Reader::Coded(Box::new(reader)), info)
            }
        };
        let conversion = match sample_rate_hz {
            Some(to_hz) if to_hz != info.sample_rate_hz => {
                let resampler = Some(Resampler::new(info.sample_rate_hz, to_hz)?);
                Some(Conversion {
                    resampler,
                    to_hz,
                    block: Vec::new(),
                    used: 0,
                })
            }
            _ => None,
        };
        Ok(Self {
            path: name.to_path_buf(),
            info,
            reader,
            conversion,
            frames_read: 0,
            failed: false,
        })
    }

    /// What the file says about itself.
    pub fn info(&self) -> &AudioInfo {
        &self.info
    }

    /// Rate of the blocks.
    pub fn sample_rate_hz(&self) -> u32 {
        self.conversion
            .as_ref()
            .map_or(self.info.sample_rate_hz, |conversion| conversion.to_hz)
    }

    /// Number of samples that all blocks will have together, where the file tells.
    pub fn expected_len(&self) -> Option<u64> {
        self.info
            .frames
            .map(|n| resampled_len(n, self.info.sample_rate_hz, self.sample_rate_hz()))
    }

    /// Frames of the file decoded so far, at its own rate.
    pub fn frames_read(&self) -> u64 {
        self.frames_read
    }

    /// What was done to the samples. Whether the file is empty is known only after the last block.
    pub fn notes(&self) -> Vec<Note> {
        let mut notes = Vec::new();
        if self.info.channels > 1 {
            notes.push(Note::DownMixed {
                channels: self.info.channels,
            });
        }
        if let Some(conversion) = &self.conversion {
            notes.push(Note::Resampled {
                from: self.info.sample_rate_hz,
                to: conversion.to_hz,
            });
        }
        if self.frames_read == 0 {
            notes.push(Note::EmptyFile);
        }
        notes
    }

    /// Replace what is in `out` by the next block, which is never empty; at the end `out` is empty and the answer is
    /// `false`.
    ///
    /// # Errors
    /// A fault in the file. It stays: blocks before it are good, there are none after it, and asking again is
    /// an error again.
    pub fn next_block(&mut self, out: &mut Vec<f32>) -> Result<bool, AudioError> {
        out.clear();
        while out.is_empty() {
            if !self.append_block(out)? {
                return Ok(!out.is_empty());
            }
        }
        Ok(true)
    }

    /// Append a block, which may be empty; `false` after the last one.
    pub(crate) fn append_block(&mut self, out: &mut Vec<f32>) -> Result<bool, AudioError> {
        if self.failed {
            let at = Position::frame(self.frames_read, self.info.sample_rate_hz);
            return Err(Fault::Corrupt("reading has failed before".into(), at).in_file(&self.path));
        }
        let before = out.len();
        let result = match &mut self.conversion {
            None => self
                .reader
                .next_block(out)
                .inspect(|_| self.frames_read += (out.len() - before) as u64),
            Some(conversion) => conversion.append(
                &mut self.reader,
                self.info.sample_rate_hz,
                &mut self.frames_read,
                out,
            ),
        };
        result.map_err(|fault| {
            // What came before the fault in the same block is not handed out either.
            out.truncate(before);
            self.failed = true;
            fault.in_file(&self.path)
        })
    }

    /// Jump to a frame where that is exact and free: uncompressed audio at its own rate. Says whether it did.
    pub(crate) fn jump(&mut self, frame: u64) -> Result<bool, AudioError> {
        match (&mut self.reader, &self.conversion) {
            (Reader::Pcm(reader), None) => {
                reader.seek(frame).map_err(|fault| fault.in_file(&self.path))?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }
}

impl Conversion {
    fn append(
        &mut self,
        reader: &mut Reader,
        rate_hz: u32,
        frames_read: &mut u64,
        out: &mut Vec<f32>,
    ) -> Result<bool, Fault> {
        let Some(mut resampler) = self.resampler.take() else {
            return Ok(false);
        };
        if self.used == self.block.len() {
            self.block.clear();
            self.used = 0;
            let more = reader.next_block(&mut self.block)?;
            check_size(&self.block, Position::frame(*frames_read, rate_hz))?;
            *frames_read += self.block.len() as u64;
            if !more {
                resampler.finish(out);
                return Ok(true);
            }
        }
        let step = usize::try_from(resampler.input_for(RESAMPLED_BLOCK))
            .unwrap_or(usize::MAX)
            .max(1);
        let end = self.used.saturating_add(step).min(self.block.len());
        resampler.push(&self.block[self.used..end], out);
        self.resampler = Some(resampler);
        self.used = end;
        Ok(true)
    }
}

/// Far above any sound, far below where sums and products of the resampler's transform are infinite (and rubato panics).
const LARGEST_SAMPLE: f32 = 1e30;

/// Refuses finite samples that would not stay finite. `at` is where the block begins.
fn check_size(samples: &[f32], at: Position) -> Result<(), Fault> {
    if samples.iter().all(|s| s.abs() <= LARGEST_SAMPLE) {
        return Ok(());
    }
    Err(Fault::Corrupt(
        "its samples are too large for sound (above 1e30, where 1 is full scale)".into(),
        at,
    ))
}

fn container_name(reader: &CodedReader) -> &'static str {
    match (reader.container(), reader.codec()) {
        (Container::Mp4, "AAC" | "ALAC") => "M4A",
        (container, _) => container.name(),
    }
}
