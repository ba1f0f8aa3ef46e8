//! The report of a fit as a page.

use super::context::FitContext;
use super::job::FitFolderResult;
use super::ways::PROBE_FILE;
use crate::PipelineError;
use earmark_core::human::{human_amount, human_duration};
use earmark_core::text::command_line;
use earmark_engine::ModelFile;
use earmark_metrics::{Aligned, number};
use earmark_recipe::Recipe;
use earmark_runs::pages::{ScoredClips, scores_report, write_report};

/// Writes `report.html` into the folder of work, about the out-of-fold scores of the chosen way. `recipe` is what it trained, for a
/// probe that of its model file.
pub(super) fn write_page(
    context: &FitContext,
    result: &FitFolderResult,
    (clips, folds): (&Aligned, &[u32]),
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
    let scored = ScoredClips {
        title: result.model.display().to_string(),
        command: command_line(&context.job.command),
        clips,
        folds,
        items: &context.data.train.items,
        recipe,
        facts: facts(context, result),
        cautions: &result.warnings,
        skipped: &result.skipped,
    };
    let failed = |e: earmark_runs::pages::PageError| PipelineError::Request(e.to_string());
    let report = scores_report(&scored).map_err(failed)?;
    write_report(&context.work.path, &report).map_err(failed)?;
    Ok(())
}

/// What was compared and chosen.
fn facts(context: &FitContext, result: &FitFolderResult) -> Vec<(String, String)> {
    let fact = |name: &str, value: String| (name.to_owned(), value);
    let mut facts = vec![
        fact("data", context.data.train.describe()),
        fact(
            "chosen way",
            format!("{} of {}", result.chosen, result.ways.len()),
        ),
        fact(
            "compared on",
            human_amount(result.folds, "fold", "folds of the training clips"),
        ),
    ];
    for way in &result.ways {
        let text = format!(
            "accuracy {}, lwlrap {}, {}: {}",
            number(way.accuracy),
            number(way.lwlrap),
            human_duration(way.seconds),
            way.description
        );
        facts.push(fact(&way.name, text));
    }
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
