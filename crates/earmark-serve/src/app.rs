//! What all requests share.

use crate::access::Access;
use crate::archive::ArchiveService;
use crate::connections::Connections;
use crate::failure::RequestFailure;
use crate::limits::ServeLimits;
use crate::metrics::Metrics;
use crate::models::ServedModels;
use crate::observer::ServeObserver;
use crate::queue::ComputeQueue;
use crate::review::ReviewService;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::sync::{Semaphore, watch};

/// What all requests share.
pub(crate) struct App {
    pub limits: ServeLimits,
    pub models: ServedModels,
    /// What is reviewed, and the index that is searched, of a server that does that alone.
    pub review: Option<Arc<ReviewService>>,
    pub archive: Option<Arc<ArchiveService>>,
    pub access: Access,
    pub queue: ComputeQueue,
    pub metrics: Metrics,
    pub connections: Arc<Connections>,
    /// Permits of streams.
    pub streams: Arc<Semaphore>,
    /// A folder of this process alone, for what is uploaded.
    pub uploads: TempDir,
    /// Whether the server is to stop.
    pub closing: watch::Receiver<bool>,
    pub observer: ServeObserver,
}

impl App {
    /// Streams that are open.
    pub fn open_streams(&self) -> usize {
        self.limits
            .streams
            .saturating_sub(self.streams.available_permits())
    }

    /// Refuses a request for which there is no room, before its body is read.
    pub fn check_room(&self) -> Result<(), RequestFailure> {
        match self.queue.is_full() {
            true => Err(self.queue_is_full()),
            false => Ok(()),
        }
    }

    /// The refusal where there is no room.
    pub fn queue_is_full(&self) -> RequestFailure {
        RequestFailure::busy(
            format!(
                "the queue is full ({} waiting); try again later",
                self.limits.queue
            ),
            self.queue.retry_after(),
        )
    }
}
