//! ADTS as it is found: joined, tagged, begun and ended within a frame, with holes.

mod common;

use common::{file, salvaged, strict};
use earmark_audio::Fault;

/// Samples of a frame of AAC; the file has five.
const FRAME: usize = 1024;
const RATE: f64 = 32_000.0;

fn original() -> Vec<u8> {
    std::fs::read(file("adts-32k.aac")).expect("readable")
}

/// Where the frames begin, and the end.
fn starts(bytes: &[u8]) -> Vec<usize> {
    let mut starts = vec![0];
    let mut at = 0;
    while at + 7 <= bytes.len() {
        let length = [bytes[at + 3] & 3, bytes[at + 4], bytes[at + 5]];
        at += usize::from(length[0]) << 11 | usize::from(length[1]) << 3 | usize::from(length[2] >> 5);
        starts.push(at);
    }
    starts
}

#[test]
fn sound_behind_a_tag_is_read() {
    let bytes = original();
    let own = strict(&bytes).expect("decodes").clip.samples;
    let id3v2 = [b"ID3\x04\0\0\0\0\0\x20".as_slice(), &[0; 32]].concat();
    // What looks like a frame is in the tag.
    let trap = [
        b"ID3\x04\0\0\0\0\0\x08".as_slice(),
        &[0xff, 0xf1, 0x54, 0x40, 0x25, 0x9f, 0xfc, 0],
    ]
    .concat();
    let id3v1 = [b"TAG".as_slice(), &[b'x'; 125]].concat();
    for tag in [Vec::new(), id3v2, trap, id3v1] {
        let got = strict(&[bytes.as_slice(), &tag, &bytes].concat())
            .expect("decodes")
            .clip
            .samples;
        assert_eq!(got.len(), 2 * own.len());
        assert_eq!(got[..own.len()], own);
        // The first frame of the second part overlaps with the end of the first.
        let differs = got[own.len() + FRAME..].iter().zip(&own[FRAME..]);
        assert!(differs.into_iter().all(|(g, w)| (g - w).abs() < 1e-5));
    }
}

#[test]
fn ragged_ends_cost_their_frames() {
    let bytes = original();
    let own = strict(&bytes).expect("decodes").clip.samples;
    let cut = &bytes[..bytes.len() - 9];
    assert!(matches!(strict(cut), Err(Fault::Truncated(..))));
    let decoded = salvaged(cut);
    assert_eq!(decoded.clip.samples, own[..4 * FRAME]);
    let loss = &decoded.losses[0];
    assert!(
        loss.is_cut_off && (loss.seconds.expect("known") - FRAME as f64 / RATE).abs() < 1e-9,
        "{loss}"
    );

    assert!(strict(&bytes[20..]).is_err());
    let decoded = salvaged(&bytes[20..]);
    let len = decoded.clip.len();
    assert!((4 * FRAME..=5 * FRAME).contains(&len), "{len}");
    assert_eq!(decoded.clip.samples[len - 2 * FRAME..], own[3 * FRAME..]);
}

#[test]
fn missing_bytes_cost_their_frame() {
    let bytes = original();
    let own = strict(&bytes).expect("decodes").clip.samples;
    let at = starts(&bytes)[2] + 30;
    let mut damaged = bytes.clone();
    damaged.drain(at..at + 25);
    assert!(matches!(strict(&damaged), Err(Fault::Corrupt(..))));
    let decoded = salvaged(&damaged);
    assert_eq!(decoded.clip.len(), own.len());
    assert!(decoded.losses[0].is_silence, "{}", decoded.losses[0]);
    assert_eq!(decoded.clip.samples[..2 * FRAME], own[..2 * FRAME]);
    // Behind the gap the first frame lacks what it overlaps with.
    assert_eq!(decoded.clip.samples[4 * FRAME..], own[4 * FRAME..]);
}

#[test]
fn several_frames_of_aac_in_one_are_named() {
    let mut bytes = original();
    for at in starts(&bytes.clone()) {
        if let Some(byte) = bytes.get_mut(at + 6) {
            *byte |= 1;
        }
    }
    match strict(&bytes) {
        Err(Fault::Unsupported(what)) => assert!(what.contains("several AAC frames"), "{what}"),
        other => panic!("{other:?}"),
    }
}
