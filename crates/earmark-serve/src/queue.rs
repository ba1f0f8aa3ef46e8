//! The one queue of work that computes, and its threads. First come, first served: a request with several recordings
//! waits again for each of them, so that it does not keep others waiting.

use earmark_core::caught_panics::catch_panic;
use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// Whether a full queue refuses work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// It does: the request has just come.
    New,
    /// It does not: the request has been let in, and a part of it is done.
    Continued,
}

/// Work that waits for a thread.
struct QueuedWork {
    /// Whether nobody waits for its result any more.
    stop: Arc<AtomicBool>,
    run: Box<dyn FnOnce() + Send>,
}

#[derive(Default)]
struct QueueState {
    waiting: VecDeque<QueuedWork>,
    busy: usize,
    is_closed: bool,
}

struct SharedQueue {
    state: Mutex<QueueState>,
    changed: Condvar,
    most: usize,
    workers: usize,
}

impl SharedQueue {
    fn lock(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does one piece of work after the other, until the queue is closed.
    fn work(&self) {
        while let Some(next) = self.next() {
            match next.stop.load(Ordering::Relaxed) {
                true => drop(next),
                false => (next.run)(),
            }
            self.lock().busy -= 1;
        }
    }

    fn next(&self) -> Option<QueuedWork> {
        let mut state = self.lock();
        loop {
            if state.is_closed {
                return None;
            }
            if let Some(next) = state.waiting.pop_front() {
                state.busy += 1;
                return Some(next);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// The queue.
pub(crate) struct ComputeQueue {
    shared: Arc<SharedQueue>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl ComputeQueue {
    /// Starts the threads; at most `most` pieces of work wait.
    pub fn start(workers: usize, most: usize) -> io::Result<Self> {
        let shared = Arc::new(SharedQueue {
            state: Mutex::default(),
            changed: Condvar::new(),
            most,
            workers,
        });
        let queue = Self {
            shared,
            threads: Mutex::default(),
        };
        for _ in 0..workers {
            let shared = Arc::clone(&queue.shared);
            // Where one can't be started, those before it end with the queue.
            let thread = std::thread::Builder::new().spawn(move || shared.work())?;
            queue.threads().push(thread);
        }
        Ok(queue)
    }

    fn threads(&self) -> MutexGuard<'_, Vec<JoinHandle<()>>> {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Pieces of work that wait, and that are being done.
    pub fn waiting_and_busy(&self) -> (usize, usize) {
        let state = self.shared.lock();
        (state.waiting.len(), state.busy)
    }

    /// Whether new work is refused. What nobody waits for any more makes room.
    pub fn is_full(&self) -> bool {
        let mut state = self.shared.lock();
        self.make_room(&mut state);
        state.waiting.len() >= self.shared.most
    }

    fn make_room(&self, state: &mut QueueState) {
        if state.waiting.len() >= self.shared.most {
            state.waiting.retain(|work| !work.stop.load(Ordering::Relaxed));
        }
    }

    /// Seconds after which there may be room.
    pub fn retry_after(&self) -> u64 {
        let waiting = self.waiting_and_busy().0 / self.shared.workers.max(1);
        u64::try_from(waiting.clamp(1, 60)).unwrap_or(60)
    }

    /// Adds work; its result, or in words how it panicked. `None` where the queue is full. Work whose `stop` is set
    /// before its turn is dropped, and so is its sender.
    pub fn submit<T: Send + 'static>(
        &self,
        admission: Admission,
        stop: &Arc<AtomicBool>,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<oneshot::Receiver<Result<T, String>>> {
        let mut state = self.shared.lock();
        self.make_room(&mut state);
        if state.is_closed || (admission == Admission::New && state.waiting.len() >= self.shared.most) {
            return None;
        }
        let (sender, result) = oneshot::channel();
        let run = move || {
            // The client is gone: nobody needs the result.
            let _ = sender.send(catch_panic(work));
        };
        state.waiting.push_back(QueuedWork {
            stop: Arc::clone(stop),
            run: Box::new(run),
        });
        self.shared.changed.notify_one();
        Some(result)
    }

    /// Drops what waits and ends the threads after their current work.
    pub fn close(&self) {
        let waiting = {
            let mut state = self.shared.lock();
            state.is_closed = true;
            std::mem::take(&mut state.waiting)
        };
        drop(waiting);
        self.shared.changed.notify_all();
        for thread in std::mem::take(&mut *self.threads()) {
            // Panics of work are caught; nothing is left to report.
            let _ = thread.join();
        }
    }
}

impl Drop for ComputeQueue {
    fn drop(&mut self) {
        self.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Sender, channel};

    fn flag() -> Arc<AtomicBool> {
        Arc::default()
    }

    /// Keeps the only thread busy until something is sent; and the result of that work.
    fn occupy(queue: &ComputeQueue) -> (Sender<()>, oneshot::Receiver<Result<(), String>>) {
        let (open, gate) = channel::<()>();
        let (begun, is_begun) = channel();
        let result = queue.submit(Admission::New, &flag(), move || {
            begun.send(()).unwrap();
            gate.recv().unwrap();
        });
        is_begun.recv().unwrap();
        (open, result.unwrap())
    }

    #[test]
    fn work_is_done_in_order_and_a_full_queue_refuses_only_new_work() {
        let queue = ComputeQueue::start(1, 2).unwrap();
        let (open, first) = occupy(&queue);
        let (log, order) = channel();
        let add = |admission, number: usize, stop: &Arc<AtomicBool>| {
            let log = log.clone();
            queue.submit(admission, stop, move || log.send(number).unwrap())
        };
        let gone = flag();
        assert!(add(Admission::New, 1, &flag()).is_some());
        assert!(add(Admission::New, 2, &gone).is_some());
        assert!(queue.is_full() && add(Admission::New, 3, &flag()).is_none());
        assert!(add(Admission::Continued, 4, &flag()).is_some());
        assert_eq!(queue.waiting_and_busy(), (3, 1));
        // What nobody waits for makes room.
        gone.store(true, Ordering::Relaxed);
        assert!(queue.is_full());
        assert_eq!(queue.waiting_and_busy(), (2, 1));
        open.send(()).unwrap();
        assert_eq!(order.recv().unwrap(), 1);
        assert_eq!(order.recv().unwrap(), 4);
        assert_eq!(first.blocking_recv().unwrap(), Ok(()));
    }

    #[test]
    fn a_panic_is_a_result_and_a_closed_queue_drops_what_waits() {
        let queue = ComputeQueue::start(1, 4).unwrap();
        let result = queue.submit(Admission::New, &flag(), || {
            assert!(flag().load(Ordering::Relaxed), "odd")
        });
        let message = result.unwrap().blocking_recv().unwrap().unwrap_err();
        assert!(message.contains("(odd)"), "{message}");
        let (open, first) = occupy(&queue);
        let waiting = queue.submit(Admission::New, &flag(), || ());
        std::thread::scope(|s| {
            s.spawn(|| queue.close());
            assert!(waiting.unwrap().blocking_recv().is_err());
            open.send(()).unwrap();
        });
        assert_eq!(first.blocking_recv().unwrap(), Ok(()));
        assert!(queue.submit(Admission::Continued, &flag(), || ()).is_none());
    }
}
