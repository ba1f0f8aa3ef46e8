//! `POST /v1/tag`: sounds with start and end times, in the formats of `earmark tag`.

use super::recordings::{RecordingOutcome, answer, for_each, wanted};
use crate::app::App;
use crate::compute::compute;
use crate::failure::RequestFailure;
use crate::formats::TAG_FORMATS;
use crate::models::ServedModel;
use crate::query::{Query, TAG_KEYS};
use crate::queue::Admission;
use crate::upload::{Upload, receive};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use earmark_inference::tag::formats::{FormatOptions, FormatWriter};
use earmark_inference::tag::resume_log::TagOutcome;
use earmark_inference::tag::{Format, TaggedRecording, Tagger};
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Tags recordings.
pub async fn tag(State(app): State<Arc<App>>, request: Request) -> Result<Response, RequestFailure> {
    let query = Query::parse(request.uri().query(), &TAG_KEYS)?;
    let (model, (format, media_type)) = wanted(&app, &query, request.headers(), &TAG_FORMATS)?;
    let settings = query.tag_settings()?;
    let uploads = receive(&app, request, query.one("name")?).await?;
    let tagger = match settings {
        None => Arc::clone(&model.tagger),
        Some(settings) => {
            let model = Arc::clone(&model);
            let opened = compute(&app, Admission::New, move |_| model.tagger_with(&settings));
            Arc::new(opened.await?)
        }
    };
    check_format(&tagger, format, uploads.len())?;
    let with = Arc::clone(&tagger);
    let work =
        move |model: &ServedModel, upload: &Upload, stop: &AtomicBool| tag_upload(model, &with, upload, stop);
    let outcomes = for_each(&app, &model, uploads, work).await?;
    let write = move |outcomes: &[RecordingOutcome<TaggedRecording>]| {
        let body = written(&tagger, format, outcomes);
        body.map_err(|e| RequestFailure::new(StatusCode::INTERNAL_SERVER_ERROR, e.to_string()))
    };
    answer(&app, media_type, outcomes, write).await
}

fn check_format(tagger: &Tagger, format: Format, files: usize) -> Result<(), RequestFailure> {
    if tagger.keeps_windows() && !format.holds_windows() {
        return Err(RequestFailure::bad_request(
            "windows: this format has events only; choose csv, json or ndjson",
        ));
    }
    if files > 1 && !format.holds_several() {
        return Err(RequestFailure::bad_request(format!(
            "format=audacity: a label track is for one recording, and {files} are given; send one at a time"
        )));
    }
    Ok(())
}

fn tag_upload(
    model: &ServedModel,
    tagger: &Tagger,
    upload: &Upload,
    stop: &AtomicBool,
) -> Result<RecordingOutcome<TaggedRecording>, RequestFailure> {
    let clean = |message: &str| upload.without_paths(&model.without_paths(message));
    let tagged = tagger.tag_named(upload.path(), &upload.name, stop);
    let tagged =
        tagged.map_err(|e| RequestFailure::new(StatusCode::INTERNAL_SERVER_ERROR, clean(&e.to_string())))?;
    let tagged = tagged.ok_or_else(RequestFailure::stopping)?;
    Ok(match &tagged.outcome {
        TagOutcome::Failed { file, reason } => RecordingOutcome::Skipped {
            file: file.clone(),
            error: clean(reason),
        },
        TagOutcome::Tagged(result) => RecordingOutcome::Done {
            is_damaged: result.damaged,
            result: tagged,
        },
    })
}

/// The bytes that `earmark tag --format` writes.
fn written(
    tagger: &Tagger,
    format: Format,
    outcomes: &[RecordingOutcome<TaggedRecording>],
) -> io::Result<Vec<u8>> {
    let options = FormatOptions {
        classes: tagger.classes(),
        windows: tagger.keeps_windows(),
        top: tagger.top(),
        grid: Some(tagger.score_grid()),
        scratch: None,
        times_and_places: None,
    };
    let mut out = Vec::new();
    let mut writer = FormatWriter::new(format, options, &mut out)?;
    for outcome in outcomes {
        match outcome {
            RecordingOutcome::Done { result, .. } => {
                let mut lines = Vec::new();
                for window in &result.windows {
                    serde_json::to_writer(&mut lines, window)?;
                    lines.push(b'\n');
                }
                writer.add(&result.outcome, &mut lines.as_slice())?;
            }
            RecordingOutcome::Skipped { file, error } => {
                let failed = TagOutcome::Failed {
                    file: file.clone(),
                    reason: error.clone(),
                };
                writer.add(&failed, &mut io::empty())?;
            }
        }
    }
    writer.finish()?;
    Ok(out)
}
