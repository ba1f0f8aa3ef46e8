//! `GET /v1/listen`, a WebSocket: raw samples in, labels out at each hop, those of `earmark listen --json`.

use crate::app::App;
use crate::failure::RequestFailure;
use crate::models::ServedModel;
use crate::query::{MOST_LABELS, Query};
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use bytes::Bytes;
use earmark_audio::{MAX_SAMPLE_RATE_HZ, MIN_SAMPLE_RATE_HZ};
use earmark_core::caught_panics::catch_panic;
use earmark_inference::stream::{
    Feed, PcmFormat, PcmSample, Playback, StreamConfig, StreamMeter, StreamResult, StreamTagger, tag_stream,
};
use earmark_inference::{ClassThresholds, PipelineError};
use earmark_metrics::top_k;
use serde_json::{Value, json};
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

/// Keys of the query.
const KEYS: [&str; 10] = [
    "model",
    "rate",
    "encoding",
    "channels",
    "window",
    "hop",
    "threshold",
    "smooth",
    "top_k",
    "live",
];

/// Values of keys that `earmark listen` has, too, and its defaults.
const ENCODINGS: [(&str, PcmSample); 2] = [("s16", PcmSample::S16), ("f32", PcmSample::F32)];
const RATE_HZ: u32 = 44_100;
const LABELS: usize = 3;
const MOST_CHANNELS: u16 = 32;

/// The protocol that is spoken; a client that names protocols must name it.
const PROTOCOL: &str = "earmark";

/// A message of the client after which no samples follow.
const END: &str = "end";

/// Longest message, and messages that are received ahead of what is computed.
const LONGEST_MESSAGE: usize = 256 << 10;
const AHEAD: usize = 4;

/// How long a client may take to receive a message.
const SEND_PATIENCE: Duration = Duration::from_secs(10);

/// What a client asks for.
struct StreamRequest {
    model: Arc<ServedModel>,
    config: StreamConfig,
    format: PcmFormat,
    playback: Playback,
    labels: usize,
}

impl StreamRequest {
    fn of(query: &Query, app: &App) -> Result<Self, RequestFailure> {
        let model = app.models.find(query.one("model")?)?;
        let (window_seconds, hop_seconds) = query.window_and_hop()?;
        let rates = MIN_SAMPLE_RATE_HZ..=MAX_SAMPLE_RATE_HZ;
        Ok(Self {
            config: StreamConfig {
                window_seconds,
                hop_seconds,
                smooth_seconds: query.number("smooth")?.unwrap_or(0.0),
                thresholds: query.thresholds()?,
                ..StreamConfig::new(model.name.clone())
            },
            model,
            format: PcmFormat {
                rate_hz: query.whole("rate", rates)?.unwrap_or(RATE_HZ),
                channels: query.whole("channels", 1..=MOST_CHANNELS)?.unwrap_or(1),
                sample: query.choice("encoding", &ENCODINGS)?.unwrap_or(PcmSample::S16),
            },
            playback: match query.is_set("live")? {
                true => Playback::RealTime,
                false => Playback::Fast,
            },
            labels: query.whole("top_k", 1..=MOST_LABELS)?.unwrap_or(LABELS),
        })
    }

    /// Opens the stream and what tags it.
    fn open(&self, samples: SampleReader) -> Result<(StreamTagger, Feed), PipelineError> {
        let feed = Feed::pcm(samples, "the stream", self.format, self.playback)?;
        let tagger = StreamTagger::with_models(&self.model.models, &self.config, feed.rate_hz())?;
        Ok((tagger, feed))
    }
}

/// Opens a stream.
pub async fn listen(
    State(app): State<Arc<App>>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    RawQuery(query): RawQuery,
) -> Result<Response, RequestFailure> {
    let upgrade = upgrade.map_err(|rejection| {
        let message = format!("/v1/listen is a WebSocket: {}", rejection.body_text());
        RequestFailure::new(rejection.status(), message)
    })?;
    let request = StreamRequest::of(&Query::parse(query.as_deref(), &KEYS)?, &app)?;
    let Ok(permit) = Arc::clone(&app.streams).try_acquire_owned() else {
        let message = format!("{} streams are open already; try again later", app.limits.streams);
        return Err(RequestFailure::busy(message, 10));
    };
    let (to_feed, samples) = mpsc::channel(AHEAD);
    // Without a limit of its own: there are no more lines than hops in the samples that are ahead.
    let (to_client, lines) = mpsc::unbounded_channel();
    let (started, is_started) = oneshot::channel();
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let work = move || {
        let reader = SampleReader {
            samples,
            block: Bytes::new(),
        };
        tag(&request, reader, &to_client, started, &stopped);
        // The thread counts as a stream until it has ended.
        drop(permit);
    };
    let thread = std::thread::Builder::new().spawn(work);
    thread.map_err(|e| RequestFailure::busy(format!("no thread for the stream can be started: {e}"), 10))?;
    match is_started.await {
        Ok(opened) => opened?,
        Err(_) => return Err(RequestFailure::stopping()),
    }
    let stream = OpenStream {
        samples: Some(to_feed),
        lines,
        _stop: StopStream(stop),
        closing: app.closing.clone(),
        patience: app.limits.stream_patience,
    };
    let upgrade = upgrade
        .protocols([PROTOCOL])
        .max_message_size(LONGEST_MESSAGE)
        .max_frame_size(LONGEST_MESSAGE);
    Ok(upgrade.on_upgrade(move |socket| stream.serve(socket)))
}

/// Samples as they come from the socket's task.
struct SampleReader {
    samples: mpsc::Receiver<Bytes>,
    block: Bytes,
}

impl Read for SampleReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.block.is_empty() {
            match self.samples.blocking_recv() {
                Some(block) => self.block = block,
                None => return Ok(0),
            }
        }
        let n = buffer.len().min(self.block.len());
        buffer[..n].copy_from_slice(&self.block.split_to(n));
        Ok(n)
    }
}

/// Tags a stream to its end, on a thread of its own; says first whether it can.
fn tag(
    request: &StreamRequest,
    samples: SampleReader,
    lines: &mpsc::UnboundedSender<String>,
    started: oneshot::Sender<Result<(), RequestFailure>>,
    stop: &AtomicBool,
) {
    let clean = |message: String| request.model.without_paths(&message);
    let opened =
        catch_panic(|| request.open(samples)).map_err(|panic| (StatusCode::INTERNAL_SERVER_ERROR, panic));
    let opened = opened.and_then(|opened| opened.map_err(|e| (StatusCode::BAD_REQUEST, e.to_string())));
    let (mut tagger, feed) = match opened {
        Ok(opened) => opened,
        Err((status, message)) => {
            // The client is gone: nobody needs the reason.
            let _ = started.send(Err(RequestFailure::new(status, clean(message))));
            return;
        }
    };
    if started.send(Ok(())).is_err() {
        return;
    }
    let labels = StreamLabels {
        classes: tagger.classes().to_vec(),
        thresholds: tagger.thresholds().clone(),
        count: request.labels,
    };
    let mut show = |scored: &StreamResult, meter: &StreamMeter| match lines
        .send(labels.line(scored, meter).to_string())
    {
        Ok(()) => ControlFlow::Continue(()),
        Err(_) => ControlFlow::Break(()),
    };
    let ended = catch_panic(|| tag_stream(&mut tagger, &feed, None, stop, &mut show));
    let last = match ended {
        Ok(Ok(summary)) => json!({ "summary": summary }),
        Ok(Err(e)) => json!({ "error": clean(e.to_string()) }),
        Err(panic) => json!({ "error": panic }),
    };
    // The client is gone, as above.
    let _ = lines.send(last.to_string());
}

/// What is said of a window, as `earmark listen --json` does.
struct StreamLabels {
    classes: Vec<String>,
    thresholds: ClassThresholds,
    /// Number of best classes.
    count: usize,
}

impl StreamLabels {
    fn line(&self, scored: &StreamResult, meter: &StreamMeter) -> Value {
        let best = top_k(&scored.scores, self.count).into_iter();
        let label = |class: usize| json!({ "label": self.classes[class], "score": scored.scores[class] });
        let reached = self.thresholds.reached(&scored.scores).into_iter();
        json!({
            "time": scored.seconds,
            "labels": best.map(label).collect::<Vec<_>>(),
            "detected": reached.map(|class| self.classes[class].as_str()).collect::<Vec<_>>(),
            "latency_ms": meter.last_latency_ms(),
            "compute_ms": meter.last_compute_ms(),
            "x_real_time": meter.x_real_time(),
        })
    }
}

/// Ends the work on a stream when its client is gone.
struct StopStream(Arc<AtomicBool>);

impl Drop for StopStream {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The socket's side of a stream.
struct OpenStream {
    /// Where samples go; `None` once no more follow.
    samples: Option<mpsc::Sender<Bytes>>,
    lines: mpsc::UnboundedReceiver<String>,
    _stop: StopStream,
    closing: watch::Receiver<bool>,
    patience: Duration,
}

impl OpenStream {
    /// Passes samples to the thread and lines to the client, until there are no more lines.
    async fn serve(mut self, mut socket: WebSocket) {
        loop {
            tokio::select! {
                message = socket.recv(), if self.samples.is_some() => {
                    let Some(Ok(message)) = message else {
                        return;
                    };
                    if !self.receive(message).await {
                        return;
                    }
                }
                line = self.lines.recv() => {
                    let Some(line) = line else {
                        break;
                    };
                    let sent = socket.send(Message::Text(line.into()));
                    if !matches!(timeout(SEND_PATIENCE, sent).await, Ok(Ok(()))) {
                        return;
                    }
                }
                // The server stops, or nothing comes: what was received is tagged to its end.
                _ = self.closing.changed(), if self.samples.is_some() => self.samples = None,
                () = tokio::time::sleep(self.patience), if self.samples.is_some() => self.samples = None,
            }
        }
        // A client that does not wait for it needs none.
        let _ = timeout(SEND_PATIENCE, socket.send(Message::Close(None))).await;
    }

    /// Takes a message of the client; false where the client is gone.
    async fn receive(&mut self, message: Message) -> bool {
        match message {
            Message::Binary(bytes) => {
                let sent = match &self.samples {
                    Some(samples) => samples.send(bytes).await.is_ok(),
                    None => false,
                };
                if !sent {
                    self.samples = None; // the thread has ended, and said why
                }
            }
            Message::Text(text) if text.as_str() == END => self.samples = None,
            // A text that is not known is not samples, either.
            Message::Text(_) | Message::Close(_) => return false,
            Message::Ping(_) | Message::Pong(_) => {}
        }
        true
    }
}
