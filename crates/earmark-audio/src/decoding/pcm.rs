//! Uncompressed samples to mono floats, a block at a time.
//!
//! WAV and AIFF are read here and not through Symphonia's packets of 1,152 frames: whole blocks convert at memory speed,
//! and data sizes that a header gets wrong are noticed instead of ignored.

use std::io::SeekFrom;

use symphonia::core::io::MediaSource;

use super::channels::{check_finite, mix_down};
use crate::containers::PcmLayout;
use crate::error::{Fault, FilePosition};

/// Bytes converted at once; fits the level-2 cache together with its floats.
const BLOCK_BYTES: usize = 128 * 1024;

/// Reads the sample data of a WAV or AIFF file.
pub(crate) struct PcmReader {
    source: Box<dyn MediaSource>,
    layout: PcmLayout,
    /// The float of each code of A-law or mu-law.
    table: Vec<f32>,
    next_frame: u64,
    bytes: Vec<u8>,
    interleaved: Vec<f32>,
}

impl PcmReader {
    pub(crate) fn new(mut source: Box<dyn MediaSource>, layout: PcmLayout) -> Result<Self, Fault> {
        let at = layout.data_start;
        source
            .seek(SeekFrom::Start(at))
            .map_err(|e| Fault::Io(e, FilePosition::Byte(at)))?;
        Ok(Self {
            source,
            table: layout.format.table(),
            layout,
            next_frame: 0,
            bytes: Vec::new(),
            interleaved: Vec::new(),
        })
    }

    /// Continues at this frame, or at the end where there are fewer.
    pub(crate) fn seek(&mut self, frame: u64) -> Result<(), Fault> {
        self.next_frame = frame.min(self.layout.frames);
        let byte = self.layout.data_start + self.next_frame * self.layout.frame_bytes() as u64;
        let io = |e| Fault::Io(e, FilePosition::Byte(byte));
        self.source.seek(SeekFrom::Start(byte)).map_err(io)?;
        Ok(())
    }

    /// Appends the next block as mono; `false` after the last one.
    pub(crate) fn next_block(&mut self, out: &mut Vec<f32>) -> Result<bool, Fault> {
        let (frame_bytes, channels) = (self.layout.frame_bytes(), usize::from(self.layout.channels));
        let left = self.layout.frames - self.next_frame;
        if left == 0 {
            return Ok(false);
        }
        let frames = ((BLOCK_BYTES / frame_bytes).max(1) as u64).min(left);
        self.bytes.resize(frames as usize * frame_bytes, 0);
        let here = FilePosition::frame(self.next_frame, self.layout.sample_rate_hz);
        // The header walk has checked that the bytes exist: the file shrinks while it is read, or the disk fails.
        self.source
            .read_exact(&mut self.bytes)
            .map_err(|e| Fault::Io(e, here))?;

        let block_start = out.len();
        if channels == 1 {
            self.layout.format.convert(&self.bytes, &self.table, out);
            self.check_finite(&out[block_start..], channels)?;
        } else {
            let mut interleaved = std::mem::take(&mut self.interleaved);
            interleaved.clear();
            self.layout
                .format
                .convert(&self.bytes, &self.table, &mut interleaved);
            self.check_finite(&interleaved, channels)?;
            mix_down(&interleaved, channels, out);
            self.interleaved = interleaved;
            // Finite channels can still add up to more than a float holds.
            self.check_finite(&out[block_start..], 1)?;
        }
        self.next_frame += frames;
        Ok(true)
    }

    fn check_finite(&self, samples: &[f32], channels: usize) -> Result<(), Fault> {
        if !self.layout.format.is_float() {
            return Ok(());
        }
        check_finite(samples, channels, self.next_frame, self.layout.sample_rate_hz)
    }
}
