//! From the chosen way to the model file: the last training, calibration, the fold that nothing was seen of.

use super::context::FitContext;
use super::folds::draw;
use super::job::{FitCalibration, FitHeldOut};
use super::refit::refit;
use super::score_clips::ClipScores;
use super::ways::{PROBE_FILE, Way, WayKind};
use crate::evaluation::with_truth;
use crate::training::add_damaged;
use crate::validation_split::distinct;
use crate::{Event, PipelineError, Skips, TrainJob, train};
use earmark_data::{ClassMap, DataSet, Item};
use earmark_engine::ModelFile;
use earmark_metrics::{
    Aligned, Calibration, CalibrationOptions, CalibrationTrial, Report, ReportOptions, ScoreTable,
};
use earmark_recipe::Recipe;
use earmark_runs::run_dir::find_model;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

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

/// What calibration does for out-of-fold scores, and the one that is fitted to all of them; thresholds alone where it
/// makes none better.
pub(super) fn calibrate_out_of_fold(
    set: &DataSet,
    clips: &Aligned,
    folds: &[u32],
    single_label: bool,
) -> Result<(FitCalibration, Calibration), PipelineError> {
    let options = calibration_options(single_label);
    let CalibrationTrial {
        calibration,
        before,
        after,
        helps,
    } = CalibrationTrial::of(clips, &calibration_folds(set, clips, folds), options)?;
    let quality = FitCalibration { before, after, helps };
    Ok((quality, calibration))
}

/// The scores of each fold as probabilities by what the other folds show: what a calibration gives on clips that it has
/// not seen.
pub(super) fn calibrated_by_others(
    set: &DataSet,
    clips: &Aligned,
    folds: &[u32],
    single_label: bool,
) -> Result<Aligned, PipelineError> {
    let groups = calibration_folds(set, clips, folds);
    let (crossed, _) = Calibration::cross_fit(clips, &groups, calibration_options(single_label))?;
    Ok(crossed)
}

fn calibration_options(single_label: bool) -> CalibrationOptions {
    CalibrationOptions {
        single_label,
        ..CalibrationOptions::default()
    }
}

/// The folds that calibrate each other: those of the clips, or others where a way was compared on one fold alone.
fn calibration_folds(set: &DataSet, clips: &Aligned, folds: &[u32]) -> Vec<u32> {
    if distinct(folds).len() > 1 {
        return folds.to_vec();
    }
    let items = set.items.iter();
    let by_file: HashMap<&str, &Item> = items.map(|item| (item.file.as_str(), item)).collect();
    let items = clips.files().iter().filter_map(|file| by_file.get(file.as_str()));
    let mut drawn = set.with_items(items.map(|item| (*item).clone()).collect());
    match draw(&mut drawn) {
        Ok(()) => drawn.items.iter().map(|item| item.fold.unwrap_or(0)).collect(),
        // All of one group: a half of them is calibrated by the other.
        Err(_) => (0..clips.files().len()).map(|k| u32::from(k % 2 == 1)).collect(),
    }
}

/// The threshold of each class of a model; none of one without calibration.
pub(super) fn thresholds(model: &Path) -> Result<BTreeMap<String, f32>, PipelineError> {
    let meta = ModelFile::read_metadata(model)?;
    let limits = meta.calibration.map(|calibration| calibration.thresholds);
    Ok(meta.classes.into_iter().zip(limits.unwrap_or_default()).collect())
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
    context.note(format!("{}: the last training, on all clips", way.name));
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
    let path = match way.refits_last_layer() {
        true => {
            let path = run.with_extension("last-layer.safetensors");
            if refit(context, &run, &context.data.train, &path)?.is_none() {
                return Ok(false);
            }
            path
        }
        false => find_model(&run.to_string_lossy())?,
    };
    let mut file = ModelFile::read(&path)?;
    // The model reads the whole folder: lists of clips to leave out are this fit's own.
    let mut recipe = Recipe::parse(&file.meta.recipe, &path)?;
    recipe.set_data(context.job.options.clone());
    file.meta.recipe = recipe.to_toml();
    file.meta.calibration = Some(calibration);
    file.save(&context.job.out)?;
    Ok(true)
}

/// Evaluates the written model on the clips of the outer fold; `None` when stopped. Clips that can't be read are added
/// to `skipped`, and those that are used in part to `damaged`.
pub(super) fn evaluate_held_out(
    context: &FitContext,
    fold: u32,
    skipped: &mut Skips,
    damaged: &mut Skips,
) -> Result<Option<FitHeldOut>, PipelineError> {
    let items = &context.data.test;
    let Some(scored) = ClipScores::of(context, &context.job.out, items, true)? else {
        return Ok(None);
    };
    skipped.extend(scored.skipped);
    add_damaged(damaged, scored.damaged);
    let by_file = items.iter().map(|item| (item.file.as_str(), item)).collect();
    let (clips, _) = aligned(scored.table, &by_file, &context.data.train.classes)?;
    Ok(Some(FitHeldOut {
        fold,
        report: Report::of(&clips, &ReportOptions::default())?,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use earmark_data::{DataOptions, load};
    use earmark_metrics::CalibrationQuality;

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

    /// A way that had time for one fold alone is calibrated all the same.
    #[test]
    fn clips_of_one_fold_calibrate_each_other() {
        let dir = tempfile::tempdir().unwrap();
        for file in [
            "cat/0.wav",
            "cat/1.wav",
            "cat/2.wav",
            "owl/3.wav",
            "owl/4.wav",
            "owl/5.wav",
        ] {
            std::fs::create_dir_all(dir.path().join(file).parent().unwrap()).unwrap();
            std::fs::write(dir.path().join(file), "").unwrap();
        }
        let mut set = load(dir.path(), &DataOptions::default()).unwrap();
        set.items.iter_mut().for_each(|item| item.fold = Some(3));
        let files: Vec<String> = set.items.iter().map(|item| item.file.clone()).collect();
        let scores = ScoreTable::new(files, vec!["cat".into(), "owl".into()], vec![0.5; 12]).unwrap();
        let clips = with_truth(scores, &set.items).unwrap();
        let drawn = calibration_folds(&set, &clips, &[3; 6]);
        assert_eq!(distinct(&drawn).len(), 5, "{drawn:?}");
        let (found, fitted) = calibrate_out_of_fold(&set, &clips, &[3; 6], true).unwrap();
        assert!(!found.helps && fitted.thresholds.len() == 2, "{found:?}");
        assert_eq!(
            calibration_folds(&set, &clips, &[1, 1, 1, 2, 2, 2]),
            [1, 1, 1, 2, 2, 2]
        );
        // What the page shows is what the quality after calibration is that of.
        let crossed = calibrated_by_others(&set, &clips, &[3; 6], true).unwrap();
        let half = [0.5, 0.5];
        let shown = CalibrationQuality::of(&crossed, true, |_| half.as_slice()).unwrap();
        assert_eq!(shown.log_loss, found.after.log_loss);
        assert_eq!(crossed.files(), clips.files());
        // One recording, cut into clips.
        set.items
            .iter_mut()
            .for_each(|item| item.group = Some("x".into()));
        assert_eq!(calibration_folds(&set, &clips, &[3; 6]), [0, 1, 0, 1, 0, 1]);
    }
}
