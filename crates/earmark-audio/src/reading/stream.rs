//! A file as a stream of mono blocks: the basis of reading whole files, and the way to read files of many hours.

use std::path::{Path, PathBuf};

use symphonia::core::io::MediaSource;

use super::rate_conversion::RateConversion;
use super::source::open_source;
use crate::clip::{AudioInfo, ClipNote, Damaged, LostSound, ReadOptions};
use crate::containers::{AudioLayout, ByteWalker, FileWalk, inspect};
use crate::decoding::{
    BlockReader, CodedReader, FixedBlockReader, FlacReader, PacketReader, PcmReader, guard,
};
use crate::error::{AudioError, Fault, FilePosition};
use crate::limit_checks::check_rate;
use crate::resampling::resampled_len;

/// A recording read block by block, as mono at one rate.
///
/// Opening walks over the whole structure of the file (its headers, not its samples; for Ogg also the checksums), so
/// most files that are cut off or damaged are refused before the first block. A block has about ten thousand samples,
/// whatever the length of the file. All blocks together equal the result of [`read`](crate::read).
///
/// With [`Damaged::Salvage`], damage ends nothing: [`losses`](Self::losses) lists what is missing.
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
    reader: Box<dyn BlockReader>,
    conversion: Option<RateConversion>,
    frames_read: u64,
    failed: bool,
    damaged: Damaged,
    /// What the walk over the file noticed.
    walk_notes: Vec<ClipNote>,
    /// What the walk found missing; listed at the end, as most of it is there.
    walk_losses: Vec<LostSound>,
    losses: Vec<LostSound>,
    /// How many of the reader's losses are among them.
    losses_of_reader: usize,
}

impl AudioStream {
    /// Opens a file, to be read at `sample_rate_hz`.
    ///
    /// # Errors
    /// Whatever makes the file unreadable, see [`AudioError`].
    pub fn open(path: &Path, sample_rate_hz: u32) -> Result<Self, AudioError> {
        let options = ReadOptions {
            sample_rate_hz: Some(sample_rate_hz),
            ..ReadOptions::default()
        };
        Self::open_with(path, &options)
    }

    /// Opens a file, to be read at its own rate.
    ///
    /// # Errors
    /// Whatever makes the file unreadable, see [`AudioError`].
    pub fn open_native(path: &Path) -> Result<Self, AudioError> {
        Self::open_with(path, &ReadOptions::default())
    }

    /// Opens a file, or what is at an address such as `s3://bucket/key` in programs that reach stores.
    ///
    /// # Errors
    /// Whatever makes the file unreadable, see [`AudioError`]. With [`Damaged::Salvage`], a damaged file is an error
    /// only where none of its sound can be had.
    pub fn open_with(path: &Path, options: &ReadOptions) -> Result<Self, AudioError> {
        options.sample_rate_hz.map_or(Ok(()), check_rate)?;
        Self::from_source_with(open_source(path)?, path, options)
    }

    /// Reads from any seekable source. `name` is the file name in messages; without a rate, the source's own is kept.
    ///
    /// # Errors
    /// Whatever makes the source unreadable, see [`AudioError`].
    pub fn from_source(
        source: Box<dyn MediaSource>,
        name: &Path,
        sample_rate_hz: Option<u32>,
    ) -> Result<Self, AudioError> {
        let options = ReadOptions {
            sample_rate_hz,
            ..ReadOptions::default()
        };
        Self::from_source_with(source, name, &options)
    }

    /// Reads from any seekable source. `name` is the file name in messages.
    ///
    /// # Errors
    /// As [`open_with`](Self::open_with).
    pub fn from_source_with(
        source: Box<dyn MediaSource>,
        name: &Path,
        options: &ReadOptions,
    ) -> Result<Self, AudioError> {
        options.sample_rate_hz.map_or(Ok(()), check_rate)?;
        let opened = Opened::new(source, options.damaged).map_err(|fault| fault.in_file(name))?;
        let info = opened.reader.info();
        let convert = |to_hz| RateConversion::new(info.sample_rate_hz, to_hz);
        let other_rate = options
            .sample_rate_hz
            .filter(|to_hz| *to_hz != info.sample_rate_hz);
        let conversion = other_rate.map(convert).transpose()?;
        Ok(Self {
            path: name.to_path_buf(),
            info,
            reader: opened.reader,
            conversion,
            frames_read: 0,
            failed: false,
            damaged: options.damaged,
            walk_notes: opened.notes,
            walk_losses: opened.losses,
            losses: Vec::new(),
            losses_of_reader: 0,
        })
    }

    /// What the file says about itself.
    pub fn info(&self) -> &AudioInfo {
        &self.info
    }

    /// Rate of the blocks.
    pub fn sample_rate_hz(&self) -> u32 {
        let conversion = self.conversion.as_ref();
        conversion.map_or(self.info.sample_rate_hz, |conversion| conversion.to_hz)
    }

    /// Number of samples that all blocks will have together, where the file states it. Those of a damaged file, or of
    /// one that says something wrong about itself, may differ.
    pub fn expected_len(&self) -> Option<u64> {
        let (from_hz, to_hz) = (self.info.sample_rate_hz, self.sample_rate_hz());
        self.info.frames.map(|n| resampled_len(n, from_hz, to_hz))
    }

    /// Frames of the file decoded so far, at its own rate, with the silence in the place of lost sound.
    pub fn frames_read(&self) -> u64 {
        self.frames_read
    }

    /// What was done to the samples, and what is odd about the file. Complete after the last block; whether the file is
    /// empty is known only then.
    pub fn notes(&self) -> Vec<ClipNote> {
        let mut notes = Vec::new();
        if self.info.channels > 1 {
            notes.push(ClipNote::DownMixed {
                channels: self.info.channels,
            });
        }
        if let Some(conversion) = &self.conversion {
            notes.push(ClipNote::Resampled {
                from: self.info.sample_rate_hz,
                to: conversion.to_hz,
            });
        }
        // A file of which nothing could be read is not empty.
        if self.frames_read == 0 && self.losses.is_empty() {
            notes.push(ClipNote::EmptyFile);
        }
        notes.extend(self.walk_notes.iter().cloned());
        notes.extend(self.reader.notes());
        notes
    }

    /// Sound of the file that is not in the blocks; always empty with [`Damaged::Refuse`]. Complete after the last
    /// block.
    pub fn losses(&self) -> &[LostSound] {
        &self.losses
    }

    /// Sound that the walk over the file found missing: known from the start, and among all losses at the end.
    pub(super) fn walk_losses(&self) -> &[LostSound] {
        &self.walk_losses
    }

    /// Replaces the content of `out` by the next block, which is never empty; at the end `out` is empty and the result
    /// is `false`.
    ///
    /// # Errors
    /// A fault in the file. Blocks before it are intact, none follow it, and every further call is an error.
    pub fn next_block(&mut self, out: &mut Vec<f32>) -> Result<bool, AudioError> {
        out.clear();
        while out.is_empty() {
            if !self.append_block(out)? {
                return Ok(!out.is_empty());
            }
        }
        Ok(true)
    }

    /// Appends a block, which may be empty; `false` after the last one.
    pub(super) fn append_block(&mut self, out: &mut Vec<f32>) -> Result<bool, AudioError> {
        if self.failed {
            let at = FilePosition::frame(self.frames_read, self.info.sample_rate_hz);
            return Err(Fault::corrupt("an earlier read failed", at).in_file(&self.path));
        }
        let before = out.len();
        let result = match &mut self.conversion {
            None => {
                let more = self.reader.next_block(out);
                more.inspect(|_| self.frames_read += (out.len() - before) as u64)
            }
            Some(conversion) => {
                conversion.append(out, &mut self.frames_read, |block| self.reader.next_block(block))
            }
        };
        self.take_losses(matches!(result, Ok(false)));
        result.map_err(|fault| {
            // Samples before the fault in the same block are dropped too.
            out.truncate(before);
            self.failed = true;
            fault.in_file(&self.path)
        })
    }

    /// Brings the list of losses up to date.
    fn take_losses(&mut self, is_end: bool) {
        if self.damaged == Damaged::Refuse {
            return;
        }
        let of_reader = self.reader.losses();
        // The last one may have grown.
        self.losses.truncate(self.losses_of_reader.saturating_sub(1));
        self.losses
            .extend_from_slice(of_reader.get(self.losses.len()..).unwrap_or_default());
        self.losses_of_reader = of_reader.len();
        if is_end {
            self.losses.extend_from_slice(&self.walk_losses);
        }
    }

    /// Jumps to a frame where that is exact and free: uncompressed audio at its own rate. Returns whether it did.
    pub(super) fn seek(&mut self, frame: u64) -> Result<bool, AudioError> {
        if self.conversion.is_some() {
            return Ok(false);
        }
        self.reader.seek(frame).map_err(|fault| fault.in_file(&self.path))
    }
}

/// A source whose structure is known.
struct Opened {
    reader: Box<dyn BlockReader>,
    notes: Vec<ClipNote>,
    losses: Vec<LostSound>,
}

impl Opened {
    /// Recognises the format, walks over the structure and prepares to read the samples.
    fn new(mut source: Box<dyn MediaSource>, damaged: Damaged) -> Result<Self, Fault> {
        let walk = guard(FilePosition::Byte(0), || {
            inspect(&mut ByteWalker::new(source.as_mut())?)
        })?;
        if damaged == Damaged::Refuse
            && let Some(loss) = first_loss(&walk)
        {
            return Err(loss.clone().into_fault());
        }
        let reader: Box<dyn BlockReader> = match walk.layout {
            AudioLayout::Pcm(pcm) => Box::new(PcmReader::new(source, pcm, damaged)),
            AudioLayout::Blocks(blocks) => Box::new(FixedBlockReader::new(source, blocks, damaged)),
            AudioLayout::Coded(coded) => Box::new(CodedReader::new(source, coded, damaged)?),
            AudioLayout::Flac(flac) => Box::new(FlacReader::new(source, flac, damaged)?),
            AudioLayout::Packets(packets) => Box::new(PacketReader::new(source, packets, damaged)?),
        };
        Ok(Self {
            reader,
            notes: walk.notes,
            losses: walk.losses,
        })
    }
}

/// What is missing first, of what the walk found.
fn first_loss(walk: &FileWalk) -> Option<&LostSound> {
    let before_section = match &walk.layout {
        AudioLayout::Coded(coded) => coded
            .sections
            .iter()
            .find_map(|section| section.loss_before.as_ref()),
        _ => None,
    };
    before_section.or(walk.losses.first())
}
