//! Files that are cut off, mangled or not audio at all: never a clip that differs from the recording, never a panic.

mod common;

use common::{all_files, file, wav16};
use earmark_audio::{
    AudioError, ClipNote, Damaged, Decoded, Fault, ReadOptions, decode_bytes_native, decode_bytes_with, read,
    read_range,
};

fn original(name: &str) -> Option<(Vec<u8>, Vec<f32>)> {
    let bytes = std::fs::read(file(name)).expect("readable");
    let samples = decode_bytes_native(bytes.clone()).ok()?.clip.samples;
    Some((bytes, samples))
}

fn fault(error: AudioError) -> Fault {
    match error {
        AudioError::File { fault, .. } => fault,
        other => panic!("{other}"),
    }
}

/// Formats that do not state their length: cut exactly between two frames, they are a shorter recording.
const LENGTH_UNKNOWN: [&str; 4] = [
    "adts-32k.aac",
    "no-xing-22k-stereo.mp3",
    "flac-pipe-11025.flac",
    "layer2-32k.mp2",
];

/// Whether something in the file contradicts its sound, as where the mark of its end is missing.
fn is_odd(decoded: &Decoded) -> bool {
    decoded
        .notes
        .iter()
        .any(|note| matches!(note, ClipNote::Contradiction(_)))
}

#[test]
fn every_cut_is_noticed() {
    for name in all_files() {
        let Some((bytes, samples)) = original(&name) else {
            continue;
        };
        let mut shorter = 0;
        for len in 0..bytes.len() {
            match decode_bytes_native(bytes[..len].to_vec()).map_err(fault) {
                Err(Fault::Empty) => assert_eq!(len, 0, "{name}"),
                // The first few bytes do not identify the format.
                Err(Fault::Unsupported(_)) => assert!(len < 32, "{name} cut at {len}"),
                Err(Fault::Truncated(..) | Fault::Corrupt(..)) => {}
                Err(error) => panic!("{name} cut at {len}: {error}"),
                // Only tags after the samples are missing.
                Ok(decoded) if decoded.clip.samples == samples => {}
                Ok(decoded) => {
                    let is_odd = is_odd(&decoded);
                    let got = decoded.clip.samples;
                    assert!(
                        is_odd || LENGTH_UNKNOWN.contains(&name.as_str()),
                        "{name} cut at {len} gives {}",
                        got.len()
                    );
                    assert_eq!(got, samples[..got.len()], "{name} cut at {len}");
                    shorter += 1;
                }
            }
        }
        // At most one cut per frame.
        assert!(
            shorter <= samples.len() / 500,
            "{name}: {shorter} cuts went unnoticed"
        );
    }
}

const SALVAGE: ReadOptions = ReadOptions {
    sample_rate_hz: None,
    damaged: Damaged::Salvage,
};

/// A small random generator (xorshift), so that every run mangles in the same way.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

/// Peak memory of this process in MiB; `None` where the system does not report it.
fn peak_mib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? / 1024)
}

#[test]
fn mangled_files_neither_panic_nor_eat_memory() {
    let files: Vec<(String, Vec<u8>)> = all_files()
        .into_iter()
        .map(|name| (name.clone(), std::fs::read(file(&name)).expect("readable")))
        .collect();
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let before = peak_mib().unwrap_or(0);
    let (mut refused, mut accepted) = (0, 0);
    for round in 0..200_u32 {
        for (name, bytes) in &files {
            let mut mangled = bytes.clone();
            // Most can go wrong in headers: half of the changes are in the first 200 bytes.
            for _ in 0..=numbers.below(4) {
                let span = if numbers.below(2) == 0 {
                    mangled.len().min(200)
                } else {
                    mangled.len()
                };
                let at = numbers.below(span);
                match numbers.below(4) {
                    0 => mangled[at] ^= 1 << numbers.below(8),
                    1 => mangled[at] = [0, 0xff, 0x7f, 0x80][numbers.below(4)],
                    2 => mangled[at] = numbers.below(256) as u8,
                    _ => {
                        let end = (at + numbers.below(9)).min(mangled.len());
                        mangled.drain(at..end);
                    }
                }
            }
            // Decoding Opus takes a hundred times as long as all else, and its pages are read like those of other codecs.
            if name.starts_with("opus") && !round.is_multiple_of(20) {
                continue;
            }
            if let Ok(salvaged) = decode_bytes_with(mangled.clone(), &SALVAGE) {
                let samples = salvaged.clip.samples;
                assert!(samples.iter().all(|x| x.is_finite()), "{name} in round {round}");
            }
            match decode_bytes_native(mangled) {
                Ok(decoded) => {
                    accepted += 1;
                    assert!(decoded.losses.is_empty(), "{name} in round {round}");
                    assert!(
                        decoded.clip.samples.iter().all(|x| x.is_finite()),
                        "{name} in round {round}"
                    );
                }
                Err(error) => {
                    refused += 1;
                    assert!(!error.to_string().is_empty());
                }
            }
        }
    }
    assert!(
        refused > 1_000 && accepted > 50,
        "{refused} refused, {accepted} accepted"
    );
    // The files have 4 kB; believing a header would take gigabytes.
    if let Some(after) = peak_mib() {
        assert!(after - before < 256, "{} MiB more than before", after - before);
    }
}

#[test]
fn checksums_catch_every_changed_byte() {
    // FLAC: frame checksums and an MD5 of everything. Ogg: a CRC of every page. One changed byte is refused, or it
    // was in a field that does not affect the samples.
    for name in ["flac-22k.flac", "vorbis-8k.ogg", "flac-in-ogg-16k.ogg"] {
        let (bytes, samples) = original(name).expect("decodes");
        for at in (0..bytes.len()).step_by(3) {
            let mut changed = bytes.clone();
            changed[at] ^= 0x10;
            if let Ok(decoded) = decode_bytes_native(changed) {
                assert_eq!(decoded.clip.samples, samples, "{name} changed at {at}");
            }
        }
    }
}

#[test]
fn missing_pieces_in_the_middle_are_noticed() {
    for name in [
        "flac-22k.flac",
        "flac-pipe-11025.flac",
        "vorbis-8k.ogg",
        "xing-cbr-44k.mp3",
        "alac-22k.m4a",
        "adts-32k.aac",
    ] {
        let (bytes, _) = original(name).expect("decodes");
        let middle = bytes.len() * 2 / 3;
        for gone in [1, 7, 100] {
            let mut changed = bytes.clone();
            changed.drain(middle..middle + gone);
            let result = decode_bytes_native(changed);
            assert!(
                result.is_err(),
                "{name} without {gone} bytes: {:?}",
                result.map(|d| d.clip.len())
            );
        }
    }
}

#[test]
fn messages_name_file_place_reason_and_remedy() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("night.wav");
    let mut bytes = wav16(8_000, &[7; 8_000]);
    bytes.truncate(44 + 8_000);
    std::fs::write(&path, bytes).expect("writes");
    let message = read(&path, 44_100).expect_err("cut in half").to_string();
    assert!(message.starts_with(&path.display().to_string()), "{message}");
    assert!(
        message.contains("is cut off after 0.500 s (4000 frames)"),
        "{message}"
    );
    assert!(
        message.contains("its header promises 16000 bytes of samples, but only 8000 are present"),
        "{message}"
    );
    let remedy = "download it again, or read what is whole with --damaged salvage, or leave it out";
    assert!(message.ends_with(remedy), "{message}");

    assert!(matches!(
        read(&folder.path().join("no.wav"), 44_100).map_err(fault),
        Err(Fault::NotFound)
    ));
    assert!(matches!(
        read(folder.path(), 44_100).map_err(fault),
        Err(Fault::NotAFile)
    ));
    std::fs::write(&path, "").expect("writes");
    let message = read(&path, 44_100).expect_err("empty").to_string();
    assert!(message.contains("is empty (0 bytes)"), "{message}");
    std::fs::write(&path, "<!DOCTYPE html><html>Not found").expect("writes");
    let message = read(&path, 44_100).expect_err("a web page").to_string();
    assert!(message.contains("the download has failed"), "{message}");
    std::fs::write(&path, "just some text").expect("writes");
    assert!(matches!(
        read(&path, 44_100).map_err(fault),
        Err(Fault::Unsupported(_))
    ));
}

#[test]
fn files_that_hold_no_sound_are_named_for_what_they_are() {
    let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:9b\nsize 7\n".as_slice();
    let cases: [(&[u8], &str); 8] = [
        (pointer, "Git LFS pointer"),
        (b"\n <HTML><body>Sign in", "web page"),
        (b"[{\"detail\": \"no access\"}]", "JSON"),
        (b"#!AMR\n\x3c\x48\xf5\x1f\x96\x66", "AMR"),
        (
            &[0x30, 0x26, 0xb2, 0x75, 0x8e, 0x66, 0xcf, 0x11, 0xa6, 0xd9],
            "Windows Media",
        ),
        (b".RMF\0\0\0\x12\0\0", "RealMedia"),
        (b"MThd\0\0\0\x06\0\x01\0\x02", "MIDI"),
        (&[0; 3_000], "3000 zero bytes"),
    ];
    for (bytes, what) in cases {
        for options in [ReadOptions::default(), SALVAGE] {
            let error = decode_bytes_with(bytes.to_vec(), &options).expect_err(what);
            let message = error.to_string();
            assert!(message.contains(what), "{message}");
            assert!(matches!(fault(error), Fault::Unsupported(_)), "{message}");
        }
    }
}

#[test]
fn what_can_not_be_salvaged_is_an_error_that_does_not_offer_it() {
    let whole = wav16(8_000, &[7; 800]);
    let flac = std::fs::read(file("flac-22k.flac")).expect("readable");
    for cut in [&whole[..30], &flac[..20], &flac[..42]] {
        for options in [ReadOptions::default(), SALVAGE] {
            let message = decode_bytes_with(cut.to_vec(), &options)
                .expect_err("cut")
                .to_string();
            assert!(
                message.contains("is cut off") && !message.contains("salvage"),
                "{message}"
            );
        }
    }
}

#[test]
fn invalid_rates_and_ranges_are_refused() {
    let path = file("aiff-16k.aiff");
    for rate in [0, 999, 1_536_001, u32::MAX] {
        assert!(matches!(read(&path, rate), Err(AudioError::BadSampleRate { .. })));
    }
    for (start, length) in [(-1.0, 1.0), (0.0, -1.0), (f64::NAN, 1.0), (0.0, f64::INFINITY)] {
        assert!(matches!(
            read_range(&path, 16_000, start, length),
            Err(AudioError::BadRange { .. })
        ));
    }
}
