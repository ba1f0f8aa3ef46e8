//! What can be wrong with a file, where, and how to fix it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::limits::{MAX_SAMPLE_RATE_HZ, MIN_SAMPLE_RATE_HZ};

/// Where in a file something went wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FilePosition {
    /// At this byte of the file.
    Byte(u64),
    /// After this many intact frames (samples per channel) at the file's own rate.
    Frame {
        /// Intact frames before the fault.
        frame: u64,
        /// The same in seconds.
        seconds: f64,
    },
}

impl FilePosition {
    pub(crate) fn frame(frame: u64, sample_rate_hz: u32) -> Self {
        FilePosition::Frame {
            frame,
            seconds: frame as f64 / f64::from(sample_rate_hz.max(1)),
        }
    }
}

impl fmt::Display for FilePosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FilePosition::Byte(byte) => write!(f, "at byte {byte}"),
            FilePosition::Frame { frame, seconds } => write!(f, "after {seconds:.3} s ({frame} frames)"),
        }
    }
}

/// Why a file could not become a clip. Every message names the file, the fault, its place and a remedy.
///
/// A file that fails gives no samples: a model would train on silence or a shortened clip as if it were data.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AudioError {
    /// No file of that name.
    #[error("{}: no such file; check the path", .path.display())]
    NotFound {
        /// The file.
        path: PathBuf,
    },
    /// The file is there but can't be opened.
    #[error("{}: cannot be opened: {source}; check its permissions", .path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A folder, a pipe or a device.
    #[error("{}: is not a regular file; give an audio file (to use a pipe, save it to a file first)", .path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// The file was opened, but reading it failed.
    #[error("{}: cannot be read {at}: {source}; check the disk or the network folder", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// How far reading got.
        at: FilePosition,
        /// What the system said.
        source: io::Error,
    },
    /// Zero bytes: no header, so not an audio file.
    #[error("{}: is empty (0 bytes); download it again or leave it out", .path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// Not audio, or audio in an unsupported format.
    #[error("{}: {reason}; convert it to WAV or FLAC (for example with ffmpeg) or leave it out", .path.display())]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// What it is.
        reason: String,
    },
    /// The file ends before its recording does.
    #[error("{}: is cut off {at}: {reason}; download it again, or re-encode it with ffmpeg to keep what is left, or leave it out", .path.display())]
    Truncated {
        /// The file.
        path: PathBuf,
        /// What is missing.
        reason: String,
        /// How far the file is intact.
        at: FilePosition,
    },
    /// The file contains bytes that can't be what was recorded.
    #[error("{}: is damaged {at}: {reason}; download it again, or re-encode it with ffmpeg, or leave it out", .path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
        /// Where.
        at: FilePosition,
    },
    /// A float sample that is NaN or infinite.
    #[error("{}: contains the sample {value} {at}; fix the program that wrote it, or leave the file out", .path.display())]
    NonFinite {
        /// The file.
        path: PathBuf,
        /// NaN or an infinity.
        value: f32,
        /// Where it is.
        at: FilePosition,
    },
    /// The requested sample rate is out of range.
    #[error(
        "sample rate {sample_rate_hz} Hz is out of range; request {MIN_SAMPLE_RATE_HZ} to {MAX_SAMPLE_RATE_HZ} Hz"
    )]
    BadSampleRate {
        /// The requested rate.
        sample_rate_hz: u32,
    },
    /// The requested part of a file is not a valid range.
    #[error(
        "start {start_seconds} s, duration {duration_seconds} s: not a valid range; both must be finite and not negative"
    )]
    BadRange {
        /// Requested start.
        start_seconds: f64,
        /// Requested duration.
        duration_seconds: f64,
    },
}

/// A fault without the name of its file, as found deep inside a reader.
#[derive(Debug)]
pub(crate) enum Fault {
    Empty,
    Io(io::Error, FilePosition),
    Unsupported(String),
    Truncated(String, FilePosition),
    Corrupt(String, FilePosition),
    NonFinite(f32, FilePosition),
}

impl Fault {
    pub(crate) fn truncated(reason: impl Into<String>, byte: u64) -> Self {
        Fault::Truncated(reason.into(), FilePosition::Byte(byte))
    }

    pub(crate) fn corrupt(reason: impl Into<String>, byte: u64) -> Self {
        Fault::Corrupt(reason.into(), FilePosition::Byte(byte))
    }

    pub(crate) fn in_file(self, path: &Path) -> AudioError {
        let path = path.to_path_buf();
        match self {
            Fault::Empty => AudioError::Empty { path },
            Fault::Io(source, at) => AudioError::Read { path, at, source },
            Fault::Unsupported(reason) => AudioError::Unsupported { path, reason },
            Fault::Truncated(reason, at) => AudioError::Truncated { path, reason, at },
            Fault::Corrupt(reason, at) => AudioError::Corrupt { path, reason, at },
            Fault::NonFinite(value, at) => AudioError::NonFinite { path, value, at },
        }
    }
}
