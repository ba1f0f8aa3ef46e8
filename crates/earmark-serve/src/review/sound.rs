//! The sound of an item and its spectrogram.

use super::range;
use super::sound_cache::CutSound;
use super::work::{ReviewApp, failure, required};
use crate::compute::compute;
use crate::failure::RequestFailure;
use crate::query::Query;
use crate::queue::Admission;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use earmark_review::{SpectrogramSize, cut_out, spectrogram};
use std::sync::Arc;

/// Where the sound begins in its recording and how long it is, in seconds; its sample rate; whether it continues.
const FACTS: [&str; 4] = ["earmark-start", "earmark-seconds", "earmark-hz", "earmark-cut"];

/// Seconds before and after an event, where the query does not say it.
const USUAL_CONTEXT: f64 = 1.0;
const MOST_CONTEXT: f64 = 60.0;

/// `GET /v1/review/sound`: the sound of an item with context, as WAV, whole or in parts.
pub async fn sound(State(review): State<ReviewApp>, request: Request) -> Result<Response, RequestFailure> {
    let query = Query::parse(request.uri().query(), &["item", "context"])?;
    let found = cut_sound(&review, &query).await?;
    let mut response = range::answer(request.headers(), "audio/wav", &found.wav);
    add_facts(&mut response, &found);
    Ok(response)
}

/// `GET /v1/review/spectrogram`: levels as bytes, row after row, the highest frequency first.
pub async fn picture(State(review): State<ReviewApp>, request: Request) -> Result<Response, RequestFailure> {
    let keys = ["item", "context", "columns", "rows", "low", "high"];
    let query = Query::parse(request.uri().query(), &keys)?;
    let size = SpectrogramSize {
        columns: required("columns", query.number("columns")?)?,
        rows: required("rows", query.number("rows")?)?,
        low_hz: query.number("low")?.unwrap_or(0.0),
        high_hz: query.number("high")?,
    };
    let found = cut_sound(&review, &query).await?;
    let sound = Arc::clone(&found);
    let drawn = compute(&review.app, Admission::Continued, move |_| {
        spectrogram(&sound.cut, &size).map_err(failure)
    });
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    let mut response = (headers, drawn.await?).into_response();
    add_facts(&mut response, &found);
    Ok(response)
}

/// The sound that a query asks for: kept, or cut out in the queue.
async fn cut_sound(review: &ReviewApp, query: &Query) -> Result<Arc<CutSound>, RequestFailure> {
    let item: usize = required("item", query.number("item")?)?;
    let items = review.service.desk.set().items().len();
    if item >= items {
        return Err(RequestFailure::bad_request(format!(
            "item={item}: there are {items}, from 0"
        )));
    }
    let context = query.number("context")?.unwrap_or(USUAL_CONTEXT);
    if !(0.0..=MOST_CONTEXT).contains(&context) {
        return Err(RequestFailure::bad_request(format!(
            "context={context}: give seconds, from 0 to {MOST_CONTEXT}"
        )));
    }
    let key = (item, (1e3 * context).round() as u64);
    if let Some(found) = review.service.sounds.find(key) {
        return Ok(found);
    }
    let service = Arc::clone(&review.service);
    let cut = compute(&review.app, Admission::New, move |_| {
        let found = cut_out(&service.desk.set().items()[item], context).map_err(failure)?;
        let found = Arc::new(CutSound::new(found));
        service.sounds.keep(key, &found);
        Ok(found)
    });
    cut.await
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
