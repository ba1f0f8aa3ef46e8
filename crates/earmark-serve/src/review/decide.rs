//! `POST /v1/review/decide`: a decision, answered when it is on the disk.

use super::work::ReviewApp;
use crate::failure::{JSON, RequestFailure};
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::Response;
use earmark_review::{DecideRequest, ReviewCounts, ReviewView};
use serde::Serialize;

/// Most bytes of a decision.
const LARGEST_DECISION: usize = 64 << 10;

/// What a page shows after a decision.
#[derive(Serialize)]
struct DecidedAnswer {
    /// The item; `None` of new names of classes.
    item: Option<ReviewView>,
    counts: ReviewCounts,
}

/// Takes a decision.
pub async fn decide(State(review): State<ReviewApp>, request: Request) -> Result<Response, RequestFailure> {
    let kind = request.headers().get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    // Forms of other sites can't send this type.
    if kind.split(';').next().map(str::trim) != Some(JSON) {
        return Err(RequestFailure::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            format!("send the decision as {JSON}"),
        ));
    }
    let body = to_bytes(request.into_body(), LARGEST_DECISION);
    let body = match tokio::time::timeout(review.app.limits.body_patience, body).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => {
            return Err(RequestFailure::too_large(format!(
                "the decision is cut off or above {LARGEST_DECISION} bytes"
            )));
        }
        Err(_) => {
            return Err(RequestFailure::new(
                StatusCode::REQUEST_TIMEOUT,
                "the body comes too slowly; send it again",
            ));
        }
    };
    review.app.metrics.count_bytes(body.len() as u64);
    let asked: DecideRequest = serde_json::from_slice(&body)
        .map_err(|e| RequestFailure::bad_request(format!("is not a decision: {e}")))?;
    review
        .ask(move |desk| {
            let (item, counts) = desk.decide(&asked)?;
            Ok(DecidedAnswer { item, counts })
        })
        .await
}
