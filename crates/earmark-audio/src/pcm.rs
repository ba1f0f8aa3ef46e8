//! Uncompressed samples to mono floats, a block at a time.
//!
//! WAV and AIFF are read here and not through Symphonia's packets of 1,152 frames: whole blocks convert at the
//! speed of memory, and data sizes that a header gets wrong are seen and not papered over.

use std::io::{Read, SeekFrom};

use symphonia::core::io::MediaSource;

use crate::container::RawPcm;
use crate::error::{Fault, Position};

/// Bytes converted at once; fits the level-2 cache together with its floats.
const BLOCK_BYTES: usize = 128 * 1024;

/// How one uncompressed sample is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SampleFormat {
    U8,
    I8,
    I16Le,
    I16Be,
    I24Le,
    I24Be,
    /// The lower three of four bytes; the fourth means nothing.
    I24PaddedLe,
    I32Le,
    I32Be,
    F32Le,
    F32Be,
    F64Le,
    F64Be,
    ALaw,
    MuLaw,
}

impl SampleFormat {
    pub(crate) fn bytes(self) -> usize {
        use SampleFormat::*;
        match self {
            U8 | I8 | ALaw | MuLaw => 1,
            I16Le | I16Be => 2,
            I24Le | I24Be => 3,
            I24PaddedLe | I32Le | I32Be | F32Le | F32Be => 4,
            F64Le | F64Be => 8,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        use SampleFormat::*;
        match self {
            U8 | I8 => "PCM 8-bit",
            I16Le | I16Be => "PCM 16-bit",
            I24Le | I24Be | I24PaddedLe => "PCM 24-bit",
            I32Le | I32Be => "PCM 32-bit",
            F32Le | F32Be => "float 32-bit",
            F64Le | F64Be => "float 64-bit",
            ALaw => "A-law",
            MuLaw => "mu-law",
        }
    }

    fn is_float(self) -> bool {
        matches!(
            self,
            SampleFormat::F32Le | SampleFormat::F32Be | SampleFormat::F64Le | SampleFormat::F64Be
        )
    }

    /// Append every sample in `bytes`, whose length is a multiple of the sample size.
    fn convert(self, bytes: &[u8], g711: &[f32], out: &mut Vec<f32>) {
        use SampleFormat::*;
        const I16: f32 = 1.0 / 32_768.0;
        const I32: f32 = 1.0 / 2_147_483_648.0;
        match self {
            U8 => out.extend(bytes.iter().map(|&b| (f32::from(b) - 128.0) / 128.0)),
            I8 => out.extend(bytes.iter().map(|&b| f32::from(b.cast_signed()) / 128.0)),
            I16Le => each(bytes, out, |b| f32::from(i16::from_le_bytes(b)) * I16),
            I16Be => each(bytes, out, |b| f32::from(i16::from_be_bytes(b)) * I16),
            // In the upper three bytes of an i32, so that the sign comes along.
            I24Le => each(bytes, out, |[a, b, c]| {
                i32::from_le_bytes([0, a, b, c]) as f32 * I32
            }),
            I24Be => each(bytes, out, |[a, b, c]| {
                i32::from_be_bytes([a, b, c, 0]) as f32 * I32
            }),
            I24PaddedLe => each(bytes, out, |[a, b, c, _]| {
                i32::from_le_bytes([0, a, b, c]) as f32 * I32
            }),
            I32Le => each(bytes, out, |b| i32::from_le_bytes(b) as f32 * I32),
            I32Be => each(bytes, out, |b| i32::from_be_bytes(b) as f32 * I32),
            F32Le => each(bytes, out, f32::from_le_bytes),
            F32Be => each(bytes, out, f32::from_be_bytes),
            F64Le => each(bytes, out, |b| f64::from_le_bytes(b) as f32),
            F64Be => each(bytes, out, |b| f64::from_be_bytes(b) as f32),
            ALaw | MuLaw => out.extend(bytes.iter().map(|&b| g711[usize::from(b)])),
        }
    }
}

fn each<const N: usize>(bytes: &[u8], out: &mut Vec<f32>, convert: impl Fn([u8; N]) -> f32) {
    let (samples, _) = bytes.as_chunks::<N>();
    out.extend(samples.iter().map(|&sample| convert(sample)));
}

/// The 256 values of ITU-T G.711 A-law: sign, three exponent bits, four mantissa bits, even bits inverted.
fn a_law_table() -> Vec<f32> {
    let value = |code: u8| {
        let code = code ^ 0x55;
        let (exponent, mantissa) = ((code >> 4) & 7, i32::from(code & 15));
        let magnitude = match exponent {
            0 => (mantissa << 4) + 8,
            e => ((mantissa << 4) + 0x108) << (e - 1),
        };
        if code & 0x80 != 0 { magnitude } else { -magnitude }
    };
    (0..=255).map(|code| value(code) as f32 / 32_768.0).collect()
}

/// The 256 values of ITU-T G.711 mu-law: all bits inverted, bias 132.
fn mu_law_table() -> Vec<f32> {
    let value = |code: u8| {
        let code = !code;
        let magnitude = (((i32::from(code & 15) << 3) + 132) << ((code >> 4) & 7)) - 132;
        if code & 0x80 != 0 { -magnitude } else { magnitude }
    };
    (0..=255).map(|code| value(code) as f32 / 32_768.0).collect()
}

/// The mean of each frame's channels, appended to `out`.
pub(crate) fn mix_down(interleaved: &[f32], channels: usize, out: &mut Vec<f32>) {
    let scale = 1.0 / channels as f32;
    match channels {
        1 => out.extend_from_slice(interleaved),
        2 => out.extend(
            interleaved
                .as_chunks::<2>()
                .0
                .iter()
                .map(|[l, r]| (l + r) * scale),
        ),
        _ => out.extend(
            interleaved
                .chunks_exact(channels)
                .map(|frame| frame.iter().sum::<f32>() * scale),
        ),
    }
}

/// Reads the sample data of a WAV or AIFF file.
pub(crate) struct PcmReader {
    source: Box<dyn MediaSource>,
    raw: RawPcm,
    g711: Vec<f32>,
    next_frame: u64,
    bytes: Vec<u8>,
    interleaved: Vec<f32>,
}

impl PcmReader {
    pub(crate) fn new(mut source: Box<dyn MediaSource>, raw: RawPcm) -> Result<Self, Fault> {
        let at = raw.data_start;
        source
            .seek(SeekFrom::Start(at))
            .map_err(|e| Fault::Io(e, Position::Byte(at)))?;
        let g711 = match raw.format {
            SampleFormat::ALaw => a_law_table(),
            SampleFormat::MuLaw => mu_law_table(),
            _ => Vec::new(),
        };
        Ok(Self {
            source,
            raw,
            g711,
            next_frame: 0,
            bytes: Vec::new(),
            interleaved: Vec::new(),
        })
    }

    /// Go on at this frame, or at the end where there are fewer.
    pub(crate) fn seek(&mut self, frame: u64) -> Result<(), Fault> {
        self.next_frame = frame.min(self.raw.frames);
        let byte = self.raw.data_start + self.next_frame * self.raw.frame_bytes() as u64;
        let io = |e| Fault::Io(e, Position::Byte(byte));
        self.source.seek(SeekFrom::Start(byte)).map_err(io)?;
        Ok(())
    }

    /// Append the next block, as mono; `false` where there is none.
    pub(crate) fn next_block(&mut self, out: &mut Vec<f32>) -> Result<bool, Fault> {
        let (frame_bytes, channels) = (self.raw.frame_bytes(), usize::from(self.raw.channels));
        let left = self.raw.frames - self.next_frame;
        if left == 0 {
            return Ok(false);
        }
        let frames = ((BLOCK_BYTES / frame_bytes).max(1) as u64).min(left);
        self.bytes.resize(frames as usize * frame_bytes, 0);
        let here = Position::frame(self.next_frame, self.raw.sample_rate_hz);
        // The header walk has seen that the bytes are there: the file shrinks while it is read, or the disk fails.
        self.source
            .read_exact(&mut self.bytes)
            .map_err(|e| Fault::Io(e, here))?;

        let block_start = out.len();
        if channels == 1 {
            self.raw.format.convert(&self.bytes, &self.g711, out);
            self.check_finite(&out[block_start..], channels)?;
        } else {
            let mut interleaved = std::mem::take(&mut self.interleaved);
            interleaved.clear();
            self.raw.format.convert(&self.bytes, &self.g711, &mut interleaved);
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
        if !self.raw.format.is_float() {
            return Ok(());
        }
        check_finite(samples, channels, self.next_frame, self.raw.sample_rate_hz)
    }
}

/// The first sample that is NaN or infinite, as a fault. `first_frame` is the place of `samples[0]`.
pub(crate) fn check_finite(
    samples: &[f32],
    channels: usize,
    first_frame: u64,
    sample_rate_hz: u32,
) -> Result<(), Fault> {
    // An exponent of all ones is NaN or infinite: one integer maximum tells, without a branch a sample.
    const EXPONENT: u32 = 0x7f80_0000;
    if samples
        .iter()
        .map(|x| x.to_bits() & 0x7fff_ffff)
        .max()
        .is_none_or(|bits| bits < EXPONENT)
    {
        return Ok(());
    }
    match samples.iter().position(|x| !x.is_finite()) {
        Some(index) => {
            let at = Position::frame(first_frame + (index / channels) as u64, sample_rate_hz);
            Err(Fault::NonFinite(samples[index], at))
        }
        None => Ok(()),
    }
}
