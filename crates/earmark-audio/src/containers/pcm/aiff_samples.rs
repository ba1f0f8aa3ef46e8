//! The samples of AIFF and AIFF-C files: uncompressed, or in blocks.

use super::behind_samples::{Behind, behind_samples};
use super::chunks::{Chunk, ChunkStyle};
use super::sample_bytes::{Found, Measure, Stated, sample_bytes};
use crate::clip::ClipNote;
use crate::containers::byte_walker::{ByteWalker, big_endian};
use crate::containers::container::Container;
use crate::containers::layout::{AudioLayout, BlockLayout, FileWalk, PcmLayout, PcmPart};
use crate::decoding::{BlockCodec, ByteOrder, SampleFormat, SampleKind};
use crate::error::Fault;
use crate::limit_checks::check_shape;
use crate::limits::MAX_SAMPLE_RATE_HZ;

const STYLE: ChunkStyle = ChunkStyle::Short(ByteOrder::Big);

/// How the samples are stored.
#[derive(Clone, Copy, Debug)]
enum Coding {
    Pcm(SampleFormat),
    Blocks(BlockCodec),
}

/// What the COMM chunk says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Description {
    coding: Coding,
    channels: u16,
    sample_rate_hz: u32,
    /// Frames; for IMA ADPCM, packets of each channel or frames, by the program that wrote it.
    count: u64,
}

impl Description {
    pub(super) fn read(
        walker: &mut ByteWalker<'_>,
        chunk: &Chunk,
        is_compressed: bool,
    ) -> Result<Self, Fault> {
        const CUT: &str = "it ends within its description (COMM chunk)";
        let b = walker.required::<18>(chunk.body, CUT)?;
        let kind = match is_compressed && chunk.size >= 22 {
            true => walker.required::<4>(chunk.body + 18, CUT)?,
            false => *b"NONE",
        };
        let channels = u16::from_be_bytes([b[0], b[1]]);
        let bits = u16::from_be_bytes([b[6], b[7]]);
        let sample_rate_hz = extended_to_rate([b[8], b[9]], &b[10..18]);
        check_shape(sample_rate_hz, u64::from(channels))?;
        Ok(Self {
            coding: coding(&kind, bits, channels)?,
            channels,
            sample_rate_hz,
            count: big_endian(&b[2..6]),
        })
    }

    fn frames_in(&self, bytes: u64) -> u64 {
        match self.coding {
            Coding::Pcm(format) => bytes / (format.bytes() as u64 * u64::from(self.channels)),
            Coding::Blocks(codec) => codec.frames_in(bytes, self.channels),
        }
    }

    /// Bytes of as many samples as the count says.
    fn bytes_of_count(&self) -> u64 {
        match self.coding {
            Coding::Pcm(format) => self.count * format.bytes() as u64 * u64::from(self.channels),
            Coding::Blocks(BlockCodec::ImaApple) => self.count * self.block_bytes(),
            Coding::Blocks(_) => {
                self.count.div_ceil(self.frames_in(self.block_bytes()).max(1)) * self.block_bytes()
            }
        }
    }

    fn block_bytes(&self) -> u64 {
        match self.coding {
            Coding::Pcm(format) => format.bytes() as u64 * u64::from(self.channels),
            Coding::Blocks(codec) => codec.block_bytes(self.channels) as u64,
        }
    }

    /// Frames of whole blocks of `whole` frames: the count, where it says where the sound ends in the last block.
    fn frames_of(&self, whole: u64) -> u64 {
        let Coding::Blocks(codec) = self.coding else {
            return whole;
        };
        let block = self.frames_in(self.block_bytes()).max(1);
        let is_packets = codec == BlockCodec::ImaApple && self.count == whole / block;
        let is_in_the_last = self.count <= whole && whole - self.count < block;
        if is_in_the_last && !is_packets {
            self.count
        } else {
            whole
        }
    }
}

/// What the chunks of a file say about its samples.
pub(super) struct AiffSamples {
    pub(super) description: Description,
    /// The chunk of samples; a file without samples may lack it.
    pub(super) sound: Option<Chunk>,
    pub(super) file_end: Option<u64>,
    /// What was odd before the samples.
    pub(super) notes: Vec<ClipNote>,
}

impl AiffSamples {
    /// Finds the end of the samples.
    pub(super) fn walk(mut self, walker: &mut ByteWalker<'_>) -> Result<FileWalk, Fault> {
        const NO_SAMPLES: &str = "it ends before its samples begin";
        let description = self.description;
        let measure = Measure {
            sample_rate_hz: description.sample_rate_hz,
            frames_in: &|bytes| description.frames_in(bytes),
        };
        let (start, mut found) = match self.sound {
            Some(chunk) => {
                let offset = u32::from_be_bytes(walker.required(chunk.body, NO_SAMPLES)?);
                let start = self.first_sample(walker, &chunk, u64::from(offset));
                (start, self.sample_bytes(walker, &chunk, start, &measure)?)
            }
            // The chunk of samples may be absent where there are none.
            None if description.count == 0 => (0, Found::default()),
            None => return Err(Fault::truncated(NO_SAMPLES, walker.len())),
        };
        let whole = found.frames(&measure);
        let frames = description.frames_of(whole);
        self.notes.append(&mut found.notes);
        let (channels, sample_rate_hz) = (description.channels, description.sample_rate_hz);
        let layout = match description.coding {
            Coding::Pcm(format) => AudioLayout::Pcm(PcmLayout {
                container: Container::Aiff,
                format,
                channels,
                sample_rate_hz,
                parts: vec![PcmPart {
                    start: Some(start),
                    frames,
                }],
            }),
            Coding::Blocks(codec) => AudioLayout::Blocks(BlockLayout {
                container: Container::Aiff,
                codec,
                channels,
                sample_rate_hz,
                data_start: start,
                data_bytes: found.bytes,
                frames,
            }),
        };
        Ok(FileWalk {
            layout,
            notes: self.notes,
            losses: found.losses,
        })
    }

    /// The samples begin behind two numbers and as many bytes as the first of them says, if these are in the chunk.
    fn first_sample(&mut self, walker: &ByteWalker<'_>, chunk: &Chunk, offset: u64) -> u64 {
        let start = chunk.body + 8;
        if offset == 0 || (offset <= chunk.size.saturating_sub(8) && start + offset <= walker.len()) {
            return start + offset;
        }
        let what =
            format!("its samples begin {offset} bytes into their chunk by its header, which ends before");
        self.notes.push(ClipNote::Contradiction(what));
        start
    }

    /// Chooses between the size of the chunk and the count of frames where they differ.
    fn sample_bytes(
        &self,
        walker: &mut ByteWalker<'_>,
        chunk: &Chunk,
        start: u64,
        measure: &Measure<'_>,
    ) -> Result<Found, Fault> {
        let description = &self.description;
        let by_chunk = chunk.end.saturating_sub(start);
        let by_count = description.bytes_of_count();
        let agree = description.frames_in(by_chunk) == description.frames_in(by_count)
            || description.frames_of(description.frames_in(by_chunk)) == description.count;
        // What the chunk or the count says is believed where nothing but chunks without sound follows.
        let use_count = !agree && !ends_well(walker, start, by_chunk)? && ends_well(walker, start, by_count)?;
        let stated = Stated {
            start,
            size: if use_count { by_count } else { by_chunk },
            is_32_bit: !use_count,
            file_end: self.file_end,
            style: Some(STYLE),
        };
        let mut found = sample_bytes(walker, &stated, measure)?;
        if !agree && found.losses.is_empty() && found.notes.is_empty() {
            let (count, unit) = (description.count, self.unit());
            found.note(match use_count {
                true => format!(
                    "its chunk of samples has {by_chunk} bytes by its header, but {by_count} are there"
                ),
                false => format!(
                    "its header promises {count} {unit}, but its samples are {}",
                    measure_of(description, found.bytes)
                ),
            });
        }
        Ok(found)
    }

    fn unit(&self) -> &'static str {
        match self.description.coding {
            Coding::Blocks(BlockCodec::ImaApple) => "packets",
            _ => "frames",
        }
    }
}

/// How many frames or packets the bytes are.
fn measure_of(description: &Description, bytes: u64) -> u64 {
    match description.coding {
        Coding::Blocks(BlockCodec::ImaApple) => bytes / description.block_bytes(),
        _ => description.frames_in(bytes),
    }
}

/// Whether samples of this many bytes are followed by nothing but chunks without sound. None at all may be a header
/// that was never finished.
fn ends_well(walker: &mut ByteWalker<'_>, start: u64, bytes: u64) -> Result<bool, Fault> {
    let end = start.saturating_add(bytes);
    if bytes == 0 || end > walker.len() {
        return Ok(false);
    }
    let behind = STYLE.behind(walker, end, end.saturating_add(bytes & 1))?;
    Ok(behind_samples(walker, behind, Some(STYLE))? == Behind::Harmless)
}

/// What the four letters of AIFF-C mean; `NONE` means AIFF.
fn coding(kind: &[u8; 4], bits: u16, channels: u16) -> Result<Coding, Fault> {
    let samples = match (kind, bits.div_ceil(8)) {
        (b"NONE" | b"twos" | b"sowt", 1) => SampleKind::I8,
        (b"NONE" | b"twos" | b"sowt", 2) => SampleKind::I16,
        (b"NONE" | b"twos" | b"sowt", 3) | (b"in24" | b"42ni", _) => SampleKind::I24,
        (b"NONE" | b"twos" | b"sowt", 4) | (b"in32" | b"23ni", _) => SampleKind::I32,
        (b"raw ", 1) => SampleKind::U8,
        (b"fl32" | b"FL32", _) => SampleKind::F32,
        (b"fl64" | b"FL64", _) => SampleKind::F64,
        (b"alaw" | b"ALAW", _) => SampleKind::ALaw,
        (b"ulaw" | b"ULAW", _) => SampleKind::MuLaw,
        (b"ima4", _) if channels <= 2 => return Ok(Coding::Blocks(BlockCodec::ImaApple)),
        (b"GSM " | b"agsm", _) if channels == 1 => return Ok(Coding::Blocks(BlockCodec::Gsm)),
        _ => {
            let kind = String::from_utf8_lossy(kind);
            let reason = format!(
                "is AIFF with samples of the unknown kind {kind:?}, {bits} bits and {channels} channels"
            );
            return Err(Fault::Unsupported(reason));
        }
    };
    let order = match kind {
        b"sowt" | b"42ni" | b"23ni" => ByteOrder::Little,
        _ => ByteOrder::Big,
    };
    Ok(Coding::Pcm(SampleFormat { kind: samples, order }))
}

/// An 80-bit float (sign and exponent, then 64 bits of mantissa with its leading one) to a whole rate; 0 for one out of
/// range.
fn extended_to_rate(exponent: [u8; 2], mantissa: &[u8]) -> u32 {
    let exponent = u16::from_be_bytes(exponent);
    let rate = big_endian(mantissa) as f64 * 2f64.powi(i32::from(exponent) - 16_383 - 63);
    let plausible = exponent & 0x8000 == 0 && rate <= f64::from(MAX_SAMPLE_RATE_HZ);
    if plausible { rate.round() as u32 } else { 0 }
}
