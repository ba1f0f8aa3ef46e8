//! Decodes one recording and measures it: length, amplitude, clipped samples, and a hash of the sound. Which recordings are
//! empty, silent or clipped.

use earmark_audio::{AudioError, AudioInfo, AudioStream};

use super::fingerprint::{Fingerprint, Fingerprinter};
use super::options::CheckOptions;
use crate::damaged_recordings::ClipRemarks;
use crate::dataset::item::Item;
use crate::feature_store::ItemFault;
use crate::read_recordings::{caught, options, refuse_nothing};
use crate::scan::decode_all;

/// What a recording contains, decoded to its end.
pub(super) struct Measured {
    pub info: AudioInfo,
    pub seconds: f64,
    /// Number of samples after the down-mix.
    pub samples: u64,
    /// Half of the highest minus the lowest sample: 0 for a constant offset.
    pub amplitude: f32,
    /// Samples in runs of at least [`RUN`] at full scale.
    pub clipped: u64,
    /// BLAKE3 of rate and samples.
    pub content: blake3::Hash,
    /// What it sounds like.
    pub fingerprint: Fingerprint,
    /// What is missing of it, and what contradicts it.
    pub remarks: Option<ClipRemarks>,
}

/// The recordings that can be decoded to their end.
pub(super) type Readable<'a> = Vec<(&'a Item, &'a Measured)>;

impl Measured {
    /// Without any sample.
    pub fn is_empty(&self) -> bool {
        self.samples == 0
    }

    /// Below the wanted level throughout; not so where it is empty.
    pub fn is_silent(&self, options: &CheckOptions) -> bool {
        let silent_below = 10f64.powf(options.silence_dbfs / 20.0);
        self.samples > 0 && f64::from(self.amplitude) < silent_below
    }

    /// With more than the tolerated share of samples at full scale.
    pub fn is_clipped(&self, options: &CheckOptions) -> bool {
        self.clipped as f64 > options.clipped_share * self.samples as f64
    }
}

/// The smallest absolute value that counts as full scale: the largest 16-bit sample is 0.99997, and decoders of
/// lossy formats round.
const FULL_SCALE: f32 = 0.999;

/// A single sample at full scale is a loud recording; a run of them is a flat top.
const RUN: u64 = 3;

/// Measures a recording; what becomes of a damaged one is in the item.
pub(super) fn measure(item: &Item) -> Result<Measured, ItemFault> {
    let open = || AudioStream::open_with(&item.path, &options(item, None));
    let measured = caught(item, || measure_stream(open()?))?;
    let damage = measured
        .remarks
        .as_ref()
        .and_then(|remarks| remarks.damage.as_ref());
    refuse_nothing(item, damage)?;
    Ok(measured)
}

fn measure_stream(stream: AudioStream) -> Result<Measured, AudioError> {
    let mut hash = blake3::Hasher::new();
    hash.update(&stream.sample_rate_hz().to_le_bytes());
    let (mut low, mut high) = (f32::INFINITY, f32::NEG_INFINITY);
    let (mut samples, mut clipped, mut run) = (0, 0, 0);
    let mut bytes = Vec::new();
    let mut printer = Fingerprinter::new(stream.sample_rate_hz());
    let decoded = decode_all(stream, |block| {
        bytes.clear();
        for &x in block {
            bytes.extend_from_slice(&x.to_le_bytes());
            low = low.min(x);
            high = high.max(x);
            if x.abs() >= FULL_SCALE {
                run += 1;
            } else {
                clipped += if run >= RUN { run } else { 0 };
                run = 0;
            }
        }
        samples += block.len() as u64;
        hash.update(&bytes);
        printer.push(block);
    })?;
    clipped += if run >= RUN { run } else { 0 };
    let amplitude = if samples == 0 { 0.0 } else { (high - low) / 2.0 };
    Ok(Measured {
        remarks: ClipRemarks::of(&decoded.notes, decoded.damage.as_ref()),
        info: decoded.info,
        seconds: decoded.seconds,
        samples,
        amplitude,
        clipped,
        content: hash.finalize(),
        fingerprint: printer.finish(),
    })
}
