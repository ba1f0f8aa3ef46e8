//! What is answered at which path.

use super::service::ArchiveService;
use super::work::ArchiveApp;
use super::{label, learn, look, overview, page, search, sound};
use crate::app::App;
use axum::Router;
use axum::routing::{get, post};
use std::sync::Arc;

/// Methods and paths of the routes of an index.
pub(crate) const ARCHIVE_ROUTES: [(&str, &str); 10] = [
    ("GET", "/search"),
    ("GET", "/search.js"),
    ("GET", "/v1/index/overview"),
    ("GET", "/v1/index/recordings"),
    ("GET", "/v1/index/sound"),
    ("GET", "/v1/index/spectrogram"),
    ("POST", "/v1/index/search"),
    ("POST", "/v1/index/label"),
    ("POST", "/v1/index/learn"),
    ("POST", "/v1/index/look"),
];

/// The routes of an index; `is_first` where its page is also that of `/`.
pub(crate) fn archive_routes(app: Arc<App>, service: Arc<ArchiveService>, is_first: bool) -> Router {
    let routes = match is_first {
        true => Router::new().route("/", get(page::page)),
        false => Router::new(),
    };
    routes
        .route("/search", get(page::page))
        .route("/search.js", get(page::script))
        .route("/v1/index/overview", get(overview::overview))
        .route("/v1/index/recordings", get(overview::recordings))
        .route("/v1/index/sound", get(sound::sound))
        .route("/v1/index/spectrogram", get(sound::picture))
        .route("/v1/index/search", post(search::search))
        .route("/v1/index/label", post(label::label))
        .route("/v1/index/learn", post(learn::learn))
        .route("/v1/index/look", post(look::look))
        .with_state(ArchiveApp { app, service })
}
