//! Sound as it comes, to scores as they change.
//!
//! ```text
//! file, pipe, microphone --feed--> blocks --Listener--> the last window, every hop --models--> scores
//! ```
//!
//! Nothing here grows with the length of the stream: a [`Feed`] holds a few seconds that wait to be heard, an ear the samples of one
//! window, and the [`Meter`] counts into bins.

mod ear;
mod feed;
mod listener;
mod meter;
mod pcm;

pub use feed::{Block, Feed, Pace, Sender, WAITING_BLOCKS};
pub use listener::{Heard, Listen, Listener};
pub use meter::{Latency, Meter, Summary};
pub use pcm::{PcmFormat, PcmSample};

use crate::PipelineError;
use earmark_audio::AudioError;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Why listening ended in a failure.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "most variants are another crate's error, unchanged")]
pub enum LiveError {
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    #[error(transparent)]
    Audio(#[from] AudioError),
    /// The source failed, or gives what is no sound.
    #[error("{place}: {problem}")]
    Source {
        /// Where the sound comes from.
        place: String,
        /// What is wrong and what to do about it.
        problem: String,
    },
    /// What can't be listened with.
    #[error("{0}")]
    Request(String),
}

/// How long the loop waits for sound before it looks whether it shall stop.
const PATIENCE: Duration = Duration::from_millis(100);

/// Listens to the end of the feed, or until `stop` is set or `on_heard` breaks; `seconds` ends it after so much of the stream.
///
/// Where the feed comes in real time and judging falls behind it by a hop, judgements are left out (and counted) rather than given
/// ever later.
///
/// # Errors
/// When the source fails or a model can't take what it hears.
pub fn listen(
    listener: &mut Listener,
    feed: &Feed,
    seconds: Option<f64>,
    stop: &AtomicBool,
    on_heard: &mut dyn FnMut(&Heard, &Meter) -> ControlFlow<()>,
) -> Result<Summary, LiveError> {
    let mut meter = Meter::new(feed.is_live(), feed.rate_hz());
    let last = seconds.map_or(u64::MAX, |s| (s * f64::from(feed.rate_hz())).round() as u64);
    'stream: while !stop.load(Ordering::Relaxed) {
        let block = match feed.next(PATIENCE)? {
            feed::Next::Block(block) => block,
            feed::Next::Nothing => continue,
            feed::Next::End => break,
        };
        let mut samples = &block.samples[..];
        while !samples.is_empty() && listener.samples_heard() < last {
            let left = usize::try_from(last - listener.samples_heard()).unwrap_or(usize::MAX);
            let begun = Instant::now();
            let taken = listener.hear(&samples[..samples.len().min(left)])?;
            meter.busy(begun.elapsed());
            meter.heard(taken);
            samples = &samples[taken..];
            if !listener.is_due() {
                continue;
            }
            if feed.is_live() && feed.waiting_seconds() > listener.hop_seconds() {
                listener.skip();
                meter.skipped();
                continue;
            }
            let begun = Instant::now();
            let heard = listener.judge()?;
            meter.judged(begun.elapsed(), block.arrived.elapsed());
            if on_heard(&heard, &meter).is_break() || stop.load(Ordering::Relaxed) {
                break 'stream;
            }
        }
        if listener.samples_heard() >= last {
            break;
        }
    }
    Ok(meter.summary(feed.lost_seconds()))
}
