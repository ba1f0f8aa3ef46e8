//! Recordings that a client sends: each goes to a file without anything of the client's in its name, as it comes.

mod multipart;

use crate::app::App;
use crate::failure::RequestFailure;
use crate::limits::ServeLimits;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt;
use multipart::{MalformedMultipart, Multipart, PartEvent, boundary};
use std::io::Write;
use std::path::Path;
use std::time::Duration;
use tempfile::{NamedTempFile, TempPath};
use tokio::time::{Instant, timeout_at};

/// Longest name of a recording, in bytes.
const LONGEST_NAME: usize = 255;

/// The name of a recording that has none.
const UNNAMED: &str = "recording";

/// A recording that was sent. Its file is removed with it.
pub(crate) struct Upload {
    /// What the client calls it.
    pub name: String,
    file: TempPath,
}

impl Upload {
    /// Its file.
    pub fn path(&self) -> &Path {
        &self.file
    }

    /// A message in which the recording has the client's name for it.
    pub fn without_paths(&self, message: &str) -> String {
        message.replace(&self.file.display().to_string(), &self.name)
    }
}

impl From<MalformedMultipart> for RequestFailure {
    fn from(error: MalformedMultipart) -> Self {
        Self::bad_request(format!("the multipart body {}", error.0))
    }
}

/// Receives the recordings of a request: its body, called `name`, or the files of a multipart body.
pub(crate) async fn receive(
    app: &App,
    request: Request,
    name: Option<&str>,
) -> Result<Vec<Upload>, RequestFailure> {
    let limits = &app.limits;
    refuse_declared_length(request.headers(), limits)?;
    let content_type = request.headers().get(header::CONTENT_TYPE);
    let boundary = content_type.and_then(|value| boundary(value.to_str().unwrap_or_default()));
    let mut parser = match boundary.transpose() {
        Ok(boundary) => boundary.map(|boundary| Multipart::new(&boundary)),
        Err(problem) => return Err(RequestFailure::bad_request(problem)),
    };
    if parser.is_some() && name.is_some() {
        return Err(RequestFailure::bad_request(
            "name: is for a body that is a recording; files of a multipart body have names of their own: leave it out",
        ));
    }
    let mut files = UploadFiles {
        folder: app.uploads.path(),
        most: limits.files,
        open: None,
        done: Vec::new(),
    };
    if parser.is_none() {
        files.begin(name.unwrap_or(UNNAMED))?;
    }
    let mut body = request.into_body();
    let (begun, mut received) = (Instant::now(), 0_u64);
    loop {
        let extra = Duration::from_secs_f64(received as f64 / limits.slowest_bytes_per_second.max(1.0));
        let frame = match timeout_at(begun + limits.body_patience + extra, body.frame()).await {
            Err(_) => return Err(too_slow()),
            Ok(None) => break,
            Ok(Some(Err(_))) => {
                return Err(RequestFailure::bad_request(
                    "the body ends too early; send it again",
                ));
            }
            Ok(Some(Ok(frame))) => frame,
        };
        let Ok(bytes) = frame.into_data() else {
            continue; // trailers
        };
        received += bytes.len() as u64;
        app.metrics.count_bytes(bytes.len() as u64);
        if received > limits.bytes {
            return Err(too_many_bytes(limits));
        }
        // Pages of a file are written by the system later; a socket's thread is not kept long.
        match &mut parser {
            None => files.write(&bytes)?,
            Some(parser) => parser.push(&bytes, |event| files.take(event))?,
        }
    }
    if let Some(parser) = &parser {
        parser.finish()?;
    }
    files.end()?;
    match files.done.is_empty() {
        true => Err(RequestFailure::bad_request(
            "the multipart body has no file; send at least one",
        )),
        false => Ok(files.done),
    }
}

fn too_slow() -> RequestFailure {
    RequestFailure::new(
        StatusCode::REQUEST_TIMEOUT,
        "the body comes too slowly; send it again",
    )
}

fn too_many_bytes(limits: &ServeLimits) -> RequestFailure {
    RequestFailure::too_large(format!(
        "the body has more than {} bytes; send less at a time",
        limits.bytes
    ))
}

/// Refuses a body whose length is too large before it is read.
fn refuse_declared_length(headers: &HeaderMap, limits: &ServeLimits) -> Result<(), RequestFailure> {
    let length = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok());
    match length.and_then(|text| text.parse::<u64>().ok()) {
        Some(length) if length > limits.bytes => Err(too_many_bytes(limits)),
        _ => Ok(()),
    }
}

/// The files of a request, one after the other.
struct UploadFiles<'a> {
    folder: &'a Path,
    most: usize,
    /// The one that is being received, with its name and whether it has any bytes.
    open: Option<(String, NamedTempFile, bool)>,
    done: Vec<Upload>,
}

impl UploadFiles<'_> {
    fn begin(&mut self, name: &str) -> Result<(), RequestFailure> {
        if self.done.len() >= self.most {
            return Err(RequestFailure::too_large(format!(
                "more than {} files; send fewer at a time",
                self.most
            )));
        }
        let name = if name.is_empty() { UNNAMED } else { name };
        if name.len() > LONGEST_NAME {
            return Err(RequestFailure::bad_request(format!(
                "a file has a name of {} bytes; give it one of at most {LONGEST_NAME}",
                name.len()
            )));
        }
        let file = NamedTempFile::new_in(self.folder).map_err(|e| disk(&e))?;
        self.open = Some((name.to_owned(), file, false));
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), RequestFailure> {
        if let Some((_, file, has_bytes)) = &mut self.open {
            file.write_all(bytes).map_err(|e| disk(&e))?;
            *has_bytes |= !bytes.is_empty();
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), RequestFailure> {
        match self.open.take() {
            Some((name, _, false)) => Err(RequestFailure::bad_request(format!(
                "{name}: is empty; send the bytes of a recording"
            ))),
            Some((name, file, true)) => {
                let file = file.into_temp_path();
                self.done.push(Upload { name, file });
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn take(&mut self, event: PartEvent) -> Result<(), RequestFailure> {
        match event {
            PartEvent::Begin { file: Some(name), .. } => self.begin(&name),
            PartEvent::Begin { field, file: None } => Err(RequestFailure::bad_request(format!(
                "the part `{}` has no file name; send recordings as files, and settings in the query",
                field.unwrap_or_default()
            ))),
            PartEvent::Bytes(bytes) => self.write(bytes),
            PartEvent::End => self.end(),
        }
    }
}

/// The disk fails. The system's message would name a folder of the server.
fn disk(error: &std::io::Error) -> RequestFailure {
    RequestFailure::new(
        StatusCode::INSUFFICIENT_STORAGE,
        format!(
            "the server's disk can't take the recording ({}); try again later",
            error.kind()
        ),
    )
}
