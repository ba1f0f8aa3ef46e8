//! What handlers are given, and work that waits for a disk.

use super::service::ReviewService;
use crate::app::App;
use crate::failure::{JSON, RequestFailure};
use crate::query::Query;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use earmark_review::{ReviewDesk, ReviewError};
use serde::Serialize;
use std::sync::Arc;

/// What handlers are given.
#[derive(Clone)]
pub(super) struct ReviewApp {
    pub app: Arc<App>,
    pub service: Arc<ReviewService>,
}

impl ReviewApp {
    /// Asks the desk, on a thread that may wait for the disk, and answers with JSON.
    pub async fn ask<T: Serialize + Send + 'static>(
        &self,
        question: impl FnOnce(&ReviewDesk) -> Result<T, ReviewError> + Send + 'static,
    ) -> Result<Response, RequestFailure> {
        let desk = Arc::clone(&self.service.desk);
        let answered = tokio::task::spawn_blocking(move || question(&desk)).await;
        // A task that ended without a result: the server is stopping.
        let answer = answered
            .map_err(|_| RequestFailure::stopping())?
            .map_err(failure)?;
        let body = serde_json::to_string(&answer);
        let body = body.map_err(|e| RequestFailure::new(StatusCode::INTERNAL_SERVER_ERROR, e.to_string()))?;
        let headers = [(header::CONTENT_TYPE, JSON), (header::CACHE_CONTROL, "no-store")];
        Ok((headers, body + "\n").into_response())
    }
}

/// Why a request fails, without paths of this machine.
pub(super) fn failure(error: ReviewError) -> RequestFailure {
    match error {
        ReviewError::Request(problem) => RequestFailure::bad_request(problem),
        ReviewError::Sound { .. } => RequestFailure::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string()),
        ReviewError::Write(error) => RequestFailure::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            format!(
                "the decision is not saved: {}; check the disk and decide again",
                error.cause
            ),
        ),
        ReviewError::Log { problem, .. } => RequestFailure::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            format!("the decision is not saved: {problem}"),
        ),
        ReviewError::Metrics(error) => {
            RequestFailure::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
        }
    }
}

/// The value of a key that must be given.
pub(super) fn required<T>(key: &str, value: Option<T>) -> Result<T, RequestFailure> {
    value.ok_or_else(|| RequestFailure::bad_request(format!("{key}: is missing; give it")))
}

/// Who asks.
pub(super) fn reviewer(query: &Query) -> Result<String, RequestFailure> {
    let name = required("reviewer", query.one("reviewer")?)?;
    Ok(name.trim().to_owned())
}
