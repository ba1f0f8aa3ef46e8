//! The one kind of WAV file that the demo set needs: 16-bit PCM, mono.

/// The bytes of a WAV file with `samples`, clipped to [-1, 1].
pub(super) fn encode(samples: &[f32], sample_rate_hz: u32) -> Vec<u8> {
    const HEADER_BYTES: u32 = 44;
    const BYTES_PER_SAMPLE: u32 = 2;
    let data_bytes = samples.len() as u32 * BYTES_PER_SAMPLE;
    let mut bytes = Vec::with_capacity((HEADER_BYTES + data_bytes) as usize);
    bytes.extend(b"RIFF");
    bytes.extend((HEADER_BYTES - 8 + data_bytes).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend(16u32.to_le_bytes());
    // Format 1 is PCM; one channel.
    bytes.extend([1u16, 1].into_iter().flat_map(u16::to_le_bytes));
    bytes.extend(
        [sample_rate_hz, sample_rate_hz * BYTES_PER_SAMPLE]
            .into_iter()
            .flat_map(u32::to_le_bytes),
    );
    bytes.extend(
        [BYTES_PER_SAMPLE as u16, 16]
            .into_iter()
            .flat_map(u16::to_le_bytes),
    );
    bytes.extend(b"data");
    bytes.extend(data_bytes.to_le_bytes());
    for sample in samples {
        bytes.extend(((sample.clamp(-1.0, 1.0) * 32_767.0).round() as i16).to_le_bytes());
    }
    bytes
}
