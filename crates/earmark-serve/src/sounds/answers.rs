//! Answers with a part of a recording.

use super::cache::CutSound;
use super::range;
use crate::app::App;
use crate::compute::compute;
use crate::failure::RequestFailure;
use crate::query::{Query, required};
use crate::queue::Admission;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use earmark_review::{SpectrogramSize, spectrogram};
use std::sync::Arc;

/// Where the sound begins in its recording and how long it is, in seconds; its sample rate; whether it continues.
const FACTS: [&str; 4] = ["earmark-start", "earmark-seconds", "earmark-hz", "earmark-cut"];

/// Seconds before and after a part, where the query does not say it.
const USUAL_CONTEXT: f64 = 1.0;
const MOST_CONTEXT: f64 = 60.0;

/// Keys of a query for a spectrogram.
pub(crate) const PICTURE_KEYS: [&str; 6] = ["item", "context", "columns", "rows", "low", "high"];

/// The context that a query asks for, in seconds.
pub(crate) fn context(query: &Query) -> Result<f64, RequestFailure> {
    let context = query.number("context")?.unwrap_or(USUAL_CONTEXT);
    match (0.0..=MOST_CONTEXT).contains(&context) {
        true => Ok(context),
        false => Err(RequestFailure::bad_request(format!(
            "context={context}: give seconds, from 0 to {MOST_CONTEXT}"
        ))),
    }
}

/// A WAV file, whole or in parts.
pub(crate) fn sound_answer(headers: &HeaderMap, found: &CutSound) -> Response {
    let mut response = range::answer(headers, "audio/wav", &found.wav);
    add_facts(&mut response, found);
    response
}

/// Levels as bytes, row after row, the highest frequency first.
pub(crate) async fn picture_answer(
    app: &App,
    found: Arc<CutSound>,
    query: &Query,
) -> Result<Response, RequestFailure> {
    let size = SpectrogramSize {
        columns: required("columns", query.number("columns")?)?,
        rows: required("rows", query.number("rows")?)?,
        low_hz: query.number("low")?.unwrap_or(0.0),
        high_hz: query.number("high")?,
    };
    let sound = Arc::clone(&found);
    let drawn = compute(app, Admission::Continued, move |_| {
        Ok(spectrogram(&sound.cut, &size)?)
    });
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    let mut response = (headers, drawn.await?).into_response();
    add_facts(&mut response, &found);
    Ok(response)
}

fn add_facts(response: &mut Response, sound: &CutSound) {
    let cut = &sound.cut;
    let facts = [
        cut.start_seconds.to_string(),
        cut.seconds().to_string(),
        cut.sample_rate_hz.to_string(),
        u8::from(cut.is_cut).to_string(),
    ];
    for (name, value) in FACTS.into_iter().zip(facts) {
        // A number is a value of a header.
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
}
