//! Why a request is refused or fails, as JSON.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use earmark_index::EmbeddingsError;
use earmark_inference::PipelineError;
use earmark_review::ReviewError;

/// Media type of JSON.
pub(crate) const JSON: &str = "application/json";

/// Why a request is refused or fails.
#[derive(Debug)]
pub(crate) struct RequestFailure {
    pub status: StatusCode,
    pub message: String,
    /// Seconds after which to try again.
    retry_after: Option<u64>,
}

impl RequestFailure {
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            retry_after: None,
        }
    }

    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub fn too_large(message: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, message)
    }

    /// For now there is no room.
    pub fn busy(message: impl Into<String>, retry_after: u64) -> Self {
        Self {
            retry_after: Some(retry_after),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, message)
        }
    }

    /// The server is to stop.
    pub fn stopping() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "the server is stopping; try again later",
        )
    }
}

impl From<ReviewError> for RequestFailure {
    /// Without paths of this machine.
    fn from(error: ReviewError) -> Self {
        match error {
            ReviewError::Request(problem) => Self::bad_request(problem),
            ReviewError::Sound { .. } => Self::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string()),
            ReviewError::Write(error) => Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                format!(
                    "the decision is not saved: {}; check the disk and decide again",
                    error.cause
                ),
            ),
            ReviewError::Log { problem, .. } => Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                format!("the decision is not saved: {problem}"),
            ),
            ReviewError::Metrics(error) => Self::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
        }
    }
}

impl From<EmbeddingsError> for RequestFailure {
    /// Without the path of the index.
    fn from(error: EmbeddingsError) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            format!("the index: {}", error.problem),
        )
    }
}

impl From<PipelineError> for RequestFailure {
    fn from(error: PipelineError) -> Self {
        match error {
            PipelineError::Embeddings(error) => error.into(),
            PipelineError::Request(problem) => Self::bad_request(problem),
            other => Self::new(StatusCode::UNPROCESSABLE_ENTITY, other.to_string()),
        }
    }
}

impl IntoResponse for RequestFailure {
    fn into_response(self) -> Response {
        let body = serde_json::json!({ "error": self.message }).to_string();
        let mut response = (self.status, [(header::CONTENT_TYPE, JSON)], body).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
