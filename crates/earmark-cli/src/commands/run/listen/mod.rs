//! `earmark listen`

#[cfg(feature = "mic")]
mod mic;
mod screen;

use crate::Status;
use crate::args::{Global, Listen, RawFormat};
use crate::console::{Console, out};
use anyhow::{Context, bail};
use earmark::inference::live::{self, Feed, Heard, Listener, Meter, Pace, PcmFormat, PcmSample, Summary};
use earmark::metrics::BlendMean;
use earmark::report::human_duration;
use screen::Screen;
use serde_json::json;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::Ordering;

/// The input that is a microphone, and the one that is stdin.
const MICROPHONE: &str = "mic";
const STDIN: &str = "-";

/// Says what is heard until the stream ends.
pub fn run(args: Listen, global: &Global, console: &Console) -> anyhow::Result<Status> {
    let mean: BlendMean = args.mean.parse().context("--mean")?;
    if let Some(seconds) = args.seconds.filter(|s| !(*s > 0.0 && s.is_finite())) {
        bail!("--seconds {seconds}: choose a positive number, or leave it out to listen to the end");
    }
    // Opened before the models are read: a wrong name is told at once. It waits until somebody listens.
    let feed = feed(&args)?;
    let job = live::Listen {
        models: args.model.clone(),
        mean,
        window_seconds: args.window,
        hop_seconds: args.hop,
        smooth_seconds: args.smooth,
        raw: args.raw,
        device: global.device.clone(),
    };
    let mut listener = Listener::open(&job, feed.rate_hz())?;
    let stop = console.stop_flag()?;
    let mut shown = match args.json {
        true => Shown::Json,
        false => Screen::open(&args.input, &listener).map_or(Shown::Lines, Shown::Screen),
    };
    if !matches!(shown, Shown::Screen(_)) {
        console.note(about(&args.input, &listener));
    }
    let labels = Labels {
        classes: listener.classes().to_vec(),
        count: args.top.get(),
    };
    let mut failed = None;
    let ended = live::listen(
        &mut listener,
        &feed,
        args.seconds,
        &stop,
        &mut |heard, meter| match shown.show(heard, meter, &labels) {
            Ok(()) => ControlFlow::Continue(()),
            Err(e) => {
                failed = Some(e);
                ControlFlow::Break(())
            }
        },
    );
    drop(shown); // the terminal is as it was before a failure is told
    let summary = ended?;
    if let Some(e) = failed {
        return Err(e);
    }
    if args.json {
        out(json!({ "summary": summary }))?;
    }
    console.note(said(&summary));
    match stop.load(Ordering::Relaxed) {
        true => Ok(Status::Interrupted),
        false => Ok(Status::Done),
    }
}

fn feed(args: &Listen) -> anyhow::Result<Feed> {
    let pace = if args.fast { Pace::Fast } else { Pace::RealTime };
    match args.input.as_str() {
        MICROPHONE if Path::new(MICROPHONE).is_file() => Ok(Feed::file(Path::new(MICROPHONE), pace)?),
        MICROPHONE => microphone(args),
        STDIN => {
            let format = PcmFormat {
                rate_hz: args.rate,
                channels: args.channels,
                sample: match args.format {
                    RawFormat::S16 => PcmSample::S16,
                    RawFormat::F32 => PcmSample::F32,
                },
            };
            Ok(Feed::pcm(std::io::stdin(), "stdin", format, pace)?)
        }
        file => Ok(Feed::file(Path::new(file), pace)?),
    }
}

#[cfg(feature = "mic")]
fn microphone(args: &Listen) -> anyhow::Result<Feed> {
    if args.fast {
        bail!("--fast: a microphone hears in real time; leave it out");
    }
    mic::feed()
}

#[cfg(not(feature = "mic"))]
fn microphone(_: &Listen) -> anyhow::Result<Feed> {
    bail!(
        "--input mic: this build has no microphone; name a file with --input FILE, or let a recorder write into a pipe: \
         arecord -q -f S16_LE -r 44100 -t raw | earmark listen --model ... --input - --rate 44100 \
         (or build with `cargo build --release --features mic`)"
    )
}

/// What listens to what, in a line.
fn about(input: &str, listener: &Listener) -> String {
    let models = match listener.models() {
        1 => String::new(),
        n => format!("{n} models, "),
    };
    format!(
        "{input}: {models}{} classes, windows of {}, judged every {}",
        listener.classes().len(),
        human_duration(listener.window_seconds()),
        human_duration(listener.hop_seconds())
    )
}

/// The best classes and how they are named.
struct Labels {
    classes: Vec<String>,
    count: usize,
}

impl Labels {
    /// The best classes of these scores, best first.
    fn best(&self, scores: &[f32]) -> Vec<(&str, f32)> {
        earmark::metrics::top_k(scores, self.count)
            .into_iter()
            .map(|c| (self.classes[c].as_str(), scores[c]))
            .collect()
    }
}

/// Where what is heard is told.
enum Shown {
    Json,
    Lines,
    Screen(Screen),
}

impl Shown {
    fn show(&mut self, heard: &Heard, meter: &Meter, labels: &Labels) -> anyhow::Result<()> {
        let best = labels.best(&heard.scores);
        match self {
            Self::Json => {
                let labels: Vec<_> = best
                    .iter()
                    .map(|(label, score)| json!({ "label": label, "score": score }))
                    .collect();
                out(json!({
                    "time": heard.seconds,
                    "labels": labels,
                    "latency_ms": meter.last_latency_ms(),
                    "compute_ms": meter.last_compute_ms(),
                    "x_real_time": meter.x_real_time(),
                }))
            }
            Self::Lines => {
                let best: Vec<String> = best.iter().map(|(l, s)| format!("{l} {s:.2}")).collect();
                out(format!("{:9.2} s  {}", heard.seconds, best.join("  ")))
            }
            Self::Screen(screen) => screen.draw(heard, meter, &best),
        }
    }
}

/// What it has cost, in words.
fn said(s: &Summary) -> String {
    let mut text = format!(
        "{} heard, {} judgements, {:.1} x real time",
        human_duration(s.seconds),
        s.judged,
        s.x_real_time
    );
    if let Some(ms) = s.compute_ms {
        text.push_str(&format!("; a judgement takes {}", human_duration(ms / 1e3)));
    }
    if let Some(l) = s.latency_ms {
        text.push_str(&format!(
            "; told {} after the sound (19 of 20 within {}, the latest {})",
            human_duration(l.median / 1e3),
            human_duration(l.p95 / 1e3),
            human_duration(l.worst / 1e3)
        ));
    }
    if s.skipped > 0 {
        text.push_str(&format!(
            "; {} judgements left out, as this machine was too slow for them: choose a longer --hop",
            s.skipped
        ));
    }
    if s.lost_seconds > 0.0 {
        text.push_str(&format!("; {} of sound lost", human_duration(s.lost_seconds)));
    }
    match (s.memory_mib_after_a_minute, s.memory_mib) {
        (Some(early), Some(now)) => {
            text.push_str(&format!(
                "; memory {early:.0} MiB after a minute, {now:.0} MiB at the end"
            ));
        }
        (None, Some(now)) => text.push_str(&format!("; memory {now:.0} MiB")),
        _ => {}
    }
    text
}
