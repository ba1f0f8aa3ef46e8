//! Times how long decoding takes, for `bench/decode_speed.py`:
//! `cargo run --release -p earmark-audio --example decode_speed -- whole|blocks FILE...` decodes all files at their own
//! rate and prints the number of samples and the seconds that took.

#![allow(clippy::print_stdout)]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Instant;

use earmark_audio::{AudioStream, read_native};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let decode = match arguments.next().as_deref() {
        Some("whole") => whole,
        Some("blocks") => blocks,
        _ => return Err("give `whole` or `blocks`, and recordings".into()),
    };
    let files: Vec<PathBuf> = arguments.map(PathBuf::from).collect();
    let start = Instant::now();
    let mut samples = 0;
    for file in &files {
        samples += decode(file)?;
    }
    println!("{samples} {}", start.elapsed().as_secs_f64());
    Ok(())
}

fn whole(file: &Path) -> Result<usize, Box<dyn Error>> {
    Ok(read_native(file)?.clip.samples.len())
}

fn blocks(file: &Path) -> Result<usize, Box<dyn Error>> {
    let mut stream = AudioStream::open_native(file)?;
    let (mut samples, mut block) = (0, Vec::new());
    loop {
        block.clear();
        let more = stream.next_block(&mut block)?;
        samples += block.len();
        if !more {
            return Ok(samples);
        }
    }
}
