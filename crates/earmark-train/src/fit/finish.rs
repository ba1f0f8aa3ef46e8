//! From the chosen way to the model file: the last training, calibration, the fold that nothing was seen of.

use super::context::FitContext;
use super::job::{FitCalibration, FitHeldOut};
use super::ways::{PROBE_FILE, Way, WayKind};
use crate::evaluation::with_truth;
use crate::training::{add_damaged, damaged_in};
use crate::{Event, PipelineError, Skips, TrainJob, reason, train};
use earmark_data::{ClassMap, FeatureStore, Item};
use earmark_engine::{ModelFile, ScoreJob};
use earmark_features::Extractor;
use earmark_inference::{Device, Model};
use earmark_metrics::{
    Aligned, Calibration, CalibrationOptions, CalibrationQuality, Report, ReportOptions, ScoreTable,
};
use earmark_recipe::Recipe;
use earmark_runs::run_dir::find_model;
use std::collections::HashMap;

/// Scores of clips of a set next to their labels, and the fold of each.
pub(super) fn aligned(
    scores: ScoreTable,
    items: &HashMap<&str, &Item>,
    classes: &ClassMap,
) -> Result<(Aligned, Vec<u32>), PipelineError> {
    let own = ClassMap::from_names(scores.classes().to_vec())?;
    let mut clips = Vec::with_capacity(scores.files().len());
    for file in scores.files() {
        let Some(item) = items.get(file.as_str()) else {
            return Err(PipelineError::Request(format!(
                "the out-of-fold scores have {file:?}, which is not a clip of this folder; begin again with --restart"
            )));
        };
        let labels = item.labels.iter();
        let labels = labels.filter_map(|&label| own.index(classes.name(label)?));
        clips.push(Item {
            labels: labels.collect(),
            ..(*item).clone()
        });
    }
    let folds = clips.iter().map(|item| item.fold.unwrap_or(0)).collect();
    Ok((with_truth(scores, &clips)?, folds))
}

/// The quality of out-of-fold scores before and after calibration, and the calibration fitted to all of them.
pub(super) fn calibrate_out_of_fold(
    clips: &Aligned,
    folds: &[u32],
    single_label: bool,
) -> Result<(FitCalibration, Calibration), PipelineError> {
    let options = CalibrationOptions {
        single_label,
        ..CalibrationOptions::default()
    };
    let half = vec![0.5; clips.classes().len()];
    let (crossed, limits) = Calibration::cross_fit(clips, folds, options)?;
    let quality = FitCalibration {
        before: CalibrationQuality::of(clips, single_label, |_| &half)?,
        after: CalibrationQuality::of(&crossed, single_label, |clip| limits[clip].as_slice())?,
    };
    Ok((quality, Calibration::fit(clips, options)?))
}

/// Writes the model of a way, trained on all clips; false when stopped. A probe is trained and calibrated already.
pub(super) fn write_model(
    context: &FitContext,
    way: &Way,
    calibration: Calibration,
) -> Result<bool, PipelineError> {
    let WayKind::Train(recipe) = &way.kind else {
        ModelFile::read(&context.work.path.join(PROBE_FILE))?.save(&context.job.out)?;
        return Ok(true);
    };
    context.note(format!("{}: a training on all clips", way.name));
    let run = context.work.path.join(format!("{}-all", way.name));
    let job = TrainJob {
        // Without a test fold; the clips to leave out are left out by the recipe.
        fold_table: None,
        ..context.training(recipe, run.clone())
    };
    let show = |event: Event| context.show(event);
    if train(&job, &show, context.stop)?.outcome.interrupted {
        return Ok(false);
    }
    let path = find_model(&run.to_string_lossy())?;
    let mut file = ModelFile::read(&path)?;
    // The model reads the whole folder: lists of clips to leave out are this fit's own.
    let mut recipe = Recipe::parse(&file.meta.recipe, &path)?;
    recipe.data = context.job.options.clone();
    file.meta.recipe = recipe.to_toml();
    file.meta.calibration = Some(calibration);
    file.save(&context.job.out)?;
    Ok(true)
}

/// Evaluates the written model on the clips of the outer fold; `None` when stopped. Clips that can't be read are added to `skipped`, and
/// those that are used in part to `damaged`.
pub(super) fn evaluate_held_out(
    context: &FitContext,
    fold: u32,
    skipped: &mut Skips,
    damaged: &mut Skips,
) -> Result<Option<FitHeldOut>, PipelineError> {
    let items = &context.data.test;
    let model = Model::open_file(&context.job.out, &Device::named(&context.job.device)?)?;
    let recipe = model.recipe();
    let store = FeatureStore::new(Extractor::new(&recipe.front_end)?, &recipe.cache)?;
    let job = ScoreJob {
        clips: items.len(),
        workers: store.workers(),
        stop: context.stop,
    };
    let (mut files, mut values) = (Vec::new(), Vec::new());
    let fetch = |i: usize| store.get(&items[i], None);
    let whole = model.scorer().score(&job, fetch, |i, result| {
        match result {
            Ok(mut scores) => {
                if let Some(calibration) = model.calibration() {
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
    let used_in_part = damaged_in(&store);
    for (file, what) in &used_in_part {
        context.show(Event::Damaged { file, what });
    }
    add_damaged(damaged, used_in_part);
    let scores = ScoreTable::new(files, model.classes().to_vec(), values)?;
    let by_file = items.iter().map(|item| (item.file.as_str(), item)).collect();
    let (clips, _) = aligned(scores, &by_file, &context.data.train.classes)?;
    Ok(Some(FitHeldOut {
        fold,
        report: Report::of(&clips, &ReportOptions::default())?,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The scores of a probe have no column for background, and their own order.
    #[test]
    fn labels_are_those_of_the_scores() {
        let item = |file: &str, label: usize| Item {
            file: file.into(),
            labels: vec![label],
            fold: Some(3),
            ..Item::default()
        };
        let items = [item("a", 0), item("b", 2), item("n", 1)];
        let by_file = items.iter().map(|item| (item.file.as_str(), item)).collect();
        let classes = ClassMap::from_names(["cat", "noise", "owl"]).unwrap();
        let scores = |files: &[&str]| {
            let values = vec![0.5; 2 * files.len()];
            let files = files.iter().map(|file| (*file).to_owned()).collect();
            ScoreTable::new(files, vec!["owl".into(), "cat".into()], values).unwrap()
        };
        let (clips, folds) = aligned(scores(&["b", "a", "n"]), &by_file, &classes).unwrap();
        let truth: Vec<&[bool]> = clips.rows().map(|(_, truth)| truth).collect();
        assert_eq!(truth, [[true, false], [false, true], [false, false]]);
        assert_eq!(folds, [3, 3, 3]);
        let refused = aligned(scores(&["x"]), &by_file, &classes)
            .unwrap_err()
            .to_string();
        assert!(refused.contains("\"x\", which is not a clip"), "{refused}");
    }
}
