//! One request and its answer, on a thread of its own: a server that falls silent keeps nobody from stopping.

use std::io::Read;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;
use ureq::http::{Response, StatusCode, header};
use ureq::{Agent, Body};

/// Messages that wait to be taken.
const AHEAD: usize = 4;

/// What is asked for.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub url: String,
    /// The first byte that is wanted.
    pub start: u64,
    /// What identifies the version of the file that the bytes before it are of, as its server says.
    pub validator: Option<String>,
    /// Size of the whole file, where it is known.
    pub bytes: Option<u64>,
    /// The longest time for connecting, for an answer, and for each read.
    pub patience: Duration,
}

/// What comes back, in this order: an answer, its bytes, the end; or why not.
pub(super) enum Message {
    /// Bytes follow, the first of them being byte `from`.
    Bytes {
        from: u64,
        total: Option<u64>,
        validator: Option<String>,
    },
    /// There is nothing behind the first byte that was asked for.
    Complete,
    /// The bytes on disk are of another file.
    StartOver,
    Piece(Vec<u8>),
    End,
    Status(u16),
    Broken(String),
}

impl Request {
    /// Sends it; the messages come from another thread, which ends when nobody takes them.
    pub fn send(self) -> std::io::Result<Receiver<Message>> {
        let (send, receive) = sync_channel(AHEAD);
        let ask = move || {
            if let Err(broken) = self.ask(&send) {
                let _ = send.send(Message::Broken(broken)); // nobody may be waiting any more
            }
        };
        std::thread::Builder::new().spawn(ask)?;
        Ok(receive)
    }

    fn ask(&self, send: &SyncSender<Message>) -> Result<(), String> {
        let mut request = self.agent().get(&self.url);
        if self.start > 0 {
            request = request.header(header::RANGE, format!("bytes={}-", self.start));
            if let Some(validator) = &self.validator {
                request = request.header(header::IF_RANGE, validator);
            }
        }
        let mut response = request.call().map_err(|e| e.to_string())?;
        let answer = self.answer(&response)?;
        let follows = matches!(answer, Message::Bytes { .. });
        if send.send(answer).is_err() || !follows {
            return Ok(());
        }
        let mut body = response.body_mut().as_reader();
        let mut buffer = vec![0; 1 << 16];
        loop {
            let message = match body.read(&mut buffer).map_err(|e| e.to_string())? {
                0 => Message::End,
                n => Message::Piece(buffer[..n].to_vec()),
            };
            let ended = matches!(message, Message::End);
            if send.send(message).is_err() || ended {
                return Ok(());
            }
        }
    }

    fn agent(&self) -> Agent {
        let patience = Some(self.patience);
        Agent::config_builder()
            .http_status_as_error(false)
            .timeout_resolve(patience)
            .timeout_connect(patience)
            .timeout_send_request(patience)
            .timeout_recv_response(patience)
            .timeout_per_read(patience)
            .user_agent(concat!("earmark/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent()
    }

    fn answer(&self, response: &Response<Body>) -> Result<Message, String> {
        let begun = |from, total| Message::Bytes {
            from,
            total,
            validator: validator_of(response),
        };
        Ok(match response.status() {
            StatusCode::PARTIAL_CONTENT if self.is_other_version(response) => Message::StartOver,
            StatusCode::PARTIAL_CONTENT if begins_at(response, self.start) => {
                begun(self.start, total_of(response))
            }
            // No support for ranges, or another version of the file: all of it comes.
            StatusCode::OK => begun(0, length_of(response)),
            StatusCode::RANGE_NOT_SATISFIABLE if self.start > 0 => {
                // There is nothing after `start`: either the file is complete, or the bytes on disk are from a different file.
                let whole = [total_of(response), self.bytes].contains(&Some(self.start));
                if whole {
                    Message::Complete
                } else {
                    Message::StartOver
                }
            }
            status if status.is_success() => {
                return Err("the server sent a different part from the requested one".into());
            }
            status => Message::Status(status.as_u16()),
        })
    }

    /// Whether a server that ignores `If-Range` sends a part of another version than the one begun.
    fn is_other_version(&self, response: &Response<Body>) -> bool {
        match (&self.validator, validator_of(response)) {
            (Some(begun), Some(now)) => *begun != now,
            _ => false,
        }
    }
}

fn text<'a>(response: &'a Response<Body>, name: &header::HeaderName) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}

/// What `If-Range` may name: a strong entity tag, else the time of the last change.
fn validator_of(response: &Response<Body>) -> Option<String> {
    let tag = text(response, &header::ETAG).filter(|tag| !tag.starts_with("W/"));
    let validator = tag.or_else(|| text(response, &header::LAST_MODIFIED))?;
    Some(validator.to_owned())
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
