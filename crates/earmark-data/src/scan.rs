//! Processing every recording of a set, on all cores, with results in item order.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use earmark_audio::{AudioError, AudioInfo, AudioStream, ClipNote};
use rayon::prelude::*;

use crate::damaged_recordings::ClipDamage;

/// Called with (files done, files in total) after each file, from any thread.
pub type OnProgress<'a> = dyn Fn(usize, usize) + Sync + 'a;

/// Applies `process` to each of `items`; the results are in the order of the items, whatever the number of
/// threads.
pub(crate) fn scan<T: Sync, R: Send>(
    items: &[T],
    progress: &OnProgress<'_>,
    process: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let done = AtomicUsize::new(0);
    let one = |item: &T| {
        let result = process(item);
        progress(done.fetch_add(1, Ordering::Relaxed) + 1, items.len());
        result
    };
    items.par_iter().map(one).collect()
}

/// What is known of a stream at its end.
pub(crate) struct DecodedStream {
    pub info: AudioInfo,
    /// Its length, silence for lost sound included.
    pub seconds: f64,
    pub damage: Option<ClipDamage>,
    pub notes: Vec<ClipNote>,
}

/// Decodes a stream to its end, block by block, so that a file of any length needs little memory.
pub(crate) fn decode_all(
    mut stream: AudioStream,
    mut each_block: impl FnMut(&[f32]),
) -> Result<DecodedStream, AudioError> {
    let mut block = Vec::new();
    while stream.next_block(&mut block)? {
        each_block(&block);
    }
    let info = stream.info().clone();
    // From the frames of the file, so resampling does not round the length.
    let seconds = stream.frames_read() as f64 / f64::from(info.sample_rate_hz.max(1));
    Ok(DecodedStream {
        info,
        seconds,
        damage: ClipDamage::of(seconds, stream.losses()),
        notes: stream.notes(),
    })
}

/// Values with how often each occurs, the most frequent first, ties in ascending order.
pub(crate) fn tally<K: Ord + Copy>(values: impl IntoIterator<Item = K>) -> Vec<(K, usize)> {
    let mut counts = BTreeMap::new();
    values
        .into_iter()
        .for_each(|v| *counts.entry(v).or_insert(0) += 1);
    let mut counts: Vec<(K, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|&(_, n)| std::cmp::Reverse(n)); // stable
    counts
}
