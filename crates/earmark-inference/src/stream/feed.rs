//! Where a stream comes from: a thread that reads it and, in real time, waits between blocks.

use super::StreamError;
use super::pcm::{LOUDEST, PcmFormat, PcmReader};
use super::player::{BLOCK_SECONDS, Playback, Player};
use earmark_audio::{AudioStream, MAX_SAMPLE_RATE_HZ, MIN_SAMPLE_RATE_HZ};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

/// Blocks that are buffered: ten seconds of a stream in real time.
pub const BUFFERED_BLOCKS: usize = 500;

/// A pipe is played this much faster than real time, so that it keeps up with a writer whose clock is faster.
const PIPE_SPEED: f64 = 1.02;

/// A piece of the stream.
#[derive(Clone, Debug)]
pub struct FeedBlock {
    /// Mono samples.
    pub samples: Vec<f32>,
    /// When the last of them arrived.
    pub arrived: Instant,
}

/// What came while waiting.
pub(super) enum FeedNext {
    Block(FeedBlock),
    /// No block in time.
    Nothing,
    /// The stream has ended.
    End,
}

/// A stream of mono blocks at one rate.
#[derive(Debug)]
pub struct Feed {
    blocks: Receiver<Result<FeedBlock, StreamError>>,
    rate_hz: u32,
    live: bool,
    /// Samples sent but not taken yet.
    waiting: Arc<AtomicU64>,
    /// Samples dropped because the buffer was full.
    lost: Arc<AtomicU64>,
}

/// The sending end of a [`Feed`], for any thread.
#[derive(Clone, Debug)]
pub struct FeedSender {
    blocks: SyncSender<Result<FeedBlock, StreamError>>,
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
    pub fn fail(&self, error: StreamError) {
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
        };
        (sender, feed)
    }

    /// A file, decoded while it is played.
    ///
    /// # Errors
    ///
    /// When it is missing or not audio.
    pub fn file(path: &Path, playback: Playback) -> Result<Self, StreamError> {
        let mut stream = AudioStream::open_native(path)?;
        let rate_hz = stream.sample_rate_hz();
        let (sender, feed) = Self::open(rate_hz, playback == Playback::RealTime);
        std::thread::spawn(move || {
            let mut player = Player::new(sender, rate_hz, playback, 1.0);
            let mut samples = Vec::new();
            loop {
                match stream.next_block(&mut samples) {
                    Ok(true) => {}
                    Ok(false) => return,
                    Err(e) => return player.sender.fail(e.into()),
                }
                if !player.play(&samples) {
                    return;
                }
            }
        });
        Ok(feed)
    }

    /// Raw samples from `input`, called `place` in messages. In real time, samples that come faster are held back.
    ///
    /// # Errors
    ///
    /// For a rate or number of channels that can't be.
    pub fn pcm(
        input: impl Read + Send + 'static,
        place: &str,
        format: PcmFormat,
        playback: Playback,
    ) -> Result<Self, StreamError> {
        let rate_hz = format.rate_hz;
        if !(MIN_SAMPLE_RATE_HZ..=MAX_SAMPLE_RATE_HZ).contains(&rate_hz) {
            return Err(StreamError::Request(format!(
                "--rate {rate_hz}: is outside {MIN_SAMPLE_RATE_HZ} to {MAX_SAMPLE_RATE_HZ}; most recorders use 16000 to 48000"
            )));
        }
        if format.channels == 0 {
            return Err(StreamError::Request("--channels 0: choose 1 or more".into()));
        }
        let (sender, feed) = Self::open(rate_hz, playback == Playback::RealTime);
        let place = place.to_owned();
        std::thread::spawn(move || {
            let frames = (BLOCK_SECONDS * f64::from(rate_hz)) as usize;
            let mut reader = PcmReader::new(input, format, frames);
            let mut player = Player::new(sender, rate_hz, playback, PIPE_SPEED);
            let mut samples = Vec::new();
            loop {
                samples.clear();
                let problem = match reader.read(&mut samples) {
                    Ok(true) if samples.iter().all(|s| s.abs() <= LOUDEST) => {
                        if player.play(&samples) {
                            continue;
                        }
                        return;
                    }
                    Ok(true) => "its samples are not audio (not numbers, or far too large); check --encoding and --channels".into(),
                    Ok(false) => return,
                    Err(e) => format!("can't be read: {e}; check the source"),
                };
                return player.sender.fail(StreamError::Source { place, problem });
            }
        });
        Ok(feed)
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

    pub(super) fn next(&self, patience: Duration) -> Result<FeedNext, StreamError> {
        match self.blocks.recv_timeout(patience) {
            Ok(Ok(block)) => {
                self.waiting
                    .fetch_sub(block.samples.len() as u64, Ordering::Relaxed);
                Ok(FeedNext::Block(block))
            }
            Ok(Err(error)) => Err(error),
            Err(RecvTimeoutError::Timeout) => Ok(FeedNext::Nothing),
            Err(RecvTimeoutError::Disconnected) => Ok(FeedNext::End),
        }
    }
}
