//! The sound of an item and its spectrogram.

use super::work::ReviewApp;
use crate::compute::compute;
use crate::failure::RequestFailure;
use crate::query::{Query, required};
use crate::queue::Admission;
use crate::sounds::{CutSound, PICTURE_KEYS, context, picture_answer, sound_answer};
use axum::extract::{Request, State};
use axum::response::Response;
use earmark_review::cut_out;
use std::sync::Arc;

/// `GET /v1/review/sound`: the sound of an item with context, as WAV, whole or in parts.
pub async fn sound(State(review): State<ReviewApp>, request: Request) -> Result<Response, RequestFailure> {
    let query = Query::parse(request.uri().query(), &["item", "context"])?;
    let found = cut_sound(&review, &query).await?;
    Ok(sound_answer(request.headers(), &found))
}

/// `GET /v1/review/spectrogram`: its spectrogram.
pub async fn picture(State(review): State<ReviewApp>, request: Request) -> Result<Response, RequestFailure> {
    let query = Query::parse(request.uri().query(), &PICTURE_KEYS)?;
    let found = cut_sound(&review, &query).await?;
    picture_answer(&review.app, found, &query).await
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
    let context = context(query)?;
    let key = (item, (1e3 * context).round() as u64, 0);
    if let Some(found) = review.service.sounds.find(key) {
        return Ok(found);
    }
    let service = Arc::clone(&review.service);
    let cut = compute(&review.app, Admission::New, move |_| {
        let found = cut_out(&service.desk.set().items()[item], context)?;
        let found = Arc::new(CutSound::new(found));
        service.sounds.keep(key, &found);
        Ok(found)
    });
    cut.await
}
