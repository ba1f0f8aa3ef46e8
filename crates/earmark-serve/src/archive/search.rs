//! `POST /v1/index/search`: the windows that sound most like a part of a recording.

use super::part::example_span;
use super::service::ArchiveService;
use super::windows::ShownWindow;
use super::work::{ArchiveApp, check_count};
use crate::failure::RequestFailure;
use crate::json::json_body;
use crate::query::required;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use earmark_audio::Span;
use earmark_core::rows;
use earmark_index::archive::{CurrentLabels, SearchBy};
use earmark_review::cut_recording;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// Windows that are listed where the request does not say it.
const USUAL_COUNT: usize = 30;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SearchRequest {
    /// A recording of the index, by number.
    recording: Option<usize>,
    /// What the number is of, as it was listed.
    version: Option<String>,
    /// Or an item of the review that is served next to it.
    review_item: Option<usize>,
    /// The part, in seconds from the start of the recording.
    start: f64,
    end: f64,
    count: Option<usize>,
    /// Whether the recording itself is left out.
    #[serde(default)]
    elsewhere: bool,
}

/// A part of a recording that is searched for.
struct Example {
    file: String,
    path: PathBuf,
    span: Span,
    /// The recording in the index, if it is one of it.
    recording: Option<usize>,
}

#[derive(Serialize)]
struct SearchAnswer {
    /// What numbers of rows and recordings are of.
    version: String,
    /// The recording that the part is of.
    file: String,
    start_seconds: f64,
    end_seconds: f64,
    /// Windows of the part; of several, their mean is searched for.
    windows: usize,
    hits: Vec<ShownWindow>,
    /// Windows that were scanned, and that were compared in double precision.
    scanned: usize,
    candidates: usize,
}

/// Searches.
pub async fn search(State(archive): State<ArchiveApp>, request: Request) -> Result<Response, RequestFailure> {
    let asked: SearchRequest = json_body(&archive.app, request, "search").await?;
    let count = asked.count.unwrap_or(USUAL_COUNT);
    check_count(count)?;
    let example = example(&archive, &asked)?;
    let folder = archive.app.uploads.path().to_path_buf();
    archive
        .work(move |service, stop| {
            let (vector, windows) = embed(service, &example, &folder, stop)?;
            let left_out = left_out(service, &example, asked.elsewhere);
            let labels = CurrentLabels::of(service.index())?;
            let is_other = |row: usize| !left_out.contains(&row);
            let found = service
                .index()
                .nearest(&vector, count, SearchBy::Int8, is_other)?;
            let (hits, counts) = found;
            let hits = hits.into_iter().map(|hit| {
                let shown = ShownWindow::new(service, &labels, hit.row);
                shown.with_similarity(hit.similarity)
            });
            Ok(SearchAnswer {
                version: service.version().to_owned(),
                start_seconds: example.span.start_seconds(),
                end_seconds: example.span.end_us() as f64 / 1e6,
                windows,
                hits: hits.collect(),
                scanned: counts.scanned,
                candidates: counts.candidates,
                file: example.file,
            })
        })
        .await
}

/// What is searched for.
fn example(archive: &ArchiveApp, asked: &SearchRequest) -> Result<Example, RequestFailure> {
    let span = example_span(asked.start, asked.end)?;
    let service = &archive.service;
    match (asked.recording, asked.review_item) {
        (Some(number), None) => {
            service.check_version(required("version", asked.version.as_deref())?)?;
            let file = service.recording(number)?.recording.file.clone();
            Ok(Example {
                path: service.path_of(&file),
                file,
                span,
                recording: Some(number),
            })
        }
        (None, Some(number)) => {
            let items = archive.app.review.as_ref();
            let items = items.map_or(&[][..], |review| review.desk.set().items());
            let item = items.get(number).ok_or_else(|| {
                RequestFailure::bad_request(format!(
                    "review_item {number}: there are {}, from 0",
                    items.len()
                ))
            })?;
            let by_path = || service.number_of(&item.path.to_string_lossy());
            Ok(Example {
                file: item.key.file.clone(),
                path: item.path.clone(),
                span,
                recording: service.number_of(&item.key.file).or_else(by_path),
            })
        }
        _ => Err(RequestFailure::bad_request(
            "name either the recording or the review_item that the part is of",
        )),
    }
}

/// The mean of the windows of a part, and their number.
fn embed(
    service: &ArchiveService,
    example: &Example,
    folder: &Path,
    stop: &AtomicBool,
) -> Result<(Vec<f32>, usize), RequestFailure> {
    let embedder = service.embedder()?;
    let recording = (example.file.as_str(), example.path.as_path());
    let cut = cut_recording(recording, Some(example.span), 0.0)?;
    // The embedder reads files, as what it reads may be longer than memory.
    let failed = |e: std::io::Error| {
        RequestFailure::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            format!("the part can't be written ({e}); check the disk of temporary files"),
        )
    };
    let mut file = tempfile::Builder::new();
    let mut file = file.suffix(".wav").tempfile_in(folder).map_err(failed)?;
    file.write_all(&cut.wav()).map_err(failed)?;
    let found = embedder.embed(file.path(), stop).map_err(|reason| {
        RequestFailure::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            format!("{}: {reason}", example.file),
        )
    })?;
    // Stopped: nobody waits for an answer.
    let found = found.ok_or_else(RequestFailure::stopping)?;
    let vectors = found.vectors.chunks_exact(embedder.width());
    Ok((rows::mean(vectors).unwrap_or_default(), found.windows))
}

/// Rows that are not listed: the example itself, or all of its recording.
fn left_out(service: &ArchiveService, example: &Example, elsewhere: bool) -> BTreeSet<usize> {
    let Some(placed) = example
        .recording
        .and_then(|number| service.recording(number).ok())
    else {
        return BTreeSet::new();
    };
    let (start, end) = (example.span.start_seconds(), example.span.end_us() as f64 / 1e6);
    let middle = f64::midpoint(start, end);
    let is_itself = |row: &usize| {
        let window = service.index().window(*row);
        let centre = f64::midpoint(window.start_seconds, window.end_seconds);
        let contains_it = (window.start_seconds..window.end_seconds).contains(&middle);
        (start..end).contains(&centre) || contains_it
    };
    placed.rows().filter(|row| elsewhere || is_itself(row)).collect()
}
