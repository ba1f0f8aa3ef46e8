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
/// and waits for the current batch. Where the system starts no thread, each batch is made when it is asked for.
#[derive(Debug)]
pub struct BatchStream {
    // `None` once the stream has ended.
    batches: Option<Receiver<Result<Batch, ItemError>>>,
    maker: Arc<BatchMaker>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    /// Without a thread: the next batch.
    next_here: Option<BatchPosition>,
}

impl BatchStream {
    /// Starts making batches from `from` on, `prefetch` of them in advance.
    pub fn start(maker: impl Into<Arc<BatchMaker>>, from: BatchPosition) -> Self {
        let maker = maker.into();
        let (sender, batches) = sync_channel(maker.config().prefetch);
        let stop = Arc::new(AtomicBool::new(false));
        let thread = {
            let (maker, stop) = (Arc::clone(&maker), Arc::clone(&stop));
            let work = move || send_all(&maker, from, &stop, &sender);
            std::thread::Builder::new().spawn(work).ok()
        };
        Self::with(maker, batches, stop, thread, from)
    }

    fn with(
        maker: Arc<BatchMaker>,
        batches: Receiver<Result<Batch, ItemError>>,
        stop: Arc<AtomicBool>,
        thread: Option<JoinHandle<()>>,
        from: BatchPosition,
    ) -> Self {
        Self {
            batches: Some(batches),
            maker,
            stop,
            next_here: thread.is_none().then_some(from),
            thread,
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
        at = maker.settle(behind(at));
    }
}

/// The position behind a batch, possibly behind the last one of an epoch.
fn behind(at: BatchPosition) -> BatchPosition {
    BatchPosition {
        batch: at.batch + 1,
        ..at
    }
}

impl Iterator for BatchStream {
    type Item = Result<Batch, ItemError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(at) = self.next_here {
            let at = self.maker.settle(at);
            let batch = self.maker.batch(at);
            self.next_here = batch.is_ok().then(|| behind(at));
            return Some(batch);
        }
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

#[cfg(test)]
mod tests {
    use earmark_core::random::{self, ChaCha8Rng};
    use earmark_core::threads::Workers;

    use super::super::batch_maker::BatchShape;
    use super::super::batch_position::SegmentPlace;
    use super::super::config::BatchConfig;
    use super::super::epoch_order::SegmentIndex;
    use super::*;

    /// Six clips of one segment of noise, in batches of four and two.
    fn maker() -> BatchMaker {
        let config = BatchConfig {
            size: 4,
            drop_last: false,
            ..BatchConfig::default()
        };
        let make = |_: SegmentPlace, x: &mut [f32], y: &mut [f32], rng: &mut ChaCha8Rng| {
            x.iter_mut().for_each(|value| *value = random::unit(rng) as f32);
            y[0] = 1.0;
            Ok(())
        };
        let shape = BatchShape {
            segment: [1, 2, 3],
            classes: 1,
        };
        let workers = Workers::new(1).unwrap();
        BatchMaker::new(&config, SegmentIndex::new(&[1; 6]), shape, 3, workers, make).unwrap()
    }

    /// Where the system starts no thread, the batches are the same.
    #[test]
    fn without_a_thread_batches_are_made_when_they_are_asked_for() {
        let from = BatchPosition { epoch: 0, batch: 1 };
        let (_, none) = sync_channel(0);
        let here = BatchStream::with(Arc::new(maker()), none, Arc::default(), None, from);
        let here: Vec<Batch> = here.take(5).map(Result::unwrap).collect();
        let ahead: Vec<Batch> = BatchStream::start(maker(), from)
            .take(5)
            .map(Result::unwrap)
            .collect();
        assert!(here == ahead && here[0].position == from && here[4].position.epoch > 1);
    }
}
