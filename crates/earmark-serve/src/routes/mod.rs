//! What is answered at which path.

mod embed;
mod facts;
mod predict;
mod recordings;
mod tag;

use crate::app::App;
use crate::failure::RequestFailure;
use crate::page;
use crate::pages::page_routes;
use crate::stream;
use axum::Router;
use axum::http::{Method, StatusCode, Uri};
use axum::routing::{get, post};
use std::sync::Arc;

/// Methods and paths of all routes; what `/openapi.json` describes.
pub(crate) const ROUTES: [(&str, &str); 12] = [
    ("GET", "/"),
    ("GET", "/live.css"),
    ("GET", "/live.js"),
    ("GET", "/live-worklet.js"),
    ("GET", "/healthz"),
    ("GET", "/metrics"),
    ("GET", "/openapi.json"),
    ("GET", "/v1/models"),
    ("POST", "/v1/tag"),
    ("POST", "/v1/predict"),
    ("POST", "/v1/embed"),
    ("GET", "/v1/listen"),
];

/// The router of all routes.
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/", get(page::page))
        .route("/live.css", get(page::style))
        .route("/live.js", get(page::script))
        .route("/live-worklet.js", get(page::worklet))
        .route("/healthz", get(facts::health))
        .route("/metrics", get(facts::metrics))
        .route("/openapi.json", get(facts::openapi))
        .route("/v1/models", get(facts::models))
        .route("/v1/tag", post(tag::tag))
        .route("/v1/predict", post(predict::predict))
        .route("/v1/embed", post(embed::embed))
        .route("/v1/listen", get(stream::listen))
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
        .with_state(app)
}

/// The path of a route as it is counted: nothing that a client makes up.
pub(crate) fn counted_as(path: &str) -> &'static str {
    let known = ROUTES
        .iter()
        .chain(page_routes())
        .find(|(_, known)| *known == path);
    known.map_or("other", |(_, known)| *known)
}

async fn no_route() -> RequestFailure {
    RequestFailure::new(
        StatusCode::NOT_FOUND,
        "there is nothing at this path; GET /openapi.json lists what there is",
    )
}

async fn no_method(method: Method, uri: Uri) -> RequestFailure {
    let right = ROUTES.iter().find(|(_, path)| *path == uri.path());
    let remedy = right.map_or_else(String::new, |(right, _)| format!("; use {right}"));
    RequestFailure::new(
        StatusCode::METHOD_NOT_ALLOWED,
        format!("{}: {method} is not possible here{remedy}", uri.path()),
    )
}
