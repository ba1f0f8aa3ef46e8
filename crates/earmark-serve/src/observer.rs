//! What the server reports of each request.

use serde::Serialize;
use std::sync::Arc;

/// Status of a request whose client went away before it was answered.
pub(crate) const GONE: u16 = 499;

/// A request that has ended.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ServedRequest {
    /// Address of the client.
    pub client: String,
    /// Such as `POST`.
    pub method: String,
    /// The path as the client sent it, without the query.
    pub path: String,
    /// Status of the answer; 499 where the client went away before.
    pub status: u16,
    /// From the end of its head to the answer.
    pub milliseconds: f64,
}

/// Receives every request that has ended; called from any thread.
pub type ServeObserver = Arc<dyn Fn(&ServedRequest) + Send + Sync>;
