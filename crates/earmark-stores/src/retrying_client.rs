//! Sends requests, and sends them again where that may help.

use bytes::Bytes;
use std::fmt;
use std::time::Duration;
use ureq::http::header::{CONTENT_RANGE, HeaderMap, RETRY_AFTER};
use ureq::http::{Method, Request, Response, StatusCode};
use ureq::{Agent, Error};

/// How long an answer may be: a listing, a part of a recording, what a store says about an upload.
pub(crate) const MOST_BYTES: u64 = 64 << 20;

/// For names to be found, connections to be made and each piece of an answer to come.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where machines of a cloud ask for their credentials. Elsewhere nobody answers there, and that shows soon.
const METADATA_SERVERS: [&str; 3] = ["169.254.169.254", "169.254.170.2", "metadata.google.internal"];

/// How often and after what time a request is sent again.
#[derive(Clone, Copy, Debug)]
pub struct RetryLimits {
    /// How often a request is sent in all.
    pub attempts: u32,
    /// The time before it is sent again, which doubles each time.
    pub first_wait: Duration,
    /// The longest such time, also of those that a server asks for.
    pub longest_wait: Duration,
}

impl Default for RetryLimits {
    fn default() -> Self {
        Self {
            attempts: 6,
            first_wait: Duration::from_millis(250),
            longest_wait: Duration::from_secs(30),
        }
    }
}

/// Sends requests.
pub(crate) struct RetryingClient {
    /// For stores: a redirection is theirs to explain.
    direct: Agent,
    /// For web servers.
    following: Agent,
    /// For the servers of credentials.
    metadata: Agent,
    limits: RetryLimits,
    wait: fn(Duration),
}

impl fmt::Debug for RetryingClient {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_struct("RetryingClient")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// Why no answer came.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendFailure {
    /// Nothing, or not all of it, came, in as many attempts.
    #[error("no whole answer in {attempts} attempts ({cause})")]
    Interrupted { attempts: u32, cause: String },
    /// The answer is longer than it may be.
    #[error("the answer is too long")]
    TooLong,
    /// The request can't be sent at all.
    #[error("{0}")]
    Refused(String),
}

impl RetryingClient {
    pub fn new(limits: RetryLimits, wait: fn(Duration)) -> Self {
        Self {
            direct: agent(PATIENCE, 0),
            following: agent(PATIENCE, 5),
            metadata: agent(Duration::from_secs(2), 0),
            limits,
            wait,
        }
    }

    /// Sends a request to a store. An answer that asks to come again later is the result only of the last attempt.
    pub fn send(&self, request: &Request<Bytes>) -> Result<Response<Bytes>, SendFailure> {
        let host = request.uri().host().unwrap_or_default();
        match METADATA_SERVERS.contains(&host) {
            true => self.send_by(&self.metadata, 2, request, MOST_BYTES),
            false => self.send_by(&self.direct, self.limits.attempts, request, MOST_BYTES),
        }
    }

    /// The same to a web server, following redirections; of an answer of at most `most` bytes.
    pub fn send_to_web(&self, request: &Request<Bytes>, most: u64) -> Result<Response<Bytes>, SendFailure> {
        self.send_by(&self.following, self.limits.attempts, request, most)
    }

    fn send_by(
        &self,
        agent: &Agent,
        attempts: u32,
        request: &Request<Bytes>,
        most: u64,
    ) -> Result<Response<Bytes>, SendFailure> {
        let (mut wait, mut attempt) = (self.limits.first_wait, 1);
        loop {
            let is_last = attempt >= attempts;
            let asked = match once(agent, request, most) {
                Ok(answer) if is_last || !is_passing(request.method(), &answer) => return Ok(answer),
                Ok(answer) => asked_wait(answer.headers()),
                Err(Fault::Final(failure)) => return Err(failure),
                Err(Fault::Passing(cause)) if is_last => {
                    return Err(SendFailure::Interrupted { attempts, cause });
                }
                Err(Fault::Passing(_)) => None,
            };
            (self.wait)(asked.unwrap_or(wait).min(self.limits.longest_wait));
            wait = wait.saturating_mul(2);
            attempt += 1;
        }
    }
}

fn agent(patience: Duration, redirections: u32) -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(redirections)
        .max_redirects_will_error(false)
        .timeout_resolve(Some(patience))
        .timeout_connect(Some(patience.min(Duration::from_secs(10))))
        .timeout_send_request(Some(patience))
        .timeout_recv_response(Some(patience))
        .timeout_per_read(Some(patience))
        .user_agent(concat!("earmark/", env!("CARGO_PKG_VERSION")))
        .build()
        .new_agent()
}

/// Why an attempt failed.
enum Fault {
    /// Another attempt may help.
    Passing(String),
    Final(SendFailure),
}

fn once(agent: &Agent, request: &Request<Bytes>, most: u64) -> Result<Response<Bytes>, Fault> {
    let (parts, body) = request.clone().into_parts();
    let takes_body = matches!(parts.method, Method::POST | Method::PUT);
    let is_head = parts.method == Method::HEAD;
    let answer = match takes_body {
        true => agent.run(Request::from_parts(parts, &body[..])),
        false => agent.run(Request::from_parts(parts, ())),
    };
    let (parts, body) = answer.map_err(fault)?.into_parts();
    if body.content_length().is_some_and(|length| length > most) && !is_head {
        return Err(Fault::Final(SendFailure::TooLong));
    }
    let bytes = match is_head {
        true => Vec::new(),
        false => body
            .into_with_config()
            .limit(most + 1)
            .read_to_vec()
            .map_err(fault)?,
    };
    let promised = range_of(&parts.headers).map(|(from, to)| to - from + 1);
    let got = bytes.len() as u64;
    let is_part = !is_head && parts.status == StatusCode::PARTIAL_CONTENT;
    match promised.filter(|promised| is_part && *promised != got) {
        Some(promised) => Err(Fault::Passing(format!("{got} of {promised} bytes came"))),
        None => Ok(Response::from_parts(parts, Bytes::from(bytes))),
    }
}

fn fault(error: Error) -> Fault {
    match error {
        Error::BodyExceedsLimit(_) => Fault::Final(SendFailure::TooLong),
        Error::Io(_)
        | Error::Timeout(_)
        | Error::ConnectionFailed
        | Error::Protocol(_)
        | Error::BodyStalled => Fault::Passing(error.to_string()),
        other => Fault::Final(SendFailure::Refused(other.to_string())),
    }
}

/// The first and the last byte of an answer that is a part of something.
pub(crate) fn range_of(headers: &HeaderMap) -> Option<(u64, u64)> {
    let range = headers.get(CONTENT_RANGE)?.to_str().ok()?;
    let (range, _) = range.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (from, to) = range.split_once('-')?;
    let (from, to) = (from.parse().ok()?, to.parse().ok()?);
    (from <= to).then_some((from, to))
}

/// Whether an answer may be another one soon: the server fails or is busy.
fn is_passing(method: &Method, answer: &Response<Bytes>) -> bool {
    match answer.status().as_u16() {
        408 | 429 | 500 | 502 | 503 | 504 => true,
        // S3 completes an upload after it has begun to answer.
        200 if method == Method::POST => {
            let text = String::from_utf8_lossy(answer.body());
            ["InternalError", "SlowDown"]
                .iter()
                .any(|code| text.contains(&format!("<Code>{code}</Code>")))
        }
        _ => false,
    }
}

/// The time that a server asks to wait, in seconds; where it gives a date, none.
fn asked_wait(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}
