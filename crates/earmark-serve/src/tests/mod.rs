//! The server in this process, and clients that write their requests byte by byte.

mod answers;
mod archive;
mod clients;
mod drain;
mod learning;
mod limits;
mod review;
mod streams;

use crate::app::App;
use crate::queue::Admission;
use crate::{ReviewContents, ReviewServeConfig, ServeConfig, ServeObserver, ServedRequest, Server};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A small trained model and a recording, for all tests that run.
struct Lab {
    dir: TempDir,
    model: String,
    recording: PathBuf,
}

fn lab() -> Arc<Lab> {
    static LAB: Mutex<Weak<Lab>> = Mutex::new(Weak::new());
    let mut known = LAB.lock().unwrap();
    if let Some(lab) = known.upgrade() {
        return lab;
    }
    let dir = tempfile::tempdir().unwrap();
    let (model, recording) = earmark::doc_support::tiny_model_and_recording(dir.path()).unwrap();
    let lab = Arc::new(Lab {
        model: model.to_string_lossy().into_owned(),
        recording,
        dir,
    });
    *known = Arc::downgrade(&lab);
    lab
}

impl Lab {
    /// The bytes of the recording.
    fn bytes(&self) -> Vec<u8> {
        std::fs::read(&self.recording).unwrap()
    }
}

/// A server that runs.
struct Served {
    address: SocketAddr,
    app: Arc<App>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<bool>>,
    log: Arc<Mutex<Vec<ServedRequest>>>,
}

/// Starts a server with the lab's model.
fn serve(lab: &Lab, change: impl FnOnce(&mut ServeConfig)) -> Served {
    let mut config = ServeConfig::new(lab.model.clone());
    change(&mut config);
    let log = Arc::<Mutex<Vec<ServedRequest>>>::default();
    let kept = Arc::clone(&log);
    let observer: ServeObserver =
        Arc::new(move |request: &ServedRequest| kept.lock().unwrap().push(request.clone()));
    run(Server::start(&config, observer).unwrap(), log)
}

/// Starts a server with the pages of a review, of an index, or of both.
fn serve_pages(config: &ReviewServeConfig, contents: impl Into<ReviewContents>) -> Served {
    let log = Arc::<Mutex<Vec<ServedRequest>>>::default();
    let kept = Arc::clone(&log);
    let observer: ServeObserver =
        Arc::new(move |request: &ServedRequest| kept.lock().unwrap().push(request.clone()));
    run(Server::start_review(config, contents, observer).unwrap(), log)
}

fn run(server: Server, log: Arc<Mutex<Vec<ServedRequest>>>) -> Served {
    let (address, app) = (server.address(), Arc::clone(&server.app));
    let stop = Arc::<AtomicBool>::default();
    let flag = Arc::clone(&stop);
    let thread = std::thread::spawn(move || server.run(&flag).unwrap());
    Served {
        address,
        app,
        stop,
        thread: Some(thread),
        log,
    }
}

/// Headers of what is sent as JSON.
const AS_JSON: &str = "Content-Type: application/json\r\n";

impl Served {
    /// Stops it and returns whether everything was answered.
    fn end(mut self) -> bool {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap()
    }

    /// Sends a request and reads the answer.
    fn ask(&self, request: &[u8]) -> Answer {
        let mut socket = self.connect();
        send(&mut socket, request);
        Answer::read(socket)
    }

    fn connect(&self) -> TcpStream {
        let socket = TcpStream::connect(self.address).unwrap();
        // Only so that a server that never answers fails a test instead of keeping it.
        socket.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
        socket
    }

    fn get(&self, path: &str) -> Answer {
        self.ask(&self.head("GET", path, ""))
    }

    fn post(&self, path: &str, headers: &str, body: &[u8]) -> Answer {
        let headers = format!("Content-Length: {}\r\n{headers}", body.len());
        self.ask(&[self.head("POST", path, &headers), body.to_vec()].concat())
    }

    /// The head of a request; each of `headers` ends with a line break.
    fn head(&self, method: &str, path: &str, headers: &str) -> Vec<u8> {
        let address = self.address;
        format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}\r\n")
            .into_bytes()
    }

    /// Sends the recording to be tagged; it waits for the only worker, which is busy.
    fn send_to_wait(&self, lab: &Lab) -> TcpStream {
        let mut client = self.connect();
        let length = format!("Content-Length: {}\r\n", lab.bytes().len());
        let head = self.head("POST", "/v1/tag", &length);
        send(&mut client, &[head, lab.bytes()].concat());
        until("it waits", || self.app.queue.waiting_and_busy() == (1, 1));
        client
    }

    fn post_json(&self, path: &str, body: &serde_json::Value) -> Answer {
        self.post(path, AS_JSON, body.to_string().as_bytes())
    }

    /// Keeps the only worker busy until what is returned is dropped.
    fn block_worker(&self) -> Sender<()> {
        let (open, gate) = channel::<()>();
        let (begin, is_begun) = channel();
        let queued = self.app.queue.submit(Admission::New, &Arc::default(), move || {
            begin.send(()).unwrap();
            let _ = gate.recv();
        });
        assert!(queued.is_some());
        is_begun.recv().unwrap();
        open
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// Sends bytes; a server that has refused the request already may not take all of them.
fn send(socket: &mut TcpStream, bytes: &[u8]) {
    let _ = socket.write_all(bytes);
}

struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    /// Reads to the end of the connection.
    fn read(mut socket: TcpStream) -> Self {
        let mut bytes = Vec::new();
        // A connection that was reset has nothing more to say, but one that stays open without a word is a fault.
        if let Err(e) = socket.read_to_end(&mut bytes) {
            let is_late = matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
            assert!(!is_late, "neither an answer nor an end");
        }
        let end = bytes
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .unwrap_or(bytes.len());
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        Self {
            status: head
                .split(' ')
                .nth(1)
                .and_then(|status| status.parse().ok())
                .unwrap_or(0),
            body: bytes.get(end + 4..).unwrap_or_default().to_vec(),
            head,
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}\n{}", self.head, self.text()))
    }

    fn error(&self) -> String {
        self.json()["error"].as_str().unwrap_or_default().to_owned()
    }
}

/// A multipart body with the boundary `XX`, and its type.
fn multipart(files: &[(&str, &[u8])]) -> (&'static str, Vec<u8>) {
    let mut body = Vec::new();
    for (name, bytes) in files {
        let head =
            format!("--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n");
        body.extend([head.as_bytes(), *bytes, &b"\r\n"[..]].concat());
    }
    body.extend(b"--XX--\r\n");
    ("Content-Type: multipart/form-data; boundary=XX\r\n", body)
}

/// Text as a value in a query.
fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// Waits for something that another thread does.
fn until(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(120), "never: {what}");
        std::thread::yield_now();
    }
}
