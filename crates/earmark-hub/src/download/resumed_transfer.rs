//! The transfer itself, resumed where it broke off: how often, after which pauses, and up to which size.

use super::request::{Message, Request};
use super::slowest_rate::{is_of_use, longest, window};
use super::{Download, DownloadError, DownloadProgress};
use earmark_core::slowest_rate::{RateWatch, SLOWEST_BYTES_PER_SECOND};
use std::fs::{self, File, OpenOptions};
use std::io::{Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// Consecutive attempts of no use before giving up: without a byte, or too slow.
const FRUITLESS: u32 = 3;
/// Attempts in all, however many bytes each of them brings.
const ATTEMPTS: u32 = 200;
/// The longest first pause after an attempt of no use; each further one is twice as long.
const PAUSE: Duration = Duration::from_millis(500);
/// How often a stop is asked for.
const TICK: Duration = Duration::from_millis(50);

type Progress<'a> = &'a mut dyn FnMut(DownloadProgress) -> bool;

/// Downloads the rest of the file into `part`; returns the number of bytes that were already there and kept.
pub(crate) fn run(job: &Download, part: &Path, progress: Progress) -> Result<u64, DownloadError> {
    let file = |e| DownloadError::write(part, e);
    let open = OpenOptions::new().create(true).append(true).open(part);
    let mut transfer = Transfer {
        job,
        part,
        out: open.map_err(file)?,
        validator: read_validator(part),
        size: job.limit(),
        is_slow: false,
        progress,
    };
    if transfer.validator.is_none() && job.sha256.is_none() && job.md5.is_none() {
        // Nothing would show that the bytes are of another version of the file.
        transfer.out.set_len(0).map_err(file)?;
    }
    // Earlier bytes that turn out to be useless do not count as kept.
    let mut kept = transfer.length()?;
    let (mut fruitless, mut whole) = (0, false);
    let all_began = Instant::now();
    for attempt in 1.. {
        let (start, began) = (transfer.length()?, Instant::now());
        let ended = transfer.attempt(start);
        let now = transfer.length()?;
        let from = ended.as_ref().map_or(kept, |(from, _)| *from);
        kept = kept.min(now).min(from);
        let is_late = all_began.elapsed() > longest(transfer.size, job.patience);
        let is_last = attempt == ATTEMPTS || is_late;
        match ended {
            Ok((_, complete)) => whole = complete,
            Err(e @ DownloadError::Network { .. }) => {
                let brought = now.saturating_sub(start);
                let of_use = !transfer.is_slow && is_of_use(brought, began.elapsed(), job.patience);
                fruitless = if of_use { 0 } else { fruitless + 1 };
                if fruitless == FRUITLESS || is_last {
                    return Err(e);
                }
                if fruitless > 0 {
                    transfer.pause(PAUSE.min(job.patience) * 2_u32.pow(fruitless - 1), now)?;
                }
            }
            Err(e) => return Err(e),
        }
        if whole {
            break;
        }
        if is_last {
            return Err(transfer.network("the server sends other bytes again and again"));
        }
    }
    transfer.out.sync_all().map_err(file)?;
    Ok(kept)
}

/// The file that says which version of the file the bytes in `part` are of.
fn validator_path(part: &Path) -> PathBuf {
    let mut name = part.as_os_str().to_owned();
    name.push(".etag");
    name.into()
}

fn read_validator(part: &Path) -> Option<String> {
    let text = fs::read_to_string(validator_path(part)).ok()?;
    // Anything else could not be sent.
    let is_header = !text.is_empty() && text.chars().all(|c| matches!(c, ' '..='~'));
    is_header.then_some(text)
}

/// Removes what is known of an unfinished file.
pub(super) fn forget(part: &Path) {
    let _ = fs::remove_file(validator_path(part)); // without the file itself, it says nothing
}

struct Transfer<'a> {
    job: &'a Download,
    part: &'a Path,
    out: File,
    validator: Option<String>,
    /// Bytes of the file, or the most that it may have.
    size: u64,
    /// Whether the last attempt was ended because too little came.
    is_slow: bool,
    progress: Progress<'a>,
}

impl Transfer<'_> {
    /// One request for the bytes from `start`; returns the offset of the first byte that it brought, and whether the
    /// file is complete.
    fn attempt(&mut self, start: u64) -> Result<(u64, bool), DownloadError> {
        let request = Request {
            url: self.job.url.clone(),
            start,
            validator: self.validator.clone(),
            bytes: self.job.bytes,
            patience: self.job.patience,
        };
        self.is_slow = false;
        let messages = request.send().map_err(|e| self.network(e))?;
        let (from, total) = match self.next(&messages, start, self.job.bytes)? {
            Message::Bytes {
                from,
                total,
                validator,
            } => {
                self.begin(from, total, validator)?;
                (from, total)
            }
            Message::Complete => return Ok((start, true)),
            Message::StartOver => {
                self.empty()?;
                return Ok((0, false));
            }
            Message::Status(status) => {
                let url = self.job.url.clone();
                return Err(DownloadError::Status { url, status });
            }
            Message::Broken(cause) => return Err(self.network(cause)),
            Message::Piece(_) | Message::End => return Err(self.network("an answer without a head")),
        };
        let done = self.receive(&messages, from, total)?;
        match total {
            Some(total) if done < total => {
                Err(self.network(format!("the connection broke after {done} of {total} bytes")))
            }
            _ => Ok((from, true)),
        }
    }

    /// The next message; meanwhile a stop is asked for.
    fn next(
        &mut self,
        messages: &Receiver<Message>,
        done: u64,
        total: Option<u64>,
    ) -> Result<Message, DownloadError> {
        loop {
            if !(self.progress)(DownloadProgress { done, total }) {
                return Err(DownloadError::Stopped);
            }
            match messages.recv_timeout(TICK) {
                Ok(message) => return Ok(message),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(self.network("the connection broke")),
            }
        }
    }

    /// Prepares the file for bytes from `from`.
    fn begin(
        &mut self,
        from: u64,
        total: Option<u64>,
        validator: Option<String>,
    ) -> Result<(), DownloadError> {
        if total.is_some_and(|total| total > self.job.limit()) {
            return Err(self.too_long());
        }
        self.size = total.unwrap_or(self.size);
        if from > 0 {
            return Ok(());
        }
        self.empty()?;
        if let Some(text) = &validator {
            let path = validator_path(self.part);
            fs::write(&path, text).map_err(|e| DownloadError::write(&path, e))?;
        }
        self.validator = validator;
        Ok(())
    }

    /// Writes the pieces of an answer; returns the offset behind the last one.
    fn receive(
        &mut self,
        messages: &Receiver<Message>,
        from: u64,
        total: Option<u64>,
    ) -> Result<u64, DownloadError> {
        let mut done = from;
        let (began, mut rate) = (Instant::now(), RateWatch::new(window(self.job.patience), from));
        loop {
            match self.next(messages, done, total)? {
                Message::Piece(piece) => {
                    done += piece.len() as u64;
                    if done > self.job.limit() {
                        return Err(self.too_long());
                    }
                    let written = self.out.write_all(&piece);
                    written.map_err(|e| DownloadError::write(self.part, e))?;
                }
                Message::Broken(cause) => return Err(self.network(cause)),
                _ => return Ok(done),
            }
            if rate.is_too_slow(began.elapsed(), done) {
                self.is_slow = true;
                let least = SLOWEST_BYTES_PER_SECOND / 1000;
                return Err(self.network(format!("the server sends less than {least} kB per second")));
            }
        }
    }

    /// Waits before the next attempt, unless a stop is asked for.
    fn pause(&mut self, time: Duration, done: u64) -> Result<(), DownloadError> {
        let since = Instant::now();
        let total = self.job.bytes;
        while since.elapsed() < time {
            if !(self.progress)(DownloadProgress { done, total }) {
                return Err(DownloadError::Stopped);
            }
            std::thread::sleep(TICK.min(time));
        }
        Ok(())
    }

    fn length(&self) -> Result<u64, DownloadError> {
        let found = self.out.metadata();
        Ok(found.map_err(|e| DownloadError::write(self.part, e))?.len())
    }

    fn empty(&mut self) -> Result<(), DownloadError> {
        forget(self.part);
        self.validator = None;
        let emptied = self.out.set_len(0).and_then(|()| self.out.rewind());
        emptied.map_err(|e| DownloadError::write(self.part, e))
    }

    /// More comes than the file has: nothing of it is of use.
    fn too_long(&mut self) -> DownloadError {
        let _ = self.empty(); // what is left over would be refused by its length
        DownloadError::TooLong {
            url: self.job.url.clone(),
            limit: self.job.limit(),
        }
    }

    fn network(&self, cause: impl ToString) -> DownloadError {
        DownloadError::Network {
            url: self.job.url.clone(),
            cause: cause.to_string(),
        }
    }
}
