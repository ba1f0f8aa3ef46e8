//! WAV from mono samples: 16 bits, or 32-bit floats.

/// The samples as a WAV file of 16 bits.
pub fn encode_wav_16(samples: &[i16], sample_rate_hz: u32) -> Vec<u8> {
    let data = samples.iter().flat_map(|sample| sample.to_le_bytes());
    wav(1, 2, sample_rate_hz, data.collect())
}

/// The samples as a WAV file of 32-bit floats.
pub fn encode_wav_float(samples: &[f32], sample_rate_hz: u32) -> Vec<u8> {
    let data = samples.iter().flat_map(|sample| sample.to_le_bytes());
    wav(3, 4, sample_rate_hz, data.collect())
}

/// A file of one channel; `tag` is the format and `bytes` those of a sample. A size that 32 bits can't say is left
/// open.
fn wav(tag: u16, bytes: u16, sample_rate_hz: u32, data: Vec<u8>) -> Vec<u8> {
    // Formats other than PCM have the size of an extension, and say how many samples there are.
    let more = match tag {
        1 => Vec::new(),
        _ => {
            let samples = data.len() / usize::from(bytes);
            [&[0_u8, 0][..], b"fact\x04\0\0\0", &size(samples).to_le_bytes()].concat()
        }
    };
    let format_bytes: u32 = if tag == 1 { 16 } else { 18 };
    let format = [
        &format_bytes.to_le_bytes()[..],
        &tag.to_le_bytes(),
        &1_u16.to_le_bytes(),
        &sample_rate_hz.to_le_bytes(),
        &sample_rate_hz.saturating_mul(u32::from(bytes)).to_le_bytes(),
        &bytes.to_le_bytes(),
        &(8 * bytes).to_le_bytes(),
        &more,
        b"data",
        &size(data.len()).to_le_bytes(),
    ]
    .concat();
    let riff = size(8 + format.len() + data.len());
    [
        b"RIFF".as_slice(),
        &riff.to_le_bytes(),
        b"WAVEfmt ",
        &format,
        &data,
    ]
    .concat()
}

fn size(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
