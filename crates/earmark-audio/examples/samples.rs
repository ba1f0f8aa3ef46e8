//! Decodes recordings, resamples them and writes raw float32 samples, for other programs to compare with:
//! `cargo run --release -p earmark-audio --example samples -- RATE FOLDER FILE...` makes `FOLDER/NAME.f32`, little-endian.

use std::error::Error;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(rate), Some(folder)) = (arguments.next(), arguments.next()) else {
        return Err("give a sample rate in Hz, a folder to write to, and recordings".into());
    };
    std::fs::create_dir_all(&folder)?;
    for file in arguments.map(PathBuf::from) {
        let clip = earmark_audio::read(&file, rate.parse()?)?.clip;
        let bytes: Vec<u8> = clip.samples.iter().flat_map(|x| x.to_le_bytes()).collect();
        let name = file.file_stem().ok_or("a file has no name")?;
        std::fs::write(Path::new(&folder).join(name).with_extension("f32"), bytes)?;
    }
    Ok(())
}
