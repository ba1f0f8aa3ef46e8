//! JSON of pages: what they send, and what they get.

use crate::app::App;
use crate::failure::{JSON, RequestFailure};
use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Most bytes of what a page sends.
const LARGEST: usize = 64 << 10;

/// What a page sends; `what` names it.
pub(crate) async fn json_body<T: DeserializeOwned>(
    app: &App,
    request: Request,
    what: &str,
) -> Result<T, RequestFailure> {
    let kind = request.headers().get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    // Forms of other sites can't send this type.
    if kind.split(';').next().map(str::trim) != Some(JSON) {
        return Err(RequestFailure::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            format!("send the {what} as {JSON}"),
        ));
    }
    let body = to_bytes(request.into_body(), LARGEST);
    let body = match tokio::time::timeout(app.limits.body_patience, body).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => {
            return Err(RequestFailure::too_large(format!(
                "the {what} is cut off or above {LARGEST} bytes"
            )));
        }
        Err(_) => {
            return Err(RequestFailure::new(
                StatusCode::REQUEST_TIMEOUT,
                "the body comes too slowly; send it again",
            ));
        }
    };
    app.metrics.count_bytes(body.len() as u64);
    serde_json::from_slice(&body).map_err(|e| RequestFailure::bad_request(format!("is not a {what}: {e}")))
}

/// What a page gets; it changes, so that no browser keeps it.
pub(crate) fn json_answer(answer: &impl Serialize) -> Result<Response, RequestFailure> {
    let body = serde_json::to_string(answer);
    let body = body.map_err(|e| RequestFailure::new(StatusCode::INTERNAL_SERVER_ERROR, e.to_string()))?;
    let headers = [(header::CONTENT_TYPE, JSON), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, body + "\n").into_response())
}
