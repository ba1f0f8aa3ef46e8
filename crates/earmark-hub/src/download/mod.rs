//! Fetches a file over HTTP: what an interrupted attempt left is gone on from, and what does not have the expected checksum is kept
//! out.
//!
//! A file is written as `NAME.part` beside its place and takes its name when it is whole and checked, so that a file under its own
//! name is a good one.

mod checksum;
mod error;
mod transfer;

pub use checksum::sha256_of;
pub use error::FetchError;

use std::fs;
use std::path::{Path, PathBuf};

/// What to fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetch {
    /// Where from.
    pub url: String,
    /// Where to; its folder is made if need be.
    pub to: PathBuf,
    /// The checksum it must have, in hexadecimal digits, where it is known.
    pub sha256: Option<String>,
    /// The bytes it must have, where they are known.
    pub bytes: Option<u64>,
}

/// How far a transfer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes that are there, those of an earlier attempt included.
    pub done: u64,
    /// Bytes of the whole, where the server says.
    pub total: Option<u64>,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fetched {
    /// It was there already, with the right checksum or length.
    There,
    /// It was fetched; so many of its bytes were there from an earlier attempt.
    Anew {
        /// Bytes that were not fetched again.
        resumed: u64,
    },
}

impl Fetch {
    /// Where an unfinished file lies.
    pub fn part(&self) -> PathBuf {
        let mut name = self.to.file_name().unwrap_or_default().to_os_string();
        name.push(".part");
        self.to.with_file_name(name)
    }

    /// Fetches the file unless it is there. `progress` hears of every piece and says whether to go on; what is there when it says no
    /// is gone on from by the next call.
    ///
    /// A connection that breaks is taken up again, as long as each attempt brings something.
    ///
    /// # Errors
    /// See [`FetchError`].
    pub fn run(&self, progress: &mut dyn FnMut(Progress) -> bool) -> Result<Fetched, FetchError> {
        if self.to.is_file() {
            self.check(&self.to)?;
            return Ok(Fetched::There);
        }
        if let Some(folder) = self.to.parent() {
            fs::create_dir_all(folder).map_err(|e| FetchError::write(folder, e))?;
        }
        let part = self.part();
        let resumed = transfer::run(self, &part, progress)?;
        if let Err(wrong) = self.check(&part) {
            // Going on from wrong bytes would never end well.
            fs::remove_file(&part).map_err(|e| FetchError::write(&part, e))?;
            return Err(wrong);
        }
        fs::rename(&part, &self.to).map_err(|e| FetchError::write(&self.to, e))?;
        Ok(Fetched::Anew { resumed })
    }

    /// Refuses a file with another length or checksum than expected.
    fn check(&self, path: &Path) -> Result<(), FetchError> {
        let found = fs::metadata(path).map_err(|e| FetchError::write(path, e))?.len();
        if let Some(wanted) = self.bytes.filter(|wanted| *wanted != found) {
            return Err(FetchError::Length {
                url: self.url.clone(),
                path: path.into(),
                found,
                wanted,
            });
        }
        let Some(wanted) = &self.sha256 else {
            return Ok(());
        };
        let found = sha256_of(path).map_err(|e| FetchError::write(path, e))?;
        if found.eq_ignore_ascii_case(wanted) {
            return Ok(());
        }
        Err(FetchError::Checksum {
            url: self.url.clone(),
            path: path.into(),
            found,
            wanted: wanted.clone(),
        })
    }
}
