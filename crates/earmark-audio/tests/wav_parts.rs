//! WAV files whose samples are in several chunks: read in order, with the silence between them.

mod common;

use common::{fmt, refusal, salvaged, wav, whole};
use earmark_audio::{ClipNote, Fault, read_native, read_range};

fn chunk(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut out = [&name[..], &(body.len() as u32).to_le_bytes(), body].concat();
    out.resize(out.len().next_multiple_of(2), 0);
    out
}

fn data(samples: &[i16]) -> Vec<u8> {
    let bytes: Vec<u8> = samples.iter().flat_map(|s| s.to_le_bytes()).collect();
    chunk(b"data", &bytes)
}

fn silence(frames: u32) -> Vec<u8> {
    chunk(b"slnt", &frames.to_le_bytes())
}

/// A mono file of 16 bits at 8 kHz.
fn file(chunks: &[Vec<u8>]) -> Vec<u8> {
    let body = [
        b"WAVE".to_vec(),
        chunk(b"fmt ", &fmt(1, 1, 8_000, 16)),
        chunks.concat(),
    ];
    chunk(b"RIFF", &body.concat())
}

fn of(samples: &[i16]) -> Vec<f32> {
    samples.iter().map(|&x| f32::from(x) / 32_768.0).collect()
}

#[test]
fn chunks_of_one_format_are_one_recording() {
    let same = chunk(b"fmt ", &fmt(1, 1, 8_000, 16));
    let list = chunk(b"LIST", b"INFOICMT\x03\0\0\0abc\0");
    for between in [vec![], list, same, data(&[])] {
        let decoded = whole(file(&[data(&[1, 2]), between, data(&[3, 4, 5]), data(&[6])]));
        assert_eq!(decoded.clip.samples, of(&[1, 2, 3, 4, 5, 6]));
        assert_eq!((decoded.source.frames, decoded.notes), (Some(6), vec![]));
    }
}

#[test]
fn silence_of_a_stated_length_is_read() {
    let parts = [silence(2), data(&[1, 2]), silence(3), data(&[3]), silence(1)].concat();
    let wanted = of(&[0, 0, 1, 2, 0, 0, 0, 3, 0]);
    let list = chunk(b"LIST", &[b"wavl".to_vec(), parts.clone()].concat());
    for chunks in [parts, list] {
        let decoded = whole(file(&[chunks, chunk(b"LIST", b"INFO")]));
        assert_eq!(decoded.clip.samples, wanted);
        assert_eq!((decoded.source.frames, decoded.notes), (Some(9), vec![]));
    }
    // A byte of 128 is silence in samples of 8 bits, and silence is 0 all the same.
    let mut eight = wav(&fmt(1, 1, 8_000, 8), &[192, 64]);
    eight.extend([silence(2), chunk(b"data", &[192])].concat());
    assert_eq!(whole(eight).clip.samples, [0.5, -0.5, 0.0, 0.0, 0.5]);
}

#[test]
fn silence_of_days_is_left_out() {
    let decoded = whole(file(&[data(&[1, 2]), silence(u32::MAX), silence(5), data(&[3])]));
    assert_eq!(decoded.clip.samples, of(&[1, 2, 0, 0, 0, 0, 0, 3]));
    let is_said = |note: &ClipNote| note.to_string().contains("536870 s of silence");
    assert!(decoded.notes.iter().any(is_said), "{:?}", decoded.notes);
    // Many chunks are together no longer than ten minutes more than the sound, nor than a second for every hundred
    // bytes and one more: 6,048 and 120,048.
    for (chunks, seconds) in [(500, 60), (10_000, 600)] {
        let decoded = whole(file(&[data(&[1, 2]), silence(10 * 8_000).repeat(chunks)]));
        assert_eq!(decoded.clip.len(), 2 + seconds * 8_000);
    }
}

#[test]
fn samples_in_another_format_are_lost_with_their_length() {
    // 100 frames at 44.1 kHz.
    for (other, frame_bytes) in [
        (fmt(1, 2, 44_100, 16), 4),
        (fmt(3, 1, 44_100, 32), 4),
        (fmt(1, 1, 44_100, 24), 3),
    ] {
        let samples = chunk(b"data", &vec![1; 100 * frame_bytes]);
        let bytes = file(&[data(&[1, 2]), chunk(b"fmt ", &other), samples.clone()]);
        let fault = refusal(bytes.clone());
        assert!(matches!(fault, Fault::Corrupt(..)), "{fault}");
        let decoded = salvaged(&bytes);
        assert_eq!(decoded.clip.samples, of(&[1, 2]));
        let [loss] = &decoded.losses[..] else {
            panic!("{:?}", decoded.losses)
        };
        assert_eq!(loss.seconds, Some(100.0 / 44_100.0));
        assert_eq!(loss.bytes, Some(samples.len() as u64));
        assert!(loss.reason.contains("another format (44100 Hz"), "{loss}");
    }
    // Nothing follows it: nothing is lost.
    let decoded = whole(file(&[data(&[1]), chunk(b"fmt ", &fmt(1, 2, 44_100, 16))]));
    assert_eq!(decoded.clip.samples, of(&[1]));
}

#[test]
fn another_file_behind_the_last_chunk_is_lost() {
    let bytes = file(&[data(&[1]), data(&[2])]);
    let decoded = salvaged(&bytes.repeat(2));
    assert_eq!(decoded.clip.samples, of(&[1, 2]));
    assert_eq!(decoded.losses.len(), 1, "{:?}", decoded.losses);
    assert_eq!(decoded.losses[0].bytes, Some(bytes.len() as u64));
}

#[test]
fn a_cut_in_the_last_chunk_costs_its_rest() {
    let mut bytes = file(&[data(&[1, 2]), silence(4), data(&[3; 8_000])]);
    bytes.truncate(bytes.len() - 8_000);
    let decoded = salvaged(&bytes);
    assert_eq!(decoded.clip.len(), 6 + 4_000);
    let [loss] = &decoded.losses[..] else {
        panic!("{:?}", decoded.losses)
    };
    assert_eq!((loss.is_cut_off, loss.seconds), (true, Some(0.5)));
    assert!(loss.to_string().contains("(4006 frames)"), "{loss}");
}

#[test]
fn parts_of_a_file_begin_in_any_chunk() {
    let ramp = |from: i16, len: i16| data(&(from..from + len).collect::<Vec<_>>());
    let bytes = file(&[ramp(1, 100), silence(50), ramp(200, 30), ramp(500, 70)]);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("parts.wav");
    std::fs::write(&path, bytes).expect("writes");
    let all = read_native(&path).expect("reads").clip.samples;
    assert_eq!(all.len(), 250);
    for (start, len) in [
        (0_usize, 250_usize),
        (99, 2),
        (100, 1),
        (149, 40),
        (180, 500),
        (250, 9),
        (400, 1),
    ] {
        let seconds = |frames: usize| frames as f64 / 8_000.0;
        let part = read_range(&path, 8_000, seconds(start), seconds(len)).expect("reads");
        let (start, end) = (start.min(250), (start + len).min(250));
        assert_eq!(part.clip.samples, all[start..end], "{len} from {start}");
    }
}
