//! Blocks of ADPCM and GSM to mono floats.
//!
//! Read here and not through Symphonia: its reader believes the sizes in a header, and knows neither GSM nor the
//! containers other than WAV.

use symphonia::core::io::MediaSource;

use super::codecs::BlockDecoder;
use crate::clip::{AudioInfo, ClipNote, Damaged, LostSound};
use crate::containers::BlockLayout;
use crate::decoding::block_reader::{BlockReader, read_at};
use crate::decoding::channels::DownMix;
use crate::decoding::losses::Losses;
use crate::error::{Fault, FilePosition};

/// Bytes read at once, or one block where that is larger.
const READ_BYTES: usize = 16 * 1024;

/// Reads the sample data of a file in fixed blocks.
pub(crate) struct FixedBlockReader {
    source: Box<dyn MediaSource>,
    layout: BlockLayout,
    decoder: BlockDecoder,
    next_block: u64,
    /// Frames at the start of the next block that are not wanted, after a jump.
    skip: u64,
    bytes: Vec<u8>,
    samples: Vec<i16>,
    mix: DownMix,
    losses: Losses,
}

impl FixedBlockReader {
    pub(crate) fn new(source: Box<dyn MediaSource>, layout: BlockLayout, damaged: Damaged) -> Self {
        Self {
            source,
            decoder: BlockDecoder::new(layout.codec, layout.channels),
            next_block: 0,
            skip: 0,
            bytes: Vec::new(),
            samples: Vec::new(),
            mix: DownMix::default(),
            losses: Losses::new(damaged, layout.data_bytes),
            layout,
        }
    }

    fn block_bytes(&self) -> u64 {
        self.layout.codec.block_bytes(self.layout.channels) as u64
    }

    /// Frames of a whole block.
    fn block_frames(&self) -> u64 {
        self.layout
            .codec
            .frames_in(self.block_bytes(), self.layout.channels)
    }

    fn here(&self) -> FilePosition {
        let frame = self.next_block * self.block_frames();
        FilePosition::frame(frame.min(self.layout.frames), self.layout.sample_rate_hz)
    }

    /// Silence replaces a block that can't be decoded.
    fn lose_block(&mut self, reason: &str) -> Result<(), Fault> {
        let (frames, channels) = (self.block_frames(), usize::from(self.layout.channels));
        let at = self.next_block * frames;
        let lost = frames.min(self.layout.frames.saturating_sub(at));
        let reason = format!("a block of samples is damaged: {reason}");
        let loss = LostSound {
            is_silence: true,
            ..LostSound::damaged(reason, self.here())
        };
        let rate_hz = self.layout.sample_rate_hz;
        self.losses.add_at(loss, at, lost, rate_hz)?;
        let end = self.samples.len() + frames as usize * channels;
        self.samples.resize(end, 0);
        Ok(())
    }
}

impl BlockReader for FixedBlockReader {
    fn info(&self) -> AudioInfo {
        let layout = &self.layout;
        AudioInfo::new(
            layout.codec.name(),
            layout.container.name(),
            layout.sample_rate_hz,
            layout.channels,
            Some(layout.frames),
        )
    }

    fn losses(&self) -> &[LostSound] {
        self.losses.found()
    }

    fn notes(&self) -> Vec<ClipNote> {
        self.mix.note().into_iter().collect()
    }

    fn seek(&mut self, frame: u64) -> Result<bool, Fault> {
        if !self.layout.codec.stands_alone() {
            return Ok(false);
        }
        let frame = frame.min(self.layout.frames);
        self.skip = frame % self.block_frames();
        self.next_block = frame / self.block_frames();
        Ok(true)
    }

    fn next_block(&mut self, out: &mut Vec<f32>) -> Result<bool, Fault> {
        let (block_bytes, block_frames) = (self.block_bytes(), self.block_frames());
        let done = self.next_block * block_frames;
        let left = self
            .layout
            .data_bytes
            .saturating_sub(self.next_block * block_bytes);
        if done >= self.layout.frames || left == 0 {
            return Ok(false);
        }
        let wanted = (READ_BYTES as u64 / block_bytes).max(1) * block_bytes;
        self.bytes.clear();
        self.bytes.resize(left.min(wanted) as usize, 0);
        let here = self.here();
        let at = self.layout.data_start + self.next_block * block_bytes;
        read_at(self.source.as_mut(), at, &mut self.bytes, here)?;
        // A short block at the end is decoded as far as it goes: zeros fill it up, and what they give is not used.
        self.bytes
            .resize(self.bytes.len().next_multiple_of(block_bytes as usize), 0);

        self.samples.clear();
        let bytes = std::mem::take(&mut self.bytes);
        for block in bytes.chunks_exact(block_bytes as usize) {
            // What is left of a last block may be too little for any sound.
            if self.next_block * block_frames >= self.layout.frames {
                break;
            }
            if let Err(reason) = self.decoder.decode(block, &mut self.samples) {
                self.lose_block(reason)?;
            }
            self.next_block += 1;
        }
        self.bytes = bytes;
        let channels = usize::from(self.layout.channels);
        let end = (self.layout.frames - done).min((self.samples.len() / channels) as u64);
        let start = std::mem::take(&mut self.skip).min(end);
        let used = &self.samples[start as usize * channels..end as usize * channels];
        let floats: Vec<f32> = used.iter().map(|&s| f32::from(s) / 32_768.0).collect();
        self.mix.mix(&floats, channels, out);
        Ok(true)
    }
}
