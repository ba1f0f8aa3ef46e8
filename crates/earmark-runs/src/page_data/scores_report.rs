//! The report of scores that no run directory has: out-of-fold scores of models that were not kept.

use super::PageError;
use super::class_rows::class_rows;
use super::clip_audio::ClipAudio;
use super::evaluated_clips::{confusion, reliability};
use super::gather_run_report::{caution, confusion_chart, info_note, skipped};
use super::worst_clips::worst_clips;
use earmark_core::VERSION;
use earmark_data::Item;
use earmark_metrics::{Aligned, Report, ReportOptions};
use earmark_recipe::Recipe;
use earmark_report::{ComparedWay, Fact, ReliabilityCurve, RunReport};
use std::collections::BTreeMap;

/// Scored clips and what is to be said of them.
pub struct ScoredClips<'a> {
    /// What the page is called.
    pub title: String,
    /// The command line that made the scores.
    pub command: String,
    /// When that began, as it should be read.
    pub started: String,
    /// Scores of clips by models that were not trained on them, next to the truth.
    pub clips: &'a Aligned,
    /// The same clips in the same order with calibrated scores, each fold by the others, where the model calibrates
    /// its own.
    pub calibrated: Option<&'a Aligned>,
    /// The fold of each clip.
    pub folds: &'a [u32],
    /// The clips of the data folder, for their audio.
    pub items: &'a [Item],
    /// The recipe of the models.
    pub recipe: &'a Recipe,
    /// Names and values for the head of the page.
    pub facts: Vec<(String, String)>,
    /// The ways to a model that were compared, and those that were left out.
    pub ways: Vec<ComparedWay>,
    /// The score from which on the model says that a class is there, by class.
    pub thresholds: &'a BTreeMap<String, f32>,
    /// What is good to know about the numbers.
    pub remarks: &'a [String],
    /// What to know before believing the numbers.
    pub cautions: &'a [String],
    /// Clips that could not be read, with the reason.
    pub skipped: &'a [(String, String)],
}

/// The report of out-of-fold scores: classes, confusion, reliability and worst clips, of the calibrated scores where
/// there are such.
///
/// # Errors
/// Scores or a front end that can't work.
pub fn scores_report(scored: &ScoredClips) -> Result<RunReport, PageError> {
    let (clips, recipe) = (scored.calibrated.unwrap_or(scored.clips), scored.recipe);
    let matrix = confusion(clips)?;
    let results = serde_json::to_value(Report::of(clips, &ReportOptions::default())?).unwrap_or_default();
    let (mut per_class, mut decision_rule) = class_rows(clips.classes(), &results, matrix.as_ref());
    for class in &mut per_class {
        class.threshold = scored
            .thresholds
            .get(&class.name)
            .map(|threshold| f64::from(*threshold));
    }
    if !scored.thresholds.is_empty() {
        decision_rule += " The threshold is the score from which on the model says that the class is there.";
    }
    let mut notes: Vec<_> = scored.cautions.iter().map(caution).collect();
    notes.push(info_note(
        "Each clip is scored by a model that was not trained on it: the clips are divided into folds, and each fold is \
         held out in turn (out-of-fold scores)."
            .into(),
    ));
    if scored.calibrated.is_some() {
        notes.push(info_note(
            "The scores are calibrated, as those of the model are: those of each fold by what the other folds show. \
             Ways are compared by scores as they were before."
                .into(),
        ));
    }
    notes.extend(scored.remarks.iter().cloned().map(info_note));
    let audio = ClipAudio::of_items(scored.items, &recipe.front_end)?;
    let unread = scored.skipped.iter();
    Ok(RunReport {
        title: scored.title.clone(),
        recipe_toml: recipe.to_toml(),
        command: scored.command.clone(),
        version: VERSION.into(),
        seed: recipe.train.seed,
        started: scored.started.clone(),
        summary: scored
            .facts
            .iter()
            .map(|(name, value)| Fact::new(name, value))
            .collect(),
        notes,
        ways: scored.ways.clone(),
        per_class,
        decision_rule,
        confusion: matrix.as_ref().map(confusion_chart).transpose()?,
        reliability: curves(scored),
        worst_clips: worst_clips(clips, scored.folds, Some(&audio))?,
        skipped: unread.map(|(file, reason)| skipped(file, reason)).collect(),
        ..RunReport::default()
    })
}

/// How far the scores are probabilities, before and after calibration.
fn curves(scored: &ScoredClips) -> Vec<ReliabilityCurve> {
    let single_label = scored.recipe.train.loss.is_single_label();
    // A loss that only ranks gives scores that are not probabilities; what can't be drawn is left out.
    let of = |clips: &Aligned| reliability(clips, single_label, None).unwrap_or_default();
    let Some(calibrated) = scored.calibrated else {
        return of(scored.clips);
    };
    let mut all = Vec::new();
    for (name, clips) in [
        ("before calibration", scored.clips),
        ("calibrated by the other folds", calibrated),
    ] {
        all.extend(of(clips).into_iter().map(|curve| ReliabilityCurve {
            name: name.to_owned(),
            ..curve
        }));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use earmark_metrics::ScoreTable;

    /// Two clips of two classes, the second of which is taken for the wrong one, with this score of what is chosen.
    fn clips(sure: f32) -> Aligned {
        let table = ScoreTable::new(
            vec!["right.wav".into(), "wrong.wav".into()],
            vec!["x".into(), "y".into()],
            vec![sure, 1.0 - sure, sure, 1.0 - sure],
        )
        .unwrap();
        Aligned::from_rows(table, vec![true, false, false, true]).unwrap()
    }

    /// What the page shows of a calibrated model is what the model would say.
    #[test]
    fn calibrated_scores_are_shown_where_there_are_some() {
        let recipe = Recipe::load("summary-baseline/any", &[]).unwrap();
        let (raw, calibrated) = (clips(0.75), clips(0.625));
        let report = |calibrated| {
            let scored = ScoredClips {
                title: "m".into(),
                command: "earmark fit x".into(),
                started: "2001-02-03T04:05:06Z".into(),
                clips: &raw,
                calibrated,
                folds: &[1, 2],
                items: &[],
                recipe: &recipe,
                facts: Vec::new(),
                ways: Vec::new(),
                thresholds: &BTreeMap::new(),
                remarks: &[],
                cautions: &[],
                skipped: &[],
            };
            scores_report(&scored).unwrap()
        };
        let names = |report: &RunReport| -> Vec<String> {
            report
                .reliability
                .iter()
                .map(|curve| curve.name.clone())
                .collect()
        };
        let plain = report(None);
        assert_eq!(plain.started, "2001-02-03T04:05:06Z", "as it was given");
        assert_eq!(names(&plain), ["scores"]);
        assert_eq!(plain.worst_clips.len(), 1);
        assert_eq!(plain.worst_clips[0].file, "wrong.wav");
        assert_eq!(plain.worst_clips[0].predictions[0].score, 0.75);
        let shown = report(Some(&calibrated));
        assert_eq!(
            names(&shown),
            ["before calibration", "calibrated by the other folds"]
        );
        assert_eq!(shown.worst_clips[0].predictions[0].score, 0.625);
        assert_eq!(shown.notes.len(), plain.notes.len() + 1);
    }
}
