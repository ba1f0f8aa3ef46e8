//! What can be wrong with a file, where, and how to fix it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use earmark_core::remote::RemoteFailure;
use serde::Serialize;

use crate::limits::{MAX_SAMPLE_RATE_HZ, MIN_SAMPLE_RATE_HZ};

/// Where in a file something went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
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

impl From<u64> for FilePosition {
    fn from(byte: u64) -> Self {
        Self::Byte(byte)
    }
}

/// Why a file could not become a clip. Every message names the file, the fault, its place and a remedy.
///
/// A file that fails gives no samples: a model would train on silence or a shortened clip as if it were data. With
/// [`Damaged::Salvage`](crate::Damaged::Salvage), what is whole of a damaged file is read, and the rest is reported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AudioError {
    /// The file is missing, unreadable, unsupported or broken.
    #[error("{}: {fault}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        fault: Fault,
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

/// What is wrong with a file, and how to fix it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// No file of that name.
    #[error("no such file; check the path")]
    NotFound,
    /// The file is there but can't be opened.
    #[error("cannot be opened: {0}; check its permissions")]
    Open(#[source] io::Error),
    /// A folder, a pipe or a device.
    #[error("is not a regular file; give an audio file (to use a pipe, save it to a file first)")]
    NotAFile,
    /// The file was opened, but reading it failed after this position.
    #[error("cannot be read {1}: {0}; check the disk or the network folder")]
    Read(#[source] io::Error, FilePosition),
    /// The store of an address refused it or failed: what, and what to do. It says nothing about the recording.
    #[error("{0}")]
    Store(RemoteFailure),
    /// Zero bytes: no header, so not an audio file.
    #[error("is empty (0 bytes); download it again or leave it out")]
    Empty,
    /// Not audio, or audio in an unsupported format: what it is.
    #[error("{0}; convert it to WAV or FLAC (for example with ffmpeg) or leave it out")]
    Unsupported(String),
    /// The file ends before its recording does: what is missing, how far the file is intact, and what is left.
    #[error("is cut off {1}: {0}; {remedy}", remedy = .2.of_a_cut())]
    Truncated(String, FilePosition, Remains),
    /// The file contains bytes that can't be what was recorded: what is wrong, where, and what is left.
    #[error("is damaged {1}: {0}; {remedy}", remedy = .2.of_damage())]
    Corrupt(String, FilePosition, Remains),
    /// A float sample that is NaN or infinite, and its position.
    #[error(
        "contains the sample {0} {1}; fix the program that wrote it, or read what is whole with --damaged salvage, or leave the \
         file out"
    )]
    NonFinite(f32, FilePosition),
}

/// What is left of a file that is cut off or damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remains {
    /// Sound that [`Damaged::Salvage`](crate::Damaged::Salvage) reads.
    Sound,
    /// Nothing that is known to be whole.
    Nothing,
}

impl Remains {
    fn of_a_cut(self) -> &'static str {
        match self {
            Remains::Sound => SALVAGE,
            Remains::Nothing => {
                "download it again, or re-encode it with ffmpeg to keep what is left, or leave it out"
            }
        }
    }

    fn of_damage(self) -> &'static str {
        match self {
            Remains::Sound => SALVAGE,
            Remains::Nothing => "download it again, or re-encode it with ffmpeg, or leave it out",
        }
    }
}

/// What to do about a file of which a part can be read.
const SALVAGE: &str = "download it again, or read what is whole with --damaged salvage, or leave it out";

impl Fault {
    pub(crate) fn unsupported(reason: impl Into<String>) -> Self {
        Fault::Unsupported(reason.into())
    }

    pub(crate) fn truncated(reason: impl Into<String>, at: impl Into<FilePosition>) -> Self {
        Fault::Truncated(reason.into(), at.into(), Remains::Nothing)
    }

    pub(crate) fn corrupt(reason: impl Into<String>, at: impl Into<FilePosition>) -> Self {
        Fault::Corrupt(reason.into(), at.into(), Remains::Nothing)
    }

    /// The same where nothing is left of the file.
    pub(crate) fn with_nothing_left(self) -> Self {
        self.with_remains(Remains::Nothing)
    }

    /// The same where some of the file can be read.
    pub(crate) fn with_sound_left(self) -> Self {
        self.with_remains(Remains::Sound)
    }

    fn with_remains(self, remains: Remains) -> Self {
        match self {
            Fault::Truncated(reason, at, _) => Fault::Truncated(reason, at, remains),
            Fault::Corrupt(reason, at, _) => Fault::Corrupt(reason, at, remains),
            other => other,
        }
    }

    /// What is wrong, without place and remedy.
    pub(crate) fn reason(&self) -> String {
        match self {
            Fault::Truncated(reason, ..) | Fault::Corrupt(reason, ..) | Fault::Unsupported(reason) => {
                reason.clone()
            }
            other => other.to_string(),
        }
    }

    pub(crate) fn in_file(self, path: &Path) -> AudioError {
        let path = path.to_path_buf();
        let failure = match &self {
            Fault::Open(e) | Fault::Read(e, _) => RemoteFailure::of(e).cloned(),
            _ => None,
        };
        let fault = failure.map_or(self, Fault::Store);
        AudioError::File { path, fault }
    }
}
