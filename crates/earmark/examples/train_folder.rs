//! Trains on a data folder: `cargo run --release -p earmark --example train_folder RECIPE DATA RUN`.

#![allow(clippy::print_stdout, reason = "an example prints what it finds")]

use earmark::prelude::*;
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// Trains by a built-in recipe or a recipe file, with `KEY=VALUE` overrides.
pub fn run(recipe: &str, data: &Path, run: &Path, set: &[String]) -> Result<(), Box<dyn std::error::Error>> {
    let job = TrainJob::new(Recipe::load(recipe, set)?, data, run);
    let result = train(&job, &|_| (), &AtomicBool::new(false))?;
    println!(
        "{} steps, {} clips left out: {}",
        result.outcome.step,
        result.skipped.len(),
        result.run.display()
    );
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    run(&args[1], args[2].as_ref(), args[3].as_ref(), &args[4..])
}
