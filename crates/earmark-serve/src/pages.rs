//! The routes of a server that shows a review, an index, or both.

use crate::app::App;
use crate::archive::{ARCHIVE_ROUTES, archive_routes};
use crate::failure::{JSON, RequestFailure};
use crate::page;
use crate::review::{REVIEW_ROUTES, review_routes};
use axum::Router;
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::IntoResponse;
use axum::routing::get;
use serde_json::json;
use std::sync::Arc;

/// Methods and paths of the routes that both have.
pub(crate) const SHARED_ROUTES: [(&str, &str); 3] = [
    ("GET", "/review.css"),
    ("GET", "/review-sound.js"),
    ("GET", "/healthz"),
];

/// Methods and paths of all routes.
pub(crate) fn page_routes() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    SHARED_ROUTES.iter().chain(&REVIEW_ROUTES).chain(&ARCHIVE_ROUTES)
}

/// The router of all routes.
pub(crate) fn pages_router(app: &Arc<App>) -> Router {
    let mut router = Router::new()
        .route("/review.css", get(page::review_style))
        .route("/review-sound.js", get(page::sound_script))
        .route("/healthz", get(health));
    if let Some(review) = &app.review {
        router = router.merge(review_routes(Arc::clone(app), Arc::clone(review)));
    }
    if let Some(archive) = &app.archive {
        let is_first = app.review.is_none();
        router = router.merge(archive_routes(Arc::clone(app), Arc::clone(archive), is_first));
    }
    router.fallback(no_route).method_not_allowed_fallback(no_method)
}

async fn health() -> impl IntoResponse {
    let body = json!({ "status": "ok", "version": earmark_core::VERSION });
    ([(header::CONTENT_TYPE, JSON)], format!("{body}\n"))
}

async fn no_route() -> RequestFailure {
    RequestFailure::new(StatusCode::NOT_FOUND, "there is nothing at this path")
}

async fn no_method(method: Method, uri: Uri) -> RequestFailure {
    let right = page_routes().find(|(_, path)| *path == uri.path());
    let remedy = right.map_or_else(String::new, |(right, _)| format!("; use {right}"));
    RequestFailure::new(
        StatusCode::METHOD_NOT_ALLOWED,
        format!("{}: {method} is not possible here{remedy}", uri.path()),
    )
}
