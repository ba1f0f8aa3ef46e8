//! FLAC that we write: our decoder, which compares the MD5, gives the same samples again, and it is smaller than the
//! samples.

mod common;

use common::file;
use earmark_audio::{ClipNote, decode_bytes_native, encode_flac};
use proptest::prelude::*;

/// Encodes, decodes and compares; returns the size of the file.
fn round_trip(samples: &[i16], rate_hz: u32) -> usize {
    let bytes = encode_flac(samples, rate_hz);
    let size = bytes.len();
    let decoded = decode_bytes_native(bytes).unwrap_or_else(|e| panic!("{} samples: {e}", samples.len()));
    assert_eq!(decoded.source.container, "FLAC");
    assert_eq!(decoded.clip.sample_rate_hz, rate_hz);
    assert_eq!(decoded.source.frames, Some(samples.len() as u64));
    let wanted: Vec<f32> = samples
        .iter()
        .map(|sample| f32::from(*sample) / 32_768.0)
        .collect();
    assert!(decoded.clip.samples == wanted, "{} samples", samples.len());
    let notes = decoded.notes.iter().filter(|note| **note != ClipNote::EmptyFile);
    assert_eq!(notes.count(), 0, "{:?}", decoded.notes);
    size
}

/// Numbers without order, from -32,768 to 32,767.
fn noise(length: usize) -> Vec<i16> {
    let mut state = 1_u32;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((state >> 16) as u16).cast_signed()
    };
    (0..length).map(next).collect()
}

fn tone(length: usize) -> Vec<i16> {
    let sample = |n: usize| (20_000.0 * (0.05 * n as f64).sin()) as i16;
    (0..length).map(sample).collect()
}

#[test]
fn every_length_around_a_block_survives() {
    for length in [1, 2, 3, 4, 5, 6, 255, 256, 4095, 4096, 4097, 4100, 8192, 12_345] {
        round_trip(&tone(length), 44_100);
        round_trip(&noise(length), 8_000);
        round_trip(&vec![0; length], 44_100);
    }
}

#[test]
fn without_samples_it_is_an_empty_file() {
    let decoded = decode_bytes_native(encode_flac(&[], 44_100)).unwrap();
    assert!(decoded.clip.is_empty() && decoded.losses.is_empty());
    assert_eq!(decoded.notes, [ClipNote::EmptyFile]);
}

#[test]
fn the_largest_differences_survive() {
    let ends = |n: usize| if n.is_multiple_of(2) { i16::MIN } else { i16::MAX };
    round_trip(&(0..5_000).map(ends).collect::<Vec<_>>(), 44_100);
    // One step among silence: a long code of zeros.
    let mut step = vec![0; 4096];
    step[2000] = i16::MAX;
    step[2001] = i16::MIN;
    round_trip(&step, 44_100);
}

#[test]
fn sound_shrinks_and_noise_hardly_grows() {
    let (length, blocks) = (44_100, 11);
    assert!(round_trip(&tone(length), 44_100) < length);
    assert!(round_trip(&vec![0; length], 44_100) < length / 7);
    // A header of 42 bytes, and of each block 13 bytes that are not samples.
    assert!(round_trip(&noise(length), 44_100) <= 2 * length + 42 + 13 * blocks);
    // More frames than fit into one byte of their number.
    round_trip(&tone(4096 * 130 + 7), 44_100);
}

/// The header of another encoder's file, mono of 16 bits: the same rate, depth, length and MD5.
#[test]
fn the_header_is_that_of_another_encoder() {
    let theirs = std::fs::read(file("flac-22k.flac")).expect("readable");
    let decoded = decode_bytes_native(theirs.clone()).unwrap();
    let samples: Vec<i16> = decoded
        .clip
        .samples
        .iter()
        .map(|sample| (sample * 32_768.0) as i16)
        .collect();
    let ours = encode_flac(&samples, 22_050);
    assert_eq!(ours[18..42], theirs[18..42]);
}

#[test]
fn damage_is_noticed() {
    let whole = encode_flac(&tone(10_000), 44_100);
    for at in [30, 60, whole.len() / 2, whole.len() - 1] {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        assert!(decode_bytes_native(bytes).is_err(), "byte {at}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_samples_survive(samples in prop::collection::vec(any::<i16>(), 1..6_000), shift in 0_u32..16) {
        let samples: Vec<i16> = samples.iter().map(|sample| sample >> shift).collect();
        round_trip(&samples, 44_100);
    }
}
