//! Tags a stream, here a file as if it were live: `cargo run --release -p earmark --example tag_stream MODEL RECORDING`.

#![allow(clippy::print_stdout, reason = "an example prints what it finds")]

use earmark::prelude::*;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// Prints the best class of each window; returns how many windows there were.
pub fn run(model: &str, recording: &Path) -> Result<usize, Box<dyn std::error::Error>> {
    let feed = Feed::file(recording, Playback::Fast)?;
    let mut tagger = StreamTagger::open(&StreamConfig::new(model), feed.rate_hz())?;
    let (classes, mut windows) = (tagger.classes().to_vec(), 0);
    tag_stream(
        &mut tagger,
        &feed,
        None,
        &AtomicBool::new(false),
        &mut |result, _| {
            let best = (0..classes.len()).max_by(|&a, &b| result.scores[a].total_cmp(&result.scores[b]));
            println!(
                "{:.1}\t{}",
                result.seconds,
                best.map_or("", |class| &classes[class])
            );
            windows += 1;
            ControlFlow::Continue(())
        },
    )?;
    Ok(windows)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    run(&args[1], args[2].as_ref()).map(|_| ())
}
