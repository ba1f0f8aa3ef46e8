//! Downloads from servers that never end, fall silent, or change the file meanwhile.

use earmark_hub::download::{Download, DownloadError, DownloadOutcome, PATIENCE, sha256_of};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What the server does with one connection; the last one repeats.
#[derive(Clone)]
enum Reply {
    /// Sends these bytes and hangs up.
    Bytes(Vec<u8>),
    /// Sends these bytes, then nothing, and keeps the connection.
    Silent(Vec<u8>),
    /// Sends these bytes, then zeros for as long as somebody reads them.
    Endless(Vec<u8>),
    /// Sends these bytes, then some more whenever somebody asks for them through this.
    Slow(Vec<u8>, Asks),
}

/// How to ask the connection that was opened last.
type Asks = Arc<Mutex<Option<Sender<()>>>>;

/// The heads of all requests, in small letters.
type Heads = Arc<Mutex<Vec<String>>>;

fn serve(replies: Vec<Reply>) -> (String, Heads) {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/x.pt", server.local_addr().unwrap());
    let heads = Heads::default();
    let log = Arc::clone(&heads);
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        for (k, stream) in server.incoming().enumerate() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap());
            let mut head = String::new();
            while lines.read_line(&mut head).unwrap() > 2 {}
            log.lock().unwrap().push(head.to_lowercase());
            // The client may hang up.
            match replies.get(k).or(replies.last()).cloned().unwrap() {
                Reply::Bytes(bytes) => drop(stream.write_all(&bytes)),
                Reply::Silent(bytes) => {
                    let _ = stream.write_all(&bytes);
                    kept.push(stream);
                }
                Reply::Endless(bytes) => {
                    let _ = stream.write_all(&bytes);
                    while stream.write_all(&[0; 4096]).is_ok() {}
                }
                Reply::Slow(bytes, asks) => {
                    let (ask, asked) = channel();
                    *asks.lock().unwrap() = Some(ask);
                    std::thread::spawn(move || {
                        let _ = stream.write_all(&bytes);
                        while asked.recv().is_ok() && stream.write_all(&[0; 200]).is_ok() {}
                    });
                }
            }
        }
    });
    (url, heads)
}

fn head(lines: &str) -> Vec<u8> {
    format!("HTTP/1.1 {lines}\r\nConnection: close\r\n\r\n").into_bytes()
}

/// The answer with a whole file, of a version, of which only the first `sent` bytes come.
fn whole(content: &[u8], tag: &str, sent: usize) -> Reply {
    let length = content.len();
    let head = head(&format!("200 OK\r\nETag: \"{tag}\"\r\nContent-Length: {length}"));
    Reply::Bytes([&head, &content[..sent]].concat())
}

/// The answer with the rest of a file.
fn rest(content: &[u8], tag: &str, from: usize) -> Reply {
    let length = content.len();
    let range = format!("Content-Range: bytes {from}-{}/{length}", length - 1);
    let size = length - from;
    let head = head(&format!(
        "206 Part\r\nETag: \"{tag}\"\r\n{range}\r\nContent-Length: {size}"
    ));
    Reply::Bytes([&head, &content[from..]].concat())
}

fn job(url: &str, folder: &Path) -> Download {
    Download {
        url: url.into(),
        to: folder.join("x.pt"),
        sha256: None,
        md5: None,
        bytes: None,
        patience: PATIENCE,
    }
}

fn with_sum(job: Download, content: &[u8], folder: &Path) -> Download {
    let path = folder.join("sum");
    std::fs::write(&path, content).unwrap();
    Download {
        sha256: Some(sha256_of(&path).unwrap()),
        ..job
    }
}

fn size_of_part(job: &Download) -> u64 {
    std::fs::metadata(job.part()).map_or(0, |found| found.len())
}

#[test]
fn no_more_is_kept_than_the_file_may_have() {
    let dir = tempfile::tempdir().unwrap();
    let (url, heads) = serve(vec![Reply::Endless(head("200 OK"))]);
    let known = Download {
        bytes: Some(100_000),
        ..job(&url, dir.path())
    };
    let mut most = 0;
    let refused = known.run(&mut |p| {
        most = most.max(p.done);
        true
    });
    let message = refused.unwrap_err().to_string();
    assert!(message.contains("more than the 100000 bytes"), "{message}");
    assert!(most <= 100_000 && size_of_part(&known) == 0 && !known.to.exists());
    assert_eq!(heads.lock().unwrap().len(), 1, "it is not tried again");
    // A size that is announced is refused before anything comes.
    let (url, _) = serve(vec![Reply::Silent(head("200 OK\r\nContent-Length: 99999999999"))]);
    let unknown = job(&url, dir.path());
    let refused = unknown.run(&mut |_| true).unwrap_err();
    assert!(matches!(refused, DownloadError::TooLong { .. }), "{refused}");
}

#[test]
fn a_silent_server_is_given_up() {
    let dir = tempfile::tempdir().unwrap();
    for begun in [Vec::new(), head("200 OK\r\nContent-Length: 1000")] {
        let (url, heads) = serve(vec![Reply::Silent(begun)]);
        let job = Download {
            patience: Duration::from_millis(200),
            ..job(&url, dir.path())
        };
        let error = job.run(&mut |_| true).unwrap_err();
        assert!(matches!(error, DownloadError::Network { .. }), "{error}");
        assert!(heads.lock().unwrap().len() <= 3);
    }
}

/// A server that sends some bytes now and then is asked again a few times, for the rest of the file, and then given up.
#[test]
fn a_slow_server_is_given_up() {
    let dir = tempfile::tempdir().unwrap();
    let asks = Asks::default();
    let begun = head("200 OK\r\nETag: \"v1\"\r\nContent-Length: 1000000");
    let (url, heads) = serve(vec![Reply::Slow(begun, Arc::clone(&asks))]);
    let job = Download {
        patience: Duration::from_millis(150),
        ..job(&url, dir.path())
    };
    let mut last = u64::MAX;
    let error = job.run(&mut |p| {
        // Nothing has come since the last call, which is a twentieth of a second ago.
        if p.done == last
            && let Some(ask) = &*asks.lock().unwrap()
        {
            let _ = ask.send(()); // the connection may have ended
        }
        last = p.done;
        true
    });
    let error = error.unwrap_err();
    assert!(matches!(error, DownloadError::Network { .. }), "{error}");
    let heads = heads.lock().unwrap();
    assert!(heads.len() <= 4, "{heads:?}");
    assert!(
        heads.iter().any(|head| head.contains("range: bytes=")),
        "{heads:?}"
    );
    assert!(!job.to.exists() && size_of_part(&job) > 0);
}

/// However long a server may take, a stop takes effect at once: this test would not end otherwise.
#[test]
fn a_stop_takes_effect_while_nothing_comes() {
    let dir = tempfile::tempdir().unwrap();
    let half = [head("200 OK\r\nContent-Length: 1000"), vec![7; 500]].concat();
    for (begun, done) in [(Vec::new(), 0), (half, 500)] {
        let (url, _) = serve(vec![Reply::Silent(begun)]);
        let job = Download {
            patience: Duration::from_secs(100_000),
            ..job(&url, dir.path())
        };
        let mut asked_again = 0;
        let stopped = job.run(&mut |p| {
            asked_again += usize::from(p.done == done);
            asked_again < 3
        });
        assert!(matches!(stopped, Err(DownloadError::Stopped)), "{stopped:?}");
        assert_eq!(size_of_part(&job), done);
    }
}

#[test]
fn a_file_that_changes_meanwhile_is_downloaded_from_its_start() {
    let (old, new) = (vec![1; 50_000], vec![2; 60_000]);
    // The server compares the versions; or it does not, and the tag shows it.
    let honest = vec![whole(&old, "v1", 20_000), whole(&new, "v2", 60_000)];
    let careless = vec![
        whole(&old, "v1", 20_000),
        rest(&new, "v2", 20_000),
        whole(&new, "v2", 60_000),
    ];
    for replies in [honest, careless] {
        let dir = tempfile::tempdir().unwrap();
        let (url, heads) = serve(replies);
        let job = job(&url, dir.path());
        let done = job.run(&mut |_| true).unwrap();
        assert_eq!(done, DownloadOutcome::Downloaded { resumed: 0 });
        assert!(std::fs::read(&job.to).unwrap() == new);
        let heads = heads.lock().unwrap();
        assert!(heads[1].contains("range: bytes=20000-"), "{}", heads[1]);
        assert!(heads[1].contains("if-range: \"v1\""), "{}", heads[1]);
        assert_eq!(
            std::fs::read_dir(dir.path()).unwrap().count(),
            1,
            "nothing is left"
        );
    }
}

#[test]
fn the_same_version_is_resumed_by_a_later_call() {
    let content: Vec<u8> = (0..50_000_u32).map(|i| (i % 251) as u8).collect();
    let dir = tempfile::tempdir().unwrap();
    let (url, heads) = serve(vec![whole(&content, "v1", 20_000), rest(&content, "v1", 20_000)]);
    let job = job(&url, dir.path());
    let stopped = job.run(&mut |p| p.done < 20_000);
    assert!(matches!(stopped, Err(DownloadError::Stopped)), "{stopped:?}");
    let done = job.run(&mut |_| true).unwrap();
    assert_eq!(done, DownloadOutcome::Downloaded { resumed: 20_000 });
    assert!(std::fs::read(&job.to).unwrap() == content);
    assert!(heads.lock().unwrap()[1].contains("if-range: \"v1\""));
}

/// Without a checksum and without a version, nothing would show what the bytes on disk are of.
#[test]
fn unknown_bytes_are_resumed_only_where_a_checksum_follows() {
    let content = vec![5; 10_000];
    let dir = tempfile::tempdir().unwrap();
    for (known, range) in [(false, false), (true, true)] {
        let (url, heads) = serve(vec![match known {
            true => rest(&content, "v1", 4_000),
            false => whole(&content, "v1", 10_000),
        }]);
        let mut job = job(&url, &dir.path().join(known.to_string()));
        if known {
            job = with_sum(job, &content, dir.path());
        }
        std::fs::create_dir_all(job.to.parent().unwrap()).unwrap();
        std::fs::write(job.part(), &content[..4_000]).unwrap();
        job.run(&mut |_| true).unwrap();
        assert!(std::fs::read(&job.to).unwrap() == content);
        assert_eq!(heads.lock().unwrap()[0].contains("range: bytes=4000-"), range);
    }
}
