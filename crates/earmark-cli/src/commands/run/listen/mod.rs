//! `earmark listen`

mod display;
mod feed;
#[cfg(feature = "mic")]
mod mic;
mod screen;
mod speed;

use crate::args::Listen;
use crate::console::Console;
use crate::output::print;
use crate::status::{Interrupted, Status};
use anyhow::bail;
use display::{Display, Labels};
use earmark::inference::stream::{self, StreamTagger};
use earmark_core::human::{human_amount, human_duration};
use serde_json::json;
use std::ops::ControlFlow;
use std::sync::atomic::Ordering;

/// Tags a stream until it ends.
pub fn run(args: &Listen, console: &Console) -> anyhow::Result<Status> {
    if let Some(seconds) = args.seconds.filter(|s| !(*s > 0.0 && s.is_finite())) {
        bail!("--seconds {seconds}: choose a positive number, or leave it out to tag the whole stream");
    }
    // Opened before the models are read, so that a wrong name is refused at once. It waits until somebody reads it.
    let feed = feed::open(args)?;
    let job = stream::StreamConfig {
        models: args.model.clone(),
        mean: args.mean,
        window_seconds: args.window,
        hop_seconds: args.hop,
        smooth_seconds: args.smooth,
        raw: args.raw,
        device: args.compute.device.clone(),
    };
    let mut tagger = StreamTagger::open(&job, feed.rate_hz())?;
    let stop = console.stop_flag()?;
    let heading = heading(&args.input, &tagger);
    let mut display = Display::open(args.json, &heading, &tagger);
    if !matches!(display, Display::Screen(_)) {
        console.note(heading);
    }
    let labels = Labels {
        classes: tagger.classes().to_vec(),
        count: args.top_k.get(),
    };
    let mut failed = None;
    let ended = stream::tag_stream(
        &mut tagger,
        &feed,
        args.seconds,
        &stop,
        &mut |scored, meter| match display.show(scored, meter, &labels) {
            Ok(()) => ControlFlow::Continue(()),
            Err(e) => {
                failed = Some(e);
                ControlFlow::Break(())
            }
        },
    );
    drop(display); // restores the terminal before a failure is printed
    let summary = ended?;
    if let Some(e) = failed {
        return Err(e);
    }
    if args.json {
        print(json!({ "summary": summary }))?;
    }
    console.note(speed::describe(&summary));
    match stop.load(Ordering::Relaxed) {
        true => Err(Interrupted.into()),
        false => Ok(Status::Done),
    }
}

/// What is tagged with what, in a line.
fn heading(input: &str, tagger: &StreamTagger) -> String {
    let models = match tagger.model_count() {
        1 => String::new(),
        n => format!("{n} models, "),
    };
    format!(
        "{input}: {models}{}, windows of {}, scored every {}",
        human_amount(tagger.classes().len(), "class", "classes"),
        human_duration(tagger.window_seconds()),
        human_duration(tagger.hop_seconds())
    )
}
