//! Spans of a file, one after another and in any order.

mod common;

use common::file;
use earmark_audio::{Damaged, ReadOptions, Span, SpanReader, read, read_native, read_with};

fn span(start: f64, length: f64) -> Span {
    Span {
        start_us: (start * 1e6).round() as u64,
        length_us: (length * 1e6).round() as u64,
    }
}

#[test]
fn spans_at_the_own_rate_are_those_of_the_whole() {
    for name in [
        "rf64-8k.wav",
        "vorbis-8k.ogg",
        "flac-22k.flac",
        "extensible-24bit-6ch-8k.wav",
        "mpeg25-8k.mp3",
        "ima-adpcm-16k.wav",
        "ms-adpcm-16k-stereo.wav",
        "gsm-8k.wav",
    ] {
        let whole = read_native(&file(name)).expect(name).clip;
        let rate = f64::from(whole.sample_rate_hz);
        let mut reader = SpanReader::open(&file(name), Damaged::Refuse).expect(name);
        // They overlap, leave a gap, and reach beyond the end.
        for (start, length) in [
            (0.0, 0.01),
            (0.005, 0.01),
            (0.03, 0.0),
            (0.04, 0.02),
            (0.05, 90.0),
            (80.0, 1.0),
        ] {
            let wanted = span(start, length);
            assert!(reader.reaches(wanted, None), "{name} from {start}");
            let found = reader.read(wanted, None).expect(name);
            let at = |seconds: f64| ((seconds * rate).round() as usize).min(whole.len());
            let end = at(start)
                .saturating_add((length * rate).round() as usize)
                .min(whole.len());
            assert_eq!(
                found.clip.samples,
                whole.samples[at(start)..end],
                "{name} from {start}"
            );
        }
        assert!(!reader.reaches(span(0.0, 0.01), None), "{name}: passed");
    }
}

/// Four seconds of a tone that changes, at 8 kHz.
fn long_wav(folder: &std::path::Path) -> std::path::PathBuf {
    let samples = (0..32_000_u32).map(|n| {
        let n = f64::from(n);
        ((n * 0.3 + n * n * 1e-5).sin() * 12_000.0) as i16
    });
    let data: Vec<u8> = samples.flat_map(i16::to_le_bytes).collect();
    let mut wav =
        b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data".to_vec();
    wav.extend((data.len() as u32).to_le_bytes());
    wav.extend(&data);
    let size = (wav.len() as u32 - 8).to_le_bytes();
    wav[4..8].copy_from_slice(&size);
    let path = folder.join("long.wav");
    std::fs::write(&path, wav).expect("a file to write");
    path
}

#[test]
fn resampled_spans_depend_on_nothing_before_them() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = long_wav(dir.path());
    for rate in [16_000, 11_025, 5_000] {
        let whole = read(&path, rate).expect("a clip").clip.samples;
        let mut in_order = SpanReader::open(&path, Damaged::Refuse).expect("opens");
        for start in [0.0, 0.4, 0.8, 2.0, 2.5, 3.2, 3.9] {
            let wanted = span(start, 0.7);
            let found = in_order.read(wanted, Some(rate)).expect("a span").clip;
            let mut alone = SpanReader::open(&path, Damaged::Refuse).expect("opens");
            let other = alone.read(wanted, Some(rate)).expect("a span").clip;
            assert_eq!(found, other, "from {start} at {rate} Hz");
            let begin = (start * f64::from(rate)).round() as usize;
            let length = (0.7 * f64::from(rate)).round() as usize;
            let part = &whole[begin..(begin + length).min(whole.len())];
            // 0.7 s may be half a sample more than a whole number.
            assert!(found.len().abs_diff(part.len()) <= 1, "from {start} at {rate} Hz");
            let worst = found.samples.iter().zip(part).map(|(a, b)| (a - b).abs());
            let worst = worst.fold(0.0, f32::max);
            assert!(worst < 1e-3, "from {start} at {rate} Hz: {worst}");
        }
    }
}

#[test]
fn what_is_lost_counts_wherever_it_is_lost() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = long_wav(dir.path());
    let mut cut = std::fs::read(&path).expect("a file to read");
    cut.truncate(44 + 32_000);
    std::fs::write(&path, cut).expect("a file to write");
    let mut reader = SpanReader::open(&path, Damaged::Salvage).expect("opens");
    // Two of four seconds are there.
    for (start, samples, losses) in [(0.0, 4000, 0), (1.8, 1600, 1), (3.0, 0, 1)] {
        let found = reader.read(span(start, 0.5), None).expect("a span");
        let count = (found.clip.len(), found.losses.len());
        assert_eq!(count, (samples, losses), "from {start}");
    }
}

/// Samples, and more of them in another format, which are not read: where they belong is not known, so that every span
/// says so, whatever was read before it.
#[test]
fn what_the_whole_file_lacks_is_known_before_its_end() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = long_wav(dir.path());
    let mut wav = std::fs::read(&path).expect("a file to read");
    wav.extend(b"fmt \x10\0\0\0\x01\0\x01\0\x80\x3e\0\0\0\x7d\0\0\x02\0\x10\0data\x10\0\0\0");
    wav.extend([1; 16]);
    let size = (wav.len() as u32 - 8).to_le_bytes();
    wav[4..8].copy_from_slice(&size);
    std::fs::write(&path, wav).expect("a file to write");
    let options = ReadOptions {
        sample_rate_hz: None,
        damaged: Damaged::Salvage,
    };
    let whole = read_with(&path, &options).expect("a clip").losses;
    assert_eq!(whole.len(), 1, "{whole:?}");
    let mut reader = SpanReader::open(&path, Damaged::Salvage).expect("opens");
    for start in [0.0, 3.8] {
        let losses = reader.read(span(start, 0.5), None).expect("a span").losses;
        assert_eq!(losses, whole, "from {start}");
    }
}
