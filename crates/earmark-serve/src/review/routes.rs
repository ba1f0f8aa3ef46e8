//! What is answered at which path.

use super::service::ReviewService;
use super::work::ReviewApp;
use super::{decide, items, learn, page, sound};
use crate::app::App;
use axum::Router;
use axum::routing::{get, post};
use std::sync::Arc;

/// Methods and paths of the routes of a review.
pub(crate) const REVIEW_ROUTES: [(&str, &str); 11] = [
    ("GET", "/"),
    ("GET", "/review.js"),
    ("GET", "/review-learn.js"),
    ("GET", "/v1/review/overview"),
    ("GET", "/v1/review/items"),
    ("GET", "/v1/review/next"),
    ("GET", "/v1/review/sound"),
    ("GET", "/v1/review/spectrogram"),
    ("POST", "/v1/review/decide"),
    ("GET", "/v1/review/learning"),
    ("POST", "/v1/review/learn"),
];

/// The routes of a review.
pub(crate) fn review_routes(app: Arc<App>, service: Arc<ReviewService>) -> Router {
    Router::new()
        .route("/", get(page::page))
        .route("/review.js", get(page::script))
        .route("/review-learn.js", get(page::learn_script))
        .route("/v1/review/overview", get(items::overview))
        .route("/v1/review/items", get(items::items))
        .route("/v1/review/next", get(items::next))
        .route("/v1/review/sound", get(sound::sound))
        .route("/v1/review/spectrogram", get(sound::picture))
        .route("/v1/review/decide", post(decide::decide))
        .route("/v1/review/learning", get(learn::learning))
        .route("/v1/review/learn", post(learn::learn))
        .with_state(ReviewApp { app, service })
}
