//! What the tests of MPEG audio share: the frames of two committed files, and what is said of them.
#![allow(dead_code, reason = "every test file uses its own part")]

use super::common::file;
use earmark_audio::{ClipNote, Decoded, LostSound};

/// Ten frames of 576 samples (MPEG 2, stereo, 22.05 kHz, 48 kbit/s), without an encoder's tag.
pub const PLAIN: &str = "no-xing-22k-stereo.mp3";
/// Samples of a frame of [`PLAIN`], and its rate.
pub const FRAME: usize = 576;
pub const RATE: f64 = 22_050.0;
/// An encoder's tag and seven frames of 1,152 samples (MPEG 1, mono, 44.1 kHz, 48 kbit/s).
pub const TAGGED: &str = "xing-cbr-44k.mp3";

pub fn bytes_of(name: &str) -> Vec<u8> {
    std::fs::read(file(name)).expect("readable")
}

/// The frames of one of the files above.
pub fn frames(bytes: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    let mut rest = bytes;
    while rest.len() >= 4 && rest[0] == 0xff {
        let is_mpeg1 = rest[1] & 0x18 == 0x18;
        let (samples, rate) = if is_mpeg1 { (1152, 44_100) } else { (576, 22_050) };
        // The frame of the tag is longer than the others.
        let bits = match (is_mpeg1, rest[2] >> 4) {
            (true, 3) | (false, 6) => 48_000,
            (true, 4) => 56_000,
            other => panic!("{other:?}"),
        };
        let length = samples / 8 * bits / rate + usize::from((rest[2] >> 1) & 1);
        let (frame, behind) = rest.split_at(length.min(rest.len()));
        found.push(frame);
        rest = behind;
    }
    found
}

pub fn contradictions(decoded: &Decoded) -> Vec<&str> {
    let notes = decoded.notes.iter();
    notes
        .filter_map(|note| match note {
            ClipNote::Contradiction(text) => Some(text.as_str()),
            _ => None,
        })
        .collect()
}

/// The first loss like this.
#[track_caller]
pub fn loss(decoded: &Decoded, is_wanted: impl Fn(&LostSound) -> bool) -> &LostSound {
    let found = decoded.losses.iter().find(|loss| is_wanted(loss));
    found.unwrap_or_else(|| panic!("{:?}", decoded.losses))
}

/// Whether a loss is of `samples` samples, within one.
pub fn lasts(loss: &LostSound, samples: usize, rate: f64) -> bool {
    loss.seconds
        .is_some_and(|seconds| (seconds * rate - samples as f64).abs() < 1.0)
}

#[track_caller]
pub fn assert_close(got: &[f32], wanted: &[f32]) {
    assert_eq!(got.len(), wanted.len());
    let worst = got
        .iter()
        .zip(wanted)
        .map(|(g, w)| (g - w).abs())
        .fold(0.0, f32::max);
    assert!(worst < 1e-5, "differs by {worst}");
}

/// An ID3v2 tag with this content, of less than 16 kB.
pub fn id3v2(content: &[u8]) -> Vec<u8> {
    let size = content.len();
    let mut tag = b"ID3\x03\0\0\0\0".to_vec();
    tag.extend([(size >> 7) as u8 & 0x7f, size as u8 & 0x7f]);
    tag.extend(content);
    tag
}
