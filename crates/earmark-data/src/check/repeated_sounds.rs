//! Recordings that sound the same as others, or like nothing, for who makes folds: without the rest of a check.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use super::clipping_and_amplitude::{Measured, measure};
use super::fingerprint::Fingerprint;
use super::near_duplicates::near_duplicates;
use super::options::CheckOptions;
use crate::dataset::item::Item;
use crate::scan::{OnProgress, scan};

/// Recordings that sound the same as others, as indices into the items that were looked at, ascending; and those that
/// can't be read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepeatedSounds {
    /// Recordings with exactly the same sound.
    pub same: Vec<Vec<usize>>,
    /// Recordings with nearly the same sound: cut, louder, resampled or compressed again; some of each may be exactly
    /// the same.
    pub similar: Vec<Vec<usize>>,
    /// What can't be decoded to its end, and why.
    pub unreadable: Vec<(usize, String)>,
    /// Recordings that are silent throughout; earlier versions did not keep them.
    #[serde(default)]
    pub silent: Vec<usize>,
    /// Recordings with a valid header and no samples; earlier versions did not keep them.
    #[serde(default)]
    pub empty: Vec<usize>,
}

/// Decodes all of `items` and finds those that sound the same; silent ones sound like nothing. `None` once `stop` is
/// set.
pub fn repeated_sounds(
    items: &[Item],
    options: &CheckOptions,
    progress: &OnProgress<'_>,
    stop: &AtomicBool,
) -> Option<RepeatedSounds> {
    let look = |item: &Item| (!stop.load(Ordering::Relaxed)).then(|| measure(item));
    let mut found = RepeatedSounds::default();
    let mut audible: Vec<(usize, Measured)> = Vec::new();
    for (at, measured) in scan(items, progress, look).into_iter().enumerate() {
        match measured? {
            Ok(sound) if sound.is_empty() => found.empty.push(at),
            Ok(sound) if sound.is_silent(options) => found.silent.push(at),
            Ok(sound) => audible.push((at, sound)),
            Err(fault) => {
                let (message, path) = (fault.to_string(), format!("{}: ", items[at].path.display()));
                let reason = message.strip_prefix(&path).unwrap_or(&message);
                found.unreadable.push((at, reason.to_owned()));
            }
        }
    }
    let mut by_sound: BTreeMap<[u8; 32], Vec<usize>> = BTreeMap::new();
    for (at, sound) in &audible {
        by_sound.entry(*sound.content.as_bytes()).or_default().push(*at);
    }
    found.same = by_sound.into_values().filter(|same| same.len() > 1).collect();
    found.same.sort();
    let prints: Vec<&Fingerprint> = audible.iter().map(|(_, sound)| &sound.fingerprint).collect();
    for cluster in near_duplicates(&prints).groups {
        let sounds: BTreeSet<&[u8; 32]> = cluster.iter().map(|&k| audible[k].1.content.as_bytes()).collect();
        if sounds.len() > 1 {
            found
                .similar
                .push(cluster.iter().map(|&k| audible[k].0).collect());
        }
    }
    Some(found)
}
