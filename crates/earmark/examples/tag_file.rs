//! Tags a recording: `cargo run --release -p earmark --example tag_file MODEL RECORDING`.

#![allow(clippy::print_stdout, reason = "an example prints what it finds")]

use earmark::prelude::*;
use std::path::Path;

/// Prints what is in the recording, and when.
pub fn run(model: &str, recording: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let model = Model::open(&model.into(), &Device::cpu()?)?;
    for event in model.tag(recording)?.events {
        println!(
            "{:.1}\t{:.1}\t{}\t{:.2}",
            event.onset, event.offset, event.class, event.score
        );
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    run(&args[1], args[2].as_ref())
}
