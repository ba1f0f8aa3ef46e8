//! `earmark review serve`, in programs with the feature `serve`

use super::reviewed_items::ReviewedSource;
use crate::prelude::*;
use earmark::inference::ThresholdConfig;
use earmark::review::{ReviewDesk, ReviewOrder};
use earmark_serve::{ReviewServeConfig, ServeObserver, ServedRequest, Server};
use std::net::SocketAddr;
use std::sync::Arc;

const ORDERS: &[Choice<ReviewOrder>] = &[
    (
        "worst",
        "Clips whose labels disagree most with their scores; events with the lowest scores",
        ReviewOrder::Worst,
    ),
    (
        "uncertain",
        "Scores next to 0.5; of clips with one label each, those whose two best scores differ least",
        ReviewOrder::Uncertain,
    ),
    (
        "stratified",
        "Each class and range of scores in turn, at random: the sample for `earmark review precision`",
        ReviewOrder::Stratified,
    ),
    (
        "threshold",
        "Scores next to the thresholds of their classes",
        ReviewOrder::Threshold,
    ),
    (
        "class",
        "Class by class, the best score first",
        ReviewOrder::Class,
    ),
];

/// Review in the browser: listen to what a model found, and accept, reject or correct it
#[derive(Args)]
#[command(after_help = "Examples:\n  earmark review serve runs/cv\n  \
    earmark review serve tags.csv --data /mnt/archive --order stratified\n  \
    earmark review serve --scores oof.csv --data my-sounds --order uncertain\n\n\
    The page is at http://127.0.0.1:8081/. Every decision is in the log before the next item is shown; \
    `earmark review apply` makes corrections or labels with times of it, `earmark review precision` estimates \
    precision from it. Ctrl-C ends the server.")]
pub struct ReviewServe {
    #[command(flatten)]
    pub source: ReviewedSource,
    /// Which items come first
    #[arg(long, value_parser = choice(ORDERS), default_value = "worst")]
    pub order: ReviewOrder,
    /// Threshold for --order threshold: a number for all classes, CLASS=NUMBER, or a file of thresholds
    #[arg(long, value_name = "THRESHOLD")]
    pub threshold: Vec<String>,
    /// Address to listen on; one that other machines reach needs a token
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8081")]
    pub bind: SocketAddr,
    /// File with the token that clients must send, a line of 16 to 256 letters, digits or -._~
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Print the address, and log requests, as lines of JSON
    #[arg(long)]
    pub json: bool,
}

/// Serves until it is stopped.
pub fn run(args: ReviewServe, console: &Console) -> anyhow::Result<Status> {
    if !args.threshold.is_empty() && args.order != ReviewOrder::Threshold {
        bail!("--threshold: sorts with --order threshold alone; choose that order, or leave it out");
    }
    let items = args.source.read(console)?;
    let classes = items.set.classes();
    let all: Vec<usize> = (0..classes.len()).collect();
    let thresholds = ThresholdConfig::parse(&args.threshold)?.resolve(classes, &all, None)?;
    let count = items.set.items().len();
    let order = (args.order, thresholds.values(), args.source.seed);
    let desk = ReviewDesk::open(items.title, items.set, order, &args.source.log())?;
    desk.notes().iter().for_each(|note| console.warning(note));
    let as_json = args.json;
    let shown = console.clone();
    // What a page asks for is a line only where a program may read it, or where it failed.
    let observer: ServeObserver = Arc::new(move |request: &ServedRequest| match as_json {
        true => shown.note(json!(request)),
        false if request.status >= 400 => {
            let ServedRequest {
                method, path, status, ..
            } = request;
            shown.note(format!("{method} {path} {status}"));
        }
        false => {}
    });
    let config = ReviewServeConfig {
        bind: args.bind,
        token_file: args.token_file,
        ..ReviewServeConfig::default()
    };
    let server = Server::start_review(&config, desk, observer)?;
    let stop = console.stop_flag()?;
    let (address, log) = (server.address(), args.source.log());
    match as_json {
        true => output::print_json_line(&json!({
            "address": address.to_string(),
            "items": count,
            "decisions": log.to_string_lossy(),
        }))?,
        false => {
            let items = human_amount(count, "item", "items");
            print(format!(
                "http://{address}/ shows {items}; decisions in {}",
                log.display()
            ))?;
        }
    }
    if !server.run(&stop)? {
        console.warning("some requests took longer than 30 s to end and were given up");
        return Ok(Status::SkippedSome);
    }
    Ok(Status::of_skips(items.skipped))
}
