//! How one uncompressed sample is stored, and its value as a float.

use super::a_law_and_mu_law::{a_law, mu_law};

/// The byte order of every number in the file, samples and sizes alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ByteOrder {
    Little,
    /// Of AIFF, and of RIFX: what programs on big-endian machines wrote.
    Big,
}

impl ByteOrder {
    pub(crate) fn u16(self, bytes: [u8; 2]) -> u16 {
        match self {
            ByteOrder::Little => u16::from_le_bytes(bytes),
            ByteOrder::Big => u16::from_be_bytes(bytes),
        }
    }

    pub(crate) fn u32(self, bytes: [u8; 4]) -> u32 {
        match self {
            ByteOrder::Little => u32::from_le_bytes(bytes),
            ByteOrder::Big => u32::from_be_bytes(bytes),
        }
    }
}

/// How one uncompressed sample is stored.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SampleFormat {
    pub(crate) kind: SampleKind,
    /// Of samples longer than a byte.
    pub(crate) order: ByteOrder,
}

/// Width and meaning of a sample.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SampleKind {
    U8,
    I8,
    I16,
    I24,
    /// The lower three of four bytes, little-endian; the fourth is unused.
    I24Padded,
    I32,
    F32,
    F64,
    ALaw,
    MuLaw,
}

impl SampleFormat {
    pub(crate) fn bytes(self) -> usize {
        use SampleKind::*;
        match self.kind {
            U8 | I8 | ALaw | MuLaw => 1,
            I16 => 2,
            I24 => 3,
            I24Padded | I32 | F32 => 4,
            F64 => 8,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        use SampleKind::*;
        match self.kind {
            U8 | I8 => "PCM 8-bit",
            I16 => "PCM 16-bit",
            I24 | I24Padded => "PCM 24-bit",
            I32 => "PCM 32-bit",
            F32 => "float 32-bit",
            F64 => "float 64-bit",
            ALaw => "A-law",
            MuLaw => "mu-law",
        }
    }

    pub(super) fn is_float(self) -> bool {
        matches!(self.kind, SampleKind::F32 | SampleKind::F64)
    }

    /// Appends every sample in `bytes`, whose length is a multiple of the sample size.
    pub(in crate::decoding) fn convert(self, bytes: &[u8], out: &mut Vec<f32>) {
        use SampleKind::*;
        const SCALE_16: f32 = 1.0 / 32_768.0;
        const SCALE_32: f32 = 1.0 / 2_147_483_648.0;
        let order = self.order;
        match self.kind {
            U8 => out.extend(bytes.iter().map(|&b| (f32::from(b) - 128.0) / 128.0)),
            I8 => out.extend(bytes.iter().map(|&b| f32::from(b.cast_signed()) / 128.0)),
            I16 => each(order, bytes, out, |b| f32::from(i16::from_le_bytes(b)) * SCALE_16),
            // In the upper three bytes of an i32, which keeps the sign.
            I24 => each(order, bytes, out, |[a, b, c]| {
                i32::from_le_bytes([0, a, b, c]) as f32 * SCALE_32
            }),
            I24Padded => each(order, bytes, out, |[a, b, c, _]| {
                i32::from_le_bytes([0, a, b, c]) as f32 * SCALE_32
            }),
            I32 => each(order, bytes, out, |b| i32::from_le_bytes(b) as f32 * SCALE_32),
            F32 => each(order, bytes, out, f32::from_le_bytes),
            F64 => each(order, bytes, out, |b| f64::from_le_bytes(b) as f32),
            ALaw => out.extend(bytes.iter().map(|&b| a_law(b))),
            MuLaw => out.extend(bytes.iter().map(|&b| mu_law(b))),
        }
    }
}

/// Appends what `convert` makes of the bytes of each sample, the lowest first.
fn each<const N: usize>(
    order: ByteOrder,
    bytes: &[u8],
    out: &mut Vec<f32>,
    convert: impl Fn([u8; N]) -> f32,
) {
    let samples = bytes.as_chunks::<N>().0.iter();
    match order {
        ByteOrder::Little => out.extend(samples.map(|&sample| convert(sample))),
        ByteOrder::Big => out.extend(samples.map(|&(mut sample)| {
            sample.reverse();
            convert(sample)
        })),
    }
}
