//! The transfer itself, resumed where it broke off: requests, ranges, and connections that break.

use super::{Download, DownloadError, DownloadProgress};
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::time::Duration;
use ureq::http::{Response, StatusCode, header};
use ureq::{Agent, Body};

/// Consecutive attempts without a byte before giving up.
const FRUITLESS: u32 = 3;
/// Pause after an attempt without a byte.
const PAUSE: Duration = Duration::from_millis(500);
/// Time for a server to accept a connection, and to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Downloads the rest of the file into `part`; returns the number of bytes that were already there and kept.
pub(crate) fn run(
    job: &Download,
    part: &Path,
    progress: &mut dyn FnMut(DownloadProgress) -> bool,
) -> Result<u64, DownloadError> {
    let agent: Agent = Agent::config_builder()
        .http_status_as_error(false)
        .timeout_connect(Some(PATIENCE))
        .timeout_recv_response(Some(PATIENCE))
        .user_agent(concat!("earmark/", env!("CARGO_PKG_VERSION")))
        .build()
        .new_agent();
    let file = |e| DownloadError::write(part, e);
    let open = OpenOptions::new().create(true).append(true).open(part);
    let mut out = open.map_err(file)?;
    let before = out.metadata().map_err(file)?.len();
    // Earlier bytes that turn out to be useless do not count as kept.
    let mut kept = before;
    let (mut fruitless, mut whole) = (0, false);
    while !whole {
        let start = out.metadata().map_err(file)?.len();
        let ended = attempt(job, &agent, &mut out, part, start, progress);
        let now = out.metadata().map_err(file)?.len();
        let from = ended.as_ref().map_or(kept, |(from, _)| *from);
        kept = kept.min(now).min(from);
        match ended {
            Ok((_, complete)) => whole = complete,
            Err(e @ DownloadError::Network { .. }) if now <= start => {
                fruitless += 1;
                if fruitless == FRUITLESS {
                    return Err(e);
                }
                std::thread::sleep(PAUSE);
            }
            // Some bytes came: reconnect at once.
            Err(DownloadError::Network { .. }) => fruitless = 0,
            Err(e) => return Err(e),
        }
    }
    out.sync_all().map_err(file)?;
    Ok(kept)
}

/// One request for the bytes from `start`; returns the offset of the first byte that it brought, and whether the file is complete.
fn attempt(
    job: &Download,
    agent: &Agent,
    out: &mut File,
    part: &Path,
    start: u64,
    progress: &mut dyn FnMut(DownloadProgress) -> bool,
) -> Result<(u64, bool), DownloadError> {
    let network = |cause: &dyn std::fmt::Display| DownloadError::Network {
        url: job.url.clone(),
        cause: cause.to_string(),
    };
    let file = |e| DownloadError::write(part, e);
    let mut request = agent.get(&job.url);
    if start > 0 {
        request = request.header(header::RANGE, format!("bytes={start}-"));
    }
    let mut response = request.call().map_err(|e| network(&e))?;
    let (from, total) = match response.status() {
        StatusCode::PARTIAL_CONTENT if begins_at(&response, start) => (start, total_of(&response)),
        // No support for ranges: the whole file comes.
        StatusCode::OK => (0, length_of(&response)),
        StatusCode::RANGE_NOT_SATISFIABLE if start > 0 => {
            // There is nothing after `start`: either the file is complete, or the bytes on disk are from a different file.
            if total_of(&response) == Some(start) || job.bytes == Some(start) {
                return Ok((start, true));
            }
            out.set_len(0).map_err(file)?;
            return Ok((0, false));
        }
        status if status.is_success() => {
            let cause = "the server sent a different part from the requested one";
            return Err(network(&cause));
        }
        status => {
            let (url, status) = (job.url.clone(), status.as_u16());
            return Err(DownloadError::Status { url, status });
        }
    };
    if from == 0 {
        out.set_len(0).map_err(file)?;
        out.rewind().map_err(file)?;
    }
    let mut done = from;
    let mut body = response.body_mut().as_reader();
    let mut buffer = vec![0; 1 << 16];
    loop {
        if !progress(DownloadProgress { done, total }) {
            return Err(DownloadError::Stopped);
        }
        match body.read(&mut buffer).map_err(|e| network(&e))? {
            0 => break,
            n => {
                out.write_all(&buffer[..n]).map_err(file)?;
                done += n as u64;
            }
        }
    }
    match total {
        Some(total) if done < total => {
            let cause = format!("the connection broke after {done} of {total} bytes");
            Err(network(&cause))
        }
        _ => Ok((from, true)),
    }
}

fn text<'a>(response: &'a Response<Body>, name: &header::HeaderName) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}

fn length_of(response: &Response<Body>) -> Option<u64> {
    text(response, &header::CONTENT_LENGTH)?.parse().ok()
}

/// The 200 of `bytes 100-199/200` or `bytes */200`.
fn total_of(response: &Response<Body>) -> Option<u64> {
    let range = text(response, &header::CONTENT_RANGE)?;
    range.rsplit('/').next()?.parse().ok()
}

/// Whether the part begins at the requested byte.
fn begins_at(response: &Response<Body>, start: u64) -> bool {
    let range = text(response, &header::CONTENT_RANGE).and_then(|r| r.strip_prefix("bytes "));
    let first = range.and_then(|r| r.split('-').next()?.parse().ok());
    first == Some(start)
}
