//! Clips to a table of summary features, useful without any model.

use crate::{Event, Observer, PipelineError, Skips};
use earmark_data::feature_store::ItemFault;
use earmark_data::{ClassMap, Item};
use earmark_features::{HandcraftedFeatures, Trimming, handcrafted_names};
use rayon::prelude::*;
use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Clips that are summarised between two pieces of the table: enough for many cores, and little memory.
const PIECE: usize = 64;

/// Writes a CSV table: `file`, then `label` where any clip has one (several are separated by commas), `fold` where any clip is in one,
/// then the 1,133 features by their names. Clips come in the order of `items`; those that can't be read are left out of the table,
/// told and returned.
///
/// # Errors
///
/// When `to` can't be written to. The second value is whether all clips had their turn: false once `stop` is set.
pub fn write_summaries(
    items: &[Item],
    classes: &ClassMap,
    to: &mut dyn Write,
    observer: Observer,
    stop: &AtomicBool,
) -> std::io::Result<(Skips, bool)> {
    let summariser = HandcraftedFeatures::new();
    let labels = items.iter().any(|item| !item.labels.is_empty());
    let folds = items.iter().any(|item| item.fold.is_some());
    let mut csv = csv::Writer::from_writer(to);
    let mut header = vec!["file".to_owned()];
    header.extend(labels.then(|| "label".to_owned()));
    header.extend(folds.then(|| "fold".to_owned()));
    header.extend(handcrafted_names());
    csv.write_record(&header)?;
    let done = AtomicUsize::new(0);
    let mut skipped = Skips::new();
    for piece in items.chunks(PIECE) {
        let one = |item: &Item| {
            if stop.load(Ordering::Relaxed) {
                return None;
            }
            let features = summary_of(&summariser, item);
            observer(Event::Features {
                done: done.fetch_add(1, Ordering::Relaxed) + 1,
                total: items.len(),
            });
            Some(features)
        };
        let rows: Vec<Option<Result<Vec<f32>, ItemFault>>> = piece.par_iter().map(one).collect();
        for (item, row) in piece.iter().zip(rows) {
            let features = match row {
                None => return Ok((skipped, false)),
                Some(Ok(features)) => features,
                Some(Err(fault)) => {
                    let text = fault.to_string();
                    let path = format!("{}: ", item.path.display());
                    let reason = text.strip_prefix(&path).unwrap_or(&text).to_owned();
                    observer(Event::Skipped {
                        file: &item.file,
                        reason: &reason,
                    });
                    skipped.push((item.file.clone(), reason));
                    continue;
                }
            };
            let names = item.labels.iter().filter_map(|label| classes.name(*label));
            let mut record = vec![item.file.clone()];
            record.extend(labels.then(|| names.collect::<Vec<&str>>().join(",")));
            record.extend(folds.then(|| item.fold.map(|fold| fold.to_string()).unwrap_or_default()));
            record.extend(features.iter().map(f32::to_string));
            csv.write_record(&record)?;
        }
    }
    csv.flush()?;
    Ok((skipped, true))
}

/// The features of one clip, its silent ends cut off as published.
fn summary_of(summariser: &HandcraftedFeatures, item: &Item) -> Result<Vec<f32>, ItemFault> {
    let decoded = earmark_audio::read(&item.path, HandcraftedFeatures::SAMPLE_RATE_HZ)?;
    let clip = decoded.clip;
    let trimmed = Trimming::default().apply(&clip.samples, clip.sample_rate_hz);
    Ok(summariser.of_samples(&trimmed)?)
}

/// Single files as items, named as they were given.
///
/// # Errors
///
/// When one is a folder.
pub fn file_items(files: &[std::path::PathBuf]) -> Result<Vec<Item>, PipelineError> {
    let item = |path: &std::path::PathBuf| {
        if path.is_dir() {
            return Err(PipelineError::Request(format!(
                "{0}: is a folder; give it with --data {0}, or name the files in it",
                path.display()
            )));
        }
        Ok(Item {
            file: path.to_string_lossy().into_owned(),
            path: path.clone(),
            subset: "files".into(),
            ..Item::default()
        })
    };
    files.iter().map(item).collect()
}
