//! What is answered at which path.

use super::service::ReviewService;
use super::work::ReviewApp;
use super::{decide, items, page, sound};
use crate::app::App;
use crate::failure::{JSON, RequestFailure};
use axum::Router;
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use serde_json::json;
use std::sync::Arc;

/// Methods and paths of all routes.
pub(crate) const REVIEW_ROUTES: [(&str, &str); 11] = [
    ("GET", "/"),
    ("GET", "/review.css"),
    ("GET", "/review.js"),
    ("GET", "/review-sound.js"),
    ("GET", "/healthz"),
    ("GET", "/v1/review/overview"),
    ("GET", "/v1/review/items"),
    ("GET", "/v1/review/next"),
    ("GET", "/v1/review/sound"),
    ("GET", "/v1/review/spectrogram"),
    ("POST", "/v1/review/decide"),
];

/// The router of all routes.
pub(crate) fn review_router(app: Arc<App>, service: Arc<ReviewService>) -> Router {
    Router::new()
        .route("/", get(page::page))
        .route("/review.css", get(page::style))
        .route("/review.js", get(page::script))
        .route("/review-sound.js", get(page::sound_script))
        .route("/healthz", get(health))
        .route("/v1/review/overview", get(items::overview))
        .route("/v1/review/items", get(items::items))
        .route("/v1/review/next", get(items::next))
        .route("/v1/review/sound", get(sound::sound))
        .route("/v1/review/spectrogram", get(sound::picture))
        .route("/v1/review/decide", post(decide::decide))
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
        .with_state(ReviewApp { app, service })
}

async fn health() -> impl IntoResponse {
    let body = json!({ "status": "ok", "version": earmark_core::VERSION });
    ([(header::CONTENT_TYPE, JSON)], format!("{body}\n"))
}

async fn no_route() -> RequestFailure {
    RequestFailure::new(StatusCode::NOT_FOUND, "there is nothing at this path")
}

async fn no_method(method: Method, uri: Uri) -> RequestFailure {
    let right = REVIEW_ROUTES.iter().find(|(_, path)| *path == uri.path());
    let remedy = right.map_or_else(String::new, |(right, _)| format!("; use {right}"));
    RequestFailure::new(
        StatusCode::METHOD_NOT_ALLOWED,
        format!("{}: {method} is not possible here{remedy}", uri.path()),
    )
}
