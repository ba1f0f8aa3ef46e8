//! A table of handcrafted clip features, useful without any model.

use crate::error::without_path;
pub use crate::predict::file_items;
use crate::progress::skip;
use crate::{Event, Observer, Remarks, Skips};
use earmark_core::caught_panics::catch_panic;
use earmark_core::labels::LabelRule;
use earmark_data::feature_store::{ItemFault, seconds_beyond};
use earmark_data::{ClassMap, ClipRemarks, Item, read_item};
use earmark_features::{FeatureError, HandcraftedFeatures, Trimming, handcrafted_names};
use rayon::prelude::*;
use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Clips computed before rows are written: enough for many cores, and little memory.
const CLIPS_AT_ONCE: usize = 64;

/// What became of the clips of a table.
#[derive(Clone, Debug, Default)]
pub struct HandcraftedResult {
    /// Those that could not be read, which have no row.
    pub skipped: Skips,
    /// What is missing of the others, and what contradicts their sound.
    pub remarks: Remarks,
    /// Whether all rows are written; false when stopped.
    pub complete: bool,
}

/// Writes a CSV table: `file`, then `label` if any clip has one (`labels`, separated by commas, if any has several), `fold` if any clip
/// is in one, then the 1,133 features by name. Clips are in the order of `items`; those that can't be read are left out, reported and returned.
///
/// # Errors
///
/// When `to` can't be written to.
pub fn write_handcrafted_features(
    items: &[Item],
    classes: &ClassMap,
    to: &mut dyn Write,
    observer: Observer,
    stop: &AtomicBool,
) -> std::io::Result<HandcraftedResult> {
    let extractor = HandcraftedFeatures::new();
    let most = items.iter().map(|item| item.labels.len()).max().unwrap_or(0);
    // The name of the column says how its cells are read.
    let (labels, column, rule) = match most {
        0 | 1 => (most > 0, "label", LabelRule::One),
        _ => (true, "labels", LabelRule::several()),
    };
    let folds = items.iter().any(|item| item.fold.is_some());
    let mut csv = csv::Writer::from_writer(to);
    let mut header = vec!["file".to_owned()];
    header.extend(labels.then(|| column.to_owned()));
    header.extend(folds.then(|| "fold".to_owned()));
    header.extend(handcrafted_names());
    csv.write_record(&header)?;
    let done = AtomicUsize::new(0);
    let mut result = HandcraftedResult::default();
    for piece in items.chunks(CLIPS_AT_ONCE) {
        let one = |item: &Item| {
            if stop.load(Ordering::Relaxed) {
                return None;
            }
            let features = features_of_clip(&extractor, item);
            observer(Event::Features {
                done: done.fetch_add(1, Ordering::Relaxed) + 1,
                total: items.len(),
            });
            Some(features)
        };
        let rows: Vec<Option<Result<ClipRow, ItemFault>>> = piece.par_iter().map(one).collect();
        for (item, row) in piece.iter().zip(rows) {
            let (features, remarks) = match row {
                None => return Ok(result),
                Some(Ok(row)) => row,
                Some(Err(fault)) => {
                    let reason = without_path(&fault.to_string(), &item.path);
                    skip(observer, &mut result.skipped, &item.file, reason);
                    continue;
                }
            };
            if let Some(remarks) = remarks {
                result.remarks.say(&item.file, remarks);
            }
            let names = item.labels.iter().filter_map(|label| classes.name(*label));
            let mut record = vec![item.file.clone()];
            record.extend(labels.then(|| rule.write(&names.collect::<Vec<&str>>())));
            record.extend(folds.then(|| item.fold.map(|fold| fold.to_string()).unwrap_or_default()));
            record.extend(features.iter().map(f32::to_string));
            csv.write_record(&record)?;
        }
    }
    csv.flush()?;
    result.complete = true;
    Ok(result)
}

/// The features of one clip, and what is to be said about it.
type ClipRow = (Vec<f32>, Option<ClipRemarks>);

/// The features of one clip, with silence trimmed from its ends as published.
fn features_of_clip(extractor: &HandcraftedFeatures, item: &Item) -> Result<ClipRow, ItemFault> {
    // Before all of it is read: silence that is trimmed may be as long as what is left.
    if let Some(seconds) = seconds_beyond(item, 2.0 * HandcraftedFeatures::MAX_SECONDS as f64) {
        let (seconds, max_seconds) = (seconds as usize, HandcraftedFeatures::MAX_SECONDS);
        return Err(FeatureError::TooLong { seconds, max_seconds }.into());
    }
    let read = read_item(item, HandcraftedFeatures::SAMPLE_RATE_HZ)?;
    let compute = || {
        let trimmed = Trimming::default().apply(&read.clip.samples, read.clip.sample_rate_hz);
        extractor.of_samples(&trimmed)
    };
    let features = catch_panic(compute).map_err(|what| ItemFault::Panic {
        path: item.path.clone(),
        what,
    })??;
    Ok((features, ClipRemarks::of(&read.notes, read.damage.as_ref())))
}
