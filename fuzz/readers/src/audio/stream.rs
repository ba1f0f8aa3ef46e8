//! Files block by block, and parts of files.

use std::io::{Cursor, Write};
use std::path::Path;

use earmark_audio::{
    AudioError, AudioStream, Damaged, Decoded, ReadOptions, decode_bytes_with, read_range_with,
};

use crate::{check_message, digest};

const RATES_HZ: [u32; 6] = [8_000, 11_025, 16_000, 22_050, 44_100, 31_999];

/// The blocks of a stream equal the whole clip at every rate, with the same notes and losses; a part of it equals that part; a fault is
/// final.
pub fn stream(data: &[u8]) {
    let choice = digest(data);
    let damaged = match choice >> 32 & 1 {
        0 => Damaged::Refuse,
        _ => Damaged::Salvage,
    };
    let options = ReadOptions {
        sample_rate_hz: Some(RATES_HZ[(choice % 6) as usize]),
        damaged,
    };
    let whole = decode_bytes_with(data.to_vec(), &options);
    let source = Box::new(Cursor::new(data.to_vec()));
    match AudioStream::from_source_with(source, Path::new("fuzz"), &options) {
        Ok(stream) => {
            let joined = check_stream(stream, whole);
            if let Some(samples) = joined.filter(|_| damaged == Damaged::Refuse) {
                check_part(data, &options, choice, &samples);
            }
        }
        Err(error) => {
            check_message(&error);
            assert!(whole.is_err(), "the whole file is read, the stream says {error}");
        }
    }
}

/// The samples of a stream, if it has no fault.
fn check_stream(mut stream: AudioStream, whole: Result<Decoded, AudioError>) -> Option<Vec<f32>> {
    let (mut block, mut joined) = (Vec::new(), Vec::new());
    let ending = loop {
        match stream.next_block(&mut block) {
            Ok(true) => {
                assert!(!block.is_empty());
                joined.extend_from_slice(&block);
            }
            other => break other,
        }
    };
    assert!(block.is_empty());
    match (ending, whole) {
        (Ok(_), Ok(whole)) => {
            assert_eq!(stream.next_block(&mut block).ok(), Some(false));
            assert!(joined == whole.clip.samples, "the blocks are not the whole");
            assert_eq!(stream.notes(), whole.notes);
            assert_eq!(stream.losses(), whole.losses);
            Some(joined)
        }
        (Err(error), Err(_)) => {
            check_message(&error);
            assert!(stream.next_block(&mut block).is_err());
            None
        }
        (Ok(_), Err(error)) => panic!("the stream is read, the whole file says {error}"),
        (Err(error), Ok(_)) => panic!("the whole file is read, the stream says {error}"),
    }
}

/// A part at whole samples, so that rounding does not matter.
fn check_part(data: &[u8], options: &ReadOptions, choice: u64, whole: &[f32]) {
    let start = (choice >> 8) as usize % (whole.len() + 2);
    let length = (choice >> 40) as usize % (whole.len() + 2);
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(data).expect("a written file");
    let rate = options.sample_rate_hz.expect("a rate");
    let seconds = |samples: usize| samples as f64 / f64::from(rate);
    let part = read_range_with(file.path(), options, seconds(start), seconds(length))
        .expect("a part of an intact file");
    let (from, to) = (start.min(whole.len()), (start + length).min(whole.len()));
    assert!(part.clip.samples == whole[from..to], "{start} + {length}");
}
