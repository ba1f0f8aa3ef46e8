//! `log.txt`: what happened when, for people.

use earmark_core::atomic::WriteError;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Instant, SystemTime};

/// `log.txt`: lines with the seconds since the program started.
#[derive(Debug)]
pub struct RunLog {
    file: Mutex<File>,
    start: Instant,
}

impl RunLog {
    /// Opens the log of a run for appending.
    ///
    /// # Errors
    /// A file that can't be written to.
    pub fn open(run: &Path) -> Result<Self, WriteError> {
        let path = run.join("log.txt");
        let file = File::options().create(true).append(true).open(&path);
        Ok(Self {
            file: Mutex::new(file.map_err(|e| WriteError::new(&path, e))?),
            start: Instant::now(),
        })
    }

    /// Adds a line. Errors are ignored: the log is for people, and a full disk must not end a training because of it.
    pub fn line(&self, text: &str) {
        let t = self.start.elapsed().as_secs_f64();
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = file.write_all(format!("{t:10.1} s  {text}\n").as_bytes());
    }
}

/// Now, as RFC 3339 in UTC.
pub fn now() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string()
}
