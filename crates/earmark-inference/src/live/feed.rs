//! Where the sound comes from: a thread that reads it and, where it is played, gives it in its own time.

use super::LiveError;
use super::pcm::{PcmFormat, PcmReader};
use earmark_audio::{AudioStream, MAX_SAMPLE_RATE_HZ, MIN_SAMPLE_RATE_HZ};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

/// Length of a block where a stream is played.
const BLOCK_SECONDS: f64 = 0.02;

/// Blocks that may wait to be heard: ten seconds of a stream that is played.
pub const WAITING_BLOCKS: usize = 500;

/// A pipe is played this much faster than real time, so that the clock of whoever writes into it never runs away from ours.
const PIPE_SPEED: f64 = 1.02;

/// Samples louder than this are no sound (it is 120 dB over full scale).
const LOUDEST: f32 = 1e6;

/// When the sound of a stream is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// As fast as it is heard.
    Fast,
    /// As it would be played.
    RealTime,
}

/// A piece of the stream.
#[derive(Clone, Debug)]
pub struct Block {
    /// Mono samples.
    pub samples: Vec<f32>,
    /// When the last of them was there.
    pub arrived: Instant,
}

/// What came of waiting.
pub(super) enum Next {
    Block(Block),
    /// Nothing yet.
    Nothing,
    /// There will be no more.
    End,
}

/// A stream of mono blocks at one rate.
#[derive(Debug)]
pub struct Feed {
    blocks: Receiver<Result<Block, LiveError>>,
    rate_hz: u32,
    live: bool,
    /// Samples sent and not taken yet.
    waiting: Arc<AtomicU64>,
    /// Samples that found no room.
    lost: Arc<AtomicU64>,
}

/// The other end of a [`Feed`]; may be used by a sound card's own thread.
#[derive(Clone, Debug)]
pub struct Sender {
    blocks: SyncSender<Result<Block, LiveError>>,
    waiting: Arc<AtomicU64>,
    lost: Arc<AtomicU64>,
}

impl Sender {
    /// Sends a block that has just come, waiting until there is room; false when nobody listens any more.
    pub fn send(&self, samples: Vec<f32>) -> bool {
        self.waiting.fetch_add(samples.len() as u64, Ordering::Relaxed);
        let arrived = Instant::now();
        self.blocks.send(Ok(Block { samples, arrived })).is_ok()
    }

    /// The same without waiting: what finds no room is lost, and counted.
    pub fn offer(&self, samples: Vec<f32>) {
        let n = samples.len() as u64;
        self.waiting.fetch_add(n, Ordering::Relaxed);
        let arrived = Instant::now();
        if self.blocks.try_send(Ok(Block { samples, arrived })).is_err() {
            self.waiting.fetch_sub(n, Ordering::Relaxed);
            self.lost.fetch_add(n, Ordering::Relaxed);
        }
    }

    /// Ends the stream with a failure.
    pub fn fail(&self, error: LiveError) {
        let _ = self.blocks.send(Err(error)); // nobody listens any more: nobody to tell
    }
}

impl Feed {
    /// Both ends of a stream that somebody else fills. `live`: it comes in real time.
    pub fn open(rate_hz: u32, live: bool) -> (Sender, Self) {
        let (send, blocks) = sync_channel(WAITING_BLOCKS);
        let (waiting, lost) = (Arc::<AtomicU64>::default(), Arc::<AtomicU64>::default());
        let sender = Sender {
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

    /// A file, decoded while it is heard.
    ///
    /// # Errors
    /// When it is missing, or no audio.
    pub fn file(path: &Path, pace: Pace) -> Result<Self, LiveError> {
        let mut stream = AudioStream::open_native(path)?;
        let rate_hz = stream.sample_rate_hz();
        let (sender, feed) = Self::open(rate_hz, pace == Pace::RealTime);
        std::thread::spawn(move || {
            let mut player = Player::new(sender, rate_hz, pace, 1.0);
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

    /// Raw samples from `input`, called `place` in messages. What comes faster than real time is held back, unless `pace` says otherwise.
    ///
    /// # Errors
    /// When the format can't be.
    pub fn pcm(
        input: impl Read + Send + 'static,
        place: &str,
        format: PcmFormat,
        pace: Pace,
    ) -> Result<Self, LiveError> {
        let rate_hz = format.rate_hz;
        if !(MIN_SAMPLE_RATE_HZ..=MAX_SAMPLE_RATE_HZ).contains(&rate_hz) {
            return Err(LiveError::Request(format!(
                "--rate {rate_hz}: is outside {MIN_SAMPLE_RATE_HZ} to {MAX_SAMPLE_RATE_HZ}; usual are 16000 to 48000"
            )));
        }
        if format.channels == 0 {
            return Err(LiveError::Request("--channels 0: choose 1 or more".into()));
        }
        let (sender, feed) = Self::open(rate_hz, pace == Pace::RealTime);
        let place = place.to_owned();
        std::thread::spawn(move || {
            let frames = (BLOCK_SECONDS * f64::from(rate_hz)) as usize;
            let mut reader = PcmReader::new(input, format, frames);
            let mut player = Player::new(sender, rate_hz, pace, PIPE_SPEED);
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
                    Ok(true) => "its samples are no sound (not numbers, or far too large); are --format and --channels right?".into(),
                    Ok(false) => return,
                    Err(e) => format!("can't be read: {e}"),
                };
                return player.sender.fail(LiveError::Source { place, problem });
            }
        });
        Ok(feed)
    }

    /// Samples a second.
    pub fn rate_hz(&self) -> u32 {
        self.rate_hz
    }

    /// Whether it comes in real time.
    pub fn is_live(&self) -> bool {
        self.live
    }

    /// What has come and was not taken yet.
    pub fn waiting_seconds(&self) -> f64 {
        self.waiting.load(Ordering::Relaxed) as f64 / f64::from(self.rate_hz)
    }

    /// What was lost.
    pub fn lost_seconds(&self) -> f64 {
        self.lost.load(Ordering::Relaxed) as f64 / f64::from(self.rate_hz)
    }

    pub(super) fn next(&self, patience: Duration) -> Result<Next, LiveError> {
        match self.blocks.recv_timeout(patience) {
            Ok(Ok(block)) => {
                self.waiting
                    .fetch_sub(block.samples.len() as u64, Ordering::Relaxed);
                Ok(Next::Block(block))
            }
            Ok(Err(error)) => Err(error),
            Err(RecvTimeoutError::Timeout) => Ok(Next::Nothing),
            Err(RecvTimeoutError::Disconnected) => Ok(Next::End),
        }
    }
}

/// Cuts what is read into blocks and gives each when its end is due.
struct Player {
    sender: Sender,
    pace: Pace,
    block: usize,
    samples_per_second: f64,
    /// When the sound would have begun that is where it should be now.
    began: Instant,
    played: u64,
}

impl Player {
    fn new(sender: Sender, rate_hz: u32, pace: Pace, speed: f64) -> Self {
        Self {
            sender,
            pace,
            block: ((BLOCK_SECONDS * f64::from(rate_hz)) as usize).max(1),
            samples_per_second: speed * f64::from(rate_hz),
            began: Instant::now(),
            played: 0,
        }
    }

    /// False when nobody listens any more.
    fn play(&mut self, samples: &[f32]) -> bool {
        samples.chunks(self.block).all(|block| {
            self.played += block.len() as u64;
            if self.pace == Pace::RealTime {
                let due = self.began + Duration::from_secs_f64(self.played as f64 / self.samples_per_second);
                let now = Instant::now();
                match due.checked_duration_since(now) {
                    Some(early) => std::thread::sleep(early),
                    // The source was late. What follows is not hurried to make up for it.
                    None => self.began += now - due,
                }
            }
            self.sender.send(block.to_vec())
        })
    }
}
