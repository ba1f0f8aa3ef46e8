//! Reads recordings as `earmark tag` does, what is whole of damaged ones included, at their own rates:
//! `cargo run --release -p earmark-audio --example salvage -- FOLDER FILE...` makes `FOLDER/FILE.f32` (mono, little-endian) of each and
//! prints a JSON line: what the file says of itself, samples, notes and losses, or why it can't be read.
//!
//! (`bench/odd_files.py` compares them with what other programs read.)

#![allow(clippy::print_stdout)]

use earmark_audio::{Damaged, ReadOptions, read_with};
use serde_json::{Value, json};
use std::error::Error;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let Some(folder) = arguments.next() else {
        return Err("give a folder to write to, and recordings".into());
    };
    std::fs::create_dir_all(&folder)?;
    for file in arguments {
        println!("{}", read_one(&file, &folder)?);
    }
    Ok(())
}

/// Reads a recording, writes its samples, and says what it is.
fn read_one(file: &Path, folder: &Path) -> Result<Value, Box<dyn Error>> {
    let options = ReadOptions {
        sample_rate_hz: None,
        damaged: Damaged::Salvage,
    };
    let decoded = match read_with(file, &options) {
        Ok(decoded) => decoded,
        Err(error) => return Ok(json!({ "error": error.to_string() })),
    };
    let bytes: Vec<u8> = decoded
        .clip
        .samples
        .iter()
        .flat_map(|x| x.to_le_bytes())
        .collect();
    let mut name = file.file_name().ok_or("a file has no name")?.to_owned();
    name.push(".f32");
    std::fs::write(folder.join(name), bytes)?;
    let notes: Vec<String> = decoded.notes.iter().map(ToString::to_string).collect();
    let losses: Vec<String> = decoded.losses.iter().map(ToString::to_string).collect();
    Ok(json!({
        "source": decoded.source,
        "sample_rate_hz": decoded.clip.sample_rate_hz,
        "samples": decoded.clip.len(),
        "notes": notes,
        "losses": losses,
    }))
}
