//! Resume logs of `earmark tag`.

use std::fs;
use std::io;

use earmark_inference::tag::resume_log::ResumeLog;

use super::sealed_again;
use crate::{check_message, digest};

/// Recordings of the seeds.
const FILES: [&str; 4] = ["a.wav", "b.wav", "c.wav", "d.wav"];

/// A log is refused, or what it keeps can be read; what is damaged is wiped when it is opened, so that it is reported once.
pub fn resume_log(data: &[u8]) {
    // Every line has a checksum: half of the logs get past it.
    let bytes = match digest(data) % 2 {
        0 => data.to_vec(),
        _ => sealed_again(data),
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("out.csv.journal");
    fs::write(&path, bytes).expect("a written log");
    let log = match ResumeLog::open(&path, &[], false) {
        Ok(log) => log,
        Err(error) => return check_message(&error),
    };
    let (length, mut found) = (log.len(), 0);
    for file in FILES {
        let read = log.read(file, |entry, windows| {
            assert_eq!(entry.outcome.file(), file);
            io::copy(windows, &mut io::sink())
        });
        let windows = read.expect("an entry that was found");
        found += usize::from(windows.is_some());
        assert!(!log.has(file, None));
    }
    assert!(found <= length);
    drop(log);
    let again = ResumeLog::open(&path, &[], false).expect("a log that was opened before");
    assert_eq!((again.len(), again.damage()), (length, None));
}
