//! AIFF, AU, CAF and Wave64, written here byte by byte: every way to store samples, and counts that are wrong.

mod common;

use common::{file, fmt, frames_and_losses, refusal, whole};
use earmark_audio::{ClipNote, Decoded, Fault, read_native};

fn contradictions(decoded: &Decoded) -> usize {
    let is_one = |note: &&ClipNote| matches!(note, ClipNote::Contradiction(_));
    decoded.notes.iter().filter(is_one).count()
}

/// Frames, and the seconds that are missing, where damage is read over.
fn salvaged(bytes: Vec<u8>) -> (u64, Vec<Option<f64>>) {
    let (frames, losses) = frames_and_losses(bytes);
    (frames, losses.iter().map(|loss| loss.seconds).collect())
}

fn au(size: u32, encoding: u32, channels: u32, data: &[u8]) -> Vec<u8> {
    let numbers = [28, size, encoding, 8_000, channels, 0];
    let numbers = numbers.iter().flat_map(|n: &u32| n.to_be_bytes());
    [b".snd".to_vec(), numbers.collect(), data.to_vec()].concat()
}

#[test]
fn every_encoding_of_au() {
    for (encoding, data, wanted) in [
        (2, vec![0x40, 0xc0], vec![0.5, -0.5]),
        (3, vec![0x40, 0, 0x80, 0], vec![0.5, -1.0]),
        (4, vec![0xc0, 0, 0], vec![-0.5]),
        (5, vec![0x20, 0, 0, 0], vec![0.25]),
        (6, 0.3_f32.to_be_bytes().to_vec(), vec![0.3]),
        (7, 0.1_f64.to_be_bytes().to_vec(), vec![0.1]),
        (1, vec![0xff], vec![0.0]),
        (27, vec![0x55], vec![-8.0 / 32_768.0]),
    ] {
        let decoded = whole(au(data.len() as u32, encoding, 1, &data));
        assert_eq!(
            (decoded.clip.samples, decoded.notes),
            (wanted, vec![]),
            "encoding {encoding}"
        );
    }
    let fault = refusal(au(4, 23, 1, &[0; 4]));
    assert!(
        matches!(fault, Fault::Unsupported(_)) && fault.to_string().contains("G.721"),
        "{fault}"
    );
    // The lowest byte first.
    let numbers = [24_u32, 4, 3, 8_000, 2]
        .iter()
        .flat_map(|n| n.to_le_bytes())
        .collect();
    let turned = [b"dns.".to_vec(), numbers, vec![0, 0x40, 0, 0xc0]].concat();
    assert_eq!(whole(turned).clip.samples, [0.0]);
}

#[test]
fn au_of_unknown_or_wrong_length() {
    let data = [1, 2, 3, 4, 5, 6];
    for size in [u32::MAX, 0] {
        let decoded = whole(au(size, 2, 1, &data));
        assert_eq!(
            (decoded.clip.len(), contradictions(&decoded)),
            (6, 0),
            "{size:#x}"
        );
    }
    let (frames, seconds) = salvaged(au(806, 2, 1, &data));
    assert_eq!((frames, seconds), (6, vec![Some(0.1)]));
    // Bytes behind the samples belong to nothing.
    let (frames, seconds) = salvaged(au(2, 2, 1, &data));
    assert_eq!((frames, seconds.len()), (2, 1));
    assert!(matches!(refusal(au(806, 2, 1, &data)), Fault::Truncated(..)));
}

/// An AIFF-C file of one channel at 8 kHz that says it has `count` frames and `size` bytes of samples.
fn aifc(kind: &[u8; 4], bits: u8, count: u32, size: u32, data: &[u8]) -> Vec<u8> {
    let mut out = b"FORM\0\0\0\0AIFCCOMM\0\0\0\x18\0\x01".to_vec();
    out.extend(count.to_be_bytes());
    out.extend([0, bits, 0x40, 0x0b, 0xfa, 0, 0, 0, 0, 0, 0, 0]);
    out.extend(kind);
    out.extend(b"\0\0SSND");
    out.extend((size + 8).to_be_bytes());
    out.extend([0; 8]);
    out.extend(data);
    let form = out.len() as u32 - 8;
    out[4..8].copy_from_slice(&form.to_be_bytes());
    out
}

#[test]
fn every_kind_of_aiff_c() {
    for (kind, bits, data, wanted) in [
        (b"in24", 24, vec![0x40, 0, 0], 0.5),
        // A width that the kind contradicts.
        (b"in24", 16, vec![0x40, 0, 0], 0.5),
        (b"42ni", 24, vec![0, 0, 0x40], 0.5),
        (b"in32", 32, vec![0xc0, 0, 0, 0], -0.5),
        (b"23ni", 32, vec![0, 0, 0, 0xc0], -0.5),
        (b"fl64", 64, 0.2_f64.to_be_bytes().to_vec(), 0.2),
        (b"raw ", 8, vec![0], -1.0),
        (b"twos", 16, vec![0x20, 0], 0.25),
    ] {
        let decoded = whole(aifc(kind, bits, 1, data.len() as u32, &data));
        assert_eq!(decoded.clip.samples, [wanted], "{kind:?}");
        assert_eq!(contradictions(&decoded), 0, "{kind:?}");
    }
    let fault = refusal(aifc(b"QDMC", 16, 1, 2, &[0; 2]));
    assert!(fault.to_string().contains("QDMC"), "{fault}");
}

#[test]
fn counts_and_sizes_of_aiff_that_differ() {
    let data = [1_u8, 0xff].repeat(100);
    // Count and size; what is read of 100 frames.
    for (count, size, said) in [
        (100, 200, 0),
        (60, 200, 1),
        (0, 200, 1),
        (130, 200, 1),
        (100, 120, 1),
        (100, 0, 1),
        (0, 0, 0),
        (u32::MAX, 0x7f00_0000, 0),
    ] {
        let decoded = whole(aifc(b"twos", 16, count, size, &data));
        assert_eq!(decoded.clip.len(), 100, "{count} frames, {size} bytes");
        assert!(
            contradictions(&decoded) >= said,
            "{count} frames, {size} bytes: {:?}",
            decoded.notes
        );
    }
    // Chunks behind show that the size is right and the count is not.
    let tagged = [aifc(b"twos", 16, 160, 200, &data), b"NAME\0\0\0\x02ab".to_vec()].concat();
    assert_eq!(whole(tagged).clip.len(), 100);
    // Cut off: all three agree.
    let mut cut = aifc(b"twos", 16, 100, 200, &data);
    cut.truncate(cut.len() - 81);
    assert!(matches!(refusal(cut.clone()), Fault::Truncated(..)));
    assert_eq!(salvaged(cut), (59, vec![Some(41.0 / 8_000.0)]));
}

#[test]
fn samples_of_aiff_within_a_chunk_that_claims_them_are_found() {
    let plain = aifc(b"twos", 16, 100, 200, &[1_u8, 0xff].repeat(100));
    let wanted = whole(plain.clone()).clip;
    // Behind the description, which ends at byte 44.
    for claimed in [4_u8, 150] {
        let text = [b"ANNO\0\0\0".as_slice(), &[claimed], b"text"].concat();
        let decoded = whole([&plain[..44], &text, &plain[44..]].concat());
        assert_eq!(decoded.clip, wanted, "{claimed}");
        assert_eq!(contradictions(&decoded), usize::from(claimed > 4), "{claimed}");
    }
}

#[test]
fn tags_in_a_chunk_of_aiff_need_no_word() {
    let plain = aifc(b"twos", 16, 100, 200, &[1_u8, 0xff].repeat(100));
    // As iTunes writes them, and other chunks behind them.
    let tag = b"ID3\x02\0\0\0\0\0\x06abcdef".as_slice();
    let chunks = [b"ID3 \0\0\0\x10".as_slice(), tag, b"NAME\0\0\0\x02ab"].concat();
    let decoded = whole([plain.clone(), chunks].concat());
    assert_eq!(decoded.clip, whole(plain).clip);
    assert_eq!(contradictions(&decoded), 0, "{:?}", decoded.notes);
}

fn caf_chunk(name: &[u8; 4], size: i64, body: &[u8]) -> Vec<u8> {
    [name.to_vec(), size.to_be_bytes().to_vec(), body.to_vec()].concat()
}

/// A CAF file of one channel at 8 kHz.
fn caf(format: &[u8; 4], flags: u32, bytes: u32, data_size: i64, data: &[u8]) -> Vec<u8> {
    let numbers = [flags, bytes, if format == b"ima4" { 64 } else { 1 }, 1, bytes * 8];
    let numbers: Vec<u8> = numbers.iter().flat_map(|n| n.to_be_bytes()).collect();
    let description = [8_000_f64.to_be_bytes().to_vec(), format.to_vec(), numbers].concat();
    let samples = [vec![0; 4], data.to_vec()].concat();
    [
        b"caff\0\x01\0\0".to_vec(),
        caf_chunk(b"desc", 32, &description),
        caf_chunk(b"free", 3, &[1, 2, 3]),
        caf_chunk(b"data", data_size, &samples),
    ]
    .concat()
}

#[test]
fn every_kind_of_caf() {
    for (format, flags, data, wanted) in [
        (b"lpcm", 0, vec![0x40, 0], 0.5),
        (b"lpcm", 2, vec![0, 0x40], 0.5),
        (b"lpcm", 0, vec![0xc0], -0.5),
        (b"lpcm", 2, vec![0, 0, 0xc0], -0.5),
        (b"lpcm", 1, 0.7_f32.to_be_bytes().to_vec(), 0.7),
        (b"lpcm", 3, 0.7_f32.to_le_bytes().to_vec(), 0.7),
        (b"lpcm", 3, 0.1_f64.to_le_bytes().to_vec(), 0.1),
        (b"ulaw", 0, vec![0xff], 0.0),
        (b"alaw", 0, vec![0x55], -8.0 / 32_768.0),
    ] {
        let bytes = data.len() as u32;
        // A size of minus one: to the end of the file.
        for size in [i64::from(bytes) + 4, -1] {
            let decoded = whole(caf(format, flags, bytes, size, &data));
            assert_eq!(
                (decoded.clip.samples, decoded.notes),
                (vec![wanted], vec![]),
                "{format:?} {flags}"
            );
        }
    }
    for (format, name) in [(b"aach", "HE-AAC"), (b"QDM2", "QDesign"), (b"zzzz", "zzzz")] {
        let fault = refusal(caf(format, 0, 1, 5, &[0]));
        assert!(
            matches!(fault, Fault::Unsupported(_)) && fault.to_string().contains(name),
            "{fault}"
        );
    }
    assert_eq!(
        salvaged(caf(b"lpcm", 0, 2, 4 + 1_600, &[0; 800])),
        (400, vec![Some(0.05)])
    );
}

#[test]
fn ima_of_caf_ends_where_its_table_says() {
    let data = [0; 3 * 34];
    let plain = caf(b"ima4", 0, 34, 4 + 102, &data);
    assert_eq!(whole(plain.clone()).clip.len(), 192);
    for (valid, len, said) in [(150_i64, 150, 0), (192, 192, 0), (7, 192, 1), (1_000, 192, 1)] {
        let numbers = [3_i64.to_be_bytes(), valid.to_be_bytes(), [0; 8]].concat();
        let decoded = whole([plain.clone(), caf_chunk(b"pakt", 24, &numbers)].concat());
        assert_eq!(
            (decoded.clip.len(), contradictions(&decoded)),
            (len, said),
            "{valid}"
        );
    }
}

#[test]
fn alac_of_caf_that_is_cut_off_keeps_its_whole_packets() {
    let name = "alac-16k.caf";
    let wanted = read_native(&file(name)).expect(name).clip.samples;
    let mut bytes = std::fs::read(file(name)).expect("readable");
    bytes.truncate(bytes.len() - 10);
    assert!(matches!(refusal(bytes.clone()), Fault::Truncated(..)));
    let (frames, seconds) = salvaged(bytes);
    assert_eq!((frames, seconds), (4_096, vec![Some(704.0 / 16_000.0)]));
    assert_eq!(wanted.len(), 4_800);
}

#[test]
fn a_count_of_packets_that_is_too_large_is_a_note() {
    let name = "alac-16k.caf";
    let mut bytes = std::fs::read(file(name)).expect("readable");
    let table = bytes
        .windows(4)
        .position(|four| four == b"pakt")
        .expect("a table")
        + 12;
    // All packets that the table has are there, and all of the sound is in them.
    bytes[table + 7] += 1;
    let decoded = whole(bytes);
    assert_eq!(decoded.clip, read_native(&file(name)).expect(name).clip);
    assert_eq!(contradictions(&decoded), 1, "{:?}", decoded.notes);
}

#[test]
fn wave64_of_unknown_length_and_cut_off() {
    let end = b"\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a".as_slice();
    let number = |n: u64| n.to_le_bytes();
    let file = |whole: u64, size: u64, data: &[u8]| {
        [
            b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\0\0".as_slice(),
            &number(whole),
            b"wave",
            end,
            b"fmt ",
            end,
            &number(24 + 16),
            &fmt(1, 1, 8_000, 16),
            b"data",
            end,
            &number(size),
            data,
        ]
        .concat()
    };
    let data = [0_u8, 0x40].repeat(400);
    assert_eq!(whole(file(904, 24 + 800, &data)).clip.samples, [0.5; 400]);
    for size in [0, u64::MAX] {
        assert_eq!(whole(file(size, size, &data)).clip.len(), 400, "{size:#x}");
    }
    assert_eq!(salvaged(file(1_704, 24 + 1_600, &data)), (400, vec![Some(0.05)]));
}
