//! Objects that are there when all of them is.

use crate::server::{Fault, Server};
use crate::{pattern, stores};
use earmark_core::remote::RemoteFiles;
use std::io;

const OUT: &str = "s3://lab/out/tags.csv";
const KEY: &str = "out/tags.csv";

#[test]
fn a_short_result_is_one_request() {
    let server = Server::start();
    let stores = stores(&server);
    stores
        .write(OUT, &mut |out| {
            out.write_all(b"a,").and_then(|()| out.write_all(b"b\n"))
        })
        .unwrap();
    assert_eq!(server.store().objects[KEY], b"a,b\n");
    assert_eq!((server.count("PUT "), server.count("POST ")), (1, 0));
}

#[test]
fn a_long_result_appears_at_its_end() {
    let server = Server::start();
    server.put(KEY, b"old");
    // Parts are sent again as requests for parts of recordings are.
    server.plan("partNumber=2", Fault::Busy(500, None), 2);
    server.plan("PUT ", Fault::Dropped, 1);
    let bytes = pattern((20 << 20) + 9);
    let stores = stores(&server);
    stores
        .write(OUT, &mut |out| {
            for piece in bytes.chunks(1_000_003) {
                out.write_all(piece)?;
                assert_eq!(server.store().objects[KEY], b"old");
            }
            Ok(())
        })
        .unwrap();
    let store = server.store();
    assert!(store.objects[KEY] == bytes);
    assert!(store.uploads.is_empty());
}

#[test]
fn what_fails_leaves_the_old_object_and_no_parts() {
    let server = Server::start();
    server.put(KEY, b"old");
    let stores = stores(&server);
    let long = pattern(9 << 20);
    let error = stores.write(OUT, &mut |out| {
        out.write_all(&long)?;
        Err(io::ErrorKind::Interrupted.into())
    });
    assert_eq!(error.unwrap_err().kind(), io::ErrorKind::Interrupted);
    server.plan("partNumber=1", Fault::Refused(403, "AccessDenied"), usize::MAX);
    let error = stores.write(OUT, &mut |out| out.write_all(&long)).unwrap_err();
    assert!(error.to_string().starts_with("access is denied (403)"), "{error}");
    let store = server.store();
    assert_eq!(store.objects[KEY], b"old");
    assert!(store.uploads.is_empty(), "the parts of both are removed");
}

#[test]
fn whether_a_result_can_be_written_is_known_before() {
    let server = Server::start();
    let stores = stores(&server);
    stores.check_writable(OUT).unwrap();
    {
        let store = server.store();
        assert!(store.objects.is_empty() && store.uploads.is_empty());
    }
    server.plan(
        "POST /lab/out/tags.csv",
        Fault::Refused(404, "NoSuchBucket"),
        usize::MAX,
    );
    let error = stores.check_writable(OUT).unwrap_err().to_string();
    assert!(error.starts_with("there is no bucket lab"), "{error}");
    let error = stores
        .check_writable("https://h/tags.csv")
        .unwrap_err()
        .to_string();
    assert!(error.starts_with("web servers take no results"), "{error}");
    let error = stores.check_writable("s3://lab").unwrap_err().to_string();
    assert!(error.starts_with("names a bucket, not an object"), "{error}");
}

#[test]
fn an_object_is_removed_once() {
    let server = Server::start();
    server.put(KEY, b"old");
    let stores = stores(&server);
    stores.remove(OUT).unwrap();
    assert!(server.store().objects.is_empty());
    stores.remove(OUT).unwrap();
}
