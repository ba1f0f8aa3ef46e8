//! A store on the loopback address that speaks enough of S3, and of the web, to be read, listed and written, and that
//! fails where a test asks for it.

use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

/// Keys that a listing gives at a time.
const PAGE: usize = 2;

/// What goes wrong with a request.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// An answer of this status, with the seconds to wait.
    Busy(u16, Option<u64>),
    /// An answer of this status with this code.
    Refused(u16, &'static str),
    /// Half of the bytes that the answer promises.
    Short,
    /// The connection ends without an answer.
    Dropped,
    /// The connection is kept, and no answer comes.
    Silent,
    /// Half of the bytes come, then no more, and the connection is kept.
    Stalled,
}

/// A fault of the next requests whose first line contains a text.
struct Planned {
    line: String,
    fault: Fault,
    times: usize,
}

/// What the store holds and did.
#[derive(Default)]
pub struct Store {
    pub objects: BTreeMap<String, Vec<u8>>,
    pub uploads: HashMap<String, BTreeMap<usize, Vec<u8>>>,
    pub gives_parts: bool,
    /// The first lines of the requests, with their ranges.
    pub requests: Vec<String>,
    planned: Vec<Planned>,
    begun: usize,
}

/// A running store. It ends with the process.
pub struct Server {
    pub port: u16,
    store: Arc<Mutex<Store>>,
}

impl Server {
    pub fn start() -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = socket.local_addr().unwrap().port();
        let store = Arc::new(Mutex::new(Store {
            gives_parts: true,
            ..Store::default()
        }));
        let shared = store.clone();
        thread::spawn(move || {
            for stream in socket.incoming().flatten() {
                let store = shared.clone();
                thread::spawn(move || serve(&stream, &store));
            }
        });
        Self { port, store }
    }

    pub fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap()
    }

    pub fn put(&self, key: &str, bytes: &[u8]) {
        self.store().objects.insert(key.to_owned(), bytes.to_vec());
    }

    /// Plans a fault for the next `times` requests whose first line contains a text.
    pub fn plan(&self, line: &str, fault: Fault, times: usize) {
        let line = line.to_owned();
        self.store().planned.push(Planned { line, fault, times });
    }

    /// How many requests had a first line that contains a text.
    pub fn count(&self, line: &str) -> usize {
        let store = self.store();
        store
            .requests
            .iter()
            .filter(|request| request.contains(line))
            .count()
    }
}

struct Asked {
    method: String,
    /// Key of the object, after the bucket `lab`.
    key: String,
    query: HashMap<String, String>,
    range: Option<(usize, usize)>,
    if_match: Option<String>,
    body: Vec<u8>,
}

struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn of(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.into(),
        }
    }

    fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }
}

fn serve(stream: &TcpStream, store: &Mutex<Store>) {
    let Some((line, asked)) = read_request(stream) else {
        return;
    };
    let mut store = store.lock().unwrap();
    let range = asked.range.map(|(from, to)| format!(" bytes={from}-{to}"));
    store.requests.push(line.clone() + &range.unwrap_or_default());
    let fault = store.take_fault(&line);
    let (answer, is_short) = match fault {
        Some(Fault::Dropped) => return,
        Some(Fault::Silent) => {
            drop(store);
            keep(stream);
            return;
        }
        Some(Fault::Busy(status, wait)) => {
            let answer = Answer::of(status, "");
            let answer = match wait {
                Some(seconds) => answer.with("Retry-After", seconds),
                None => answer,
            };
            (answer, false)
        }
        Some(Fault::Refused(status, code)) => (
            Answer::of(status, format!("<Error><Code>{code}</Code></Error>")),
            false,
        ),
        Some(Fault::Short | Fault::Stalled) => (store.answer(&asked), true),
        None => (store.answer(&asked), false),
    };
    drop(store);
    write_answer(stream, &asked.method, &answer, is_short);
    if matches!(fault, Some(Fault::Stalled)) {
        keep(stream);
    }
}

/// Keeps a connection until who asked ends it.
fn keep(mut stream: &TcpStream) {
    let _ = stream.read(&mut [0]);
}

fn read_request(stream: &TcpStream) -> Option<(String, Asked)> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut headers = HashMap::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        match header.trim().split_once(':') {
            Some((name, value)) => headers.insert(name.to_ascii_lowercase(), value.trim().to_owned()),
            None => break,
        };
    }
    let length = headers
        .get("content-length")
        .and_then(|length| length.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let query = pairs.map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (name.to_owned(), decoded(value))
    });
    let key = path.trim_start_matches('/');
    let range = headers.get("range").and_then(|range| {
        let (from, to) = range.strip_prefix("bytes=")?.split_once('-')?;
        Some((from.parse().ok()?, to.parse().ok()?))
    });
    let asked = Asked {
        method,
        key: decoded(key.split_once('/').map_or("", |(_, key)| key)),
        query: query.collect(),
        range,
        if_match: headers.get("if-match").cloned(),
        body,
    };
    Some((line.trim().to_owned(), asked))
}

/// A text in which %20 and the like are written out.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, others)) = rest.split_first() {
        let code = others.get(..2).and_then(|code| std::str::from_utf8(code).ok());
        let code = code.and_then(|code| u8::from_str_radix(code, 16).ok());
        match (first, code) {
            (b'%', Some(code)) => {
                bytes.push(code);
                rest = &others[2..];
            }
            _ => {
                bytes.push(first);
                rest = others;
            }
        }
    }
    String::from_utf8(bytes).unwrap()
}

fn write_answer(mut stream: &TcpStream, method: &str, answer: &Answer, is_short: bool) {
    let mut head = format!("HTTP/1.1 {} x\r\nConnection: close\r\n", answer.status);
    if !answer.headers.iter().any(|(name, _)| name == "Content-Length") {
        head += &format!("Content-Length: {}\r\n", answer.body.len());
    }
    for (name, value) in &answer.headers {
        head += &format!("{name}: {value}\r\n");
    }
    let sent = match (method, is_short) {
        ("HEAD", _) => &[][..],
        (_, true) => &answer.body[..answer.body.len() / 2],
        _ => &answer.body[..],
    };
    // Who asked may have gone.
    let _ = stream.write_all(format!("{head}\r\n").as_bytes());
    let _ = stream.write_all(sent);
}

fn etag(bytes: &[u8]) -> String {
    let sum = bytes.iter().fold(bytes.len() as u64, |sum, &b| {
        sum.wrapping_mul(0x0100_0000_01b3) ^ u64::from(b)
    });
    format!("\"{sum:016x}\"")
}

impl Store {
    fn take_fault(&mut self, line: &str) -> Option<Fault> {
        let planned = self
            .planned
            .iter_mut()
            .find(|planned| planned.times > 0 && line.contains(&planned.line))?;
        planned.times -= 1;
        Some(planned.fault)
    }

    fn answer(&mut self, asked: &Asked) -> Answer {
        let has = |name: &str| asked.query.contains_key(name);
        match asked.method.as_str() {
            "GET" if has("list-type") => self.list(asked),
            "GET" | "HEAD" => self.get(asked),
            "POST" if has("uploads") => {
                self.begun += 1;
                let id = format!("u{}", self.begun);
                self.uploads.insert(id.clone(), BTreeMap::new());
                let id = format!("<UploadId>{id}</UploadId>");
                Answer::of(
                    200,
                    format!("<InitiateMultipartUploadResult>{id}</InitiateMultipartUploadResult>"),
                )
            }
            "POST" if has("uploadId") => {
                let parts = self.uploads.remove(&asked.query["uploadId"]).unwrap();
                let bytes: Vec<u8> = parts.into_values().flatten().collect();
                let mark = etag(&bytes);
                self.objects.insert(asked.key.clone(), bytes);
                Answer::of(
                    200,
                    format!(
                        "<CompleteMultipartUploadResult><ETag>{mark}</ETag></CompleteMultipartUploadResult>"
                    ),
                )
            }
            "POST" => self.delete_all(asked),
            "PUT" if has("uploadId") => {
                let number = asked.query["partNumber"].parse().unwrap();
                let parts = self.uploads.get_mut(&asked.query["uploadId"]).unwrap();
                parts.insert(number, asked.body.clone());
                Answer::of(200, "").with("ETag", etag(&asked.body))
            }
            "PUT" => {
                self.objects.insert(asked.key.clone(), asked.body.clone());
                Answer::of(200, "").with("ETag", etag(&asked.body))
            }
            "DELETE" if has("uploadId") => {
                self.uploads.remove(&asked.query["uploadId"]);
                Answer::of(204, "")
            }
            "DELETE" => {
                self.objects.remove(&asked.key);
                Answer::of(204, "")
            }
            _ => Answer::of(405, ""),
        }
    }

    fn delete_all(&mut self, asked: &Asked) -> Answer {
        let text = String::from_utf8_lossy(&asked.body).into_owned();
        let mut deleted = String::new();
        for part in text.split("<Key>").skip(1) {
            let key = part.split("</Key>").next().unwrap_or_default();
            self.objects.remove(key);
            deleted += &format!("<Deleted><Key>{key}</Key></Deleted>");
        }
        Answer::of(200, format!("<DeleteResult>{deleted}</DeleteResult>"))
    }

    fn list(&self, asked: &Asked) -> Answer {
        let prefix = asked.query.get("prefix").cloned().unwrap_or_default();
        let from: usize = match asked.query.get("continuation-token") {
            Some(token) => token.parse().unwrap(),
            None => 0,
        };
        let all: Vec<_> = self
            .objects
            .iter()
            .filter(|(key, _)| key.starts_with(&prefix))
            .collect();
        let mut xml = String::from("<ListBucketResult>");
        for (key, bytes) in all.iter().skip(from).take(PAGE) {
            let (size, mark) = (bytes.len(), etag(bytes));
            xml += &format!(
                "<Contents><Key>{key}</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified>\
                 <ETag>{mark}</ETag><Size>{size}</Size></Contents>"
            );
        }
        if from + PAGE < all.len() {
            xml += &format!(
                "<IsTruncated>true</IsTruncated><NextContinuationToken>{}</NextContinuationToken>",
                from + PAGE
            );
        }
        Answer::of(200, xml + "</ListBucketResult>")
    }

    fn get(&self, asked: &Asked) -> Answer {
        let Some(bytes) = self.objects.get(&asked.key) else {
            return Answer::of(404, "<Error><Code>NoSuchKey</Code></Error>");
        };
        let mark = etag(bytes);
        if asked.if_match.as_ref().is_some_and(|wanted| *wanted != mark) {
            return Answer::of(412, "");
        }
        let answer = match asked.range.filter(|_| self.gives_parts) {
            Some((from, _)) if from >= bytes.len() => Answer::of(416, ""),
            Some((from, to)) => {
                let end = bytes.len().min(to + 1);
                let range = format!("bytes {from}-{}/{}", end - 1, bytes.len());
                Answer::of(206, &bytes[from..end]).with("Content-Range", range)
            }
            None if asked.method == "HEAD" => Answer::of(200, "").with("Content-Length", bytes.len()),
            None => Answer::of(200, bytes.as_slice()),
        };
        answer
            .with("ETag", mark)
            .with("Last-Modified", "Fri, 02 Jan 2026 03:04:05 GMT")
    }
}
