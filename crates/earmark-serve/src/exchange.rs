//! One request and its answer: access, route, counts, log.

use crate::app::App;
use crate::observer::{GONE, ServedRequest};
use crate::routes::counted_as;
use axum::Router;
use axum::http::Request;
use axum::response::{IntoResponse, Response};
use earmark_core::text::one_line;
use hyper::body::Incoming;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;
use tower_service::Service;

/// What is reported of a request when it ends: answered, or dropped as its client went away.
struct RequestLog {
    app: Arc<App>,
    begun: Instant,
    route: &'static str,
    request: ServedRequest,
}

impl Drop for RequestLog {
    fn drop(&mut self) {
        let elapsed = self.begun.elapsed();
        self.request.milliseconds = 1e3 * elapsed.as_secs_f64();
        let status = self.request.status;
        self.app
            .metrics
            .count_answer(self.route, status, elapsed.as_secs_f64());
        (self.app.observer)(&self.request);
    }
}

/// Answers a request.
pub(crate) async fn answer(
    app: Arc<App>,
    mut router: Router,
    request: Request<Incoming>,
    client: SocketAddr,
) -> Result<Response, Infallible> {
    let path = request.uri().path();
    let mut log = RequestLog {
        app: Arc::clone(&app),
        begun: Instant::now(),
        route: counted_as(path),
        request: ServedRequest {
            client: client.ip().to_string(),
            method: one_line(request.method().as_str()).into_owned(),
            path: one_line(path).into_owned(),
            status: GONE,
            milliseconds: 0.0,
        },
    };
    let allowed = app.access.check(&request);
    let response = match allowed {
        Ok(()) => router.call(request).await?,
        Err(refused) => refused.into_response(),
    };
    log.request.status = response.status().as_u16();
    Ok(response)
}
