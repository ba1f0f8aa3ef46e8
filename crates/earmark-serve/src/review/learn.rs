//! `GET /v1/review/learning` and `POST /v1/review/learn`: a model of the decisions, and how far it is.

use super::learning::{Learning, LearningStatus};
use super::work::ReviewApp;
use crate::failure::RequestFailure;
use crate::json::{json_answer, json_body};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What a page may ask for.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum LearnAction {
    /// Train on what is decided now.
    Start,
    /// Give up what is in progress.
    Stop,
    /// Sort the items by the scores of the new model.
    Sort,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LearnRequest {
    action: LearnAction,
}

#[derive(Serialize)]
struct LearnAnswer {
    /// Whether the server was started with a model to learn with.
    available: bool,
    #[serde(flatten)]
    status: LearningStatus,
}

fn answer(learning: Option<&Arc<Learning>>) -> Result<Response, RequestFailure> {
    json_answer(&LearnAnswer {
        available: learning.is_some(),
        status: learning.map(|learning| learning.status()).unwrap_or_default(),
    })
}

/// `GET /v1/review/learning`: how far it is, and at the end what was learned.
pub async fn learning(State(review): State<ReviewApp>) -> Result<Response, RequestFailure> {
    answer(review.service.learning.as_ref())
}

/// `POST /v1/review/learn`: starts, stops, or sorts; answered like `GET /v1/review/learning`.
pub async fn learn(State(review): State<ReviewApp>, request: Request) -> Result<Response, RequestFailure> {
    let LearnRequest { action } = json_body(&review.app, request, "request to learn").await?;
    let Some(learning) = review.service.learning.clone() else {
        return Err(RequestFailure::new(
            StatusCode::CONFLICT,
            "start the server with --learn-with MODEL to learn again",
        ));
    };
    let (desk, worker) = (Arc::clone(&review.service.desk), Arc::clone(&learning));
    let done = tokio::task::spawn_blocking(move || match action {
        LearnAction::Start => worker.start(&desk),
        LearnAction::Stop => {
            worker.stop();
            Ok(())
        }
        LearnAction::Sort => worker.sort(&desk),
    });
    // A task that ended without a result: the server is stopping.
    done.await.map_err(|_| RequestFailure::stopping())??;
    answer(Some(&learning))
}
