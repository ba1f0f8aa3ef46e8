//! What encoders of MPEG audio state and use: numbers of frames, delays, mixed blocks, layers.

mod common;
#[path = "common/mpeg.rs"]
mod mpeg;

use common::{file, salvaged, snr_db, strict};
use earmark_audio::{Fault, read_native};
use mpeg::{PLAIN, TAGGED, assert_close, bytes_of, contradictions, frames, id3v2, lasts, loss};

/// Where the number of frames is in the encoder's tag.
fn count_at(tagged: &[u8]) -> usize {
    let is_tag = |w: &[u8]| w == b"Xing" || w == b"Info";
    tagged.windows(4).position(is_tag).expect("a tag") + 8
}

#[test]
fn promised_frames_are_missed_and_others_are_kept() {
    let tagged = bytes_of(TAGGED);
    let own = strict(&tagged).expect("decodes").clip.samples;
    let all = frames(&tagged);
    let kept = all.len() - 2;
    let short = all[..kept].concat();
    assert!(matches!(strict(&short), Err(Fault::Truncated(..))));
    let decoded = salvaged(&short);
    loss(&decoded, |loss| {
        loss.is_cut_off && lasts(loss, 2 * 1152, 44_100.0)
    });
    // Without the frame of the tag, and without the delay of 1,105 samples.
    let len = (kept - 1) * 1152 - 1105;
    assert_eq!(decoded.clip.samples, own[..len]);

    let mut wrong = tagged.clone();
    let at = count_at(&wrong) + 3;
    wrong[at] -= 1;
    let decoded = strict(&wrong).expect("decodes");
    assert!(
        contradictions(&decoded)[0].contains("MPEG frames"),
        "{:?}",
        decoded.notes
    );
    assert_eq!(decoded.clip.len(), (all.len() - 1) * 1152 - 1105);
    assert_eq!(decoded.clip.samples[..own.len()], own);
}

#[test]
fn a_gap_is_as_long_as_the_promise_says() {
    let tagged = bytes_of(TAGGED);
    let own = strict(&tagged).expect("decodes").clip.samples;
    let all = frames(&tagged);
    // Three frames out of the middle, with a few bytes in their place.
    let holed = [all[..3].concat(), b"hole".repeat(9), all[6..].concat()].concat();
    let decoded = salvaged(&holed);
    assert_eq!(decoded.clip.len(), own.len());
    loss(&decoded, |loss| {
        loss.is_silence && lasts(loss, 3 * 1152, 44_100.0)
    });
    assert_close(&decoded.clip.samples[..1000], &own[..1000]);
}

#[test]
fn a_promise_of_far_more_frames_asks_for_no_silence() {
    let tagged = bytes_of(TAGGED);
    let own = strict(&tagged).expect("decodes").clip.samples;
    let all = frames(&tagged);
    let promising = |mut bytes: Vec<u8>| {
        let at = count_at(&bytes);
        bytes[at..at + 4].copy_from_slice(&1_000_u32.to_be_bytes());
        bytes
    };
    // A hole between four frames: what is missing is said, and the frames follow each other.
    let holed = [all[..3].concat(), b"hole".repeat(9), all[6..].concat()].concat();
    let decoded = salvaged(&promising(holed));
    assert!(decoded.clip.len() <= 4 * 1152, "{}", decoded.clip.len());
    loss(&decoded, |loss| {
        loss.is_cut_off && !loss.is_silence && lasts(loss, 996 * 1152, 44_100.0)
    });
    // Another recording follows directly.
    let decoded = salvaged(&[promising(tagged.clone()), tagged.clone()].concat());
    assert_eq!(decoded.clip.len(), 7 * 1152 - 1105 + own.len());
    loss(&decoded, |loss| {
        loss.is_cut_off && loss.seconds.is_none() && loss.reason.contains("promises 1000 MPEG frames")
    });
}

#[test]
fn delays_of_itunes_are_cut_off() {
    let tagged = bytes_of(TAGGED);
    let own = strict(&tagged).expect("decodes").clip.samples;
    let frames = &frames(&tagged)[1..];
    let (delay, length) = (576, own.len());
    let with_comment = |padding: usize| {
        let text = format!(" 00000000 {delay:08X} {padding:08X} {length:016X} 00000000");
        let body = [b"\0engiTunSMPB\0", text.as_bytes()].concat();
        let frame = [b"COMM\0\0\0".as_slice(), &[body.len() as u8, 0, 0], &body].concat();
        strict(&[id3v2(&frame), frames.concat()].concat()).expect("decodes")
    };
    let padding = frames.len() * 1152 - delay - length;
    let decoded = with_comment(padding);
    assert_eq!(contradictions(&decoded), Vec::<&str>::new());
    assert_eq!(decoded.clip.samples, own);
    let decoded = with_comment(padding + 5_000);
    assert_eq!(decoded.clip.len(), frames.len() * 1152);
    assert!(
        contradictions(&decoded)[0].contains("iTunes"),
        "{:?}",
        decoded.notes
    );
}

/// Makes the first granule of a frame a mixed block.
fn mix(frame: &mut [u8], granule_at: usize, flags_at: usize) {
    for (bit, value) in [1, 1, 0, 1].into_iter().enumerate() {
        let at = 32 + granule_at + flags_at + bit;
        let mask = 0x80 >> (at % 8);
        frame[at / 8] = if value == 1 {
            frame[at / 8] | mask
        } else {
            frame[at / 8] & !mask
        };
    }
}

#[test]
fn mixed_blocks_are_not_decoded() {
    let tagged = bytes_of(TAGGED);
    let own = strict(&tagged).expect("decodes").clip.samples;
    let mut one: Vec<Vec<u8>> = frames(&tagged).iter().map(|frame| frame.to_vec()).collect();
    mix(&mut one[4], 18, 33);
    let one = one.concat();
    assert!(matches!(strict(&one), Err(Fault::Corrupt(..))));
    let decoded = salvaged(&one);
    assert_eq!(decoded.clip.len(), own.len());
    loss(&decoded, |loss| {
        loss.is_silence && loss.reason.contains("mixed blocks")
    });
    // A stereo file of MPEG 2 that uses them throughout.
    let plain = bytes_of(PLAIN);
    let mut all: Vec<Vec<u8>> = frames(&plain).iter().map(|frame| frame.to_vec()).collect();
    for frame in &mut all {
        mix(frame, 10, 38);
    }
    let all = all.concat();
    match strict(&[all.as_slice(), &all].concat()) {
        Err(Fault::Unsupported(what)) => assert!(what.contains("mixed blocks"), "{what}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_free_bit_rate_is_named() {
    let frame = [[0xff, 0xfb, 0x00, 0x40].as_slice(), &[0x11; 500]].concat();
    match strict(&frame.repeat(8)) {
        Err(Fault::Unsupported(what)) => assert!(what.contains("free bit rate"), "{what}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn layers_one_and_two_agree_with_mpg123() {
    for (name, rate, channels) in [
        ("../golden/layer1-44k.mp1", 44_100, 1),
        ("../golden/layer1-joint-48k.mp1", 48_000, 2),
        ("layer2-32k.mp2", 32_000, 1),
    ] {
        let decoded = read_native(&file(name)).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(
            (decoded.source.sample_rate_hz, decoded.source.channels),
            (rate, channels),
            "{name}"
        );
        let plain = name.trim_start_matches("../golden/");
        let golden = std::fs::read(file(&format!("../golden/{plain}.npy"))).expect("readable");
        // Version 1.0: ten bytes, of which the last two are the length of the header.
        let start = 10 + usize::from(u16::from_le_bytes([golden[8], golden[9]]));
        let (pairs, _) = golden[start..].as_chunks::<2>();
        let wanted: Vec<f32> = pairs
            .iter()
            .map(|&b| f32::from(i16::from_le_bytes(b)) / 32_768.0)
            .collect();
        assert_eq!(decoded.clip.len(), wanted.len(), "{name}");
        // Rounded to 16 bits.
        let snr = snr_db(&wanted, &decoded.clip.samples, 0);
        assert!(snr > 70.0, "{name}: {snr:.1} dB");
    }
}
