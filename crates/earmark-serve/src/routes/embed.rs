//! `POST /v1/embed`: embeddings of recordings, those of `earmark embed`.

use super::recordings::{RecordingOutcome, answer, for_each, json_rows, wanted};
use crate::app::App;
use crate::failure::RequestFailure;
use crate::formats::EMBEDDING_FORMATS;
use crate::models::ServedModel;
use crate::query::Query;
use crate::upload::{Upload, receive};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use earmark_inference::{EmbedJob, embed_with};
use serde::Serialize;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Keys of the query.
const KEYS: [&str; 4] = ["model", "format", "name", "segments"];

/// One embedding.
#[derive(Serialize)]
struct EmbeddingRow {
    /// Where its segment starts, if there is one per segment.
    #[serde(skip_serializing_if = "Option::is_none")]
    start_seconds: Option<f64>,
    embedding: Vec<f32>,
}

/// The embeddings of a recording: one, or one per segment.
#[derive(Serialize)]
struct EmbeddedRecording {
    file: String,
    embeddings: Vec<EmbeddingRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// Embeds recordings.
pub async fn embed(State(app): State<Arc<App>>, request: Request) -> Result<Response, RequestFailure> {
    let query = Query::parse(request.uri().query(), &KEYS)?;
    let (model, (format, media_type)) = wanted(&app, &query, request.headers(), &EMBEDDING_FORMATS)?;
    let segments = query.is_set("segments")?;
    if model.models.len() != 1 {
        return Err(RequestFailure::bad_request(format!(
            "model={}: blends {} models, whose embeddings can't be blended; choose a single one",
            model.name,
            model.models.len()
        )));
    }
    let uploads = receive(&app, request, query.one("name")?).await?;
    let work = move |model: &ServedModel, upload: &Upload, stop: &AtomicBool| {
        embed_upload(model, upload, segments, stop)
    };
    let outcomes = for_each(&app, &model, uploads, work).await?;
    answer(&app, media_type, outcomes, move |outcomes| {
        json_rows(format, outcomes)
    })
    .await
}

fn embed_upload(
    model: &ServedModel,
    upload: &Upload,
    segments: bool,
    stop: &AtomicBool,
) -> Result<RecordingOutcome<EmbeddedRecording>, RequestFailure> {
    let clean = |message: &str| upload.without_paths(&model.without_paths(message));
    let job = EmbedJob {
        files: vec![upload.path().to_path_buf()],
        segments,
        ..EmbedJob::default()
    };
    let done = embed_with(&model.models[0], &job, &|_| (), stop);
    let done =
        done.map_err(|e| RequestFailure::new(StatusCode::INTERNAL_SERVER_ERROR, clean(&e.to_string())))?;
    let done = done.ok_or_else(RequestFailure::stopping)?;
    if let Some((_, reason)) = done.skipped.first() {
        return Ok(RecordingOutcome::Skipped {
            file: upload.name.clone(),
            error: clean(reason),
        });
    }
    let found = done.embeddings;
    let starts = found.starts.unwrap_or_default();
    let rows = found.values.chunks(found.width.max(1)).enumerate();
    let rows = rows.map(|(row, values)| EmbeddingRow {
        start_seconds: starts.get(row).copied(),
        embedding: values.to_vec(),
    });
    let note = done.remarks.note(&upload.path().to_string_lossy());
    Ok(RecordingOutcome::Done {
        is_damaged: !done.remarks.damaged().is_empty(),
        result: EmbeddedRecording {
            file: upload.name.clone(),
            embeddings: rows.collect(),
            note: note.as_deref().map(clean),
        },
    })
}
