//! A stream of blocks from one thread to another.

use crate::PipelineError;
use earmark_data::ClipRemarks;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Blocks that are buffered: ten seconds of a stream in real time.
pub const BUFFERED_BLOCKS: usize = 500;

/// A piece of the stream.
#[derive(Clone, Debug)]
pub struct FeedBlock {
    /// Mono samples.
    pub samples: Vec<f32>,
    /// When the last of them arrived.
    pub arrived: Instant,
}

/// A stream of mono blocks at one rate.
#[derive(Debug)]
pub struct Feed {
    blocks: Receiver<Result<FeedBlock, PipelineError>>,
    rate_hz: u32,
    live: bool,
    /// Samples sent but not taken yet.
    waiting: Arc<AtomicU64>,
    /// Samples dropped because the buffer was full.
    lost: Arc<AtomicU64>,
    /// What is to be said about a file, once it is played to its end.
    remarks: Arc<Mutex<Option<ClipRemarks>>>,
}

/// The sending end of a [`Feed`], for any thread.
#[derive(Clone, Debug)]
pub struct FeedSender {
    blocks: SyncSender<Result<FeedBlock, PipelineError>>,
    waiting: Arc<AtomicU64>,
    lost: Arc<AtomicU64>,
}

impl FeedSender {
    /// Sends a block that has just arrived, waiting until there is room; false when the feed was dropped.
    pub fn send(&self, samples: Vec<f32>) -> bool {
        self.waiting.fetch_add(samples.len() as u64, Ordering::Relaxed);
        let arrived = Instant::now();
        self.blocks.send(Ok(FeedBlock { samples, arrived })).is_ok()
    }

    /// The same without waiting: samples without room are dropped and counted.
    pub fn offer(&self, samples: Vec<f32>) {
        let n = samples.len() as u64;
        self.waiting.fetch_add(n, Ordering::Relaxed);
        let arrived = Instant::now();
        if self.blocks.try_send(Ok(FeedBlock { samples, arrived })).is_err() {
            self.waiting.fetch_sub(n, Ordering::Relaxed);
            self.lost.fetch_add(n, Ordering::Relaxed);
        }
    }

    /// Ends the stream with a failure.
    pub fn fail(&self, error: PipelineError) {
        let _ = self.blocks.send(Err(error)); // the feed was dropped: nobody needs the error
    }
}

impl Feed {
    /// Both ends of a stream that the caller fills; `live` if it comes in real time.
    pub fn open(rate_hz: u32, live: bool) -> (FeedSender, Self) {
        let (send, blocks) = sync_channel(BUFFERED_BLOCKS);
        let (waiting, lost) = (Arc::<AtomicU64>::default(), Arc::<AtomicU64>::default());
        let sender = FeedSender {
            blocks: send,
            waiting: Arc::clone(&waiting),
            lost: Arc::clone(&lost),
        };
        let feed = Self {
            blocks,
            rate_hz,
            live,
            waiting,
            lost,
            remarks: Arc::default(),
        };
        (sender, feed)
    }

    /// Samples per second.
    pub fn rate_hz(&self) -> u32 {
        self.rate_hz
    }

    /// Whether it comes in real time.
    pub fn is_live(&self) -> bool {
        self.live
    }

    /// Sound that has arrived but was not taken yet.
    pub fn waiting_seconds(&self) -> f64 {
        self.waiting.load(Ordering::Relaxed) as f64 / f64::from(self.rate_hz)
    }

    /// Sound that was dropped.
    pub fn lost_seconds(&self) -> f64 {
        self.lost.load(Ordering::Relaxed) as f64 / f64::from(self.rate_hz)
    }

    /// What is missing of a file, and what contradicts its sound; known at its end.
    pub fn remarks(&self) -> Option<ClipRemarks> {
        self.remarks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Where the thread that plays leaves what is to be said.
    pub(super) fn place_for_remarks(&self) -> Arc<Mutex<Option<ClipRemarks>>> {
        Arc::clone(&self.remarks)
    }

    /// The next block, or the failure that ends the stream. `Timeout` when none came in time, `Disconnected` at the end.
    pub(super) fn next(
        &self,
        patience: Duration,
    ) -> Result<Result<FeedBlock, PipelineError>, RecvTimeoutError> {
        let next = self.blocks.recv_timeout(patience)?;
        if let Ok(block) = &next {
            let taken = block.samples.len() as u64;
            self.waiting.fetch_sub(taken, Ordering::Relaxed);
        }
        Ok(next)
    }
}
