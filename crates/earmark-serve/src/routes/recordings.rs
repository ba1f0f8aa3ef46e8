//! What is common to all routes that take recordings: how long these may be, and what is done with each of them.

use crate::app::App;
use crate::compute::compute;
use crate::failure::RequestFailure;
use crate::formats;
use crate::limits::ServeLimits;
use crate::models::ServedModel;
use crate::query::Query;
use crate::queue::Admission;
use crate::upload::Upload;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use earmark_audio::{AudioStream, Damaged, ReadOptions};
use earmark_core::caught_panics::catch_panic;
use earmark_inference::tag::Format;
use serde::Serialize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Headers of answers: how many recordings have no results, and how many only in part.
const SKIPPED: &str = "earmark-skipped";
const DAMAGED: &str = "earmark-damaged";

/// What came of a recording.
pub enum RecordingOutcome<T> {
    Done {
        result: T,
        is_damaged: bool,
    },
    /// It can't be read: its name, and why.
    Skipped {
        file: String,
        error: String,
    },
}

/// Does work on each recording in turn. Where there is only one, what is wrong with it is the answer.
pub async fn for_each<T: Send + 'static>(
    app: &App,
    model: &Arc<ServedModel>,
    uploads: Vec<Upload>,
    work: impl Fn(&ServedModel, &Upload, &AtomicBool) -> Result<RecordingOutcome<T>, RequestFailure>
    + Clone
    + Send
    + 'static,
) -> Result<Vec<RecordingOutcome<T>>, RequestFailure> {
    let is_alone = uploads.len() == 1;
    let mut outcomes = Vec::with_capacity(uploads.len());
    for upload in uploads {
        let (work, model, limits) = (work.clone(), Arc::clone(model), app.limits.clone());
        let admission = match outcomes.is_empty() {
            true => Admission::New,
            false => Admission::Continued,
        };
        let done = compute(app, admission, move |stop| {
            check_length(&upload, &limits, stop)?;
            work(&model, &upload, stop)
        });
        let outcome = done.await?;
        if let (true, RecordingOutcome::Skipped { file, error }) = (is_alone, &outcome) {
            let message = format!("{file}: {error}");
            return Err(RequestFailure::new(StatusCode::UNPROCESSABLE_ENTITY, message));
        }
        if matches!(outcome, RecordingOutcome::Done { .. }) {
            app.metrics.count_recording();
        }
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

/// Refuses a recording that is longer than may be, whatever its header says: a small file can hold days of silence. One
/// that can't be read is left to those who compute with it, who say why.
fn check_length(upload: &Upload, limits: &ServeLimits, stop: &AtomicBool) -> Result<(), RequestFailure> {
    let is_too_long = || -> Option<bool> {
        let options = ReadOptions {
            sample_rate_hz: None,
            damaged: Damaged::Salvage,
        };
        let mut stream = AudioStream::open_with(upload.path(), &options).ok()?;
        let most = limits.seconds * f64::from(stream.info().sample_rate_hz);
        let mut block = Vec::new();
        while stream.next_block(&mut block).ok()? && !stop.load(Ordering::Relaxed) {
            if stream.frames_read() as f64 > most {
                return Some(true);
            }
        }
        Some(false)
    };
    match catch_panic(is_too_long) {
        Ok(Some(true)) => Err(RequestFailure::too_large(format!(
            "{}: has more than {} s of sound; cut it, or tag it with the command",
            upload.name, limits.seconds
        ))),
        _ => Ok(()),
    }
}

/// The answer that `write` makes of what came of recordings. It is not written on a thread of sockets, as scores of
/// windows and embeddings of segments are long.
pub async fn answer<T: Send + 'static>(
    app: &App,
    media_type: &'static str,
    outcomes: Vec<RecordingOutcome<T>>,
    write: impl FnOnce(&[RecordingOutcome<T>]) -> Result<Vec<u8>, RequestFailure> + Send + 'static,
) -> Result<Response, RequestFailure> {
    compute(app, Admission::Continued, move |_| {
        let body = write(&outcomes)?;
        Ok(counted(body, media_type, &outcomes))
    })
    .await
}

/// An answer with how many recordings have no results, or only in part.
fn counted<T>(body: Vec<u8>, media_type: &'static str, outcomes: &[RecordingOutcome<T>]) -> Response {
    let skipped = |one: &&RecordingOutcome<T>| matches!(one, RecordingOutcome::Skipped { .. });
    let damaged = |one: &&RecordingOutcome<T>| matches!(one, RecordingOutcome::Done { is_damaged: true, .. });
    let counts = [
        (SKIPPED, outcomes.iter().filter(skipped).count()),
        (DAMAGED, outcomes.iter().filter(damaged).count()),
    ];
    let mut response = ([(header::CONTENT_TYPE, media_type)], body).into_response();
    for (name, count) in counts {
        response.headers_mut().insert(name, HeaderValue::from(count));
    }
    response
}

/// A recording without results, as the commands write it.
#[derive(Serialize)]
struct SkippedRow<'a> {
    file: &'a str,
    error: &'a str,
}

/// Results as a JSON array, or as one line each.
pub fn json_rows<T: Serialize>(
    format: Format,
    outcomes: &[RecordingOutcome<T>],
) -> Result<Vec<u8>, RequestFailure> {
    let rows = outcomes.iter().map(|outcome| match outcome {
        RecordingOutcome::Done { result, .. } => serde_json::to_string(result),
        RecordingOutcome::Skipped { file, error } => serde_json::to_string(&SkippedRow { file, error }),
    });
    let rows: Result<Vec<String>, _> = rows.collect();
    let rows = rows.map_err(|e| RequestFailure::new(StatusCode::INTERNAL_SERVER_ERROR, e.to_string()))?;
    Ok(match format {
        Format::Ndjson => rows.join("\n") + "\n",
        _ => format!("[{}]\n", rows.join(",\n ")),
    }
    .into_bytes())
}

/// The settings that every route has.
pub fn wanted(
    app: &App,
    query: &Query,
    headers: &HeaderMap,
    offered: &[formats::Named],
) -> Result<(Arc<ServedModel>, (Format, &'static str)), RequestFailure> {
    let format = formats::chosen(query, headers, offered)?;
    let model = app.models.find(query.one("model")?)?;
    app.check_room()?;
    Ok((model, format))
}
