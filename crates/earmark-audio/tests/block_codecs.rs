//! ADPCM and GSM: to the bit as libsndfile decodes them, damaged blocks, short blocks and parts of files.

mod common;

use common::{file, refusal, salvaged};
use earmark_audio::{Fault, decode_bytes_native, read_native, read_range};

/// What libsndfile decodes a file to: 16-bit integers, all channels of a frame together.
fn exact(name: &str, channels: usize) -> Vec<f32> {
    let bytes = std::fs::read(file("../golden").join(format!("exact-{name}.npy"))).expect("readable");
    // Version 1.0: ten bytes, of which the last two are the length of the header.
    let start = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let samples = bytes[start..].as_chunks::<2>().0.iter();
    let samples: Vec<f32> = samples
        .map(|&b| f32::from(i16::from_le_bytes(b)) / 32_768.0)
        .collect();
    let mean = |frame: &[f32]| frame.iter().sum::<f32>() / channels as f32;
    samples.chunks_exact(channels).map(mean).collect()
}

#[test]
fn gsm_and_ima_of_apple_are_exact() {
    for (name, channels) in [("gsm-8k.wav", 1), ("gsm-8k.aiff", 1), ("ima4-16k-stereo.aiff", 2)] {
        let wanted = exact(name, channels);
        assert!(wanted.len() >= 1_280);
        assert_eq!(
            read_native(&file(name)).expect(name).clip.samples,
            wanted,
            "{name}"
        );
    }
}

#[test]
fn a_damaged_block_is_refused_or_silent() {
    let name = "ima-adpcm-16k.wav";
    let mut bytes = std::fs::read(file(name)).expect("readable");
    let wanted = read_native(&file(name)).expect(name).clip.samples;
    // The step in the header of the second of two blocks.
    bytes[60 + 1_024 + 2] = 200;
    let fault = refusal(bytes.clone());
    assert!(matches!(fault, Fault::Corrupt(..)), "{fault}");
    let decoded = salvaged(&bytes);
    let (samples, losses) = (decoded.clip.samples, decoded.losses);
    assert_eq!(samples[..2_041], wanted[..2_041]);
    assert_eq!(samples[2_041..], [0.0; 2_041]);
    assert_eq!((losses.len(), losses[0].seconds), (1, Some(2_041.0 / 16_000.0)));
    assert!(losses[0].is_silence);
}

#[test]
fn a_short_last_block_is_decoded_as_far_as_it_goes() {
    let name = "ima-adpcm-16k.wav";
    let wanted = read_native(&file(name)).expect(name).clip.samples;
    let mut bytes = std::fs::read(file(name)).expect("readable");
    // The size agrees: an encoder that does not fill up its last block. Four bytes of header and eight of samples are left.
    bytes.truncate(60 + 1_024 + 12);
    let riff = bytes.len() as u32 - 8;
    bytes[4..8].copy_from_slice(&riff.to_le_bytes());
    bytes[56..60].copy_from_slice(&(1_024_u32 + 12).to_le_bytes());
    let decoded = decode_bytes_native(bytes.clone()).expect("valid");
    assert_eq!(decoded.clip.samples, wanted[..2_041 + 17]);
    // The fact chunk says where the sound ends in it, but does not take away whole blocks.
    for (fact, len) in [(2_050_u32, 2_050), (100, 2_058), (0, 2_058)] {
        bytes[48..52].copy_from_slice(&fact.to_le_bytes());
        assert_eq!(decode_bytes_native(bytes.clone()).expect("valid").clip.len(), len);
    }
}

/// Silence of a stated length before compressed samples is left out, and said.
#[test]
fn silence_before_blocks_is_noted() {
    let name = "ima-adpcm-16k.wav";
    let wanted = read_native(&file(name)).expect(name);
    let mut bytes = std::fs::read(file(name)).expect("readable");
    let silence = [&b"slnt\x04\0\0\0"[..], &8_000_u32.to_le_bytes()].concat();
    // Before the chunk of the samples, whose head has eight bytes.
    bytes.splice(52..52, silence);
    let riff = bytes.len() as u32 - 8;
    bytes[4..8].copy_from_slice(&riff.to_le_bytes());
    let decoded = decode_bytes_native(bytes).expect("valid");
    assert_eq!(decoded.clip, wanted.clip);
    let notes: Vec<String> = decoded.notes.iter().map(ToString::to_string).collect();
    assert_eq!(wanted.notes.len() + 1, notes.len(), "{notes:?}");
    assert!(
        notes.iter().any(|note| note.contains("0.500 s of silence")),
        "{notes:?}"
    );
}

#[test]
fn a_cut_keeps_whole_blocks() {
    for (name, keep, len) in [
        ("gsm-8k.wav", 60 + 3 * 65 + 40, 960),
        ("ms-adpcm-16k-stereo.wav", 90 + 1_024 + 3, 1_012),
    ] {
        let wanted = read_native(&file(name)).expect(name).clip.samples;
        let mut bytes = std::fs::read(file(name)).expect("readable");
        bytes.truncate(keep);
        let decoded = salvaged(&bytes);
        let (samples, losses) = (decoded.clip.samples, decoded.losses);
        assert_eq!(samples, wanted[..len], "{name}");
        assert_eq!(losses.len(), 1, "{name}");
        assert!(
            losses[0].is_cut_off && losses[0].seconds > Some(0.1),
            "{name}: {losses:?}"
        );
    }
}

#[test]
fn parts_equal_the_same_samples_of_the_whole() {
    for (name, rate) in [
        ("ima-adpcm-16k.wav", 16_000),
        ("ima4-16k-stereo.aiff", 16_000),
        ("gsm-8k.wav", 8_000),
    ] {
        let whole = read_native(&file(name)).expect(name).clip.samples;
        for (start, len) in [(0_usize, 10_usize), (500, 300), (1_275, 100_000)] {
            let seconds = |frames: usize| frames as f64 / f64::from(rate);
            let part = read_range(&file(name), rate, seconds(start), seconds(len)).expect(name);
            let end = whole.len().min(start + len);
            assert_eq!(part.clip.samples, whole[start..end], "{name} from {start}");
        }
    }
}
