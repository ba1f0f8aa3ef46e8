//! Playing a file or pipe in real time.

use super::feed::FeedSender;
use crate::PipelineError;
use std::time::{Duration, Instant};

/// Length of a block.
pub(super) const BLOCK_SECONDS: f64 = 0.02;

/// How fast a file or pipe is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Playback {
    /// As fast as it is scored.
    Fast,
    /// In real time.
    RealTime,
}

/// Cuts samples into blocks and sends each when its end is due.
pub(super) struct Player {
    sender: FeedSender,
    playback: Playback,
    block: usize,
    samples_per_second: f64,
    /// The start that puts playback where it should be now.
    start: Instant,
    played: u64,
}

impl Player {
    pub fn new(sender: FeedSender, rate_hz: u32, playback: Playback, speed: f64) -> Self {
        Self {
            sender,
            playback,
            block: ((BLOCK_SECONDS * f64::from(rate_hz)) as usize).max(1),
            samples_per_second: speed * f64::from(rate_hz),
            start: Instant::now(),
            played: 0,
        }
    }

    /// Plays what `next` gives until it returns false or fails, or the feed is dropped.
    pub fn play(mut self, mut next: impl FnMut(&mut Vec<f32>) -> Result<bool, PipelineError>) {
        let mut samples = Vec::new();
        loop {
            match next(&mut samples) {
                Ok(true) if self.send(&samples) => {}
                Ok(_) => return,
                Err(e) => return self.sender.fail(e),
            }
        }
    }

    /// False when the feed was dropped.
    fn send(&mut self, samples: &[f32]) -> bool {
        samples.chunks(self.block).all(|block| {
            self.played += block.len() as u64;
            if self.playback == Playback::RealTime {
                let due = self.start + Duration::from_secs_f64(self.played as f64 / self.samples_per_second);
                let now = Instant::now();
                match due.checked_duration_since(now) {
                    Some(early) => std::thread::sleep(early),
                    // The source was late; what follows is not played faster to catch up.
                    None => self.start += now - due,
                }
            }
            self.sender.send(block.to_vec())
        })
    }
}
