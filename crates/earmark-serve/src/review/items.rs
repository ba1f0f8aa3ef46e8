//! Items and counts for a reviewer; nothing of another one is in them.

use super::work::{ReviewApp, reviewer};
use crate::failure::RequestFailure;
use crate::json::json_answer;
use crate::query::{Query, required};
use axum::extract::{Request, State};
use axum::response::Response;
use earmark_review::ReviewOverview;
use serde::Serialize;

/// What a page begins with.
#[derive(Serialize)]
struct OverviewAnswer {
    #[serde(flatten)]
    overview: ReviewOverview,
    /// Whether there is a model to learn again with.
    learning: bool,
    /// Whether there is an index to search.
    archive: bool,
}

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
    let overview = review.on_disk(move |desk| Ok(desk.overview(&reviewer))).await?;
    json_answer(&OverviewAnswer {
        overview,
        learning: review.service.learning.is_some(),
        archive: review.app.archive.is_some(),
    })
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
