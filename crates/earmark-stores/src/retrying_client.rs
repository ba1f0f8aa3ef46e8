//! Sends requests, and sends them again where that may help.

use crate::one_attempt::{Fault, SendFailure, once, wanted_bytes};
use bytes::Bytes;
use earmark_core::slowest_rate::longest_time;
use std::collections::HashSet;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use ureq::Agent;
use ureq::http::header::{HeaderMap, RETRY_AFTER};
use ureq::http::{Method, Request, Response};

/// How long an answer may be: a listing, a part of a recording, what a store says about an upload.
pub(crate) const MOST_BYTES: u64 = 64 << 20;

/// Where machines of a cloud ask for their credentials. Elsewhere nobody answers there, and that shows soon.
const METADATA_SERVERS: [&str; 3] = ["169.254.169.254", "169.254.170.2", "metadata.google.internal"];

/// How long a server is waited for, and how often and after what time a request is sent again.
#[derive(Clone, Copy, Debug)]
pub struct RetryLimits {
    /// For a name to be found, a connection to be made, an answer to begin, and each piece of it to come.
    pub patience: Duration,
    /// The time after which a request is not sent again, all attempts and pauses together; what it asks for may take
    /// longer by its size, at the slowest rate.
    pub in_all: Duration,
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
            patience: Duration::from_secs(30),
            in_all: Duration::from_secs(120),
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
    /// Servers that gave no whole answer when they were asked last.
    silent: Mutex<HashSet<String>>,
}

impl fmt::Debug for RetryingClient {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_struct("RetryingClient")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl RetryingClient {
    pub fn new(limits: RetryLimits, wait: fn(Duration)) -> Self {
        Self {
            direct: agent(limits.patience, 0),
            following: agent(limits.patience, 5),
            metadata: agent(limits.patience.min(Duration::from_secs(2)), 0),
            limits,
            wait,
            silent: Mutex::default(),
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
        let server = request.uri().authority().map(ToString::to_string);
        let server = server.unwrap_or_default();
        // Of thousands of recordings of a server that is silent, each would take minutes.
        let attempts = match self.silent().contains(&server) {
            true => 1,
            false => attempts,
        };
        let answer = self.send_again(agent, attempts, request, most);
        match &answer {
            Err(SendFailure::Interrupted { .. }) => self.silent().insert(server),
            _ => self.silent().remove(&server),
        };
        answer
    }

    fn silent(&self) -> MutexGuard<'_, HashSet<String>> {
        self.silent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send_again(
        &self,
        agent: &Agent,
        attempts: u32,
        request: &Request<Bytes>,
        most: u64,
    ) -> Result<Response<Bytes>, SendFailure> {
        let limits = &self.limits;
        let longest = limits
            .in_all
            .saturating_add(longest_time(wanted_bytes(request, most)));
        let (mut wait, mut attempt, mut spent) = (limits.first_wait, 1, Duration::ZERO);
        loop {
            let began = Instant::now();
            let answer = once(agent, request, most, limits.patience);
            let asked = answer.as_ref().ok();
            let asked = asked.and_then(|answer| asked_wait(answer.headers()));
            let pause = asked.unwrap_or(wait).min(limits.longest_wait);
            spent += began.elapsed() + pause;
            let is_last = attempt >= attempts || spent > longest;
            match answer {
                Ok(answer) if is_last || !is_passing(request.method(), &answer) => return Ok(answer),
                Err(Fault::Final(failure)) => return Err(failure),
                Err(Fault::Passing(cause)) if is_last => {
                    let attempts = attempt;
                    return Err(SendFailure::Interrupted { attempts, cause });
                }
                Ok(_) | Err(Fault::Passing(_)) => {}
            }
            (self.wait)(pause);
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
        .timeout_per_write(Some(patience))
        .user_agent(concat!("earmark/", env!("CARGO_PKG_VERSION")))
        .build()
        .new_agent()
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
