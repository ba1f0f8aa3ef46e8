//! What the tests share: the signal in the committed files, the files themselves, and tiny writers.
#![allow(dead_code, reason = "every test file uses its own part")]

use std::f64::consts::PI;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use earmark_audio::{
    AudioError, AudioStream, Damaged, Decoded, Fault, LostSound, ReadOptions, decode_bytes_native,
    decode_bytes_with,
};

const SALVAGE: ReadOptions = ReadOptions {
    sample_rate_hz: None,
    damaged: Damaged::Salvage,
};

/// Reads a file in memory with damage refused.
pub fn strict(bytes: &[u8]) -> Result<Decoded, Fault> {
    decode_bytes_native(bytes.to_vec()).map_err(|error| match error {
        AudioError::File { fault, .. } => fault,
        other => panic!("{other}"),
    })
}

/// The fault of a file in memory where damage is refused.
pub fn refusal(bytes: Vec<u8>) -> Fault {
    match decode_bytes_native(bytes) {
        Err(AudioError::File { fault, .. }) => fault,
        other => panic!("{other:?}"),
    }
}

/// Reads a file in memory that is not refused.
pub fn whole(bytes: Vec<u8>) -> Decoded {
    decode_bytes_native(bytes).unwrap_or_else(|e| panic!("{e}"))
}

/// Reads what is whole of a file in memory.
pub fn salvaged(bytes: &[u8]) -> Decoded {
    decode_bytes_with(bytes.to_vec(), &SALVAGE).unwrap_or_else(|e| panic!("{e}"))
}

/// The number of frames and the losses of a file in memory, where damage is read over.
pub fn frames_and_losses(bytes: Vec<u8>) -> (u64, Vec<LostSound>) {
    let source = Box::new(Cursor::new(bytes));
    let mut stream = AudioStream::from_source_with(source, Path::new("a"), &SALVAGE).expect("opens");
    let mut block = Vec::new();
    while stream.next_block(&mut block).expect("reads") {}
    (stream.frames_read(), stream.losses().to_vec())
}

/// The signal in tests/files: a sine of amplitude 0.5 gliding from 300 Hz to 1,500 Hz within `seconds`, with
/// channel c of C scaled by (c + 1) / C; their mean is the sine times (C + 1) / (2 C).
pub fn chirp(rate: u32, seconds: f64, channels: u16) -> Vec<f32> {
    let frames = (f64::from(rate) * seconds).round() as usize;
    let gain = 0.5 * (f64::from(channels) + 1.0) / (2.0 * f64::from(channels));
    (0..frames)
        .map(|n| {
            let t = n as f64 / f64::from(rate);
            (gain * (2.0 * PI * (300.0 * t + 600.0 / seconds * t * t)).sin()) as f32
        })
        .collect()
}

/// A sine of this frequency and amplitude, sample 0 at phase 0.
pub fn sine(rate: u32, hz: f64, amplitude: f64, frames: usize) -> Vec<f32> {
    let step = 2.0 * PI * hz / f64::from(rate);
    (0..frames)
        .map(|n| (amplitude * (step * n as f64).sin()) as f32)
        .collect()
}

/// Signal to noise ratio in decibels of `got` against `wanted`, over their common length without `margin` samples
/// at both ends.
pub fn snr_db(wanted: &[f32], got: &[f32], margin: usize) -> f64 {
    let end = wanted.len().min(got.len()) - margin;
    let (mut signal, mut noise) = (0.0, 0.0);
    for (&w, &g) in wanted[margin..end].iter().zip(&got[margin..end]) {
        signal += f64::from(w).powi(2);
        noise += (f64::from(w) - f64::from(g)).powi(2);
    }
    10.0 * (signal / noise.max(1e-30)).log10()
}

/// A committed file.
pub fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/files")
        .join(name)
}

/// The names of all committed files, in order.
pub fn all_files() -> Vec<String> {
    let folder = std::fs::read_dir(file("")).expect("tests/files is there");
    let mut names: Vec<String> = folder
        .map(|entry| {
            entry
                .expect("readable")
                .file_name()
                .into_string()
                .expect("plain name")
        })
        .collect();
    names.sort();
    names
}

/// A RIFF/WAVE file from a format chunk and sample bytes.
pub fn wav(fmt: &[u8], data: &[u8]) -> Vec<u8> {
    let mut out = b"RIFF".to_vec();
    out.extend((4 + 8 + fmt.len() as u32 + 8 + data.len() as u32).to_le_bytes());
    out.extend(b"WAVEfmt ");
    out.extend((fmt.len() as u32).to_le_bytes());
    out.extend(fmt);
    out.extend(b"data");
    out.extend((data.len() as u32).to_le_bytes());
    out.extend(data);
    out
}

/// A 16-byte format chunk.
pub fn fmt(tag: u16, channels: u16, rate: u32, bits: u16) -> Vec<u8> {
    let align = channels.wrapping_mul(bits.div_ceil(8));
    let mut out = Vec::new();
    out.extend(tag.to_le_bytes());
    out.extend(channels.to_le_bytes());
    out.extend(rate.to_le_bytes());
    out.extend(rate.wrapping_mul(u32::from(align)).to_le_bytes());
    out.extend(align.to_le_bytes());
    out.extend(bits.to_le_bytes());
    out
}

/// A 16-bit mono WAV file of these samples.
pub fn wav16(rate: u32, samples: &[i16]) -> Vec<u8> {
    let bytes: Vec<u8> = samples.iter().flat_map(|s| s.to_le_bytes()).collect();
    wav(&fmt(1, 1, rate, 16), &bytes)
}

/// A float WAV file of one channel.
pub fn wav_float(rate: u32, samples: &[f32]) -> Vec<u8> {
    let bytes: Vec<u8> = samples.iter().flat_map(|s| s.to_le_bytes()).collect();
    wav(&fmt(3, 1, rate, 32), &bytes)
}
