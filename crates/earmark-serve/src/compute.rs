//! Work of a request, done by the queue's threads; it ends when the client goes.

use crate::app::App;
use crate::failure::RequestFailure;
use crate::metrics::Metrics;
use crate::queue::Admission;
use axum::http::StatusCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Sets a flag when the request that waits for a result is dropped, which it is when its client goes.
struct StopOnDrop<'a> {
    stop: Arc<AtomicBool>,
    metrics: &'a Metrics,
    is_answered: bool,
}

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        if !self.is_answered {
            self.stop.store(true, Ordering::Relaxed);
            self.metrics.count_cancelled();
        }
    }
}

/// Does work in the queue. Its argument is set when nobody waits for the result any more.
pub(crate) async fn compute<T: Send + 'static>(
    app: &App,
    admission: Admission,
    work: impl FnOnce(&AtomicBool) -> Result<T, RequestFailure> + Send + 'static,
) -> Result<T, RequestFailure> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    let Some(result) = app.queue.submit(admission, &stop, move || work(&flag)) else {
        return Err(app.queue_is_full());
    };
    let mut waiting = StopOnDrop {
        stop,
        metrics: &app.metrics,
        is_answered: false,
    };
    let result = result.await;
    waiting.is_answered = true;
    match result {
        Ok(Ok(done)) => done,
        Ok(Err(panic)) => Err(RequestFailure::new(StatusCode::INTERNAL_SERVER_ERROR, panic)),
        Err(_) => Err(RequestFailure::stopping()),
    }
}
