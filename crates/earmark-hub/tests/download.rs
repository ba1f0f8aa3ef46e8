//! Downloads from a test server that drops connections, may not support ranges, and sends wrong bytes.

use earmark_hub::download::{Download, DownloadError, DownloadOutcome, PATIENCE, sha256_of};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// How the server behaves, request by request; the last one repeats.
#[derive(Clone, Copy, Debug)]
enum Act {
    /// Answers correctly, with ranges.
    Serve,
    /// The same, but hangs up after this many bytes.
    Drop(usize),
    /// Does not support ranges.
    Whole,
    /// Answers with a status.
    Status(u16),
    /// Hangs up at once.
    HangUp,
}

/// Serves `content` on a port of its own; returns the address and the requests: the start of each range, if any.
fn serve(content: Vec<u8>, acts: &[Act]) -> (String, Arc<Mutex<Vec<Option<usize>>>>) {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/models/x.pt", server.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let (log, acts) = (Arc::clone(&asked), acts.to_vec());
    std::thread::spawn(move || {
        for (k, stream) in server.incoming().enumerate() {
            let mut stream = stream.unwrap();
            let mut range = None;
            let mut lines = BufReader::new(stream.try_clone().unwrap());
            loop {
                let mut line = String::new();
                if lines.read_line(&mut line).unwrap() == 0 || line == "\r\n" {
                    break;
                }
                let line = line.to_lowercase();
                if let Some(from) = line.strip_prefix("range: bytes=") {
                    range = Some(from.trim().trim_end_matches('-').parse::<usize>().unwrap());
                }
            }
            log.lock().unwrap().push(range);
            let act = acts.get(k).or(acts.last()).copied().unwrap();
            let whole = content.len();
            let reply = |status: &str, headers: String| {
                format!("HTTP/1.1 {status}\r\nConnection: close\r\n{headers}\r\n").into_bytes()
            };
            let mut out = match (act, range) {
                (Act::HangUp, _) => Vec::new(),
                (Act::Status(code), _) => reply(&format!("{code} No"), "Content-Length: 0\r\n".into()),
                (Act::Serve | Act::Drop(_), Some(from)) if from >= whole => reply(
                    "416 Range Not Satisfiable",
                    format!("Content-Range: bytes */{whole}\r\nContent-Length: 0\r\n"),
                ),
                (Act::Serve | Act::Drop(_), Some(from)) => {
                    let range = format!(
                        "Content-Range: bytes {from}-{}/{whole}\r\nContent-Length: {}\r\n",
                        whole - 1,
                        whole - from
                    );
                    let mut out = reply("206 Partial Content", range);
                    out.extend(&content[from..]);
                    out
                }
                (_, _) => {
                    let mut out = reply("200 OK", format!("Content-Length: {whole}\r\n"));
                    out.extend(&content);
                    out
                }
            };
            if let Act::Drop(n) = act {
                let head = out.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
                out.truncate(head + n);
            }
            // The client may hang up.
            let _ = stream.write_all(&out);
        }
    });
    (url, asked)
}

fn content(n: u32) -> Vec<u8> {
    (0..n)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect()
}

fn sha256(bytes: &[u8]) -> String {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("x"), bytes).unwrap();
    sha256_of(&dir.path().join("x")).unwrap()
}

fn job(url: &str, folder: &Path, bytes: &[u8]) -> Download {
    Download {
        url: url.into(),
        to: folder.join("models/x.pt"),
        sha256: Some(sha256(bytes)),
        md5: None,
        bytes: Some(bytes.len() as u64),
        patience: PATIENCE,
    }
}

#[test]
fn a_dropped_connection_is_resumed_where_it_broke() {
    let bytes = content(300_000);
    let dir = tempfile::tempdir().unwrap();
    let (url, asked) = serve(
        bytes.clone(),
        &[Act::Drop(100_000), Act::Drop(50_000), Act::Serve],
    );
    let job = job(&url, dir.path(), &bytes);
    let mut last = 0;
    let fetched = job.run(&mut |p| {
        assert!(p.done >= last && p.total == Some(300_000), "{p:?} after {last}");
        last = p.done;
        true
    });
    assert_eq!(fetched.unwrap(), DownloadOutcome::Downloaded { resumed: 0 });
    assert_eq!(*asked.lock().unwrap(), [None, Some(100_000), Some(150_000)]);
    assert_eq!(std::fs::read(&job.to).unwrap(), bytes);
    assert!(!job.part().exists());
    // The file exists now, so no request is sent.
    assert_eq!(job.run(&mut |_| true).unwrap(), DownloadOutcome::Present);
    assert_eq!(asked.lock().unwrap().len(), 3);
}

#[test]
fn a_stopped_download_is_resumed_by_the_next_call() {
    let bytes = content(300_000);
    let dir = tempfile::tempdir().unwrap();
    let (url, asked) = serve(bytes.clone(), &[Act::Serve]);
    let job = job(&url, dir.path(), &bytes);
    let stopped = job.run(&mut |p| p.done < 100_000).unwrap_err();
    assert!(matches!(stopped, DownloadError::Stopped));
    let there = std::fs::metadata(job.part()).unwrap().len();
    assert!((100_000..300_000).contains(&there) && !job.to.exists());
    assert_eq!(
        job.run(&mut |_| true).unwrap(),
        DownloadOutcome::Downloaded { resumed: there }
    );
    assert_eq!(
        *asked.lock().unwrap(),
        [None, Some(usize::try_from(there).unwrap())]
    );
    assert_eq!(std::fs::read(&job.to).unwrap(), bytes);
}

#[test]
fn a_server_without_ranges_starts_over() {
    let bytes = content(200_000);
    let dir = tempfile::tempdir().unwrap();
    let (url, _) = serve(bytes.clone(), &[Act::Drop(50_000), Act::Whole]);
    let job = job(&url, dir.path(), &bytes);
    assert_eq!(
        job.run(&mut |_| true).unwrap(),
        DownloadOutcome::Downloaded { resumed: 0 }
    );
    assert_eq!(std::fs::read(&job.to).unwrap(), bytes);
}

#[test]
fn a_complete_part_needs_only_its_checksum() {
    let bytes = content(10_000);
    let dir = tempfile::tempdir().unwrap();
    let (url, _) = serve(bytes.clone(), &[Act::Serve]);
    let job = job(&url, dir.path(), &bytes);
    std::fs::create_dir_all(job.to.parent().unwrap()).unwrap();
    std::fs::write(job.part(), &bytes).unwrap();
    assert_eq!(
        job.run(&mut |_| true).unwrap(),
        DownloadOutcome::Downloaded { resumed: 10_000 }
    );
    assert_eq!(std::fs::read(&job.to).unwrap(), bytes);
    // A part longer than the file belongs to a different file, so the download starts over.
    std::fs::rename(&job.to, job.part()).unwrap();
    std::fs::write(job.part(), content(20_000)).unwrap();
    assert_eq!(
        job.run(&mut |_| true).unwrap(),
        DownloadOutcome::Downloaded { resumed: 0 }
    );
    assert_eq!(std::fs::read(&job.to).unwrap(), bytes);
}

#[test]
fn wrong_bytes_are_rejected() {
    let (bytes, other) = (content(10_000), content(9_999));
    let dir = tempfile::tempdir().unwrap();
    let (url, _) = serve(other.clone(), &[Act::Serve]);
    let length = job(&url, dir.path(), &bytes);
    let message = length.run(&mut |_| true).unwrap_err().to_string();
    assert!(message.contains("has 9999 bytes instead of 10000"), "{message}");
    let checksum = Download {
        bytes: None,
        ..length.clone()
    };
    let message = checksum.run(&mut |_| true).unwrap_err().to_string();
    assert!(
        message.contains(&sha256(&other)) && message.contains(&sha256(&bytes)),
        "{message}"
    );
    assert!(!checksum.to.exists() && !checksum.part().exists());
    // An existing file is checked too.
    std::fs::write(&checksum.to, &other).unwrap();
    assert!(matches!(
        checksum.run(&mut |_| true),
        Err(DownloadError::WrongFile { .. })
    ));
}

#[test]
fn errors_say_what_and_where() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = content(10);
    let (url, asked) = serve(bytes.clone(), &[Act::Status(404)]);
    let message = job(&url, dir.path(), &bytes)
        .run(&mut |_| true)
        .unwrap_err()
        .to_string();
    assert!(message.starts_with(&url) && message.contains("404"), "{message}");
    assert_eq!(
        asked.lock().unwrap().len(),
        1,
        "a refused request is not repeated"
    );
    let (url, asked) = serve(bytes.clone(), &[Act::HangUp]);
    let message = job(&url, dir.path(), &bytes)
        .run(&mut |_| true)
        .unwrap_err()
        .to_string();
    assert!(
        message.starts_with(&url) && message.contains("check the network"),
        "{message}"
    );
    assert_eq!(asked.lock().unwrap().len(), 3);
}
