//! `earmark listen`

mod display;
mod feed;
mod labels;
#[cfg(feature = "mic")]
mod mic;
mod screen;
mod speed;

use crate::prelude::*;
use display::Display;
use earmark::inference::stream::{self, PcmSample, StreamMeter, StreamResult, StreamTagger};
use earmark::inference::{ModelPrecision, ThresholdConfig};
use earmark::metrics::BlendMean;
use labels::Labels;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::sync::atomic::Ordering;

const ENCODINGS: &[Choice<PcmSample>] = &[
    ("s16", "Signed 16-bit integers, little-endian", PcmSample::S16),
    ("f32", "32-bit floats, little-endian", PcmSample::F32),
];

/// Heading of the arguments that describe raw samples.
const SAMPLES: &str = "Raw samples on stdin";

/// Tag a live stream: a microphone, raw samples on stdin, or a file played in real time
#[derive(Args)]
#[command(
    after_help = "Examples:\n  earmark listen --model runs/a --input evening.flac\n  \
    earmark listen --model runs/a --input evening.flac --hop 0.5 --threshold Dog=0.2\n  \
    earmark listen --model runs/a --input evening.flac --fast --json\n  \
    arecord -q -f S16_LE -r 44100 -t raw | earmark listen --model runs/a --input - --rate 44100\n\n\
    In a terminal it draws a moving spectrogram (waterfall) and the best labels with their scores. Elsewhere, or where NO_COLOR \
    is set, it prints a line per hop. Labels that reach their threshold are bold, or marked with *. Ctrl-C ends it and prints the \
    speed."
)]
pub struct Listen {
    /// Model: MODEL.safetensors, RUN or RUN@STEP; several, and the folds of a cross-validation RUN, are blended
    #[arg(long, short, required = true, num_args = 1.., env = "EARMARK_MODEL", value_delimiter = ';')]
    pub model: Vec<String>,
    /// An audio file to play, - for raw samples on stdin, or mic for the microphone (in builds with the feature `mic`)
    #[arg(long, short, default_value = "mic")]
    pub input: String,
    /// Seconds between scores, at most a window; default: half a window
    #[arg(long, value_name = "SECONDS")]
    pub hop: Option<f64>,
    /// Seconds scored at a time; default: the length of the segments that the model was trained on, or 2 if it was trained on whole
    /// clips
    #[arg(long, value_name = "SECONDS")]
    pub window: Option<f64>,
    /// Minimum score for a class to count as detected: a number for all classes, CLASS=NUMBER for one, a file of both (CSV with the
    /// columns class,threshold, or JSON), or model for the model's own; can be given several times; default: the model's own, or 0.3
    #[arg(long, value_name = "SCORE|CLASS=SCORE|FILE")]
    pub threshold: Vec<String>,
    /// Time constant of smoothing over past scores (0 = none)
    #[arg(long, value_name = "SECONDS", default_value_t = 0.0)]
    pub smooth: f64,
    /// Number of labels to show
    #[arg(long, alias = "top", value_name = "K", default_value = "3")]
    pub top_k: NonZeroUsize,
    /// How to average several models: arithmetic or geometric
    #[arg(long, default_value = "geometric")]
    pub mean: BlendMean,
    /// Ignore the models' calibration
    #[arg(long)]
    pub raw: bool,
    /// Stop after this many seconds of the stream
    #[arg(long, value_name = "SECONDS")]
    pub seconds: Option<f64>,
    /// Play a file as fast as possible instead of in real time
    #[arg(long)]
    pub fast: bool,
    /// Print a line of JSON per hop and a summary at the end
    #[arg(long)]
    pub json: bool,

    #[command(flatten)]
    pub damaged: DamagedArgs,

    /// Sample rate
    #[arg(long, value_name = "HZ", default_value_t = 44_100, help_heading = SAMPLES)]
    pub rate: u32,
    /// Encoding of a sample
    #[arg(long, value_parser = choice(ENCODINGS), default_value = "s16", help_heading = SAMPLES)]
    pub encoding: PcmSample,
    /// Number of interleaved channels
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = SAMPLES)]
    pub channels: u16,
    #[command(flatten)]
    pub compute: Compute,
}

/// Tags a stream until it ends.
pub fn run(args: Listen, console: &Console) -> anyhow::Result<Status> {
    if let Some(seconds) = args.seconds.filter(|s| !(*s > 0.0 && s.is_finite())) {
        bail!("--seconds {seconds}: choose a positive number, or leave it out to tag the whole stream");
    }
    let thresholds = ThresholdConfig::parse(&args.threshold)?;
    // Opened before the models are read, so that a wrong name is refused at once. It waits until somebody reads it.
    let feed = feed::open(&args)?;
    let job = stream::StreamConfig {
        models: args.model,
        mean: args.mean,
        window_seconds: args.window,
        hop_seconds: args.hop,
        smooth_seconds: args.smooth,
        thresholds,
        raw: args.raw,
        device: args.compute.device,
    };
    let mut tagger = StreamTagger::open(&job, feed.rate_hz())?;
    for note in ModelPrecision::notes(tagger.precisions()) {
        console.note(note);
    }
    let stop = console.stop_flag()?;
    let heading = heading(&args.input, &tagger);
    let mut display = Display::open(args.json, &heading, &tagger);
    if !matches!(display, Display::Screen(_)) {
        console.note(heading);
    }
    let labels = Labels {
        classes: tagger.classes().to_vec(),
        thresholds: tagger.thresholds().clone(),
        count: args.top_k.get(),
    };
    let mut shown = Ok(());
    let mut show = |scored: &StreamResult, meter: &StreamMeter| {
        shown = display.show(scored, meter, &labels);
        match &shown {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    };
    let ended = stream::tag_stream(&mut tagger, &feed, args.seconds, &stop, &mut show);
    drop(display); // restores the terminal before a failure is printed
    let summary = ended?;
    shown?;
    if args.json {
        let mut facts = json!(summary);
        facts["windows"] = json!(tagger.window_rule());
        facts["thresholds"] = json!(tagger.thresholds());
        facts["thresholds_from"] = json!(tagger.thresholds().source());
        output::print_json_line(&json!({ "summary": facts }))?;
    }
    let speed = speed::describe(&summary);
    if stop.load(Ordering::Relaxed) {
        bail!(Stopped(speed));
    }
    console.note(speed);
    let Some(said) = feed.remarks() else {
        return Ok(Status::Done);
    };
    let (file, what) = (args.input.as_str(), said.to_string());
    match said.damage {
        None => console.note(format!("{file}: {what}")),
        Some(_) => {
            console.damaged(file, what);
            return Ok(Status::SkippedSome);
        }
    }
    Ok(Status::Done)
}

/// What is tagged with what, in a line.
fn heading(input: &str, tagger: &StreamTagger) -> String {
    let models = match tagger.model_count() {
        1 => String::new(),
        n => format!("{n} models, "),
    };
    let classes = human_amount(tagger.classes().len(), "class", "classes");
    let (windows, thresholds) = (tagger.window_rule().describe(), tagger.thresholds().describe());
    format!("{input}: {models}{classes}, {windows}, {thresholds}")
}
