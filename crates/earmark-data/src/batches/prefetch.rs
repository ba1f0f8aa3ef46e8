//! Batches prepared in advance, in a thread of their own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use super::batch_maker::{Batch, BatchMaker};
use super::batch_position::BatchPosition;
use crate::feature_store::ItemError;

/// The batches of a training run from a position on, epoch after epoch, without end.
///
/// An iterator: it yields an error when a segment cannot be made, and nothing after it. Dropping it stops the thread
/// and waits for the current batch.
#[derive(Debug)]
pub struct BatchStream {
    // `None` once the stream has ended.
    batches: Option<Receiver<Result<Batch, ItemError>>>,
    maker: Arc<BatchMaker>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl BatchStream {
    /// Starts making batches from `from` on, `prefetch` of them in advance.
    pub fn start(maker: impl Into<Arc<BatchMaker>>, from: BatchPosition) -> Self {
        let maker = maker.into();
        let (sender, batches) = sync_channel(maker.config().prefetch);
        let stop = Arc::new(AtomicBool::new(false));
        let thread = {
            let (maker, stop) = (Arc::clone(&maker), Arc::clone(&stop));
            std::thread::spawn(move || send_all(&maker, from, &stop, &sender))
        };
        Self {
            batches: Some(batches),
            maker,
            stop,
            thread: Some(thread),
        }
    }

    /// What makes the batches.
    pub fn maker(&self) -> &BatchMaker {
        &self.maker
    }

    fn finish(&mut self) -> std::thread::Result<()> {
        self.stop.store(true, Ordering::Relaxed);
        // A sender that waits for room wakes up when the receiver is gone.
        self.batches = None;
        self.thread.take().map_or(Ok(()), JoinHandle::join)
    }
}

fn send_all(
    maker: &BatchMaker,
    from: BatchPosition,
    stop: &AtomicBool,
    sender: &SyncSender<Result<Batch, ItemError>>,
) {
    let mut at = maker.settle(from);
    while !stop.load(Ordering::Relaxed) {
        let batch = maker.batch(at);
        let failed = batch.is_err();
        if sender.send(batch).is_err() || failed {
            return;
        }
        at = maker.settle(BatchPosition {
            batch: at.batch + 1,
            ..at
        });
    }
}

impl Iterator for BatchStream {
    type Item = Result<Batch, ItemError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.batches.as_ref()?.recv() {
            Ok(Ok(batch)) => Some(Ok(batch)),
            Ok(Err(error)) => {
                self.batches = None;
                Some(Err(error))
            }
            // The thread ended without an error to send: it panicked, so its receiver must panic, too.
            Err(_) => match self.finish() {
                Ok(()) => None,
                Err(panic) => std::panic::resume_unwind(panic),
            },
        }
    }
}

impl Drop for BatchStream {
    fn drop(&mut self) {
        // A panic of the thread was reported by `next`, or concerns a batch that nobody asked for.
        let _ = self.finish();
    }
}
