//! Items and counts for a reviewer; nothing of another one is in them.

use super::work::{ReviewApp, required, reviewer};
use crate::failure::RequestFailure;
use crate::query::Query;
use axum::extract::{Request, State};
use axum::response::Response;
use serde::Serialize;

/// Where a reviewer continues.
#[derive(Serialize)]
struct NextLeft {
    /// Position in the list; `None` where all is seen.
    position: Option<usize>,
}

/// `GET /v1/review/overview`: what is reviewed, the classes, and how much of each is left.
pub async fn overview(State(review): State<ReviewApp>, request: Request) -> Result<Response, RequestFailure> {
    let query = Query::parse(request.uri().query(), &["reviewer"])?;
    let reviewer = reviewer(&query)?;
    review.ask(move |desk| Ok(desk.overview(&reviewer))).await
}

/// `GET /v1/review/items`: a page of items, of all or of one class.
pub async fn items(State(review): State<ReviewApp>, request: Request) -> Result<Response, RequestFailure> {
    let query = Query::parse(request.uri().query(), &["reviewer", "class", "from", "count"])?;
    let (reviewer, class) = (reviewer(&query)?, query.number("class")?);
    let from = query.number("from")?.unwrap_or(0);
    let count = required("count", query.number("count")?)?;
    review
        .ask(move |desk| desk.page(&reviewer, class, from, count))
        .await
}

/// `GET /v1/review/next`: the first item from a position on that the reviewer has not seen.
pub async fn next(State(review): State<ReviewApp>, request: Request) -> Result<Response, RequestFailure> {
    let query = Query::parse(request.uri().query(), &["reviewer", "class", "from"])?;
    let (reviewer, class) = (reviewer(&query)?, query.number("class")?);
    let from = query.number("from")?.unwrap_or(0);
    review
        .ask(move |desk| {
            let position = desk.next_left(&reviewer, class, from)?;
            Ok(NextLeft { position })
        })
        .await
}
