//! What a store's errors mean, and what to do about them.

use crate::address::{Address, StoreKind};
use earmark_core::remote::RemoteFailure;
use object_store::Error;
use std::io::{self, ErrorKind};

/// Longest part of a store's own words.
const MOST_CHARACTERS: usize = 200;

/// A failure of this kind.
pub(crate) fn failed(kind: ErrorKind, what: impl Into<String>, remedy: impl Into<String>) -> io::Error {
    let failure = RemoteFailure {
        what: what.into(),
        remedy: remedy.into(),
    };
    failure.into_io(kind)
}

/// The file is another one than a moment ago.
pub(crate) fn changed() -> io::Error {
    failed(
        ErrorKind::Other,
        "changed while it was read",
        "wait until it is complete and run the same command again",
    )
}

/// An error of object_store about an address.
pub(crate) fn explain(address: &Address, error: &Error) -> io::Error {
    let text = with_sources(error);
    if let Some(code) = code_of(&text)
        && let Some(explained) = by_code(address, code)
    {
        return explained;
    }
    if is_of_metadata(&text) {
        return failed(
            ErrorKind::PermissionDenied,
            "no credentials were found",
            credentials_of(address.kind),
        );
    }
    match error {
        Error::NotFound { .. } => failed(
            ErrorKind::NotFound,
            "there is no such object",
            "check the address",
        ),
        Error::PermissionDenied { .. } => by_status(address, 403),
        Error::Unauthenticated { .. } => by_status(address, 401),
        Error::Precondition { .. } => changed(),
        Error::InvalidPath { .. } => failed(
            ErrorKind::InvalidInput,
            "its key has an empty part or a control character",
            "rename the object",
        ),
        _ => match status_of(&text) {
            Some(status) => by_status(address, status),
            None => other(&text),
        },
    }
}

/// An answer with this status, where it is not a success.
pub(crate) fn by_status(address: &Address, status: u16) -> io::Error {
    let is_web = address.kind == StoreKind::Web;
    match status {
        400 => failed(
            ErrorKind::InvalidInput,
            "the request is refused (400)",
            format!(
                "check the address, the region and the credentials: {}",
                credentials_of(address.kind)
            ),
        ),
        401 | 403 if is_web => failed(
            ErrorKind::PermissionDenied,
            format!("access is denied ({status})"),
            "use an address that anybody may read, such as a signed one that has not expired",
        ),
        401 => failed(
            ErrorKind::PermissionDenied,
            "the credentials are refused (401)",
            credentials_of(address.kind),
        ),
        403 => failed(
            ErrorKind::PermissionDenied,
            "access is denied (403)",
            format!(
                "ask for the right to it, or use other credentials: {}",
                credentials_of(address.kind)
            ),
        ),
        404 | 410 => failed(
            ErrorKind::NotFound,
            "there is no such object",
            "check the address",
        ),
        412 => changed(),
        301 | 307 | 308 => failed(
            ErrorKind::Other,
            "its bucket is elsewhere",
            "set AWS_REGION to the region of the bucket",
        ),
        408 | 429 | 500..=599 => failed(
            ErrorKind::Other,
            format!("its store fails or is busy ({status}), also when asked again"),
            "run the same command again later",
        ),
        _ => failed(
            ErrorKind::Other,
            format!("its store answers with status {status}"),
            "check the address",
        ),
    }
}

/// What S3 and its kind say in an answer.
fn by_code(address: &Address, code: &str) -> Option<io::Error> {
    let failure = match code {
        "NoSuchBucket" | "ContainerNotFound" => failed(
            ErrorKind::NotFound,
            format!("there is no bucket {}", address.bucket),
            "check its name, or create it",
        ),
        "NoSuchKey" | "BlobNotFound" => by_status(address, 404),
        "ExpiredToken" | "TokenRefreshRequired" | "RequestExpired" | "ExpiredTokenException" => failed(
            ErrorKind::PermissionDenied,
            format!("the credentials have expired ({code})"),
            "renew them, then run the same command again",
        ),
        "InvalidAccessKeyId" | "SignatureDoesNotMatch" | "InvalidToken" | "AuthenticationFailed" => failed(
            ErrorKind::PermissionDenied,
            format!("the credentials are refused ({code})"),
            credentials_of(address.kind),
        ),
        "RequestTimeTooSkewed" => failed(
            ErrorKind::Other,
            "the store's clock differs from the one here",
            "set the clock of this machine",
        ),
        "PermanentRedirect" | "AuthorizationHeaderMalformed" => by_status(address, 301),
        "SlowDown" | "InternalError" | "ServiceUnavailable" | "ServerBusy" => by_status(address, 503),
        _ => return None,
    };
    Some(failure)
}

/// Anything else, in the words of whoever noticed it.
fn other(text: &str) -> io::Error {
    let last = text.lines().last().unwrap_or_default();
    let words: String = last.chars().take(MOST_CHARACTERS).collect();
    if text.contains("incorrectly configured region") {
        return failed(
            ErrorKind::Other,
            "its bucket is elsewhere",
            "set AWS_REGION to the region of the bucket",
        );
    }
    failed(
        ErrorKind::Other,
        format!("its store can't be reached or used: {words}"),
        "check the address and the network, then run the same command again",
    )
}

/// How credentials are given.
fn credentials_of(kind: StoreKind) -> &'static str {
    match kind {
        StoreKind::S3 => {
            "give credentials as to the aws command (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE); of a \
             public bucket, AWS_SKIP_SIGNATURE=true"
        }
        StoreKind::Google => {
            "give credentials as to gcloud (GOOGLE_APPLICATION_CREDENTIALS); of a public bucket, \
             GOOGLE_SKIP_SIGNATURE=true"
        }
        StoreKind::Azure => {
            "give the account and credentials as to az (AZURE_STORAGE_ACCOUNT and AZURE_STORAGE_KEY or \
             AZURE_STORAGE_SAS_TOKEN)"
        }
        StoreKind::Web => "use an address that needs none",
    }
}

/// An error and what it came from, a line each.
fn with_sources(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push('\n');
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// The code in the XML of an answer.
fn code_of(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("<Code>")?;
    Some(rest.split_once("</Code>")?.0.trim())
}

/// The status of an answer in object_store's words.
fn status_of(text: &str) -> Option<u16> {
    let (_, rest) = text.split_once("status code: ")?;
    rest.get(..3)?.parse().ok()
}

/// Whether it was on the way to the credentials of a machine in a cloud.
fn is_of_metadata(text: &str) -> bool {
    [
        "169.254.169.254",
        "metadata.google.internal",
        "MissingAccessKeyId",
        "Missing AccessKeyId",
    ]
    .iter()
    .any(|sign| text.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explained(error: &Error) -> String {
        explain(&Address::parse("s3://lab/a.wav").unwrap(), error).to_string()
    }

    fn generic(text: &str) -> Error {
        Error::Generic {
            store: "S3",
            source: text.to_owned().into(),
        }
    }

    #[test]
    fn codes_of_stores_are_explained() {
        let of = |code: &str| {
            explained(&generic(&format!(
                "Server returned non-2xx status code: 400 Bad Request: <Error><Code>{code}</Code></Error>"
            )))
        };
        assert_eq!(
            of("ExpiredToken"),
            "the credentials have expired (ExpiredToken); renew them, then run the same command again"
        );
        assert_eq!(
            of("NoSuchBucket"),
            "there is no bucket lab; check its name, or create it"
        );
        assert!(of("SignatureDoesNotMatch").contains("AWS_SECRET_ACCESS_KEY"));
        assert!(of("Odd").starts_with("the request is refused (400)"));
    }

    #[test]
    fn without_a_code_the_status_counts() {
        let busy = explained(&generic(
            "Server returned non-2xx status code: 503 Service Unavailable: ",
        ));
        assert!(busy.starts_with("its store fails or is busy (503)"), "{busy}");
        let denied = explained(&Error::PermissionDenied {
            path: "a.wav".into(),
            source: "403".into(),
        });
        assert!(denied.starts_with("access is denied (403)"), "{denied}");
        let none = explained(&generic(
            "Error performing PUT http://169.254.169.254/latest/api/token",
        ));
        assert!(
            none.starts_with("no credentials were found; give credentials"),
            "{none}"
        );
    }

    #[test]
    fn other_words_are_kept_short() {
        let long = explained(&generic(&"x".repeat(5_000)));
        assert!(
            long.len() < 400 && long.contains("can't be reached or used: xxx"),
            "{long}"
        );
    }
}
