//! Tagging a stream to its end; where a live one outruns the machine, windows are left out and counted.

use super::{Feed, StreamMeter, StreamResult, StreamSummary, StreamTagger};
use crate::PipelineError;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

/// How long to wait for samples before checking `stop` again.
const PATIENCE: Duration = Duration::from_millis(100);

/// Tags a stream until it ends, `stop` is set or `on_result` breaks; `seconds` limits the length.
///
/// A stream that ends by itself or by `seconds` is scored [to its end](StreamTagger::score_rest); one that is stopped,
/// up to the last hop.
///
/// If a real-time stream is scored too slowly and falls behind by a hop, windows are skipped (and counted), so that latency does not
/// grow.
///
/// # Errors
///
/// When the source fails, or a model can't score its samples.
pub fn tag_stream(
    tagger: &mut StreamTagger,
    feed: &Feed,
    seconds: Option<f64>,
    stop: &AtomicBool,
    on_result: &mut dyn FnMut(&StreamResult, &StreamMeter) -> ControlFlow<()>,
) -> Result<StreamSummary, PipelineError> {
    let mut meter = StreamMeter::new(feed.is_live(), feed.rate_hz());
    let last = seconds.map_or(u64::MAX, |s| (s * f64::from(feed.rate_hz())).round() as u64);
    let (mut ended, mut arrived) = (false, Instant::now());
    'stream: while !stop.load(Ordering::Relaxed) {
        let block = match feed.next(PATIENCE) {
            Ok(block) => block?,
            Err(RecvTimeoutError::Timeout) => continue,
            Err(RecvTimeoutError::Disconnected) => {
                ended = true;
                break;
            }
        };
        arrived = block.arrived;
        let mut samples = &block.samples[..];
        while !samples.is_empty() && tagger.samples_taken() < last {
            let left = usize::try_from(last - tagger.samples_taken()).unwrap_or(usize::MAX);
            let start = Instant::now();
            let taken = tagger.push(&samples[..samples.len().min(left)])?;
            meter.busy(start.elapsed());
            meter.received(taken);
            samples = &samples[taken..];
            if !tagger.hop_is_complete() {
                continue;
            }
            if feed.is_live() && feed.waiting_seconds() > tagger.hop_seconds() {
                tagger.skip();
                meter.skipped();
                continue;
            }
            let start = Instant::now();
            let result = tagger.score()?;
            meter.scored(start.elapsed(), arrived.elapsed());
            if on_result(&result, &meter).is_break() || stop.load(Ordering::Relaxed) {
                break 'stream;
            }
        }
        if tagger.samples_taken() >= last {
            ended = true;
            break;
        }
    }
    if ended {
        let start = Instant::now();
        if let Some(result) = tagger.score_rest()? {
            meter.scored(start.elapsed(), arrived.elapsed());
            let _ = on_result(&result, &meter); // nothing follows that it could end
        }
    }
    Ok(meter.summary(feed.lost_seconds()))
}
