//! Where a recording is read from: a file of this machine, or one at an address.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

use earmark_core::remote::{self, RemoteReader};
use symphonia::core::io::MediaSource;

use crate::error::{AudioError, Fault};

/// Opens a regular file, or what is at an address.
pub(super) fn open_source(path: &Path) -> Result<Box<dyn MediaSource>, AudioError> {
    let refuse = |fault: Fault| fault.in_file(path);
    let open_error = |e: io::Error| match e.kind() {
        ErrorKind::NotFound => refuse(Fault::NotFound),
        _ => refuse(Fault::Open(e)),
    };
    let named = remote::named_by(path).map_err(|e| refuse(Fault::Store(e)))?;
    let path: &Path = &named;
    if let Some(address) = remote::address(path) {
        let source = open_address(address).map_err(|e| refuse(Fault::Open(e)))?;
        return Ok(Box::new(source));
    }
    // Checked before opening: opening a named pipe would wait until something writes to it.
    if !std::fs::metadata(path).map_err(open_error)?.is_file() {
        return Err(refuse(Fault::NotAFile));
    }
    Ok(Box::new(File::open(path).map_err(open_error)?))
}

fn open_address(address: &str) -> io::Result<RemoteSource> {
    let mut reader = remote::files()?.open(address)?;
    let size = reader.seek(SeekFrom::End(0))?;
    reader.rewind()?;
    Ok(RemoteSource { reader, size })
}

/// A recording at an address.
struct RemoteSource {
    reader: Box<dyn RemoteReader>,
    size: u64,
}

impl Read for RemoteSource {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.reader.read(bytes)
    }
}

impl Seek for RemoteSource {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.reader.seek(to)
    }
}

impl MediaSource for RemoteSource {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.size)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{read, read_with, recorder_metadata};
    use crate::{Damaged, ReadOptions, encode_wav_16};
    use earmark_core::remote::{
        self, FillRemote, RemoteEntry, RemoteFailure, RemoteFiles, RemoteReader, RemoteStamp,
    };
    use std::io::{self, Cursor, ErrorKind, Read, Seek, SeekFrom};
    use std::path::Path;

    /// Serves one recording; at an address that ends in `breaks.wav`, it breaks off after these bytes.
    struct OneRecording;

    const BREAKS_AT: u64 = 20_000;

    struct Breaking {
        bytes: Cursor<Vec<u8>>,
        breaks_at: u64,
    }

    impl Read for Breaking {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            if self.bytes.position() + out.len() as u64 > self.breaks_at {
                return Err(gone());
            }
            self.bytes.read(out)
        }
    }

    impl Seek for Breaking {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            self.bytes.seek(to)
        }
    }

    fn gone() -> io::Error {
        let failure = RemoteFailure {
            what: "its store does not answer (503)".into(),
            remedy: "run the same command again later".into(),
        };
        failure.into_io(ErrorKind::Other)
    }

    fn recording() -> Vec<u8> {
        let samples: Vec<i16> = (0..22_050).map(|i| (i % 100 - 50) * 300).collect();
        encode_wav_16(&samples, 22_050)
    }

    impl RemoteFiles for OneRecording {
        fn known(&self, _: &str) -> Option<RemoteStamp> {
            None
        }

        fn stamp(&self, _: &str) -> io::Result<RemoteStamp> {
            Err(gone())
        }

        fn open(&self, address: &str) -> io::Result<Box<dyn RemoteReader>> {
            if address.ends_with("closed.wav") {
                return Err(gone());
            }
            let breaks_at = if address.ends_with("breaks.wav") {
                BREAKS_AT
            } else {
                u64::MAX
            };
            let bytes = Cursor::new(recording());
            Ok(Box::new(Breaking { bytes, breaks_at }))
        }

        fn list(&self, _: &str) -> io::Result<Vec<RemoteEntry>> {
            Err(gone())
        }

        fn check_writable(&self, _: &str) -> io::Result<()> {
            Err(gone())
        }

        fn write(&self, _: &str, _: FillRemote) -> io::Result<()> {
            Err(gone())
        }

        fn remove(&self, _: &str) -> io::Result<()> {
            Err(gone())
        }
    }

    #[test]
    fn a_recording_at_an_address_is_the_one_on_a_disk() {
        remote::enable(&OneRecording);
        let dir = tempfile::tempdir().unwrap();
        let local = dir.path().join("a.wav");
        std::fs::write(&local, recording()).unwrap();
        let (near, far) = (
            read(&local, 16_000).unwrap(),
            read(Path::new("s3://b/a.wav"), 16_000).unwrap(),
        );
        assert_eq!(near.clip.samples, far.clip.samples);
        assert!(recorder_metadata(Path::new("s3://b/a.wav")).is_ok());
    }

    #[test]
    fn the_address_of_a_file_is_its_path_and_others_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let local = dir.path().join("a b.wav");
        std::fs::write(&local, recording()).unwrap();
        let address = format!("file://{}", local.display()).replace(' ', "%20");
        let (by_path, by_address) = (
            read(&local, 16_000).unwrap(),
            read(Path::new(&address), 16_000).unwrap(),
        );
        assert_eq!(by_path.clip.samples, by_address.clip.samples);
        let error = read(Path::new("ftp://h/a.wav"), 16_000).unwrap_err().to_string();
        assert!(
            error
                .starts_with("ftp://h/a.wav: addresses that begin with ftp:// cannot be read; copy the file"),
            "{error}"
        );
    }

    /// What a store failed at is not damage of the recording: nothing of it is salvaged, and the store's remedy is given.
    #[test]
    fn a_store_that_fails_is_not_taken_for_a_damaged_recording() {
        remote::enable(&OneRecording);
        for damaged in [Damaged::Refuse, Damaged::Salvage] {
            let options = ReadOptions {
                sample_rate_hz: Some(22_050),
                damaged,
            };
            for name in ["closed.wav", "breaks.wav"] {
                let address = format!("s3://b/{name}");
                let error = read_with(Path::new(&address), &options).unwrap_err().to_string();
                let wanted =
                    format!("{address}: its store does not answer (503); run the same command again later");
                assert_eq!(error, wanted);
            }
        }
    }
}
