//! Open connections: their number has a limit, at which those without a request make room for new ones.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// What others need to know of a connection.
#[derive(Default)]
struct ConnectionState {
    /// Requests in progress.
    requests: AtomicUsize,
    /// It is to end.
    evict: Notify,
}

#[derive(Default)]
struct OpenConnections {
    next: u64,
    /// In the order in which they came.
    by_number: BTreeMap<u64, Arc<ConnectionState>>,
}

/// All open connections.
pub(crate) struct Connections {
    most: usize,
    open: Mutex<OpenConnections>,
}

impl Connections {
    pub fn new(most: usize) -> Self {
        Self {
            most,
            open: Mutex::default(),
        }
    }

    fn open(&self) -> MutexGuard<'_, OpenConnections> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Number of open connections.
    pub fn count(&self) -> usize {
        self.open().by_number.len()
    }

    /// A place for a new connection. Where all are taken, the oldest connection without a request ends; `None` where
    /// all have one.
    pub fn enter(self: &Arc<Self>) -> Option<ConnectionPlace> {
        let mut open = self.open();
        if open.by_number.len() >= self.most {
            let is_idle = |state: &ConnectionState| state.requests.load(Ordering::SeqCst) == 0;
            let idle = open.by_number.iter().find(|(_, state)| is_idle(state));
            let number = idle.map(|(number, _)| *number)?;
            if let Some(state) = open.by_number.remove(&number) {
                state.evict.notify_one();
            }
        }
        let number = open.next;
        open.next += 1;
        let state = Arc::<ConnectionState>::default();
        open.by_number.insert(number, Arc::clone(&state));
        Some(ConnectionPlace {
            connections: Arc::clone(self),
            number,
            state,
        })
    }
}

/// The place of an open connection, until it is dropped.
pub(crate) struct ConnectionPlace {
    connections: Arc<Connections>,
    number: u64,
    state: Arc<ConnectionState>,
}

impl ConnectionPlace {
    /// Waits until the connection is to end.
    pub async fn evicted(&self) {
        self.state.evict.notified().await;
    }

    /// What marks requests of this connection.
    pub fn requests(&self) -> RequestCounter {
        RequestCounter(Arc::clone(&self.state))
    }
}

impl Drop for ConnectionPlace {
    fn drop(&mut self) {
        self.connections.open().by_number.remove(&self.number);
    }
}

/// Marks requests of a connection.
#[derive(Clone)]
pub(crate) struct RequestCounter(Arc<ConnectionState>);

impl RequestCounter {
    /// A request is in progress, until what this returns is dropped.
    pub fn begin(&self) -> RequestInProgress {
        self.0.requests.fetch_add(1, Ordering::SeqCst);
        RequestInProgress(self.clone())
    }
}

/// A request in progress.
pub(crate) struct RequestInProgress(RequestCounter);

impl Drop for RequestInProgress {
    fn drop(&mut self) {
        self.0.0.requests.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_connection_without_a_request_makes_room() {
        let connections = Arc::new(Connections::new(2));
        let first = connections.enter().unwrap();
        let request = first.requests().begin();
        let second = connections.enter().unwrap();
        assert_eq!(connections.count(), 2);
        let third = connections.enter().unwrap();
        assert_eq!(connections.count(), 2);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(second.evicted());
        let other = third.requests().begin();
        assert!(connections.enter().is_none());
        // A place that was taken away frees nothing when it is dropped.
        drop(second);
        assert_eq!(connections.count(), 2);
        drop((request, other));
        drop(first);
        assert_eq!(connections.count(), 1);
        assert!(connections.enter().is_some());
        drop(third);
    }
}
