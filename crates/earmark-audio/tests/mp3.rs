//! MPEG audio as it is found: joined, tagged in the middle, begun and ended within a frame, with holes.

mod common;
#[path = "common/mpeg.rs"]
mod mpeg;

use common::{salvaged, strict};
use earmark_audio::Fault;
use mpeg::{FRAME, PLAIN, RATE, TAGGED, assert_close, bytes_of, contradictions, frames, id3v2, lasts, loss};

fn ape() -> Vec<u8> {
    let item = b"\x05\0\0\0\0\0\0\0Title\0chirp";
    let part = |flags: u32| {
        let mut part = b"APETAGEX\xd0\x07\0\0".to_vec();
        part.extend((item.len() as u32 + 32).to_le_bytes());
        part.extend(1_u32.to_le_bytes());
        part.extend(flags.to_le_bytes());
        part.extend([0; 8]);
        part
    };
    [part(0xa000_0000), item.to_vec(), part(0x8000_0000)].concat()
}

#[test]
fn sound_behind_a_tag_is_read() {
    let plain = bytes_of(PLAIN);
    let own = strict(&plain).expect("decodes").clip.samples;
    let tags = [
        ("ID3v1", [b"TAG".as_slice(), &[b' '; 125]].concat()),
        (
            "ID3v1 extended",
            [b"TAG+".as_slice(), &[0; 223], b"TAG", &[0; 125]].concat(),
        ),
        ("ID3v2", id3v2(&[0; 300])),
        (
            "ID3v2 with what looks like a frame",
            id3v2(&[0xff, 0xfb, 0x90, 0x00, 1, 2, 3]),
        ),
        ("APE", ape()),
        (
            "Lyrics3",
            b"LYRICSBEGININD0000200LYR00003la\r000036LYRICS200".to_vec(),
        ),
        ("padding", vec![0; 777]),
        ("several", [id3v2(&[0; 9]), vec![0; 50], ape()].concat()),
    ];
    for (name, tag) in tags {
        let joined = [plain.as_slice(), &tag, &plain, &tag].concat();
        let decoded = strict(&joined).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        assert_eq!(contradictions(&decoded), Vec::<&str>::new(), "{name}");
        let got = decoded.clip.samples;
        assert_eq!(got.len(), 2 * own.len(), "{name}");
        assert_close(&got[..own.len()], &own);
        // The decoder carries the end of the first part into the beginning of the second.
        assert_close(&got[own.len() + 2 * FRAME..], &own[2 * FRAME..]);
    }
}

#[test]
fn recordings_with_an_encoders_tag_keep_their_own_ends() {
    let (first, second) = (bytes_of(TAGGED), bytes_of("vbr-tags-24k.mp3"));
    let own = strict(&first).expect("decodes").clip.samples;
    let twice = strict(&[first.as_slice(), &first].concat())
        .expect("decodes")
        .clip
        .samples;
    assert_eq!(twice, [own.as_slice(), &own].concat());
    // Another rate becomes that of the first part: 4,800 samples at 24 kHz are 0.2 s.
    let mixed = strict(&[first.as_slice(), &second].concat())
        .expect("decodes")
        .clip;
    assert_eq!(mixed.sample_rate_hz, 44_100);
    assert_eq!(mixed.samples[..own.len()], own);
    assert!(mixed.len().abs_diff(own.len() + 8_820) <= 1, "{}", mixed.len());
}

#[test]
fn a_beginning_within_a_frame_costs_this_frame() {
    let plain = bytes_of(PLAIN);
    let own = strict(&plain).expect("decodes").clip.samples;
    assert!(strict(&plain[100..]).is_err());
    let decoded = salvaged(&plain[100..]);
    let len = decoded.clip.len();
    assert!((9 * FRAME..=10 * FRAME).contains(&len), "{len}");
    let bytes = frames(&plain)[0].len() as u64 - 100;
    loss(&decoded, |loss| !loss.is_cut_off && loss.bytes == Some(bytes));
    assert_close(&decoded.clip.samples[len - 5 * FRAME..], &own[5 * FRAME..]);
    // Zeros before the first frame cost nothing, nor do they behind a tag.
    for before in [vec![0; 500], [id3v2(&[0; 10]), vec![0; 500]].concat()] {
        let decoded = strict(&[before.as_slice(), &plain].concat()).expect("decodes");
        assert_eq!(decoded.clip.samples, own);
    }
}

#[test]
fn an_extract_at_a_frame_is_a_shorter_recording() {
    let plain = bytes_of(PLAIN);
    let frames = frames(&plain);
    let decoded = strict(&frames[3..].concat()).expect("decodes");
    assert_eq!(decoded.clip.len(), 7 * FRAME);
    for note in contradictions(&decoded) {
        assert!(note.contains("before its beginning"), "{note}");
    }
}

#[test]
fn an_end_within_a_frame_costs_this_frame() {
    let plain = bytes_of(PLAIN);
    let own = strict(&plain).expect("decodes").clip.samples;
    for gone in [1, 30, 150] {
        let cut = &plain[..plain.len() - gone];
        assert!(matches!(strict(cut), Err(Fault::Truncated(..))), "{gone}");
        let decoded = salvaged(cut);
        assert_eq!(decoded.clip.samples, own[..9 * FRAME]);
        let [loss] = decoded.losses.as_slice() else {
            panic!("{:?}", decoded.losses)
        };
        assert!(loss.is_cut_off && !loss.is_silence, "{loss}");
        assert!(
            (loss.seconds.expect("known") - FRAME as f64 / RATE).abs() < 1e-9,
            "{loss}"
        );
    }
}

#[test]
fn overwritten_frames_become_silence_of_their_length() {
    let plain = bytes_of(PLAIN);
    let own = strict(&plain).expect("decodes").clip.samples;
    let all = frames(&plain);
    let mut damaged: Vec<Vec<u8>> = all.iter().map(|frame| frame.to_vec()).collect();
    for frame in &mut damaged[4..6] {
        for (index, byte) in frame.iter_mut().enumerate() {
            *byte = (index * 7 % 200) as u8;
        }
    }
    let damaged = damaged.concat();
    assert!(matches!(strict(&damaged), Err(Fault::Corrupt(..))));
    let decoded = salvaged(&damaged);
    assert_eq!(decoded.clip.len(), own.len());
    // Two frames, and the one before, in which the damage may have begun.
    loss(&decoded, |loss| loss.is_silence && lasts(loss, 3 * FRAME, RATE));
    assert_close(&decoded.clip.samples[..3 * FRAME], &own[..3 * FRAME]);
    assert_close(&decoded.clip.samples[9 * FRAME..], &own[9 * FRAME..]);
}

#[test]
fn missing_bytes_cost_their_frame() {
    let plain = bytes_of(PLAIN);
    let at = frames(&plain)[..5].iter().map(|frame| frame.len()).sum::<usize>() + 60;
    let mut damaged = plain.clone();
    damaged.drain(at..at + 40);
    assert!(matches!(strict(&damaged), Err(Fault::Corrupt(..))));
    let decoded = salvaged(&damaged);
    assert_eq!(decoded.clip.len(), 10 * FRAME);
    loss(&decoded, |loss| loss.is_silence && lasts(loss, FRAME, RATE));
}

#[test]
fn what_is_no_frame_behind_the_last_is_reported() {
    let plain = bytes_of(PLAIN);
    let own = strict(&plain).expect("decodes").clip.samples;
    // Less than a frame can't be one; more may be, damaged.
    let few = strict(&[plain.as_slice(), b"made on a Tuesday"].concat()).expect("decodes");
    assert_eq!(few.clip.samples, own);
    assert!(contradictions(&few)[0].contains("17 bytes"));
    let many: Vec<u8> = (0..5_000).map(|i| (i % 199) as u8).collect();
    let long = [plain.as_slice(), &many].concat();
    assert!(matches!(strict(&long), Err(Fault::Corrupt(..))));
    let decoded = salvaged(&long);
    assert_eq!(
        (decoded.clip.samples, decoded.losses[0].bytes),
        (own, Some(5_000))
    );
    // Where the encoder says that all frames are there, it may be another recording, but not in a few bytes.
    let tagged = bytes_of(TAGGED);
    let own = strict(&tagged).expect("decodes").clip.samples;
    let few = strict(&[tagged.as_slice(), &many[..100]].concat()).expect("decodes");
    assert_eq!(few.clip.samples, own);
    assert!(contradictions(&few)[0].contains("100 bytes"));
    let long = [tagged.as_slice(), &many].concat();
    assert!(matches!(strict(&long), Err(Fault::Corrupt(..))));
    let decoded = salvaged(&long);
    assert_eq!(
        (decoded.clip.samples, decoded.losses[0].bytes),
        (own, Some(5_000))
    );
}

#[test]
fn a_leading_tag_that_claims_frames_costs_no_sound() {
    let plain = bytes_of(PLAIN);
    let own = strict(&plain).expect("decodes").clip.samples;
    // Its end is within the first frame, within the fourth, and behind the file.
    let fourth = frames(&plain)[..3].iter().map(|frame| frame.len()).sum::<usize>() + 70;
    for more in [30, fourth, 10_000] {
        let mut tag = id3v2(&[b'x'; 50]);
        tag[8..10].copy_from_slice(&id3v2(&vec![0; 50 + more])[8..10]);
        let decoded =
            strict(&[tag.as_slice(), &plain].concat()).unwrap_or_else(|fault| panic!("{more}: {fault}"));
        assert_eq!(decoded.clip.samples, own, "{more}");
        assert!(
            contradictions(&decoded)[0].contains("sound begins within it"),
            "{more}"
        );
    }
}
