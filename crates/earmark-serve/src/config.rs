//! How the server is started.

use crate::limits::ServeLimits;
use earmark_inference::PipelineError;
use earmark_inference::tag::TagError;
use std::io::Read;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Characters of a token.
const TOKEN_LENGTHS: std::ops::RangeInclusive<usize> = 16..=256;

/// More streams at a time than any machine computes.
const MOST_STREAMS: usize = 1024;

/// How the server is started.
#[derive(Clone, Debug)]
pub struct ServeConfig {
    /// Models, each served under its own name: files, RUN, RUN@STEP, or a cross-validation run, whose folds are
    /// blended.
    pub models: Vec<String>,
    /// Device by name.
    pub device: String,
    /// Address to listen on; port 0 takes a free one.
    pub bind: SocketAddr,
    /// A file with the token that clients must send.
    pub token_file: Option<PathBuf>,
    /// What clients may ask for.
    pub limits: ServeLimits,
}

impl ServeConfig {
    /// One model on the CPU, on a free port of this machine, without a token.
    pub fn new(model: impl Into<String>) -> Self {
        Self {
            models: vec![model.into()],
            device: "cpu".into(),
            bind: SocketAddr::from(([127, 0, 0, 1], 0)),
            token_file: None,
            limits: ServeLimits::default(),
        }
    }

    /// Refuses what can't work, and addresses that others reach without a token; the token.
    pub(crate) fn check(&self) -> Result<Option<String>, ServeError> {
        let limits = &self.limits;
        let counts = [
            ("--max-mib", limits.bytes == 0),
            (
                "--max-seconds",
                !(limits.seconds > 0.0 && limits.seconds.is_finite()),
            ),
            ("--max-files", limits.files == 0),
            ("--queue", limits.queue == 0),
            ("--connections", limits.connections == 0),
            ("--streams", limits.streams == 0),
        ];
        if let Some((flag, _)) = counts.iter().find(|(_, is_wrong)| *is_wrong) {
            return Err(ServeError::Request(format!("{flag}: give a number above 0")));
        }
        if limits.streams > MOST_STREAMS {
            return Err(ServeError::Request(format!(
                "--streams {}: each takes threads; give at most {MOST_STREAMS}",
                limits.streams
            )));
        }
        let Some(file) = &self.token_file else {
            if self.bind.ip().is_loopback() {
                return Ok(None);
            }
            return Err(ServeError::Request(format!(
                "--bind {}: other machines reach this address, and anybody there could use the server; name a file \
                 with a token with --token-file FILE, or choose 127.0.0.1",
                self.bind
            )));
        };
        read_token(file).map(Some)
    }
}

fn read_token(path: &Path) -> Result<String, ServeError> {
    let refused = |problem: String| ServeError::Token {
        path: path.to_path_buf(),
        problem,
    };
    let mut text = String::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(4096).read_to_string(&mut text))
        .map_err(|e| refused(format!("cannot be read: {e}; check the path")))?;
    let token = text.trim();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
    if TOKEN_LENGTHS.contains(&token.len()) && token.chars().all(is_plain) {
        return Ok(token.to_owned());
    }
    Err(refused(
        "is not a token: one line of 16 to 256 letters, digits or -._~; make one with `openssl rand -hex 32`"
            .into(),
    ))
}

/// Why the server can't start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// A model can't be used.
    #[error(transparent)]
    Model(#[from] PipelineError),
    /// A model can't tag.
    #[error(transparent)]
    Tag(#[from] TagError),
    /// The address can't be listened on.
    #[error("--bind {address}: {cause}; choose another port, or end the program that has it")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        cause: std::io::Error,
    },
    /// The token can't be used.
    #[error("{}: {problem}", path.display())]
    Token {
        /// Its file.
        path: PathBuf,
        /// What is wrong, and how to fix it.
        problem: String,
    },
    /// A thread or a folder that the system does not give.
    #[error("the server can't start: {0}; end other programs, or check the disk of temporary files")]
    System(#[from] std::io::Error),
    /// A setting that can't work.
    #[error("{0}")]
    Request(String),
}
