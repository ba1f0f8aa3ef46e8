//! Whole files and parts of files.

use std::io::Cursor;
use std::path::Path;

use super::stream::AudioStream;
use crate::clip::{AudioInfo, Clip, ClipNote, Decoded, ReadOptions};
use crate::error::AudioError;

/// The file name in messages about bytes in memory.
const IN_MEMORY: &str = "<memory>";

/// Most samples to reserve memory for in advance: the length in a header may be wrong.
const MAX_RESERVE: u64 = 1 << 24;

/// Reads a whole file as mono at `sample_rate_hz`.
///
/// # Errors
/// Whatever makes the file unreadable, see [`AudioError`]. There is no partial result.
pub fn read(path: &Path, sample_rate_hz: u32) -> Result<Decoded, AudioError> {
    collect(AudioStream::open(path, sample_rate_hz)?)
}

/// Reads a whole file as mono at its own rate.
///
/// # Errors
/// As [`read`].
pub fn read_native(path: &Path) -> Result<Decoded, AudioError> {
    collect(AudioStream::open_native(path)?)
}

/// Reads a whole file as mono. With [`Damaged::Salvage`](crate::Damaged::Salvage), what is whole of a damaged file is read, and
/// what is missing is listed in [`Decoded::losses`].
///
/// # Errors
/// Whatever makes the file unreadable, see [`AudioError`]. With `Salvage`, a damaged file is an error only where none of its
/// sound can be had.
pub fn read_with(path: &Path, options: &ReadOptions) -> Result<Decoded, AudioError> {
    collect(AudioStream::open_with(path, options)?)
}

/// Reads a part of a file: `duration_seconds` from `start_seconds`, both rounded to whole samples of `sample_rate_hz`. The
/// result equals the same samples of [`read`]. A part that reaches beyond the end is shorter, or empty.
///
/// Uncompressed files at their own rate are read from that position; all others are decoded from their start, in blocks, and
/// the samples before it are dropped. The samples after the part are not decoded; only their structure is checked.
///
/// # Errors
/// As [`read`], and [`AudioError::BadRange`] for times that are negative, NaN or infinite.
pub fn read_range(
    path: &Path,
    sample_rate_hz: u32,
    start_seconds: f64,
    duration_seconds: f64,
) -> Result<Decoded, AudioError> {
    let options = ReadOptions {
        sample_rate_hz: Some(sample_rate_hz),
        ..ReadOptions::default()
    };
    read_range_with(path, &options, start_seconds, duration_seconds)
}

/// [`read_range`] with options; without a rate, at the file's own. The losses are those in what was decoded: up to the end of
/// the part, and of the whole file where the part reaches its end.
///
/// # Errors
/// As [`read_with`], and [`AudioError::BadRange`] for times that are negative, NaN or infinite.
pub fn read_range_with(
    path: &Path,
    options: &ReadOptions,
    start_seconds: f64,
    duration_seconds: f64,
) -> Result<Decoded, AudioError> {
    let valid = |seconds: f64| seconds.is_finite() && seconds >= 0.0;
    if !valid(start_seconds) || !valid(duration_seconds) {
        return Err(AudioError::BadRange {
            start_seconds,
            duration_seconds,
        });
    }
    let mut stream = AudioStream::open_with(path, options)?;
    let sample_rate_hz = stream.sample_rate_hz();
    // Float to integer saturates: an absurd end means no end.
    let to_samples = |seconds: f64| (seconds * f64::from(sample_rate_hz)).round() as u64;
    let (start, wanted) = (to_samples(start_seconds), to_samples(duration_seconds));
    let mut to_drop = if stream.seek(start)? { 0 } else { start };
    let wanted_len = usize::try_from(wanted).unwrap_or(usize::MAX);

    let mut samples = Vec::new();
    let mut block = Vec::new();
    while samples.len() < wanted_len && stream.next_block(&mut block)? {
        let dropped = usize::try_from(to_drop).unwrap_or(usize::MAX).min(block.len());
        to_drop -= dropped as u64;
        let left = wanted_len - samples.len();
        samples.extend(block[dropped..].iter().take(left));
    }
    let mut notes = stream.notes();
    if stream.info().frames != Some(0) && stream.frames_read() == 0 {
        // Nothing was read because nothing was requested there, not because the file is empty.
        notes.retain(|note| *note != ClipNote::EmptyFile);
    }
    Ok(Decoded {
        clip: Clip::new(samples, sample_rate_hz),
        source: stream.info().clone(),
        notes,
        losses: stream.losses().to_vec(),
    })
}

/// What a file says about itself, after a walk over its structure and one decoded packet; the other samples are not decoded.
///
/// # Errors
/// As [`read`], for faults that show without decoding everything.
pub fn probe(path: &Path) -> Result<AudioInfo, AudioError> {
    Ok(AudioStream::open_native(path)?.info().clone())
}

/// Decodes a file in memory, as mono at `sample_rate_hz`.
///
/// # Errors
/// As [`read`].
pub fn decode_bytes(
    bytes: impl AsRef<[u8]> + Send + Sync + 'static,
    sample_rate_hz: u32,
) -> Result<Decoded, AudioError> {
    let options = ReadOptions {
        sample_rate_hz: Some(sample_rate_hz),
        ..ReadOptions::default()
    };
    decode_bytes_with(bytes, &options)
}

/// Decodes a file in memory, as mono at its own rate.
///
/// # Errors
/// As [`read`].
pub fn decode_bytes_native(bytes: impl AsRef<[u8]> + Send + Sync + 'static) -> Result<Decoded, AudioError> {
    decode_bytes_with(bytes, &ReadOptions::default())
}

/// Decodes a file in memory, as mono.
///
/// # Errors
/// As [`read_with`].
pub fn decode_bytes_with(
    bytes: impl AsRef<[u8]> + Send + Sync + 'static,
    options: &ReadOptions,
) -> Result<Decoded, AudioError> {
    let source = Box::new(Cursor::new(bytes));
    let name = Path::new(IN_MEMORY);
    collect(AudioStream::from_source_with(source, name, options)?)
}

fn collect(mut stream: AudioStream) -> Result<Decoded, AudioError> {
    let expected = stream.expected_len().unwrap_or(0).min(MAX_RESERVE);
    let mut samples = Vec::with_capacity(expected as usize);
    while stream.append_block(&mut samples)? {}
    let clip = Clip::new(samples, stream.sample_rate_hz());
    Ok(Decoded {
        clip,
        notes: stream.notes(),
        source: stream.info().clone(),
        losses: stream.losses().to_vec(),
    })
}
