//! What can be wrong with a file, where, and what to do about it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Lowest sample rate, of a file or asked for, that makes sense for audio tagging.
pub const MIN_SAMPLE_RATE_HZ: u32 = 1_000;
/// Highest sample rate accepted, of a file or asked for.
pub const MAX_SAMPLE_RATE_HZ: u32 = 1_536_000;
/// Most channels accepted: an ambisonic recording of 15th order has 256.
pub const MAX_CHANNELS: u16 = 256;

/// Where in a file something went wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Position {
    /// At this byte of the file.
    Byte(u64),
    /// After this many good frames (samples per channel) at the file's own rate.
    Frame {
        /// Good frames before the fault.
        frame: u64,
        /// The same in seconds.
        seconds: f64,
    },
}

impl Position {
    pub(crate) fn frame(frame: u64, sample_rate_hz: u32) -> Self {
        Position::Frame {
            frame,
            seconds: frame as f64 / f64::from(sample_rate_hz.max(1)),
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Position::Byte(byte) => write!(f, "at byte {byte}"),
            Position::Frame { frame, seconds } => write!(f, "after {seconds:.3} s ({frame} frames)"),
        }
    }
}

/// Why a file could not become a clip. Every message names the file, the fault, its place and a remedy.
///
/// A file that fails gives no samples: silence or a shortened clip in place of a broken recording would be
/// learned as if it were data.
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
    #[error("{}: can't be opened: {source}; check its permissions", .path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A folder, a pipe or a device.
    #[error("{}: is not a regular file; name a sound file (to use a pipe, save it to a file first)", .path.display())]
    NotAFile {
        /// What was named.
        path: PathBuf,
    },
    /// The file was opened but the system can't read on.
    #[error("{}: can't be read {at}: {source}; check the disk or the network folder", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// How far reading came.
        at: Position,
        /// What the system said.
        source: io::Error,
    },
    /// Not one byte: no header, hence no audio file.
    #[error("{}: is empty (0 bytes); download it again or leave it out", .path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// Not audio, or audio of a kind that is not decoded here.
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
        /// How far the file is good.
        at: Position,
    },
    /// The file holds bytes that can't be what was recorded.
    #[error("{}: is damaged {at}: {reason}; download it again, or re-encode it with ffmpeg, or leave it out", .path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
        /// Where.
        at: Position,
    },
    /// A float sample that is no number.
    #[error("{}: holds the sample {value} {at}; repair the program that wrote it, or leave the file out", .path.display())]
    NonFinite {
        /// The file.
        path: PathBuf,
        /// NaN or an infinity.
        value: f32,
        /// Where it stands.
        at: Position,
    },
    /// A sample rate was asked for that nothing can be resampled to.
    #[error(
        "sample rate {sample_rate_hz} Hz is out of range; ask for {MIN_SAMPLE_RATE_HZ} to {MAX_SAMPLE_RATE_HZ} Hz"
    )]
    BadSampleRate {
        /// The rate asked for.
        sample_rate_hz: u32,
    },
    /// A part of a file was asked for that can't be.
    #[error(
        "a range from {start_seconds} s for {duration_seconds} s is no range; both must be finite and not negative"
    )]
    BadRange {
        /// Where it was to start.
        start_seconds: f64,
        /// How long it was to be.
        duration_seconds: f64,
    },
}

/// A fault without the name of its file, as found deep inside a reader.
#[derive(Debug)]
pub(crate) enum Fault {
    Empty,
    Io(io::Error, Position),
    Unsupported(String),
    Truncated(String, Position),
    Corrupt(String, Position),
    NonFinite(f32, Position),
}

impl Fault {
    pub(crate) fn truncated(reason: impl Into<String>, byte: u64) -> Self {
        Fault::Truncated(reason.into(), Position::Byte(byte))
    }

    pub(crate) fn corrupt(reason: impl Into<String>, byte: u64) -> Self {
        Fault::Corrupt(reason.into(), Position::Byte(byte))
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
