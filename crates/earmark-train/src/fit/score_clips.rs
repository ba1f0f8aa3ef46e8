//! Scores of some clips by a model file.

use super::context::FitContext;
use crate::training::damaged_in;
use crate::{Event, PipelineError, Skips, reason};
use earmark_data::{FeatureStore, Item};
use earmark_engine::ScoreJob;
use earmark_features::Extractor;
use earmark_inference::{Device, Model};
use earmark_metrics::ScoreTable;
use std::path::Path;

/// Scores of clips, and what happened to the others.
pub(super) struct ClipScores {
    pub table: ScoreTable,
    /// Clips that can't be read.
    pub skipped: Skips,
    /// Clips that are used in part.
    pub damaged: Skips,
}

impl ClipScores {
    /// Scores clips, calibrated as the model says or not; `None` when stopped.
    pub fn of(
        context: &FitContext,
        model: &Path,
        items: &[Item],
        is_calibrated: bool,
    ) -> Result<Option<Self>, PipelineError> {
        let model = Model::open_file(model, &Device::named(&context.job.device)?)?;
        let calibration = model.calibration().filter(|_| is_calibrated);
        let recipe = model.recipe();
        let store = FeatureStore::new(Extractor::new(&recipe.front_end)?, &recipe.cache)?;
        let job = ScoreJob {
            clips: items.len(),
            workers: store.workers(),
            stop: context.stop,
            own_passes: false,
        };
        let (mut files, mut values, mut skipped) = (Vec::new(), Vec::new(), Skips::new());
        let fetch = |i: usize| store.get(&items[i], None);
        let whole = model.scorer().score(&job, fetch, |i, result| {
            match result {
                Ok(mut scores) => {
                    if let Some(calibration) = calibration {
                        calibration.apply(&mut scores);
                    }
                    files.push(items[i].file.clone());
                    values.extend(scores);
                }
                Err(e) => {
                    let (file, reason) = (items[i].file.clone(), reason(&items[i], &e));
                    context.show(Event::Skipped {
                        file: &file,
                        reason: &reason,
                    });
                    skipped.push((file, reason));
                }
            }
            true
        })?;
        if !whole {
            return Ok(None);
        }
        let damaged = damaged_in(&store);
        for (file, what) in &damaged {
            context.show(Event::Damaged { file, what });
        }
        Ok(Some(Self {
            table: ScoreTable::new(files, model.classes().to_vec(), values)?,
            skipped,
            damaged,
        }))
    }
}
