//! `POST /v1/predict`: scores of whole recordings, those of `earmark predict`.

use super::recordings::{RecordingOutcome, answer, for_each, json_rows, wanted};
use crate::app::App;
use crate::failure::RequestFailure;
use crate::formats::SCORE_FORMATS;
use crate::models::ServedModel;
use crate::query::Query;
use crate::upload::{Upload, receive};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use earmark_inference::tag::Format;
use earmark_inference::{PredictJob, predict_with};
use earmark_metrics::{BlendMean, ScoreTable};
use serde::{Serialize, Serializer};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Keys of the query.
const KEYS: [&str; 3] = ["model", "format", "name"];

/// The scores of a recording.
#[derive(Serialize)]
struct ScoredRecording {
    file: String,
    #[serde(serialize_with = "scores_by_class")]
    scores: (Arc<ServedModel>, Vec<f32>),
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// An object of scores by class, in the order of the model.
fn scores_by_class<S: Serializer>(
    (model, scores): &(Arc<ServedModel>, Vec<f32>),
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(classes(model).iter().zip(scores))
}

fn classes(model: &ServedModel) -> &[String] {
    model.tagger.ensemble().classes()
}

/// Scores recordings.
pub async fn predict(State(app): State<Arc<App>>, request: Request) -> Result<Response, RequestFailure> {
    let query = Query::parse(request.uri().query(), &KEYS)?;
    let (model, (format, media_type)) = wanted(&app, &query, request.headers(), &SCORE_FORMATS)?;
    let uploads = receive(&app, request, query.one("name")?).await?;
    if format == Format::Csv {
        refuse_same_names(&uploads)?;
    }
    let of = Arc::clone(&model);
    let work = move |_: &ServedModel, upload: &Upload, stop: &AtomicBool| predict_upload(&of, upload, stop);
    let outcomes = for_each(&app, &model, uploads, work).await?;
    let write = move |outcomes: &[RecordingOutcome<ScoredRecording>]| match format {
        Format::Csv => table(&model, outcomes),
        _ => json_rows(format, outcomes),
    };
    answer(&app, media_type, outcomes, write).await
}

/// Refuses what a table can't hold before anything is computed.
fn refuse_same_names(uploads: &[Upload]) -> Result<(), RequestFailure> {
    let mut names = BTreeSet::new();
    match uploads.iter().find(|upload| !names.insert(&upload.name)) {
        None => Ok(()),
        Some(upload) => Err(RequestFailure::bad_request(format!(
            "{}: two recordings have this name, which a table can't tell apart; rename one of them, or choose json",
            upload.name
        ))),
    }
}

fn predict_upload(
    model: &Arc<ServedModel>,
    upload: &Upload,
    stop: &AtomicBool,
) -> Result<RecordingOutcome<ScoredRecording>, RequestFailure> {
    let clean = |message: &str| upload.without_paths(&model.without_paths(message));
    let job = PredictJob {
        files: vec![upload.path().to_path_buf()],
        mean: BlendMean::Geometric,
        device: "cpu".into(),
        ..PredictJob::default()
    };
    let done = predict_with(&model.models, &job, &|_| (), stop);
    let done =
        done.map_err(|e| RequestFailure::new(StatusCode::INTERNAL_SERVER_ERROR, clean(&e.to_string())))?;
    let done = done.ok_or_else(RequestFailure::stopping)?;
    let Some(scores) = done.scores.row(0).filter(|_| done.skipped.is_empty()) else {
        let reason = done
            .skipped
            .first()
            .map_or("has no scores", |(_, reason)| reason.as_str());
        return Ok(RecordingOutcome::Skipped {
            file: upload.name.clone(),
            error: clean(reason),
        });
    };
    let note = done.remarks.note(&upload.path().to_string_lossy());
    Ok(RecordingOutcome::Done {
        is_damaged: !done.remarks.damaged().is_empty(),
        result: ScoredRecording {
            file: upload.name.clone(),
            scores: (Arc::clone(model), scores.to_vec()),
            note: note.as_deref().map(clean),
        },
    })
}

/// A score table as `earmark predict` writes it, with the recordings in the order in which they came.
fn table(
    model: &ServedModel,
    outcomes: &[RecordingOutcome<ScoredRecording>],
) -> Result<Vec<u8>, RequestFailure> {
    let (mut files, mut values) = (Vec::new(), Vec::new());
    for outcome in outcomes {
        if let RecordingOutcome::Done { result, .. } = outcome {
            files.push(result.file.clone());
            values.extend_from_slice(&result.scores.1);
        }
    }
    let table = ScoreTable::new(files, classes(model).to_vec(), values);
    let table = table.map_err(|e| RequestFailure::bad_request(e.to_string()))?;
    let mut out = Vec::new();
    let written = table.write(&mut out);
    written.map_err(|e| RequestFailure::new(StatusCode::INTERNAL_SERVER_ERROR, e.to_string()))?;
    Ok(out)
}
