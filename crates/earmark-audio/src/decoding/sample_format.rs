//! How one uncompressed sample is stored, and its value as a float.

/// How one uncompressed sample is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SampleFormat {
    U8,
    I8,
    I16Le,
    I16Be,
    I24Le,
    I24Be,
    /// The lower three of four bytes; the fourth is unused.
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

    pub(super) fn is_float(self) -> bool {
        matches!(
            self,
            SampleFormat::F32Le | SampleFormat::F32Be | SampleFormat::F64Le | SampleFormat::F64Be
        )
    }

    /// The float of each of the 256 codes, for a format that needs a table.
    pub(super) fn table(self) -> Vec<f32> {
        match self {
            SampleFormat::ALaw => a_law_table(),
            SampleFormat::MuLaw => mu_law_table(),
            _ => Vec::new(),
        }
    }

    /// Appends every sample in `bytes`, whose length is a multiple of the sample size; `table` is that of [`Self::table`].
    pub(super) fn convert(self, bytes: &[u8], table: &[f32], out: &mut Vec<f32>) {
        use SampleFormat::*;
        const I16: f32 = 1.0 / 32_768.0;
        const I32: f32 = 1.0 / 2_147_483_648.0;
        match self {
            U8 => out.extend(bytes.iter().map(|&b| (f32::from(b) - 128.0) / 128.0)),
            I8 => out.extend(bytes.iter().map(|&b| f32::from(b.cast_signed()) / 128.0)),
            I16Le => each(bytes, out, |b| f32::from(i16::from_le_bytes(b)) * I16),
            I16Be => each(bytes, out, |b| f32::from(i16::from_be_bytes(b)) * I16),
            // In the upper three bytes of an i32, which keeps the sign.
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
            ALaw | MuLaw => out.extend(bytes.iter().map(|&b| table[usize::from(b)])),
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
