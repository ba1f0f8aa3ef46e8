//! FLAC that is odd, damaged or cut off: every whole frame is read at its time, and all that is missing is reported.

mod common;
#[path = "common/flac.rs"]
mod writer;

use common::{file, salvaged, strict};
use earmark_audio::{ClipNote, Decoded, Fault, FilePosition, resampled_len};
use writer::{BLOCK, FRAME_BYTES, HEADER_BYTES, block, flac_frame, flac_header, flac_stream};

/// What is said of a file that is read whole.
fn remarks(decoded: &Decoded) -> Vec<String> {
    assert!(decoded.losses.is_empty(), "{:?}", decoded.losses);
    decoded.notes.iter().map(ClipNote::to_string).collect()
}

#[test]
fn the_writer_writes_flac() {
    for count in [1, 2, 130] {
        let numbers: Vec<u32> = (0..count).collect();
        for total in [0, u64::from(count) * BLOCK as u64] {
            let (bytes, samples) = flac_stream(8_000, total, &numbers);
            let decoded = strict(&bytes).expect("decodes");
            assert_eq!(decoded.clip.samples, samples);
            assert_eq!(decoded.source.frames, (total > 0).then_some(total));
            assert!(remarks(&decoded).is_empty());
        }
    }
    let (bytes, _) = flac_stream(8_000, 0, &[0, 1]);
    assert_eq!(bytes.len(), HEADER_BYTES + 2 * FRAME_BYTES);
}

#[test]
fn a_wrong_total_costs_no_sound() {
    for total in [1, 1_023, 1_025, 2_048, 0xf_ffff_ffff] {
        let (bytes, samples) = flac_stream(8_000, total, &[0, 1, 2, 3]);
        let decoded = strict(&bytes).expect("all frames are whole");
        assert_eq!(decoded.clip.samples, samples);
        let said = remarks(&decoded);
        assert!(
            said.len() == 1 && said[0].contains(&total.to_string()),
            "{said:?}"
        );
    }
    // With a checksum of the samples, a right one shows that the total is wrong.
    let mut bytes = std::fs::read(file("flac-22k.flac")).expect("readable");
    let whole = strict(&bytes).expect("decodes").clip.samples;
    bytes[24] ^= 1;
    let decoded = strict(&bytes).expect("all frames are whole");
    assert_eq!(decoded.clip.samples, whole);
    assert_eq!(remarks(&decoded).len(), 1);
}

#[test]
fn a_wrong_sum_is_refused_or_noted() {
    let mut bytes = std::fs::read(file("flac-22k.flac")).expect("readable");
    let whole = strict(&bytes).expect("decodes").clip.samples;
    bytes[30] ^= 1;
    let fault = strict(&bytes).expect_err("the samples are not those that were encoded");
    assert!(fault.to_string().contains("checksum (MD5)"), "{fault}");
    assert!(fault.to_string().contains("--damaged salvage"), "{fault}");
    let decoded = salvaged(&bytes);
    assert_eq!(decoded.clip.samples, whole);
    assert!(remarks(&decoded)[0].contains("checksum (MD5)"));
}

#[test]
fn tags_and_padding_behind_the_frames_are_harmless() {
    let id3v1 = [b"TAG".as_slice(), &[b'x'; 125]].concat();
    let ape = [b"APETAGEX\xd0\x07\0\0\x20\0\0\0\0\0\0\0".as_slice(), &[0; 12]].concat();
    let id3v2 = b"ID3\x03\0\0\0\0\0\x05hello".to_vec();
    let tails = [
        id3v1.clone(),
        ape.clone(),
        [ape, id3v1.clone()].concat(),
        vec![0; 70_000],
        [vec![0; 9], id3v1].concat(),
        id3v2.clone(),
    ];
    for total in [0, 512] {
        let (bytes, samples) = flac_stream(16_000, total, &[0, 1]);
        for tail in &tails {
            let decoded = strict(&[bytes.as_slice(), tail].concat()).expect("its frames are whole");
            assert_eq!(decoded.clip.samples, samples);
            assert!(remarks(&decoded).is_empty());
        }
        let decoded = strict(&[id3v2.as_slice(), &bytes].concat()).expect("a tag comes first");
        assert_eq!(decoded.clip.samples, samples);
    }
}

#[test]
fn other_bytes_behind_the_frames_are_reported() {
    let noise: Vec<u8> = (0..5_000u32).map(|n| (n * n / 7) as u8).collect();
    // All that is promised is there: it may be another recording.
    let (bytes, samples) = flac_stream(8_000, 512, &[0, 1]);
    let long = [bytes.as_slice(), &noise].concat();
    assert!(matches!(strict(&long), Err(Fault::Corrupt(..))));
    let decoded = salvaged(&long);
    assert_eq!(decoded.clip.samples, samples);
    assert_eq!(decoded.losses.len(), 1);
    assert_eq!(decoded.losses[0].bytes, Some(5_000));
    // A few bytes are not.
    let decoded = strict(&[bytes.as_slice(), &noise[..300]].concat()).expect("nothing is missing");
    assert_eq!(decoded.clip.samples, samples);
    assert!(remarks(&decoded)[0].contains("300 bytes behind its last frame"));
    // Nothing says whether something is missing.
    let (bytes, samples) = flac_stream(8_000, 0, &[0, 1]);
    let bytes = [bytes.as_slice(), &noise].concat();
    assert!(matches!(strict(&bytes), Err(Fault::Corrupt(..))));
    let decoded = salvaged(&bytes);
    assert_eq!(decoded.clip.samples, samples);
    assert_eq!(decoded.losses.len(), 1);
    assert_eq!(decoded.losses[0].bytes, Some(5_000));
}

#[test]
fn silence_stands_for_a_damaged_frame() {
    let (bytes, samples) = flac_stream(8_000, 0, &[0, 1, 2, 3, 4]);
    let damaged = |frames: &[usize]| {
        let mut bytes = bytes.clone();
        for frame in frames {
            bytes[HEADER_BYTES + frame * FRAME_BYTES + 100] ^= 8;
        }
        bytes
    };
    for lost in [0..1, 1..2, 1..4] {
        let frames: Vec<usize> = lost.clone().collect();
        let bytes = damaged(&frames);
        let fault = strict(&bytes).expect_err("a frame is damaged");
        let at = FilePosition::Frame {
            frame: (lost.start * BLOCK) as u64,
            seconds: (lost.start * BLOCK) as f64 / 8_000.0,
        };
        assert!(
            matches!(&fault, Fault::Corrupt(_, place, _) if *place == at),
            "{fault}"
        );
        assert!(fault.to_string().contains("--damaged salvage"), "{fault}");

        let decoded = salvaged(&bytes);
        let mut expected = samples.clone();
        expected[lost.start * BLOCK..lost.end * BLOCK].fill(0.0);
        assert_eq!(decoded.clip.samples, expected);
        assert_eq!(decoded.losses.len(), 1, "{:?}", decoded.losses);
        let loss = &decoded.losses[0];
        assert_eq!(loss.seconds, Some((lost.len() * BLOCK) as f64 / 8_000.0));
        assert_eq!(loss.bytes, Some((lost.len() * FRAME_BYTES) as u64));
        assert!(loss.is_silence && !loss.is_cut_off && loss.at == at, "{loss:?}");
    }
}

#[test]
fn missing_frames_show_by_their_numbers() {
    let (bytes, samples) = flac_stream(8_000, 0, &[0, 1, 5, 6]);
    assert!(matches!(strict(&bytes), Err(Fault::Corrupt(..))));
    let decoded = salvaged(&bytes);
    assert_eq!(decoded.clip.samples.len(), 7 * BLOCK);
    assert_eq!(decoded.clip.samples[..2 * BLOCK], samples[..2 * BLOCK]);
    assert_eq!(decoded.clip.samples[5 * BLOCK..], samples[2 * BLOCK..]);
    assert_eq!(decoded.losses[0].seconds, Some((3 * BLOCK) as f64 / 8_000.0));

    // Eleven minutes are not filled with silence.
    let later = 11 * 60 * 8_000 / BLOCK as u32;
    let (bytes, samples) = flac_stream(8_000, 0, &[0, 1, later]);
    let decoded = salvaged(&bytes);
    assert_eq!(decoded.clip.samples, samples);
    assert!(!decoded.losses[0].is_silence && decoded.losses[0].seconds > Some(650.0));

    // A part of a longer recording begins with a later number, and nothing is missing.
    let (bytes, samples) = flac_stream(8_000, 0, &[70, 71]);
    assert_eq!(strict(&bytes).expect("whole").clip.samples, samples);
}

#[test]
fn bytes_between_frames_are_noted_where_no_frame_is_missing() {
    let (bytes, samples) = flac_stream(8_000, 0, &[0, 1, 2]);
    let (before, behind) = bytes.split_at(HEADER_BYTES + FRAME_BYTES);
    let decoded = strict(&[before, b"\xff\xf8 a stray thing", behind].concat()).expect("no frame is missing");
    assert_eq!(decoded.clip.samples, samples);
    assert!(remarks(&decoded)[0].contains("16 bytes"), "{:?}", decoded.notes);
}

#[test]
fn of_a_cut_file_the_whole_frames_are_read() {
    for total in [0, 768] {
        let (bytes, samples) = flac_stream(8_000, total, &[0, 1, 2]);
        for cut in [1, 2, 10, 300, FRAME_BYTES - 3] {
            let bytes = &bytes[..bytes.len() - cut];
            assert!(
                matches!(strict(bytes), Err(Fault::Truncated(..))),
                "{total}, {cut}"
            );
            let decoded = salvaged(bytes);
            assert_eq!(decoded.clip.samples, samples[..2 * BLOCK], "{total}, {cut}");
            let [loss] = decoded.losses.as_slice() else {
                panic!("{:?}", decoded.losses);
            };
            assert!(loss.is_cut_off, "{loss:?}");
            if total > 0 || cut < FRAME_BYTES - 11 {
                assert_eq!(loss.seconds, Some(BLOCK as f64 / 8_000.0));
            }
        }
    }
}

#[test]
fn frames_of_another_shape_are_read_on() {
    let (mut bytes, samples) = flac_stream(8_000, 0, &[0, 1, 2]);
    for number in 3..11 {
        let samples = block(number);
        bytes.extend(flac_frame(number, 16_000, &[&samples, &samples]));
    }
    let decoded = strict(&bytes).expect("decodes");
    assert_eq!(decoded.clip.samples[..3 * BLOCK], samples);
    let rest = resampled_len(8 * BLOCK as u64, 16_000, 8_000);
    assert_eq!(decoded.clip.samples.len() as u64, 3 * BLOCK as u64 + rest);
    assert!(
        remarks(&decoded)[0].contains("to 16000 Hz and 2"),
        "{:?}",
        decoded.notes
    );
    assert_eq!(decoded.source.sample_rate_hz, 8_000);
}

#[test]
fn files_joined_by_cat_are_read_whole() {
    let encoded = std::fs::read(file("flac-22k.flac")).expect("readable");
    let first = strict(&encoded).expect("decodes").clip.samples;
    let (second, samples) = flac_stream(22_050, 0, &[0, 1, 2]);
    for tag in [Vec::new(), [b"TAG".as_slice(), &[b' '; 125]].concat()] {
        let decoded = strict(&[encoded.as_slice(), &tag, &second, &encoded].concat()).expect("decodes");
        let expected = [first.as_slice(), &samples, &first].concat();
        assert_eq!(decoded.clip.samples, expected);
        let said = remarks(&decoded);
        assert_eq!(said, ["it is several FLAC streams, one behind the other"]);
    }
}

#[test]
fn a_damaged_comment_costs_no_sound() {
    let (bytes, samples) = flac_stream(8_000, 512, &[0, 1]);
    let (header, frames) = bytes.split_at(HEADER_BYTES);
    let mut header = header.to_vec();
    header[4] = 0;
    // The comment says that it is 1 MB long, or no block is marked as the last.
    for comment in [b"\x84\x10\0\0vendor".as_slice(), b"\x04\0\0\x06vendor"] {
        let decoded = strict(&[header.as_slice(), comment, frames].concat()).expect("its frames are whole");
        assert_eq!(decoded.clip.samples, samples);
        assert!(remarks(&decoded).len() <= 1);
    }
}

#[test]
fn a_block_of_metadata_that_claims_frames_costs_no_sound() {
    let (bytes, samples) = flac_stream(8_000, 0, &[0, 1, 2, 3]);
    let (header, frames) = bytes.split_at(HEADER_BYTES);
    let mut header = header.to_vec();
    header[4] = 0;
    // Padding of 20 bytes that claims 20, 700 and 1,500, as the last block and as one before others.
    for (flags, claimed) in [(0x81, 20_u16), (0x81, 700), (0x81, 1_500), (1, 700)] {
        let [high, low] = claimed.to_be_bytes();
        let padding = [[flags, 0, high, low].as_slice(), &[0; 20]].concat();
        let decoded = strict(&[header.as_slice(), &padding, frames].concat()).expect("its frames are whole");
        assert_eq!(decoded.clip.samples, samples, "{claimed}");
        assert_eq!(remarks(&decoded).len(), usize::from(claimed > 20), "{claimed}");
    }
}

#[test]
fn a_leading_tag_that_claims_the_stream_costs_no_sound() {
    let (bytes, samples) = flac_stream(8_000, 512, &[0, 1]);
    for size in [[0, 0, 0, 100], [0, 0, 4, 0], [0, 1, 0, 0]] {
        let tag = [b"ID3\x03\0\0".as_slice(), &size, b"hello"].concat();
        let decoded = strict(&[tag.as_slice(), &bytes].concat()).expect("its frames are whole");
        assert_eq!(decoded.clip.samples, samples, "{size:?}");
        assert!(
            remarks(&decoded)[0].contains("sound begins within it"),
            "{size:?}"
        );
    }
}

/// Whatever byte is changed: at most one frame is lost, and all others stay at their times.
#[test]
fn a_changed_byte_costs_one_frame_at_most() {
    let (bytes, samples) = flac_stream(8_000, 0, &[0, 1, 2, 3]);
    for at in HEADER_BYTES..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 0x20;
        let lost = (at - HEADER_BYTES) / FRAME_BYTES;
        let decoded = salvaged(&changed);
        let mut expected = samples.clone();
        expected[lost * BLOCK..(lost + 1) * BLOCK].fill(0.0);
        // Nothing is known behind the last frame.
        expected.truncate(if lost == 3 { 3 * BLOCK } else { 4 * BLOCK });
        assert_eq!(decoded.clip.samples, expected, "byte {at}");
        assert_eq!(decoded.losses.len(), 1, "byte {at}: {:?}", decoded.losses);
        assert!(strict(&changed).is_err(), "byte {at}");
    }
}

#[test]
fn a_header_without_frames_is_empty_or_cut_off() {
    let empty = strict(&flac_header(8_000, 1, 0)).expect("a valid, empty file");
    assert_eq!(empty.notes, [ClipNote::EmptyFile]);
    assert!(matches!(
        strict(&flac_header(8_000, 1, 9_000)),
        Err(Fault::Truncated(..))
    ));
}
