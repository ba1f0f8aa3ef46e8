//! Matroska whose times leave holes: pauses of the recorder, rounded times, and packets that can't be decoded.

mod muxing;
#[path = "common/flac.rs"]
mod writer;

use earmark_audio::Fault;
use muxing::{block, cluster, decode, element, refusal, salvage, track, webm};
use writer::{BLOCK, flac_frame, flac_header};

/// 100 ms of PCM at 8 kHz: 16-bit samples that are never 0.
fn pcm_packet(number: usize) -> Vec<u8> {
    let sample = 1_000 + i16::try_from(number).unwrap();
    (0..800).flat_map(|_| sample.to_le_bytes()).collect()
}

/// Blocks of 100 ms that begin at these milliseconds.
fn pcm_webm(times_ms: &[i16]) -> Vec<u8> {
    let blocks: Vec<Vec<u8>> = times_ms
        .iter()
        .enumerate()
        .map(|(number, time)| block(1, *time, &pcm_packet(number)))
        .collect();
    webm(
        &[track(1, "A_PCM/INT/LIT", &[], 8_000.0, 1)],
        &[cluster(0, &blocks)],
    )
}

#[test]
fn short_holes_add_up() {
    // 20 ms are missing before each block: five times that is filled.
    let times: Vec<i16> = (0..12).map(|n| 120 * n).collect();
    let got = salvage(pcm_webm(&times));
    assert!(got.losses.is_empty(), "{:?}", got.losses);
    assert_eq!(got.samples.len(), (12 + 2) * 800);
    let silent = |range: std::ops::Range<usize>| got.samples[range].iter().all(|x| *x == 0.0);
    assert!(silent(4_000..4_800) && silent(8_800..9_600));
    assert!(got.samples[..4_000].iter().all(|x| *x != 0.0));
    // Times that are rounded up and down leave nothing to fill.
    let times: Vec<i16> = (0..12).map(|n| 100 * n + 30 * (n % 2)).collect();
    let got = salvage(pcm_webm(&times));
    assert_eq!((got.samples.len(), got.notes.len()), (12 * 800, 0));
}

/// Times that go back are noted, and become no silence: those of a block, those of a cluster, those of a clock that
/// begins again, after which a pause is a pause, and of one that ticks twice a second.
#[test]
fn times_that_go_back_add_no_silence() {
    let cases: [(&[i16], usize); 5] = [
        (&[0, 100, 200, 50, 400, 500], 0),
        (&[0, 100, 200, 20, 120, 220, 600, 700], 0),
        (&[3_000, 3_100, 3_200, 0, 100, 200, 300], 0),
        (&[3_000, 3_100, 3_200, 0, 100, 200, 500], 200),
        (&[0, 0, 0, 0, 0, 500, 500, 500, 500, 500, 1_000, 1_000], 0),
    ];
    for (times, silent_ms) in cases {
        let got = salvage(pcm_webm(times));
        assert!(got.losses.is_empty(), "{:?}", got.losses);
        assert_eq!(got.samples.len(), 800 * times.len() + 8 * silent_ms, "{times:?}");
        let silent = got.samples.iter().filter(|x| **x == 0.0).count();
        assert_eq!(silent, 8 * silent_ms, "{times:?}");
        let notes: Vec<String> = got.notes.iter().map(ToString::to_string).collect();
        assert!(
            notes.iter().any(|note| note.contains("times go back")),
            "{notes:?}"
        );
    }
}

#[test]
fn long_pauses_are_closed() {
    // More than ten minutes, and five in a file of four kilobytes.
    for time_ms in [700_000_u32, 300_000] {
        let late = [element(0xe7, &time_ms.to_be_bytes()), block(1, 0, &pcm_packet(1))];
        let clusters = [
            cluster(0, &[block(1, 0, &pcm_packet(0))]),
            element(0x1f43_b675, &late.concat()),
        ];
        let got = salvage(webm(&[track(1, "A_PCM/INT/LIT", &[], 8_000.0, 1)], &clusters));
        assert_eq!((got.samples.len(), got.losses.len()), (1_600, 0));
        let notes: Vec<String> = got.notes.iter().map(ToString::to_string).collect();
        assert!(
            notes.iter().any(|note| note.contains("more than 10 minutes"))
                && !notes.iter().any(|note| note.contains("silence fills")),
            "{notes:?}"
        );
    }
}

#[test]
fn many_pauses_are_not_longer_than_the_sound_and_ten_minutes() {
    // 32 s of silence before each of 100 blocks of 0.1 s: 53 minutes, of which ten are kept.
    let clusters: Vec<Vec<u8>> = (0_u32..100)
        .map(|n| {
            let time = element(0xe7, &(n * 32_000).to_be_bytes());
            element(
                0x1f43_b675,
                &[time, block(1, 0, &pcm_packet(n as usize))].concat(),
            )
        })
        .collect();
    let got = salvage(webm(&[track(1, "A_PCM/INT/LIT", &[], 8_000.0, 1)], &clusters));
    let (sound, most) = (100 * 800, 600 * 8_000);
    assert!(got.losses.is_empty(), "{:?}", got.losses);
    assert!(got.samples.len() > most / 2 && got.samples.len() <= 2 * sound + most);
    assert_eq!(got.samples.iter().filter(|x| **x != 0.0).count(), sound);
    assert!(
        got.notes
            .iter()
            .any(|note| note.to_string().contains("more than 10 minutes"))
    );
}

#[test]
fn samples_beyond_any_sound_are_lost() {
    let mut entry = track(1, "A_PCM/FLOAT/IEEE", &[], 8_000.0, 2);
    let bits = entry
        .windows(2)
        .position(|id| id == [0x62, 0x64])
        .expect("the bits")
        + 6;
    entry[bits] = 32;
    let packet = |x: f32| -> Vec<u8> { [x; 1_600].iter().flat_map(|x| x.to_le_bytes()).collect() };
    let blocks = [
        block(1, 0, &packet(0.5)),
        block(1, 100, &packet(3e38)),
        block(1, 200, &packet(0.25)),
    ];
    let got = salvage(webm(&[entry], &[cluster(0, &blocks)]));
    assert_eq!(got.samples.len(), 3 * 800);
    assert!(got.samples[800..1_600].iter().all(|x| *x == 0.0));
    assert!(got.samples[1_600..].iter().all(|x| *x == 0.25));
    assert_eq!(got.losses.len(), 1, "{:?}", got.losses);
}

#[test]
fn a_packet_without_a_readable_header_has_the_length_that_its_neighbours_leave() {
    let entry = track(
        1,
        "A_FLAC",
        &flac_header(16_000, 1, 6 * BLOCK as u64),
        16_000.0,
        1,
    );
    let file = |frames: &[Vec<u8>]| {
        let blocks: Vec<Vec<u8>> = (0_i16..)
            .zip(frames)
            .map(|(n, frame)| block(1, 16 * n, frame))
            .collect();
        webm(std::slice::from_ref(&entry), &[cluster(0, &blocks)])
    };
    let mut frames: Vec<Vec<u8>> = (0..6)
        .map(|number| flac_frame(number, 16_000, &[&writer::block(number)]))
        .collect();
    let whole = decode(file(&frames));
    // The size of the block, in the header.
    frames[2][2] ^= 0x10;
    let fault = refusal(file(&frames));
    assert!(matches!(fault, Fault::Corrupt(..)), "{fault}");
    let got = salvage(file(&frames));
    let lost = 2 * BLOCK..3 * BLOCK;
    assert_eq!(got.samples.len(), whole.len());
    assert!(got.samples[lost.clone()].iter().all(|x| *x == 0.0));
    assert_eq!(got.samples[lost.end..], whole[lost.end..]);
    let [loss] = &got.losses[..] else {
        panic!("{:?}", got.losses)
    };
    assert_eq!((loss.seconds, loss.is_silence), (Some(0.016), true));
}
