//! Every container and codec: against the signal that was encoded, and against ffmpeg's decoder.

mod common;

use common::{all_files, chirp, file, fmt, snr_db, wav};
use earmark_audio::{ClipNote, decode_bytes_native, probe, read, read_native};

struct Case {
    name: &'static str,
    container: &'static str,
    codec: &'static str,
    rate: u32,
    channels: u16,
    seconds: f64,
    /// Frames decoded, where the file states them.
    frames: Option<u64>,
    len: usize,
    /// Samples before the signal: encoder delay that the format can't state.
    lag: usize,
    /// Minimum signal-to-noise ratio against the signal. Lossless: rounding to 8, 16 or 24 bits gives about 6 dB per bit. Lossy:
    /// a little less than measured, since it depends on the codec; the decoder is compared with ffmpeg below.
    snr_db: f64,
}

#[rustfmt::skip]
const CASES: [Case; 32] = [
    Case { name: "aac-44k.m4a", container: "M4A", codec: "AAC", rate: 44_100, channels: 1, seconds: 0.1, frames: Some(4_410), len: 4_410, lag: 0, snr_db: 15.0 },
    Case { name: "aac-stereo-faststart-48k.m4a", container: "M4A", codec: "AAC", rate: 48_000, channels: 2, seconds: 0.1, frames: Some(4_800), len: 4_800, lag: 0, snr_db: 12.0 },
    Case { name: "adts-32k.aac", container: "ADTS", codec: "AAC", rate: 32_000, channels: 1, seconds: 0.1, frames: Some(5_120), len: 5_120, lag: 1024, snr_db: 19.0 },
    Case { name: "aifc-f32-8k.aiff", container: "AIFF", codec: "float 32-bit", rate: 8_000, channels: 1, seconds: 0.05, frames: Some(400), len: 400, lag: 0, snr_db: 140.0 },
    Case { name: "aifc-sowt-16k.aiff", container: "AIFF", codec: "PCM 16-bit", rate: 16_000, channels: 1, seconds: 0.05, frames: Some(800), len: 800, lag: 0, snr_db: 84.0 },
    Case { name: "aiff-16k.aiff", container: "AIFF", codec: "PCM 16-bit", rate: 16_000, channels: 1, seconds: 0.05, frames: Some(800), len: 800, lag: 0, snr_db: 84.0 },
    Case { name: "alac-22k.m4a", container: "M4A", codec: "ALAC", rate: 22_050, channels: 1, seconds: 0.1, frames: Some(2_205), len: 2_205, lag: 0, snr_db: 84.0 },
    Case { name: "alac-24bit-stereo-16k.m4a", container: "M4A", codec: "ALAC", rate: 16_000, channels: 2, seconds: 0.05, frames: Some(800), len: 800, lag: 0, snr_db: 125.0 },
    Case { name: "alaw-8k.wav", container: "WAV", codec: "A-law", rate: 8_000, channels: 1, seconds: 0.3, frames: Some(2_400), len: 2_400, lag: 0, snr_db: 37.0 },
    Case { name: "extensible-24bit-6ch-8k.wav", container: "WAV", codec: "PCM 24-bit", rate: 8_000, channels: 6, seconds: 0.02, frames: Some(160), len: 160, lag: 0, snr_db: 125.0 },
    Case { name: "flac-22k.flac", container: "FLAC", codec: "FLAC", rate: 22_050, channels: 1, seconds: 0.15, frames: Some(3_308), len: 3_308, lag: 0, snr_db: 84.0 },
    Case { name: "flac-24bit-stereo-96k.flac", container: "FLAC", codec: "FLAC", rate: 96_000, channels: 2, seconds: 0.01, frames: Some(960), len: 960, lag: 0, snr_db: 125.0 },
    Case { name: "flac-in-ogg-16k.ogg", container: "Ogg", codec: "FLAC", rate: 16_000, channels: 1, seconds: 0.1, frames: Some(1_600), len: 1_600, lag: 0, snr_db: 84.0 },
    Case { name: "flac-pipe-11025.flac", container: "FLAC", codec: "FLAC", rate: 11_025, channels: 1, seconds: 0.3, frames: None, len: 3_308, lag: 0, snr_db: 84.0 },
    Case { name: "ima-adpcm-16k.wav", container: "WAV", codec: "ADPCM", rate: 16_000, channels: 1, seconds: 0.2, frames: Some(4_082), len: 4_082, lag: 0, snr_db: 26.0 },
    Case { name: "mpeg25-8k.mp3", container: "MP3", codec: "MP3", rate: 8_000, channels: 1, seconds: 0.3, frames: Some(2_400), len: 2_400, lag: 0, snr_db: 23.0 },
    Case { name: "ms-adpcm-16k-stereo.wav", container: "WAV", codec: "ADPCM", rate: 16_000, channels: 2, seconds: 0.15, frames: Some(3_036), len: 3_036, lag: 0, snr_db: 28.0 },
    Case { name: "mulaw-8k.wav", container: "WAV", codec: "mu-law", rate: 8_000, channels: 1, seconds: 0.3, frames: Some(2_400), len: 2_400, lag: 0, snr_db: 36.0 },
    Case { name: "no-xing-22k-stereo.mp3", container: "MP3", codec: "MP3", rate: 22_050, channels: 2, seconds: 0.2, frames: Some(5_760), len: 5_760, lag: 1105, snr_db: 23.0 },
    Case { name: "rf64-8k.wav", container: "WAV", codec: "PCM 16-bit", rate: 8_000, channels: 1, seconds: 0.1, frames: Some(800), len: 800, lag: 0, snr_db: 84.0 },
    Case { name: "vbr-tags-24k.mp3", container: "MP3", codec: "MP3", rate: 24_000, channels: 1, seconds: 0.2, frames: Some(4_800), len: 4_800, lag: 0, snr_db: 24.0 },
    Case { name: "vorbis-44k-stereo.ogg", container: "Ogg", codec: "Vorbis", rate: 44_100, channels: 2, seconds: 0.1, frames: Some(4_410), len: 4_410, lag: 0, snr_db: 20.0 },
    Case { name: "vorbis-8k.ogg", container: "Ogg", codec: "Vorbis", rate: 8_000, channels: 1, seconds: 0.3, frames: Some(2_400), len: 2_400, lag: 0, snr_db: 20.0 },
    Case { name: "xing-cbr-44k.mp3", container: "MP3", codec: "MP3", rate: 44_100, channels: 1, seconds: 0.15, frames: Some(6_615), len: 6_615, lag: 0, snr_db: 23.0 },
    Case { name: "alac-16k.caf", container: "CAF", codec: "ALAC", rate: 16_000, channels: 1, seconds: 0.3, frames: Some(4_800), len: 4_800, lag: 0, snr_db: 84.0 },
    Case { name: "float-8k.caf", container: "CAF", codec: "float 32-bit", rate: 8_000, channels: 1, seconds: 0.05, frames: Some(400), len: 400, lag: 0, snr_db: 140.0 },
    Case { name: "gsm-8k.aiff", container: "AIFF", codec: "GSM 06.10", rate: 8_000, channels: 1, seconds: 0.3, frames: Some(2_400), len: 2_400, lag: 0, snr_db: 15.0 },
    Case { name: "gsm-8k.wav", container: "WAV", codec: "GSM 06.10", rate: 8_000, channels: 1, seconds: 0.3, frames: Some(2_400), len: 2_400, lag: 0, snr_db: 15.0 },
    Case { name: "ima4-16k-stereo.aiff", container: "AIFF", codec: "ADPCM", rate: 16_000, channels: 2, seconds: 0.08, frames: Some(1_280), len: 1_280, lag: 0, snr_db: 30.0 },
    Case { name: "ima-adpcm-16k-stereo.w64", container: "Wave64", codec: "ADPCM", rate: 16_000, channels: 2, seconds: 0.15, frames: Some(3_051), len: 3_051, lag: 0, snr_db: 30.0 },
    Case { name: "mulaw-8k.au", container: "AU", codec: "mu-law", rate: 8_000, channels: 1, seconds: 0.3, frames: Some(2_400), len: 2_400, lag: 0, snr_db: 36.0 },
    Case { name: "pcm24-16k-stereo.w64", container: "Wave64", codec: "PCM 24-bit", rate: 16_000, channels: 2, seconds: 0.02, frames: Some(320), len: 320, lag: 0, snr_db: 125.0 },
];

#[test]
fn every_committed_file_decodes_to_its_signal() {
    for case in &CASES {
        let decoded = read_native(&file(case.name)).unwrap_or_else(|e| panic!("{e}"));
        let info = &decoded.source;
        assert_eq!(info.container, case.container, "{}", case.name);
        assert_eq!(info.codec, case.codec, "{}", case.name);
        assert_eq!(info.sample_rate_hz, case.rate, "{}", case.name);
        assert_eq!(info.channels, case.channels, "{}", case.name);
        assert_eq!(info.frames, case.frames, "{}", case.name);
        assert_eq!(decoded.clip.len(), case.len, "{}", case.name);
        assert_eq!(
            decoded.notes.contains(&ClipNote::DownMixed {
                channels: case.channels
            }),
            case.channels > 1
        );
        assert_eq!(
            &probe(&file(case.name)).expect("a sound file"),
            info,
            "{}",
            case.name
        );
        let wanted = chirp(case.rate, case.seconds, case.channels);
        // Lossy codecs can't follow a signal that jumps at its ends; a margin leaves them out.
        let margin = if case.snr_db > 30.0 { 0 } else { 150 };
        let snr = snr_db(&wanted, &decoded.clip.samples[case.lag..], margin);
        assert!(
            snr >= case.snr_db,
            "{}: {snr:.1} dB, wanted {} dB",
            case.name,
            case.snr_db
        );
    }
}

#[test]
fn every_committed_file_has_a_case() {
    // Files of layers I and II, Opus and Matroska have tests of their own.
    let elsewhere = |name: &str| {
        let starts = ["layer", "opus"].iter().any(|start| name.starts_with(start));
        starts || [".mkv", ".webm"].iter().any(|end| name.ends_with(end))
    };
    for name in all_files() {
        let has_case = CASES.iter().any(|case| case.name == name);
        assert!(has_case || elsewhere(&name), "{name} has no case");
    }
    for case in &CASES {
        assert!(
            all_files().iter().any(|name| name == case.name),
            "{} is missing",
            case.name
        );
    }
}

#[test]
fn lossy_decoders_agree_with_ffmpeg() {
    let mut compared = 0;
    for entry in std::fs::read_dir(file("../golden")).expect("golden vectors") {
        let path = entry.expect("readable").path();
        let golden_name = path
            .file_name()
            .and_then(|n| n.to_str())
            .expect("plain name")
            .to_string();
        let Some(name) = golden_name
            .strip_prefix("decoded-")
            .and_then(|n| n.strip_suffix(".npy"))
        else {
            continue;
        };
        let bytes = std::fs::read(&path).expect("readable");
        // Version 1.0: ten bytes, of which the last two are the length of the header.
        let start = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
        let wanted: Vec<f32> = bytes[start..]
            .as_chunks::<2>()
            .0
            .iter()
            .map(|&b| f32::from(i16::from_le_bytes(b)) / 32_768.0)
            .collect();
        let got = read_native(&file(name))
            .unwrap_or_else(|e| panic!("{e}"))
            .clip
            .samples;
        assert!(wanted.len() >= 1_600 && got.len() >= wanted.len(), "{name}");
        // The golden vectors are rounded to 16 bits: about 82 dB for this signal. In floats it is 117 to 140 dB.
        let snr = snr_db(&wanted, &got, 0);
        assert!(snr > 78.0, "{name}: {snr:.1} dB");
        compared += 1;
    }
    assert!(compared >= 13, "{compared} files compared");
}

#[test]
fn lossless_formats_agree_to_the_last_bit() {
    let samples = |name: &str| {
        read_native(&file(name))
            .unwrap_or_else(|e| panic!("{e}"))
            .clip
            .samples
    };
    assert_eq!(samples("aiff-16k.aiff"), samples("aifc-sowt-16k.aiff"));
    // 16-bit values are multiples of 1/32768, so that int16 / 32768 is undone exactly.
    for name in [
        "alac-22k.m4a",
        "flac-22k.flac",
        "alac-16k.caf",
        "flac-in-ogg-16k.ogg",
        "rf64-8k.wav",
        "aiff-16k.aiff",
    ] {
        for x in samples(name) {
            assert_eq!((x * 32_768.0).fract(), 0.0, "{name}");
        }
    }
    let (long, short) = (chirp(16_000, 0.1, 1), chirp(16_000, 0.05, 1));
    for (name, wanted) in [("flac-in-ogg-16k.ogg", long), ("aiff-16k.aiff", short)] {
        for (x, w) in samples(name).iter().zip(wanted) {
            // Half a step of rounding, and ffmpeg truncates on the way from 32 to 16 bits: one step.
            assert!((x - w).abs() <= 1.001 / 32_768.0, "{name}: {x} {w}");
        }
    }
}

#[test]
fn every_format_resamples_to_a_common_rate() {
    for case in &CASES {
        let decoded = read(&file(case.name), 32_000).unwrap_or_else(|e| panic!("{e}"));
        let wanted = (case.len as f64 * 32_000.0 / f64::from(case.rate)).round() as usize;
        assert_eq!(decoded.clip.len(), wanted, "{}", case.name);
        let resampled = decoded.notes.contains(&ClipNote::Resampled {
            from: case.rate,
            to: 32_000,
        });
        assert_eq!(resampled, case.rate != 32_000, "{}", case.name);
    }
}

#[test]
fn mpeg_audio_in_wav_is_what_it_is_without() {
    for (name, rate, channels) in [
        ("xing-cbr-44k.mp3", 44_100, 1),
        ("no-xing-22k-stereo.mp3", 22_050, 2),
    ] {
        let plain = read_native(&file(name)).expect(name);
        let bytes = std::fs::read(file(name)).expect("readable");
        let wrapped = decode_bytes_native(wav(&fmt(0x55, channels, rate, 0), &bytes)).expect(name);
        assert_eq!(wrapped.clip, plain.clip, "{name}");
        assert_eq!(
            (wrapped.source.container.as_str(), wrapped.source.codec.as_str()),
            ("WAV", "MP3")
        );
    }
}

#[test]
fn a_wrong_extension_does_not_matter() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, odd) in [
        ("flac-22k.flac", "a.wav"),
        ("vorbis-8k.ogg", "b.mp3"),
        ("xing-cbr-44k.mp3", "c"),
    ] {
        let path = folder.path().join(odd);
        std::fs::copy(file(name), &path).expect("copies");
        assert_eq!(
            read_native(&path).expect(name).clip,
            read_native(&file(name)).expect(name).clip
        );
    }
}
