//! What the server says about itself: whether it lives, what it has served, its models, its interface.

use crate::app::App;
use crate::failure::JSON;
use crate::metrics::Gauges;
use axum::extract::State;
use axum::http::{HeaderName, header};
use axum::response::IntoResponse;
use serde_json::{Value, json};
use std::sync::Arc;

/// Description of the interface (OpenAPI 3.1). A test compares its paths with the routes.
pub const OPENAPI: &str = include_str!("../openapi.json");

/// Media type of Prometheus' text format.
const METRICS_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

type Typed<T> = ([(HeaderName, &'static str); 1], T);

fn typed<T: IntoResponse>(media_type: &'static str, body: T) -> Typed<T> {
    ([(header::CONTENT_TYPE, media_type)], body)
}

fn json_body(value: &Value) -> Typed<String> {
    typed(JSON, format!("{value}\n"))
}

/// `GET /healthz`
pub async fn health() -> impl IntoResponse {
    json_body(&json!({ "status": "ok", "version": earmark_core::VERSION }))
}

/// `GET /metrics`
pub async fn metrics(State(app): State<Arc<App>>) -> impl IntoResponse {
    let (waiting, busy) = app.queue.waiting_and_busy();
    let now = Gauges {
        waiting,
        busy,
        connections: app.connections.count(),
        streams: app.open_streams(),
    };
    typed(METRICS_TYPE, app.metrics.text(&now))
}

/// `GET /v1/models`
pub async fn models(State(app): State<Arc<App>>) -> impl IntoResponse {
    let models: Vec<Value> = app.models.all().iter().map(|model| model.description()).collect();
    let limits = &app.limits;
    json_body(&json!({
        "models": models,
        "limits": {
            "bytes": limits.bytes,
            "seconds": limits.seconds,
            "files": limits.files,
            "queue": limits.queue,
            "streams": limits.streams,
        },
    }))
}

/// `GET /openapi.json`
pub async fn openapi() -> impl IntoResponse {
    typed(JSON, OPENAPI)
}
