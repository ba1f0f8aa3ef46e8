//! Who may use the server: those with the token; without one, programs of this machine and the server's own page.

use crate::failure::RequestFailure;
use axum::http::{HeaderMap, HeaderName, Request, StatusCode, header};
use std::net::IpAddr;
use subtle::ConstantTimeEq;

/// Pages without anything of a user, which need no token.
const OPEN: [&str; 12] = [
    "/",
    "/live.css",
    "/live.js",
    "/live-worklet.js",
    "/review.css",
    "/review.js",
    "/review-sound.js",
    "/review-learn.js",
    "/search",
    "/search.js",
    "/healthz",
    "/openapi.json",
];

/// A browser can't set headers of a WebSocket, but name protocols: one that begins so contains the token.
const TOKEN_PROTOCOL: &str = "token.";

/// Who may use the server.
pub(crate) struct Access {
    pub token: Option<String>,
}

impl Access {
    /// Refuses a request that may not be answered.
    pub fn check<B>(&self, request: &Request<B>) -> Result<(), RequestFailure> {
        let headers = request.headers();
        let host = text(headers, header::HOST);
        // Pages of other sites: a browser sends their requests, too.
        if let Some(origin) = headers.get(header::ORIGIN) {
            let site = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
            if site.is_none_or(|(_, site)| Some(site) != host) {
                return Err(forbidden("pages of other sites may not use this server"));
            }
        }
        match &self.token {
            // A name that leads here, but is not this machine's own: a page of another site that took that name.
            None if !host.is_some_and(is_loopback) => Err(forbidden(
                "without a token, the server answers to localhost only; start it with --token-file FILE",
            )),
            None => Ok(()),
            Some(_) if OPEN.contains(&request.uri().path()) => Ok(()),
            Some(token) if has_token(headers, token) => Ok(()),
            Some(_) => Err(RequestFailure::new(
                StatusCode::UNAUTHORIZED,
                "send the token of the server: `Authorization: Bearer TOKEN`",
            )),
        }
    }
}

fn forbidden(message: &str) -> RequestFailure {
    RequestFailure::new(StatusCode::FORBIDDEN, message)
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Whether a host, with or without a port, is a name of this machine for itself.
fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        // Nothing but a port follows.
        Some(rest) => match rest.split_once(']') {
            Some((name, after)) if after.is_empty() || after.starts_with(':') => name,
            _ => return false,
        },
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn has_token(headers: &HeaderMap, token: &str) -> bool {
    let sent = text(headers, header::AUTHORIZATION).and_then(|value| {
        let (kind, sent) = value.split_once(' ')?;
        kind.eq_ignore_ascii_case("bearer").then(|| sent.trim())
    });
    let protocols = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
    let named = protocols
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|protocol| protocol.trim().strip_prefix(TOKEN_PROTOCOL));
    let is_token = |sent: &str| bool::from(sent.as_bytes().ct_eq(token.as_bytes()));
    sent.into_iter().chain(named).any(is_token)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(access: &Access, path: &str, headers: &[(&str, &str)]) -> Option<u16> {
        let mut request = Request::builder().uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let refused = access.check(&request.body(()).unwrap());
        refused.err().map(|failure| failure.status.as_u16())
    }

    #[test]
    fn without_a_token_only_this_machine_is_answered() {
        let access = Access { token: None };
        for host in [
            "localhost:8080",
            "LOCALHOST",
            "127.0.0.1:1",
            "127.9.9.9",
            "[::1]:80",
            "[::1]",
        ] {
            assert_eq!(status(&access, "/v1/tag", &[("host", host)]), None, "{host}");
        }
        for host in [
            "evil.example",
            "127.0.0.1.evil.example:80",
            "10.0.0.1:8080",
            "[2001:db8::1]:80",
            "[::1].evil.example:80",
            "[::1",
            "",
        ] {
            assert_eq!(status(&access, "/v1/tag", &[("host", host)]), Some(403), "{host}");
        }
        assert_eq!(status(&access, "/", &[]), Some(403));
    }

    #[test]
    fn pages_of_other_sites_are_refused() {
        let access = Access { token: None };
        let from = |origin| {
            let headers = [("host", "localhost:80"), ("origin", origin)];
            status(&access, "/v1/listen", &headers)
        };
        assert_eq!(from("http://localhost:80"), None);
        for origin in [
            "http://localhost:81",
            "https://evil.example",
            "null",
            "http://localhost",
        ] {
            assert_eq!(from(origin), Some(403), "{origin}");
        }
    }

    #[test]
    fn the_token_is_asked_for() {
        let token = "0123456789abcdef";
        let access = Access {
            token: Some(token.into()),
        };
        let with = |name, value: &str| status(&access, "/v1/models", &[(name, value)]);
        assert_eq!(with("authorization", "Bearer 0123456789abcdef"), None);
        assert_eq!(with("authorization", "bearer 0123456789abcdef"), None);
        assert_eq!(
            with("sec-websocket-protocol", "earmark, token.0123456789abcdef"),
            None
        );
        for wrong in [
            "Bearer 0123456789abcdeg",
            "Bearer 0123456789abcde",
            "Bearer ",
            "Basic 0123456789abcdef",
            token,
        ] {
            assert_eq!(with("authorization", wrong), Some(401), "{wrong}");
        }
        assert_eq!(with("sec-websocket-protocol", "0123456789abcdef"), Some(401));
        assert_eq!(status(&access, "/metrics", &[]), Some(401));
        // From anywhere, with nothing of a user.
        assert_eq!(status(&access, "/healthz", &[("host", "tagger.example")]), None);
    }
}
