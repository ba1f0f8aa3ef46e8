//! Listings, and files read in parts.

use crate::server::{Fault, Server};
use crate::{ATTEMPTS, WAITS, pattern, read_all, stores, stores_with};
use earmark_core::remote::RemoteFiles;
use earmark_stores::RetryLimits;
use std::io::{Read, Seek, SeekFrom};
use std::time::Duration;

const RECORDING: &str = "s3://lab/in/a.wav";

#[test]
fn a_listing_is_whole_and_in_the_order_of_a_folder() {
    let server = Server::start();
    for key in [
        "in/b.wav",
        "in/a/z.wav",
        "in/a.wav",
        "in/.x/c.wav",
        "in/a b/ü.wav",
        "other/d.wav",
        "index.wav",
    ] {
        server.put(key, b"sound");
    }
    let stores = stores(&server);
    for address in ["s3://lab/in", "s3://lab/in/"] {
        let found = stores.list(address).unwrap();
        let below: Vec<&str> = found.iter().map(|entry| entry.below.as_str()).collect();
        // As Path compares: by the names from the front.
        assert_eq!(below, ["a/z.wav", "a b/ü.wav", "a.wav", "b.wav"]);
        assert_eq!(found[1].address, "s3://lab/in/a b/ü.wav");
    }
    assert_eq!(stores.list("s3://lab").unwrap().len(), 6);
    assert!(stores.list("s3://lab/none").unwrap().is_empty());
    // What a listing said is not asked again.
    assert_eq!(stores.stamp("s3://lab/in/b.wav").unwrap().size, 5);
    assert_eq!(server.count("HEAD "), 0);
    assert_eq!(read_all(&stores, "s3://lab/in/a b/ü.wav").unwrap(), b"sound");
}

#[test]
fn a_long_object_comes_in_few_parts() {
    let server = Server::start();
    let bytes = pattern((9 << 20) + 77);
    server.put("in/a.wav", &bytes);
    assert_eq!(read_all(&stores(&server), RECORDING).unwrap(), bytes);
    let parts = server.count(" bytes=");
    assert!((2..=8).contains(&parts), "{parts} requests");
}

#[test]
fn what_passes_is_tried_again_until_every_byte_is_there() {
    for fault in [
        Fault::Busy(500, None),
        Fault::Busy(503, Some(7)),
        Fault::Busy(429, None),
        Fault::Short,
        Fault::Dropped,
    ] {
        let server = Server::start();
        let bytes = pattern((5 << 20) + 3);
        server.put("in/a.wav", &bytes);
        let stores = stores(&server);
        assert_eq!(stores.list("s3://lab/in").unwrap().len(), 1);
        server.plan("GET /lab/in/a.wav", fault, 2);
        WAITS.take();
        assert!(read_all(&stores, RECORDING).unwrap() == bytes, "{fault:?}");
        let waits = WAITS.take();
        let wanted = match fault {
            Fault::Busy(_, Some(seconds)) => [Duration::from_secs(seconds); 2],
            _ => [Duration::from_millis(250), Duration::from_millis(500)],
        };
        assert_eq!(waits, wanted, "{fault:?}");
    }
}

#[test]
fn a_listing_is_tried_again_too() {
    let server = Server::start();
    server.put("in/a.wav", b"x");
    server.plan("list-type=2", Fault::Short, 1);
    server.plan("list-type=2", Fault::Busy(503, None), 1);
    assert_eq!(stores(&server).list("s3://lab/in").unwrap().len(), 1);
}

#[test]
fn a_store_that_stays_away_is_named_after_a_few_attempts() {
    for (fault, wanted) in [
        (
            Fault::Busy(503, None),
            "its store fails or is busy (503), also when asked again; run the same",
        ),
        (Fault::Dropped, "its store can't be reached or used: "),
        (Fault::Short, "its store can't be reached or used: "),
    ] {
        let server = Server::start();
        server.put("in/a.wav", &pattern(1_000));
        let stores = stores(&server);
        stores.list("s3://lab/in").unwrap();
        server.plan("GET /lab/in/a.wav", fault, usize::MAX);
        let error = read_all(&stores, RECORDING).unwrap_err().to_string();
        assert!(error.starts_with(wanted), "{error}");
        assert_eq!(server.count("GET /lab/in/a.wav"), ATTEMPTS as usize);
    }
}

/// A server that never answers, or not to the end, is left after a few attempts, and asked once from then on, until it
/// answers.
#[test]
fn a_silent_server_is_asked_once_the_next_time() {
    for fault in [Fault::Silent, Fault::Stalled] {
        let server = Server::start();
        let bytes = pattern(1_000);
        for name in ["a", "b", "c"] {
            server.put(&format!("in/{name}.wav"), &bytes);
        }
        let limits = RetryLimits {
            patience: Duration::from_millis(400),
            attempts: 3,
            ..RetryLimits::default()
        };
        let stores = stores_with(&server, limits);
        let web = |name: &str| format!("http://127.0.0.1:{}/lab/in/{name}.wav", server.port);
        server.plan("GET /lab/in/", fault, 4);
        let error = read_all(&stores, &web("a")).unwrap_err().to_string();
        assert!(
            error.contains("can't be reached or used: no whole answer in 3 attempts (timeout: "),
            "{fault:?}: {error}"
        );
        let error = read_all(&stores, &web("b")).unwrap_err().to_string();
        assert!(
            error.contains("no whole answer in 1 attempt (timeout: "),
            "{fault:?}: {error}"
        );
        assert_eq!(
            (server.count("/in/a.wav"), server.count("/in/b.wav")),
            (3, 1),
            "{fault:?}"
        );
        // It answers again, and so is asked several times again.
        assert_eq!(read_all(&stores, &web("c")).unwrap(), bytes);
        server.plan("GET /lab/in/b.wav", fault, 2);
        assert_eq!(read_all(&stores, &web("b")).unwrap(), bytes, "{fault:?}");
    }
}

/// However many attempts are left, and whatever the server asks for, a request ends.
#[test]
fn attempts_end_with_the_time_for_all_of_them() {
    let server = Server::start();
    server.put("in/a.wav", &pattern(1_000));
    let limits = RetryLimits {
        in_all: Duration::from_secs(70),
        attempts: 1_000,
        ..RetryLimits::default()
    };
    let stores = stores_with(&server, limits);
    stores.list("s3://lab/in").unwrap();
    server.plan("GET /lab/in/a.wav", Fault::Busy(503, Some(1_000_000)), usize::MAX);
    WAITS.take();
    let error = read_all(&stores, RECORDING).unwrap_err().to_string();
    assert!(error.starts_with("its store fails or is busy (503)"), "{error}");
    assert_eq!(WAITS.take(), [Duration::from_secs(30); 2]);
    assert_eq!(server.count("GET /lab/in/a.wav"), 3);
}

#[test]
fn refusals_are_explained_and_not_repeated() {
    for (fault, wanted) in [
        (
            Fault::Refused(400, "ExpiredToken"),
            "the credentials have expired (ExpiredToken); renew them",
        ),
        (
            Fault::Refused(403, "AccessDenied"),
            "access is denied (403); ask for the right",
        ),
        (
            Fault::Refused(403, "SignatureDoesNotMatch"),
            "the credentials are refused (SignatureDoesNotMatch)",
        ),
        (
            Fault::Refused(404, "NoSuchBucket"),
            "there is no bucket lab; check its name",
        ),
        (
            Fault::Refused(404, "NoSuchKey"),
            "there is no such object; check the address",
        ),
    ] {
        let server = Server::start();
        server.put("in/a.wav", &pattern(1_000));
        let stores = stores(&server);
        stores.list("s3://lab/in").unwrap();
        server.plan("GET /lab/in/a.wav", fault, usize::MAX);
        let error = read_all(&stores, RECORDING).unwrap_err().to_string();
        assert!(error.starts_with(wanted), "{error}");
        assert_eq!(server.count("GET /lab/in/a.wav"), 1, "{fault:?}");
    }
    let error = stores(&Server::start()).stamp(RECORDING).unwrap_err().to_string();
    assert!(error.starts_with("there is no such object"), "{error}");
}

#[test]
fn a_recording_that_changes_is_not_mixed_of_two() {
    let server = Server::start();
    server.put("in/a.wav", &pattern(6 << 20));
    let stores = stores(&server);
    let mut reader = stores.open(RECORDING).unwrap();
    let mut head = [0; 100];
    reader.read_exact(&mut head).unwrap();
    let mut other = pattern(6 << 20);
    other[5 << 20] ^= 1;
    server.put("in/a.wav", &other);
    reader.seek(SeekFrom::Start(5 << 20)).unwrap();
    let error = reader.read_exact(&mut head).unwrap_err().to_string();
    assert!(error.starts_with("changed while it was read; wait"), "{error}");
    // Opened again, it is the new one.
    assert!(read_all(&stores, RECORDING).unwrap() == other);
}

#[test]
fn an_empty_object_is_empty() {
    let server = Server::start();
    server.put("in/a.wav", b"");
    assert!(read_all(&stores(&server), RECORDING).unwrap().is_empty());
    let web = format!("http://127.0.0.1:{}/lab/in/a.wav", server.port);
    assert!(read_all(&stores(&server), &web).unwrap().is_empty());
}

#[test]
fn a_web_server_is_read_in_parts() {
    let server = Server::start();
    let bytes = pattern((6 << 20) + 5);
    server.put("in/a b.wav", &bytes);
    let address = format!("http://127.0.0.1:{}/lab/in/a%20b.wav?signature=x", server.port);
    server.plan("GET /lab", Fault::Short, 1);
    let stores = stores(&server);
    assert!(read_all(&stores, &address).unwrap() == bytes);
    assert!(server.count(" bytes=") > 2);
    assert!(stores.list(&address).unwrap_err().to_string().contains("--from"));
}

#[test]
fn a_web_server_without_parts_serves_short_recordings() {
    let server = Server::start();
    server.store().gives_parts = false;
    let address = format!("http://127.0.0.1:{}/lab/a.wav", server.port);
    let short = pattern(100_000);
    server.put("a.wav", &short);
    assert_eq!(read_all(&stores(&server), &address).unwrap(), short);
    server.put("a.wav", &pattern(5 << 20));
    let error = read_all(&stores(&server), &address).unwrap_err().to_string();
    assert!(
        error.starts_with("its server gives no parts of files, and it is long; download it"),
        "{error}"
    );
}
