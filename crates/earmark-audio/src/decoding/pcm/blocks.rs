//! Uncompressed samples to mono floats, a block at a time.
//!
//! WAV and AIFF are read here and not through Symphonia's packets of 1,152 frames: whole blocks convert at memory
//! speed, and data sizes that a header gets wrong are noticed instead of ignored.

use symphonia::core::io::MediaSource;

use crate::clip::{AudioInfo, ClipNote, Damaged, LostSound};
use crate::containers::PcmLayout;
use crate::decoding::block_reader::{BlockReader, read_at};
use crate::decoding::channels::{DownMix, LARGEST, are_within, check_finite};
use crate::decoding::losses::Losses;
use crate::error::{Fault, FilePosition};

/// Bytes converted at once; fits the level-2 cache together with its floats.
const BLOCK_BYTES: usize = 128 * 1024;

/// Reads the sample data of a WAV or AIFF file.
pub(crate) struct PcmReader {
    source: Box<dyn MediaSource>,
    layout: PcmLayout,
    /// Counted over all parts.
    next_frame: u64,
    /// The part that is read, and how many of its frames have been.
    part: usize,
    done: u64,
    bytes: Vec<u8>,
    interleaved: Vec<f32>,
    mix: DownMix,
    losses: Losses,
}

impl PcmReader {
    pub(crate) fn new(source: Box<dyn MediaSource>, layout: PcmLayout, damaged: Damaged) -> Self {
        let bytes = layout.frames().saturating_mul(layout.frame_bytes() as u64);
        Self {
            source,
            layout,
            next_frame: 0,
            part: 0,
            done: 0,
            bytes: Vec::new(),
            interleaved: Vec::new(),
            mix: DownMix::default(),
            losses: Losses::new(damaged, bytes),
        }
    }

    /// Refuses samples that are NaN or infinite; where damage is read over, silence replaces their frames.
    fn check_finite(&mut self, samples: &mut [f32], channels: usize) -> Result<(), Fault> {
        if !self.layout.format.is_float() {
            return Ok(());
        }
        if !self.losses.is_salvage() {
            return check_finite(samples, channels, self.next_frame, self.layout.sample_rate_hz);
        }
        if are_within(samples, LARGEST) {
            return Ok(());
        }
        let is_bad = |frame: &[f32]| !frame.iter().all(|x| x.abs() <= LARGEST);
        let mut at = 0;
        while at < samples.len() / channels {
            let rest = &mut samples[at * channels..];
            let bad = rest.chunks(channels).take_while(|frame| is_bad(frame)).count();
            rest[..bad * channels].fill(0.0);
            if bad > 0 {
                self.lose(at, bad)?;
            }
            at += bad.max(1);
        }
        Ok(())
    }

    /// Notes that `frames` frames of the next block, `at` frames behind its start, are not sound.
    fn lose(&mut self, at: usize, frames: usize) -> Result<(), Fault> {
        let (at, rate_hz) = (self.next_frame + at as u64, self.layout.sample_rate_hz);
        let reason = "its samples are no numbers (NaN or infinite), or too large for audio";
        let loss = LostSound {
            is_silence: true,
            ..LostSound::damaged(reason, FilePosition::frame(at, rate_hz))
        };
        self.losses.add_at(loss, at, frames as u64, rate_hz)
    }

    /// Appends the mean of this many frames from this byte on.
    fn read(&mut self, at: u64, frames: u64, out: &mut Vec<f32>) -> Result<(), Fault> {
        let (frame_bytes, channels) = (self.layout.frame_bytes(), usize::from(self.layout.channels));
        self.bytes.resize(frames as usize * frame_bytes, 0);
        let here = FilePosition::frame(self.next_frame, self.layout.sample_rate_hz);
        read_at(self.source.as_mut(), at, &mut self.bytes, here)?;

        let (block_start, format) = (out.len(), self.layout.format);
        if channels == 1 {
            format.convert(&self.bytes, out);
            return self.check_finite(&mut out[block_start..], channels);
        }
        let mut interleaved = std::mem::take(&mut self.interleaved);
        interleaved.clear();
        format.convert(&self.bytes, &mut interleaved);
        self.check_finite(&mut interleaved, channels)?;
        self.mix.mix(&interleaved, channels, out);
        self.interleaved = interleaved;
        // Finite channels can still add up to more than a float holds.
        self.check_finite(&mut out[block_start..], 1)
    }
}

impl BlockReader for PcmReader {
    fn info(&self) -> AudioInfo {
        let layout = &self.layout;
        AudioInfo::new(
            layout.format.name(),
            layout.container.name(),
            layout.sample_rate_hz,
            layout.channels,
            Some(layout.frames()),
        )
    }

    fn seek(&mut self, frame: u64) -> Result<bool, Fault> {
        let parts = &self.layout.parts;
        (self.part, self.done) = (0, frame);
        while let Some(part) = parts.get(self.part)
            && part.frames <= self.done
        {
            self.done -= part.frames;
            self.part += 1;
        }
        self.next_frame = frame.min(self.layout.frames());
        Ok(true)
    }

    fn next_block(&mut self, out: &mut Vec<f32>) -> Result<bool, Fault> {
        let Some(&part) = self.layout.parts.get(self.part) else {
            return Ok(false);
        };
        let frame_bytes = self.layout.frame_bytes();
        let frames = ((BLOCK_BYTES / frame_bytes).max(1) as u64).min(part.frames - self.done);
        match part.start {
            Some(start) => self.read(start + self.done * frame_bytes as u64, frames, out)?,
            None => out.resize(out.len() + frames as usize, 0.0),
        }
        self.next_frame += frames;
        self.done += frames;
        if self.done == part.frames {
            (self.part, self.done) = (self.part + 1, 0);
        }
        Ok(true)
    }

    fn losses(&self) -> &[LostSound] {
        self.losses.found()
    }

    fn notes(&self) -> Vec<ClipNote> {
        self.mix.note().into_iter().collect()
    }
}
