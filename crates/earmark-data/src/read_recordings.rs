//! Reads recordings: what is whole of a damaged one, or why it is refused. A panic of a decoder is a fault of the one
//! file.

use std::path::Path;

use earmark_audio::{
    AudioError, AudioStream, Clip, ClipNote, Damaged, Decoded, Fault, ReadOptions, Span, read_with,
};
use earmark_core::caught_panics::catch_panic;

use crate::damaged_recordings::ClipDamage;
use crate::dataset::item::Item;
use crate::feature_store::ItemFault;
use crate::read_spans::decode_span;

/// A recording that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadItem {
    /// Its samples.
    pub clip: Clip,
    /// What was noted.
    pub notes: Vec<ClipNote>,
    /// What is missing.
    pub damage: Option<ClipDamage>,
}

impl ReadItem {
    /// What was read of a recording, or a refusal where nothing is left of it.
    fn new(
        item: &Item,
        clip: Clip,
        notes: Vec<ClipNote>,
        damage: Option<ClipDamage>,
    ) -> Result<Self, ItemFault> {
        refuse_nothing(item, damage.as_ref())?;
        Ok(Self { clip, notes, damage })
    }
}

/// Reads a recording as mono at `sample_rate_hz`; what becomes of a damaged one is in the item.
///
/// # Errors
/// Where it can't be read, whatever its decoder does; for a damaged one that is refused, with what could be saved.
pub fn read_item(item: &Item, sample_rate_hz: u32) -> Result<ReadItem, ItemFault> {
    if let Some(span) = item.span {
        return read_window(item, span, sample_rate_hz);
    }
    let options = options(item, Some(sample_rate_hz));
    let decoded = caught(item, || read_with(&item.path, &options))?;
    let damage = ClipDamage::of(decoded.clip.duration_seconds(), &decoded.losses);
    ReadItem::new(item, decoded.clip, decoded.notes, damage)
}

/// The same as [`read_item`] for recordings of at most this length; a longer one is refused before it takes more memory
/// than that.
///
/// # Errors
/// As [`read_item`], and [`ItemFault::TooLong`].
pub(crate) fn read_item_up_to(
    item: &Item,
    sample_rate_hz: u32,
    longest_seconds: f64,
) -> Result<ReadItem, ItemFault> {
    if let Some(span) = item.span {
        return read_window(item, span, sample_rate_hz);
    }
    let options = options(item, Some(sample_rate_hz));
    let open = || AudioStream::open_with(&item.path, &options);
    let most = longest_seconds * f64::from(sample_rate_hz);
    let too_long = || ItemFault::TooLong {
        path: item.path.clone(),
        longest_seconds,
    };
    let mut stream = caught(item, open)?;
    let mut block = Vec::new();
    let stated = stream.info().duration_seconds();
    if stated.is_some_and(|seconds| seconds > longest_seconds) {
        // What a header says may be wrong, so its samples are counted; none is kept.
        let mut count = 0.0;
        while count <= most && caught(item, || stream.next_block(&mut block))? {
            count += block.len() as f64;
        }
        if count > most {
            return Err(too_long());
        }
        stream = caught(item, open)?;
    }
    let mut samples = Vec::new();
    while caught(item, || stream.next_block(&mut block))? {
        samples.extend_from_slice(&block);
        if samples.len() as f64 > most {
            return Err(too_long());
        }
    }
    let clip = Clip::new(samples, stream.sample_rate_hz());
    let damage = ClipDamage::of(clip.duration_seconds(), stream.losses());
    ReadItem::new(item, clip, stream.notes(), damage)
}

/// What is missing in a window of a recording: sound that is lost is silence there, and so counts.
pub(crate) fn damage_in_window(decoded: &Decoded) -> Option<ClipDamage> {
    let seconds = decoded.clip.duration_seconds();
    ClipDamage::of(seconds, &decoded.losses).map(|damage| ClipDamage { seconds, ..damage })
}

/// Reads a window of a recording.
fn read_window(item: &Item, span: Span, sample_rate_hz: u32) -> Result<ReadItem, ItemFault> {
    let decoded = caught(item, || decode_span(item, span, Some(sample_rate_hz)))?;
    let damage = damage_in_window(&decoded);
    ReadItem::new(item, decoded.clip, decoded.notes, damage)
}

/// How a recording is read: at this rate, or at its own.
pub(crate) fn options(item: &Item, sample_rate_hz: Option<u32>) -> ReadOptions {
    ReadOptions {
        sample_rate_hz,
        damaged: item.damaged,
    }
}

/// Reads a recording in any way; a panic is a fault of this recording.
pub(crate) fn caught<T>(item: &Item, read: impl FnOnce() -> Result<T, AudioError>) -> Result<T, ItemFault> {
    match catch_panic(read) {
        Ok(read) => read.map_err(|error| refusal(item, error)),
        Err(what) => Err(ItemFault::Panic {
            path: item.path.clone(),
            what,
        }),
    }
}

/// Refuses a recording of which nothing is left.
pub(crate) fn refuse_nothing(item: &Item, damage: Option<&ClipDamage>) -> Result<(), ItemFault> {
    match damage {
        Some(damage) if damage.seconds == 0.0 => Err(ItemFault::NothingLeft {
            path: item.path.clone(),
            what: damage.losses.first().cloned().unwrap_or_default(),
        }),
        _ => Ok(()),
    }
}

/// The fault of a recording that can't be read: with what could be saved, if it is a damaged one and refused.
fn refusal(item: &Item, error: AudioError) -> ItemFault {
    // Of a recording in windows, those before the damage are read.
    if item.damaged == Damaged::Salvage || !is_damage(&error) || item.span.is_some() {
        return error.into();
    }
    match what_could_be_saved(&item.path) {
        Some(damage) => ItemFault::Damaged { error, damage },
        None => error.into(),
    }
}

/// Whether a part of the recording may be whole.
fn is_damage(error: &AudioError) -> bool {
    let AudioError::File { fault, .. } = error else {
        return false;
    };
    matches!(
        fault,
        Fault::Truncated(..) | Fault::Corrupt(..) | Fault::NonFinite(..)
    )
}

/// How much of a damaged recording could be used; decoded block by block.
fn what_could_be_saved(path: &Path) -> Option<ClipDamage> {
    let options = ReadOptions {
        sample_rate_hz: None,
        damaged: Damaged::Salvage,
    };
    let read = || -> Result<Option<ClipDamage>, AudioError> {
        let mut stream = AudioStream::open_with(path, &options)?;
        let mut block = Vec::new();
        while stream.next_block(&mut block)? {}
        let rate_hz = f64::from(stream.info().sample_rate_hz.max(1));
        let seconds = stream.frames_read() as f64 / rate_hz;
        Ok(ClipDamage::of(seconds, stream.losses()))
    };
    let damage = catch_panic(read).ok()?.ok()??;
    (damage.seconds > 0.0).then_some(damage)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A recording of a second, silent, at 8 kHz.
    fn second(folder: &Path) -> Item {
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: 8000,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let path = folder.join("a.wav");
        let mut writer = hound::WavWriter::create(&path, spec).unwrap();
        (0..8000_i16).for_each(|k| writer.write_sample(k).unwrap());
        writer.finalize().unwrap();
        Item {
            path,
            ..Item::default()
        }
    }

    #[test]
    fn a_recording_that_is_too_long_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let item = second(folder.path());
        let whole = read_item(&item, 8000).unwrap();
        assert_eq!(read_item_up_to(&item, 8000, 1.0).unwrap(), whole);
        let refused = read_item_up_to(&item, 8000, 0.9);
        assert!(matches!(refused, Err(ItemFault::TooLong { .. })), "{refused:?}");
    }

    /// A bug of a decoder is the fault of the one file.
    #[test]
    fn a_panic_names_the_file() {
        let item = Item {
            path: "a.wav".into(),
            ..Item::default()
        };
        let error = caught::<()>(&item, || panic!("index out of bounds"))
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("a.wav: ") && error.contains("index out of bounds"),
            "{error}"
        );
    }
}
