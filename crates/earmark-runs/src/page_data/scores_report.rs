//! The report of scores that no run directory has: out-of-fold scores of models that were not kept.

use super::PageError;
use super::class_rows::class_rows;
use super::clip_audio::ClipAudio;
use super::evaluated_clips::{confusion, reliability};
use super::gather_run_report::{caution, confusion_chart, info_note, skipped};
use super::worst_clips::worst_clips;
use crate::run_dir::now;
use earmark_core::VERSION;
use earmark_data::Item;
use earmark_metrics::{Aligned, Report, ReportOptions};
use earmark_recipe::Recipe;
use earmark_report::{ComparedWay, Fact, RunReport};
use std::collections::BTreeMap;

/// Scored clips and what is to be said of them.
pub struct ScoredClips<'a> {
    /// What the page is called.
    pub title: String,
    /// The command line that made the scores.
    pub command: String,
    /// Scores of clips by models that were not trained on them, next to the truth.
    pub clips: &'a Aligned,
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

/// The report of out-of-fold scores: classes, confusion, reliability and worst clips.
///
/// # Errors
/// Scores or a front end that can't work.
pub fn scores_report(scored: &ScoredClips) -> Result<RunReport, PageError> {
    let (clips, recipe) = (scored.clips, scored.recipe);
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
    let single_label = recipe.train.loss.is_single_label();
    let mut notes: Vec<_> = scored.cautions.iter().map(caution).collect();
    notes.push(info_note(
        "Each clip is scored by a model that was not trained on it: the clips are divided into folds, and each fold is \
         held out in turn (out-of-fold scores)."
            .into(),
    ));
    notes.extend(scored.remarks.iter().cloned().map(info_note));
    let audio = ClipAudio::of_items(scored.items, &recipe.front_end)?;
    let unread = scored.skipped.iter();
    Ok(RunReport {
        title: scored.title.clone(),
        recipe_toml: recipe.to_toml(),
        command: scored.command.clone(),
        version: VERSION.into(),
        seed: recipe.train.seed,
        started: now(),
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
        // A loss that only ranks gives scores that are not probabilities; what can't be drawn is left out.
        reliability: reliability(clips, single_label, None).unwrap_or_default(),
        worst_clips: worst_clips(clips, scored.folds, Some(&audio))?,
        skipped: unread.map(|(file, reason)| skipped(file, reason)).collect(),
        ..RunReport::default()
    })
}
