//! What handlers are given, and work that waits for a disk.

use super::service::ReviewService;
use crate::app::App;
use crate::failure::RequestFailure;
use crate::json::json_answer;
use crate::query::{Query, required};
use axum::response::Response;
use earmark_review::{ReviewDesk, ReviewError};
use serde::Serialize;
use std::sync::Arc;

/// What handlers are given.
#[derive(Clone)]
pub(super) struct ReviewApp {
    pub app: Arc<App>,
    pub service: Arc<ReviewService>,
}

impl ReviewApp {
    /// Asks the desk, on a thread that may wait for the disk.
    pub async fn on_disk<T: Send + 'static>(
        &self,
        question: impl FnOnce(&ReviewDesk) -> Result<T, ReviewError> + Send + 'static,
    ) -> Result<T, RequestFailure> {
        let desk = Arc::clone(&self.service.desk);
        let answered = tokio::task::spawn_blocking(move || question(&desk)).await;
        // A task that ended without a result: the server is stopping.
        Ok(answered.map_err(|_| RequestFailure::stopping())??)
    }

    /// The same, answered as JSON.
    pub async fn ask<T: Serialize + Send + 'static>(
        &self,
        question: impl FnOnce(&ReviewDesk) -> Result<T, ReviewError> + Send + 'static,
    ) -> Result<Response, RequestFailure> {
        json_answer(&self.on_disk(question).await?)
    }
}

/// Who asks.
pub(super) fn reviewer(query: &Query) -> Result<String, RequestFailure> {
    let name = required("reviewer", query.one("reviewer")?)?;
    Ok(name.trim().to_owned())
}
