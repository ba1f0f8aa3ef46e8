//! WAV that we write: our decoder gives the same samples again, without a remark.

use earmark_audio::{ClipNote, Decoded, decode_bytes_native, encode_wav_16, encode_wav_float};

fn decoded(bytes: Vec<u8>) -> Decoded {
    let decoded = decode_bytes_native(bytes).expect("a WAV file");
    let notes = decoded.notes.iter().filter(|note| **note != ClipNote::EmptyFile);
    assert_eq!(notes.count(), 0, "{:?}", decoded.notes);
    assert_eq!(decoded.source.container, "WAV");
    assert_eq!(decoded.source.channels, 1);
    decoded
}

#[test]
fn sixteen_bits_are_read_back() {
    for length in [0, 1, 7, 10_000] {
        let samples: Vec<i16> = (0..length).map(|k| (k * 37 % 65_536 - 32_768) as i16).collect();
        let bytes = encode_wav_16(&samples, 48_000);
        assert_eq!(bytes.len(), 44 + 2 * samples.len());
        let found = decoded(bytes);
        assert_eq!(
            (found.source.codec.as_str(), found.clip.sample_rate_hz),
            ("PCM 16-bit", 48_000)
        );
        let wanted: Vec<f32> = samples
            .iter()
            .map(|sample| f32::from(*sample) / 32_768.0)
            .collect();
        assert!(found.clip.samples == wanted, "{length} samples");
    }
}

#[test]
fn floats_are_read_back_also_beyond_one() {
    let samples = [0.0, -1.5, 1e-9, 0.333_333_34, f32::MIN_POSITIVE];
    let found = decoded(encode_wav_float(&samples, 8_000));
    assert_eq!(
        (found.source.codec.as_str(), found.clip.sample_rate_hz),
        ("float 32-bit", 8_000)
    );
    assert_eq!(found.clip.samples, samples);
    assert!(decoded(encode_wav_float(&[], 96_000)).clip.is_empty());
}
