//! Streams, ranges and whole files give the same samples; a stream's memory does not grow with its file.

mod common;

use std::io::{Seek, SeekFrom, Write};

use common::{all_files, file, fmt, sine, wav, wav_float};
use earmark_audio::{
    AudioError, AudioStream, ClipNote, Damaged, Fault, ReadOptions, decode_bytes_native, decode_bytes_with,
    read, read_native, read_range, read_range_with, read_with,
};

#[test]
fn blocks_together_equal_the_whole() {
    let mut compared = 0;
    for name in all_files() {
        for rate in [8_000, 22_050, 44_100, 48_000] {
            let Ok(whole) = read(&file(&name), rate) else {
                continue;
            };
            let mut stream = AudioStream::open(&file(&name), rate).expect("opens");
            let (mut all, mut block) = (Vec::new(), vec![9.0; 3]);
            while stream.next_block(&mut block).expect("decodes") {
                assert!(!block.is_empty());
                all.extend_from_slice(&block);
            }
            assert!(block.is_empty());
            assert!(!stream.next_block(&mut block).expect("still at its end"));
            assert_eq!(all, whole.clip.samples, "{name} at {rate} Hz");
            assert_eq!(stream.notes(), whole.notes);
            assert_eq!(stream.info(), &whole.source);
            assert_eq!(stream.sample_rate_hz(), rate);
            if let Some(expected) = stream.expected_len() {
                assert_eq!(all.len() as u64, expected, "{name}");
            }
            compared += 1;
        }
    }
    assert!(compared >= 4 * 24, "{compared}");
}

#[test]
fn ranges_equal_the_same_part_of_the_whole() {
    for name in [
        "rf64-8k.wav",
        "vorbis-8k.ogg",
        "flac-22k.flac",
        "extensible-24bit-6ch-8k.wav",
        "mpeg25-8k.mp3",
    ] {
        for rate in [8_000u32, 16_000] {
            let whole = read(&file(name), rate).expect(name).clip.samples;
            for (start, length) in [
                (0.0, 0.01),
                (0.005, 0.01),
                (0.0, 9.0),
                (0.05, 0.0),
                (0.01, 1e18),
                (7.0, 1.0),
                (1e18, 1.0),
            ] {
                let part = read_range(&file(name), rate, start, length).expect(name);
                let from = ((start * f64::from(rate)).round() as usize).min(whole.len());
                let wanted = (length * f64::from(rate)).round() as usize;
                let to = from.saturating_add(wanted).min(whole.len());
                assert_eq!(
                    part.clip.samples,
                    whole[from..to],
                    "{name} at {rate} Hz: {start} s for {length} s"
                );
                assert!(!part.notes.contains(&ClipNote::EmptyFile), "{name}");
            }
        }
    }
}

#[test]
fn a_fault_is_final_and_hides_nothing_before_it() {
    let mut values = sine(8_000, 200.0, 0.5, 200_000);
    values[150_000] = f32::NAN;
    let source = Box::new(std::io::Cursor::new(wav_float(8_000, &values)));
    let mut stream = AudioStream::from_source(source, "live".as_ref(), None).expect("opens");
    let (mut all, mut block) = (Vec::new(), Vec::new());
    let error = loop {
        match stream.next_block(&mut block) {
            Ok(true) => all.extend_from_slice(&block),
            Ok(false) => panic!("the fault went unnoticed"),
            Err(error) => break error,
        }
    };
    assert!(block.is_empty());
    assert!(error.to_string().starts_with("live: "), "{error}");
    assert_eq!(all, values[..all.len()]);
    assert!(all.len() > 100_000);
    assert!(matches!(
        stream.next_block(&mut block),
        Err(AudioError::File {
            fault: Fault::Corrupt(..),
            ..
        })
    ));
}

#[test]
fn fifteen_hours_stream_in_little_memory() {
    // 15 h of mono 16 bits at 8 kHz: 864 MB that take no disk space, since the file is sparse.
    let frames: u64 = 15 * 3_600 * 8_000;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("night.wav");
    let mut header = wav(&fmt(1, 1, 8_000, 16), &[]);
    let size = u32::try_from(frames * 2).expect("below 4 GB");
    header[40..44].copy_from_slice(&size.to_le_bytes());
    let mut out = std::fs::File::create(&path).expect("creates");
    out.write_all(&header).expect("writes");
    out.set_len(44 + frames * 2).expect("sets its length");
    // A mark near the end, to see that all of it is read.
    out.seek(SeekFrom::Start(44 + (frames - 100) * 2)).expect("seeks");
    out.write_all(&16_384i16.to_le_bytes()).expect("writes");
    drop(out);

    let mut stream = AudioStream::open_native(&path).expect("opens");
    let (mut count, mut mark, mut largest, mut block) = (0u64, None, 0, Vec::new());
    while stream.next_block(&mut block).expect("decodes") {
        if let Some(index) = block.iter().position(|&x| x != 0.0) {
            mark = Some((count + index as u64, block[index]));
        }
        count += block.len() as u64;
        largest = largest.max(block.capacity());
    }
    assert_eq!(count, frames);
    assert_eq!(mark, Some((frames - 100, 0.5)));
    assert!(largest <= 1 << 17, "a block of {largest} samples");

    // From the middle without reading what comes before.
    let part = read_range(&path, 8_000, 53_999.0, 0.99).expect("reads");
    assert_eq!(part.clip.len(), 7_920);
    assert_eq!(part.clip.samples[7_900], 0.5);
}

#[test]
fn resampled_blocks_are_bounded_too() {
    let bytes = wav_float(1_000, &sine(1_000, 50.0, 0.5, 60_000));
    let source = Box::new(std::io::Cursor::new(bytes));
    let mut stream = AudioStream::from_source(source, "slow".as_ref(), Some(192_000)).expect("opens");
    let (mut count, mut largest, mut block) = (0, 0, Vec::new());
    while stream.next_block(&mut block).expect("decodes") {
        count += block.len();
        largest = largest.max(block.len());
    }
    assert_eq!(count, 60_000 * 192);
    // One chunk of the resampler is 1,024 samples of the lower rate, here 196,608 of the higher one.
    assert!(largest <= 400_000, "a block of {largest} samples");
}

#[test]
fn native_reading_keeps_the_rate() {
    let decoded = read_native(&file("flac-24bit-stereo-96k.flac")).expect("decodes");
    assert_eq!(decoded.clip.sample_rate_hz, 96_000);
    assert!((decoded.clip.duration_seconds() - 0.01).abs() < 1e-12);
    assert_eq!(decoded.notes, [ClipNote::DownMixed { channels: 2 }]);
}

const SALVAGE: ReadOptions = ReadOptions {
    sample_rate_hz: None,
    damaged: Damaged::Salvage,
};

#[test]
fn silence_stands_for_samples_that_are_no_numbers() {
    let mut values = sine(8_000, 200.0, 0.5, 100_000);
    for at in [10, 11, 12, 40_000, 99_999] {
        values[at] = [f32::NAN, f32::INFINITY, -2e30][at % 3];
    }
    let bytes = wav_float(8_000, &values);
    let decoded = decode_bytes_with(bytes, &SALVAGE).expect("reads the rest");
    for (at, (got, value)) in decoded.clip.samples.iter().zip(&values).enumerate() {
        let is_sound = value.abs() <= 1.0;
        assert_eq!(*got, if is_sound { *value } else { 0.0 }, "sample {at}");
    }
    let lost: Vec<f64> = decoded.losses.iter().filter_map(|loss| loss.seconds).collect();
    assert_eq!(lost, [3.0 / 8_000.0, 1.0 / 8_000.0, 1.0 / 8_000.0]);
    assert!(
        decoded
            .losses
            .iter()
            .all(|loss| loss.is_silence && !loss.is_cut_off)
    );
    let text = decoded.losses[1].to_string();
    assert!(
        text.contains("after 5.000 s (40000 frames)") && text.contains("silence"),
        "{text}"
    );
}

#[test]
fn channels_that_cancel_are_noted() {
    let left = sine(16_000, 440.0, 0.5, 20_000);
    let stereo = |sign: f32| {
        let samples = left.iter().flat_map(|x| [*x, sign * x]);
        let bytes: Vec<u8> = samples.flat_map(f32::to_le_bytes).collect();
        wav(&fmt(3, 2, 16_000, 32), &bytes)
    };
    let notes = |bytes| decode_bytes_native(bytes).expect("decodes").notes;
    assert_eq!(
        notes(stereo(-1.0)),
        [ClipNote::DownMixed { channels: 2 }, ClipNote::Cancels]
    );
    assert_eq!(notes(stereo(1.0)), [ClipNote::DownMixed { channels: 2 }]);
    assert_eq!(notes(stereo(0.0)), [ClipNote::DownMixed { channels: 2 }]);
}

#[test]
fn losses_are_those_of_what_was_read() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("cut.wav");
    let mut bytes = wav_float(8_000, &sine(8_000, 200.0, 0.5, 16_000));
    bytes.truncate(44 + 4 * 12_000);
    std::fs::write(&path, bytes).expect("writes");
    assert!(read_range(&path, 8_000, 0.0, 0.5).is_err());
    let start = read_range_with(&path, &SALVAGE, 0.0, 0.5).expect("its start is whole");
    assert!(start.losses.is_empty(), "{:?}", start.losses);
    for rate in [None, Some(16_000)] {
        let options = ReadOptions {
            sample_rate_hz: rate,
            ..SALVAGE
        };
        let end = read_range_with(&path, &options, 1.0, 9.0).expect("reads to the end");
        assert_eq!(end.clip.duration_seconds(), 0.5);
        assert_eq!(end.losses.len(), 1);
        assert!(end.losses[0].is_cut_off);
        assert_eq!(end.losses[0].seconds, Some(0.5));
        let all = read_with(&path, &options).expect("reads what is whole");
        assert_eq!((all.clip.duration_seconds(), all.losses), (1.5, end.losses));
    }
}
