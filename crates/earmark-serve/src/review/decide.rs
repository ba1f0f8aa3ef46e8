//! `POST /v1/review/decide`: a decision, answered when it is on the disk.

use super::work::ReviewApp;
use crate::failure::RequestFailure;
use crate::json::json_body;
use axum::extract::{Request, State};
use axum::response::Response;
use earmark_review::{DecideRequest, ReviewCounts, ReviewView};
use serde::Serialize;

/// What a page shows after a decision.
#[derive(Serialize)]
struct DecidedAnswer {
    /// The item; `None` of new names of classes.
    item: Option<ReviewView>,
    counts: ReviewCounts,
}

/// Takes a decision.
pub async fn decide(State(review): State<ReviewApp>, request: Request) -> Result<Response, RequestFailure> {
    let asked: DecideRequest = json_body(&review.app, request, "decision").await?;
    review
        .ask(move |desk| {
            let (item, counts) = desk.decide(&asked)?;
            Ok(DecidedAnswer { item, counts })
        })
        .await
}
