//! One request and its answer, in a time that follows from how much is asked for.

use bytes::Bytes;
use earmark_core::human::human_amount;
use earmark_core::slowest_rate::{RateWatch, SLOWEST_BYTES_PER_SECOND, longest_time};
use std::io::{self, Read};
use std::time::{Duration, Instant};
use ureq::http::header::{CONTENT_RANGE, HeaderMap, RANGE};
use ureq::http::{Method, Request, Response, StatusCode};
use ureq::{Agent, AsSendBody, Error};

/// Bytes of an answer of which the request does not say how long it may be.
const USUAL_BYTES: u64 = 1 << 20;

/// Times the patience that all of a request may take, and more by its size: to find the server, to connect, to send, and
/// for the answer to begin.
const PHASES: u32 = 4;

/// Why no answer came.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendFailure {
    /// Nothing, or not all of it, came, in as many attempts.
    #[error("no whole answer in {} ({cause})", human_amount(*attempts as usize, "attempt", "attempts"))]
    Interrupted { attempts: u32, cause: String },
    /// The answer is longer than it may be.
    #[error("the answer is too long")]
    TooLong,
    /// The request can't be sent at all.
    #[error("{0}")]
    Refused(String),
}

/// Why an attempt failed.
pub(crate) enum Fault {
    /// Another attempt may help.
    Passing(String),
    Final(SendFailure),
}

/// About how many bytes a request takes both ways: its body and the part that it asks for. Where it asks for all of
/// something, as of a listing, a usual length of that.
pub(crate) fn wanted_bytes(request: &Request<Bytes>, most: u64) -> u64 {
    let part = request.headers().get(RANGE).and_then(|range| {
        let (from, to) = range.to_str().ok()?.strip_prefix("bytes=")?.split_once('-')?;
        let (from, to): (u64, u64) = (from.parse().ok()?, to.parse().ok()?);
        to.checked_sub(from)?.checked_add(1)
    });
    let answer = match *request.method() == Method::HEAD {
        true => 0,
        false => part.unwrap_or(USUAL_BYTES).min(most),
    };
    request.body().len() as u64 + answer
}

/// Sends a request once.
pub(crate) fn once(
    agent: &Agent,
    request: &Request<Bytes>,
    most: u64,
    patience: Duration,
) -> Result<Response<Bytes>, Fault> {
    // A server that gives no parts sends all of it.
    let bytes = request.body().len() as u64 + most;
    let limit = patience
        .saturating_mul(PHASES)
        .saturating_add(longest_time(bytes));
    let (parts, body) = request.clone().into_parts();
    let takes_body = matches!(parts.method, Method::POST | Method::PUT);
    let is_head = parts.method == Method::HEAD;
    let answer = match takes_body {
        true => agent.run(limited(agent, Request::from_parts(parts, &body[..]), limit)),
        false => agent.run(limited(agent, Request::from_parts(parts, ()), limit)),
    };
    let (parts, body) = answer.map_err(fault)?.into_parts();
    if body.content_length().is_some_and(|length| length > most) && !is_head {
        return Err(Fault::Final(SendFailure::TooLong));
    }
    let bytes = match is_head {
        true => Vec::new(),
        false => {
            let began = Instant::now();
            let watch = RateWatch::new(patience.saturating_mul(2), 0);
            read_whole(body.into_reader(), most, watch, || began.elapsed())?
        }
    };
    let promised = range_of(&parts.headers).map(|(from, to)| to - from + 1);
    let got = bytes.len() as u64;
    let is_part = !is_head && parts.status == StatusCode::PARTIAL_CONTENT;
    match promised.filter(|promised| is_part && *promised != got) {
        Some(promised) => Err(Fault::Passing(format!("{got} of {promised} bytes came"))),
        None => Ok(Response::from_parts(parts, Bytes::from(bytes))),
    }
}

/// A request that may take this long in all, redirections and the answer included.
fn limited<S: AsSendBody>(agent: &Agent, request: Request<S>, limit: Duration) -> Request<S> {
    agent
        .configure_request(request)
        .timeout_global(Some(limit))
        .build()
}

/// Reads an answer of at most `most` bytes that comes no slower than the watch allows; `elapsed` is the time since its
/// begin.
fn read_whole(
    mut answer: impl Read,
    most: u64,
    mut watch: RateWatch,
    elapsed: impl Fn() -> Duration,
) -> Result<Vec<u8>, Fault> {
    let (mut bytes, mut buffer) = (Vec::new(), vec![0; 1 << 16]);
    loop {
        match answer.read(&mut buffer) {
            Ok(0) => return Ok(bytes),
            Ok(n) => bytes.extend_from_slice(&buffer[..n]),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(fault(e.into())),
        }
        let got = bytes.len() as u64;
        if got > most {
            return Err(Fault::Final(SendFailure::TooLong));
        }
        if watch.is_too_slow(elapsed(), got) {
            let least = SLOWEST_BYTES_PER_SECOND / 1000;
            return Err(Fault::Passing(format!("less than {least} kB per second came")));
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    /// An answer of which some bytes come each second, on a clock that it turns itself.
    struct Dripping<'a> {
        left: usize,
        each_second: usize,
        clock: &'a Cell<Duration>,
    }

    impl Read for Dripping<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let n = self.left.min(self.each_second).min(buffer.len());
            buffer[..n].fill(7);
            self.left -= n;
            self.clock.set(self.clock.get() + Duration::from_secs(1));
            Ok(n)
        }
    }

    fn read(bytes: usize, each_second: usize, most: u64) -> (Result<Vec<u8>, Fault>, Duration) {
        let clock = Cell::new(Duration::ZERO);
        let answer = Dripping {
            left: bytes,
            each_second,
            clock: &clock,
        };
        let watch = RateWatch::new(Duration::from_secs(60), 0);
        let read = read_whole(answer, most, watch, || clock.get());
        (read, clock.get())
    }

    #[test]
    fn an_answer_that_drips_is_given_up() {
        let (slow, time) = read(1 << 20, 1, 4 << 20);
        let Err(Fault::Passing(why)) = slow else {
            panic!("it is given up");
        };
        assert_eq!(why, "less than 20 kB per second came");
        assert_eq!(time, Duration::from_secs(60));
        // As fast as it must be, and faster.
        let (whole, time) = read(1 << 20, 20_000, 4 << 20);
        assert_eq!(whole.ok().map(|bytes| bytes.len()), Some(1 << 20));
        assert_eq!(time, Duration::from_secs(54));
        let (whole, _) = read(4 << 20, 30_000, 4 << 20);
        assert_eq!(whole.ok().map(|bytes| bytes.len()), Some(4 << 20));
        let (long, _) = read(5 << 20, 1 << 16, 4 << 20);
        assert!(matches!(long, Err(Fault::Final(SendFailure::TooLong))));
    }

    #[test]
    fn a_request_takes_its_body_and_the_part_that_it_asks_for() {
        let wanted = |method: Method, range: &str, body: &'static [u8], most: u64| {
            let request = Request::builder()
                .method(method)
                .uri("http://h/a")
                .header(RANGE, range);
            wanted_bytes(&request.body(Bytes::from_static(body)).unwrap(), most)
        };
        assert_eq!(wanted(Method::GET, "bytes=100-199", b"", 1000), 100);
        assert_eq!(wanted(Method::GET, "bytes=100-", b"", 1000), 1000);
        assert_eq!(
            wanted(Method::GET, "bytes=0-18446744073709551615", b"", 1000),
            1000
        );
        assert_eq!(wanted(Method::PUT, "", b"abc", 64 << 20), 3 + USUAL_BYTES);
        assert_eq!(wanted(Method::HEAD, "", b"", 1000), 0);
    }
}
