//! What clients may ask of the server.

use std::time::Duration;

/// What clients may ask of the server. What exceeds it is refused with 413 or 429, or ends with 408.
#[derive(Clone, Debug, PartialEq)]
pub struct ServeLimits {
    /// Bytes of a request.
    pub bytes: u64,
    /// Seconds of sound of a recording.
    pub seconds: f64,
    /// Recordings of a request.
    pub files: usize,
    /// Recordings that wait for a worker.
    pub queue: usize,
    /// Recordings that are computed at a time (0 = one per core).
    pub workers: usize,
    /// Open connections. At the limit, the oldest one without a request makes room.
    pub connections: usize,
    /// Streams (WebSockets) at a time.
    pub streams: usize,
    /// How long the head of a request may take, and how long a connection may wait for its next request.
    pub head_patience: Duration,
    /// How long a body may take in any case; beyond, it must come faster than [`slowest_bytes_per_second`].
    ///
    /// [`slowest_bytes_per_second`]: Self::slowest_bytes_per_second
    pub body_patience: Duration,
    /// See [`body_patience`](Self::body_patience).
    pub slowest_bytes_per_second: f64,
    /// How long a stream may be silent.
    pub stream_patience: Duration,
    /// How long work in progress may take once the server is to stop.
    pub drain: Duration,
}

impl Default for ServeLimits {
    fn default() -> Self {
        Self {
            bytes: 64 << 20,
            seconds: 600.0,
            files: 64,
            queue: 64,
            workers: 0,
            connections: 512,
            streams: 8,
            head_patience: Duration::from_secs(10),
            body_patience: Duration::from_secs(30),
            slowest_bytes_per_second: 16_384.0,
            stream_patience: Duration::from_secs(60),
            drain: Duration::from_secs(30),
        }
    }
}

impl ServeLimits {
    /// Number of workers.
    pub(crate) fn worker_count(&self) -> usize {
        match self.workers {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            n => n,
        }
    }
}
