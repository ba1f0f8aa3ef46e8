//! The samples of WAV and Wave64 files: uncompressed, in blocks, or MPEG audio.

use super::sample_bytes::{Found, Measure, Stated, sample_bytes};
use super::wav_format::WavFormat;
use super::wav_parts::WavParts;
use crate::clip::ClipNote;
use crate::containers::byte_walker::ByteWalker;
use crate::containers::container::Container;
use crate::containers::layout::{AudioLayout, BlockLayout, FileWalk, PcmLayout};
use crate::containers::mpeg::mp3;
use crate::decoding::{BlockCodec, ByteOrder};
use crate::error::Fault;

/// What the chunks of a file say about its samples.
pub(super) struct WavSamples {
    pub(super) container: Container,
    pub(super) format: WavFormat,
    /// Number of frames in the fact chunk.
    pub(super) fact_frames: Option<u64>,
    pub(super) stated: Stated,
    /// Frames of silence before them.
    pub(super) silence: u64,
    /// What was odd before the samples.
    pub(super) notes: Vec<ClipNote>,
}

impl WavSamples {
    /// Finds the end of the samples, and how they are stored.
    pub(super) fn walk(self, walker: &mut ByteWalker<'_>) -> Result<FileWalk, Fault> {
        match self.format.tag {
            0x50 | 0x55 => self.without_silence().mpeg(walker),
            0x02 | 0x11 if self.format.bits == 4 => self.without_silence().blocks(walker),
            0x31 => self.without_silence().blocks(walker),
            _ => self.pcm(walker),
        }
    }

    /// Notes silence that is stated before compressed samples, and not read.
    fn without_silence(mut self) -> Self {
        if self.silence > 0 {
            let seconds = self.silence as f64 / f64::from(self.format.sample_rate_hz.max(1));
            self.notes.push(ClipNote::Contradiction(format!(
                "it states {seconds:.3} s of silence before its samples, which are left out"
            )));
        }
        self
    }

    fn pcm(mut self, walker: &mut ByteWalker<'_>) -> Result<FileWalk, Fault> {
        let (samples, contradiction) = self.format.samples()?;
        self.notes.extend(contradiction.map(ClipNote::Contradiction));
        let frame_bytes = samples.bytes() as u64 * u64::from(self.format.channels);
        let measure = Measure {
            sample_rate_hz: self.format.sample_rate_hz,
            frames_in: &|bytes| bytes / frame_bytes,
        };
        let parts = WavParts::new(&self.format, &measure);
        let (parts, mut found) = parts.read(walker, &self.stated, self.silence)?;
        let layout = PcmLayout {
            container: self.container,
            format: samples,
            channels: self.format.channels,
            sample_rate_hz: self.format.sample_rate_hz,
            parts,
        };
        self.check_fact(layout.frames(), &mut found);
        Ok(self.with(AudioLayout::Pcm(layout), found))
    }

    fn blocks(self, walker: &mut ByteWalker<'_>) -> Result<FileWalk, Fault> {
        let codec = block_codec(&self.format, self.stated.start)?;
        let channels = self.format.channels;
        let measure = Measure {
            sample_rate_hz: self.format.sample_rate_hz,
            frames_in: &|bytes| codec.frames_in(bytes, channels),
        };
        let mut found = sample_bytes(walker, &self.stated, &measure)?;
        let whole = found.frames(&measure);
        // The last block is filled up; the fact chunk says where the sound ends in it.
        let block_bytes = codec.block_bytes(channels) as u64;
        let before_short = codec.frames_in(found.bytes / block_bytes * block_bytes, channels);
        let last = match whole - before_short {
            0 => codec.frames_in(block_bytes, channels),
            short => short,
        };
        let fills_up = |frames: &u64| *frames <= whole && whole - *frames < last;
        let frames = match self.fact_frames.filter(fills_up) {
            Some(frames) if found.losses.is_empty() => frames,
            _ => {
                self.check_fact(whole, &mut found);
                whole
            }
        };
        let layout = AudioLayout::Blocks(BlockLayout {
            container: self.container,
            codec,
            channels,
            sample_rate_hz: self.format.sample_rate_hz,
            data_start: self.stated.start,
            data_bytes: found.bytes,
            frames,
        });
        Ok(self.with(layout, found))
    }

    fn mpeg(self, walker: &mut ByteWalker<'_>) -> Result<FileWalk, Fault> {
        let (rate, per_second) = (self.format.sample_rate_hz, self.format.bytes_per_second);
        // By the mean bit rate, or the usual 128 kbit/s; only for how much is missing.
        let per_second = if per_second == 0 { 16_000 } else { per_second };
        let frames_in = |bytes: u64| (u128::from(bytes) * u128::from(rate) / u128::from(per_second)) as u64;
        let measure = Measure {
            sample_rate_hz: rate,
            frames_in: &frames_in,
        };
        let found = sample_bytes(walker, &self.stated, &measure)?;
        let (start, end) = (self.stated.start, self.stated.start + found.bytes);
        let inside = mp3::inspect_range(walker, start, end)?;
        let mut walk = self.with(inside.layout, found);
        walk.notes.extend(inside.notes);
        // A frame that is cut off at the end is the one that the header promises.
        let is_cut_off = walk.losses.iter().any(|loss| loss.is_cut_off);
        walk.losses.extend(
            inside
                .losses
                .into_iter()
                .filter(|loss| !(is_cut_off && loss.is_cut_off)),
        );
        Ok(walk)
    }

    /// Notes a number of frames in the fact chunk that the samples contradict.
    fn check_fact(&self, frames: u64, found: &mut Found) {
        let channels = u64::from(self.format.channels);
        let Some(fact) = self.fact_frames else {
            return;
        };
        // Not known, or counted over all channels, or divided by them once too often (libsndfile in Wave64).
        let is_divided = frames
            .checked_sub(fact.saturating_mul(channels))
            .is_some_and(|rest| rest < channels);
        let is_plausible = is_divided || [0, u64::from(u32::MAX), frames, frames * channels].contains(&fact);
        // Where the size is wrong or sound is missing, that is already reported.
        if !is_plausible && found.losses.is_empty() && found.notes.is_empty() {
            found.note(format!(
                "its fact chunk gives {fact} frames, but there are {frames}"
            ));
        }
    }

    fn with(self, layout: AudioLayout, found: Found) -> FileWalk {
        let mut notes = self.notes;
        notes.extend(found.notes);
        FileWalk {
            layout,
            notes,
            losses: found.losses,
        }
    }
}

/// The codec of ADPCM or GSM, if its blocks can be what the header says. `at`: where they begin.
fn block_codec(format: &WavFormat, at: u64) -> Result<BlockCodec, Fault> {
    let (channels, block_bytes) = (format.channels, format.block_align);
    let unsupported = |what: String| Err(Fault::Unsupported(what));
    if format.tag == 0x31 {
        return match (channels, block_bytes) {
            (1, 65) => Ok(BlockCodec::GsmPair),
            (1, _) => unsupported(format!(
                "is GSM 06.10 in blocks of {block_bytes} bytes instead of 65"
            )),
            _ => unsupported(format!("is GSM 06.10 with {channels} channels")),
        };
    }
    if channels > 2 {
        return unsupported(format!("is ADPCM with {channels} channels"));
    }
    if format.order == ByteOrder::Big {
        return Err(Fault::unsupported("is ADPCM in big-endian WAV (RIFX)"));
    }
    let (codec, head_bytes) = match format.tag {
        0x02 => (BlockCodec::Microsoft { block_bytes }, 7),
        _ => (BlockCodec::Ima { block_bytes }, 4),
    };
    if block_bytes <= head_bytes * channels {
        let reason = format!("its ADPCM blocks have {block_bytes} bytes, less than their header");
        return Err(Fault::corrupt(reason, at));
    }
    Ok(codec)
}
