//! The report of a fit as a page.

use super::context::FitContext;
use super::job::{FitCalibration, FitFolderResult};
use super::ways::PROBE_FILE;
use crate::PipelineError;
use earmark_core::human::{human_amount, human_duration};
use earmark_core::text::command_line;
use earmark_engine::ModelFile;
use earmark_metrics::{Aligned, number};
use earmark_recipe::Recipe;
use earmark_runs::pages::{ComparedWay, ScoredClips, scores_report, write_report};

/// The out-of-fold scores of the chosen way.
pub(super) struct ChosenScores<'a> {
    /// As the models gave them.
    pub clips: &'a Aligned,
    /// Those of each fold calibrated by the other folds, where the written model calibrates its scores.
    pub calibrated: Option<&'a Aligned>,
    /// The fold of each clip.
    pub folds: &'a [u32],
}

/// Writes `report.html` into the folder of work, about the out-of-fold scores of the chosen way. `recipe` is what it
/// trained, for a probe that of its model file.
pub(super) fn write_page(
    context: &FitContext,
    result: &FitFolderResult,
    scores: ChosenScores,
    recipe: Option<&Recipe>,
) -> Result<(), PipelineError> {
    let of_probe;
    let recipe = match recipe {
        Some(recipe) => recipe,
        None => {
            let path = context.work.path.join(PROBE_FILE);
            of_probe = Recipe::parse(&ModelFile::read_metadata(&path)?.recipe, &path)?;
            &of_probe
        }
    };
    let said = remarks(result);
    let scored = ScoredClips {
        title: result.model.display().to_string(),
        command: command_line(&context.job.command),
        started: context.began.to_owned(),
        clips: scores.clips,
        calibrated: scores.calibrated,
        folds: scores.folds,
        items: &context.data.train.items,
        recipe,
        facts: facts(context, result),
        ways: ways(result),
        thresholds: &result.thresholds,
        remarks: &said,
        cautions: &result.warnings,
        skipped: &result.skipped,
    };
    let failed = |e: earmark_runs::pages::PageError| PipelineError::Request(e.to_string());
    let report = scores_report(&scored).map_err(failed)?;
    write_report(&context.work.path, &report).map_err(failed)?;
    Ok(())
}

/// What was chosen, and how good it is.
fn facts(context: &FitContext, result: &FitFolderResult) -> Vec<(String, String)> {
    let fact = |name: &str, value: String| (name.to_owned(), value);
    let mut facts = vec![
        fact("data", context.data.train.describe()),
        fact(
            "chosen way",
            format!("{} of {}", result.chosen, result.ways.len()),
        ),
        fact("clips", human_amount(result.clips, "clip", "clips")),
        fact(
            "compared on",
            human_amount(result.folds, "fold", "folds of the training clips"),
        ),
        fact("calibration", calibration(&result.calibration)),
    ];
    if let Some(guess) = &result.guessing {
        let text = format!("accuracy {}", number(Some(guess.accuracy.expected)));
        facts.push(fact("guessing", text));
    }
    if let Some(held_out) = &result.held_out {
        let text = format!(
            "accuracy {}, lwlrap {} of {}, which chose nothing",
            number(held_out.report.accuracy),
            number(held_out.report.lwlrap),
            human_amount(held_out.report.clips, "clip", "clips")
        );
        facts.push(fact(&format!("fold {}", held_out.fold), text));
    }
    facts
}

/// Whether scores are calibrated, by what that does for held-out clips.
fn calibration(found: &FitCalibration) -> String {
    let (before, after) = (number(found.before.log_loss), number(found.after.log_loss));
    match found.helps {
        true => format!("scores are probabilities: log loss {after} on held-out clips, {before} without"),
        false => format!(
            "left out, as held-out scores got no better by it: log loss {after} with it, {before} without"
        ),
    }
}

/// What is to be known about the numbers, in words.
fn remarks(result: &FitFolderResult) -> Vec<String> {
    let chosen = match &result.held_out {
        _ if result.ways.len() == 1 => {
            "No other way was tried, so that the scores below have chosen nothing.".into()
        }
        Some(held_out) => format!(
            "The scores below have chosen between the ways, so that those of the chosen one are a little too good; \
             those of fold {} have chosen nothing.",
            held_out.fold
        ),
        None => "The scores below have chosen between the ways, so that those of the chosen one are a little too good. \
                 earmark fit with --fold K sees nothing of fold K before the finished model is tested on it: that \
                 score has chosen nothing."
            .into(),
    };
    vec![
        chosen,
        "What accuracy, lwlrap, AP, AUC, F1, log loss and other words mean is in docs/glossary.md.".into(),
    ]
}

/// The ways that were compared, and those that were left out.
fn ways(result: &FitFolderResult) -> Vec<ComparedWay> {
    let tried = result.ways.iter().map(|way| ComparedWay {
        name: way.name.clone(),
        description: way.description.clone(),
        clips: way.clips as u64,
        accuracy: way.accuracy,
        lwlrap: way.lwlrap,
        difference: way.compared.map_or_else(String::new, |found| {
            format!("{:+.4} ± {:.4}", found.difference, found.standard_error)
        }),
        time: human_duration(way.seconds),
        outcome: if way.chosen {
            "chosen".into()
        } else {
            String::new()
        },
    });
    let left_out = result.left_out.iter().map(|way| ComparedWay {
        name: way.name.clone(),
        outcome: format!("left out: {}", way.reason),
        ..ComparedWay::default()
    });
    tried.chain(left_out).collect()
}
