//! The blocks of a stream equal the whole clip at every rate, a part of it equals that part, and a fault is final.
#![no_main]

use std::io::{Cursor, Write};
use std::path::Path;

use earmark_audio::{AudioStream, decode_bytes, read_range};
use earmark_fuzz::{check_message, digest, keep_caught_panics};
use libfuzzer_sys::fuzz_target;

const RATES_HZ: [u32; 6] = [8_000, 11_025, 16_000, 22_050, 44_100, 31_999];

fuzz_target!(init: keep_caught_panics(), |data: &[u8]| {
    let choice = digest(data);
    let rate = RATES_HZ[(choice % 6) as usize];
    let whole = decode_bytes(data.to_vec(), rate);
    let source = Box::new(Cursor::new(data.to_vec()));
    let mut stream = match (AudioStream::from_source(source, Path::new("fuzz"), Some(rate)), &whole) {
        (Ok(stream), _) => stream,
        (Err(error), Err(_)) => return check_message(&error),
        (Err(error), Ok(_)) => panic!("the whole file is read, the stream says {error}"),
    };
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
            assert_eq!(joined, whole.clip.samples);
            assert_eq!(stream.notes(), whole.notes);
            check_part(data, rate, choice, &joined);
        }
        (Err(error), Err(_)) => {
            check_message(&error);
            assert!(stream.next_block(&mut block).is_err());
        }
        (Ok(_), Err(error)) => panic!("the stream is read, the whole file says {error}"),
        (Err(error), Ok(_)) => panic!("the whole file is read, the stream says {error}"),
    }
});

/// `read_range` at whole samples, so that rounding does not matter.
fn check_part(data: &[u8], rate: u32, choice: u64, whole: &[f32]) {
    let start = (choice >> 8) as usize % (whole.len() + 2);
    let length = (choice >> 40) as usize % (whole.len() + 2);
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(data).expect("a written file");
    let seconds = |samples: usize| samples as f64 / f64::from(rate);
    let part = read_range(file.path(), rate, seconds(start), seconds(length)).expect("a part of an intact file");
    let (from, to) = (start.min(whole.len()), (start + length).min(whole.len()));
    assert_eq!(part.clip.samples, &whole[from..to], "{start} + {length}");
}
