//! The sound of a part of a recording, and its spectrogram.

use super::part::part;
use super::work::ArchiveApp;
use crate::compute::compute;
use crate::failure::RequestFailure;
use crate::query::{Query, required};
use crate::queue::Admission;
use crate::sounds::{CutSound, PICTURE_KEYS, SoundKey, context, picture_answer, sound_answer};
use axum::extract::{Request, State};
use axum::response::Response;
use earmark_review::cut_recording;
use std::sync::Arc;

/// `GET /v1/index/sound`: a part of a recording with context, as WAV, whole or in parts.
pub async fn sound(State(archive): State<ArchiveApp>, request: Request) -> Result<Response, RequestFailure> {
    let query = Query::parse(request.uri().query(), &["item", "context"])?;
    let found = cut_sound(&archive, &query).await?;
    Ok(sound_answer(request.headers(), &found))
}

/// `GET /v1/index/spectrogram`: its spectrogram.
pub async fn picture(
    State(archive): State<ArchiveApp>,
    request: Request,
) -> Result<Response, RequestFailure> {
    let query = Query::parse(request.uri().query(), &PICTURE_KEYS)?;
    let found = cut_sound(&archive, &query).await?;
    picture_answer(&archive.app, found, &query).await
}

async fn cut_sound(archive: &ArchiveApp, query: &Query) -> Result<Arc<CutSound>, RequestFailure> {
    let item = required("item", query.one("item")?)?;
    let context = context(query)?;
    let (number, span) = part(&archive.service, item)?;
    let milliseconds = |us: u64| us / 1000;
    let key: SoundKey = match span {
        None => (number, 0, u64::MAX),
        Some(span) => {
            let around = (1e6 * context).round() as u64;
            let start = span.start_us.saturating_sub(around);
            (
                number,
                milliseconds(start),
                milliseconds(span.end_us().saturating_add(around)),
            )
        }
    };
    if let Some(found) = archive.service.sounds.find(key) {
        return Ok(found);
    }
    let service = Arc::clone(&archive.service);
    let cut = compute(&archive.app, Admission::New, move |_| {
        let file = &service.recording(number)?.recording.file;
        let path = service.path_of(file);
        let found = cut_recording((file.as_str(), path.as_path()), span, context)?;
        let found = Arc::new(CutSound::new(found));
        service.sounds.keep(key, &found);
        Ok(found)
    });
    cut.await
}
