//! `earmark tune`

use crate::Status;
use crate::args::{Global, Tune};
use crate::console::{Console, command_line, out, out_json};
use anyhow::bail;
use earmark::Recipe;
use earmark::inference::Event;
use earmark::metrics::number;
use earmark::report::{Align, text_table};
use earmark::runs::run_dir::fresh;
use earmark::train::tuning::{self, Trial, TrialState, Trials, grid, random};
use std::path::Path;

/// Whether `KEY=VALUE` of a command line sets a key that a search tries, or a table around it, or something in it.
pub(super) fn set_again(set: &str, key: &str) -> bool {
    let set = set.split_once('=').map_or(set, |(key, _)| key).trim();
    let within = |a: &str, b: &str| a == b || a.strip_prefix(b).is_some_and(|rest| rest.starts_with('.'));
    within(set, key) || within(key, set)
}

/// A search would silently try other values than the command line names.
pub(super) fn refuse_set_again<'k>(
    overrides: &[String],
    keys: impl Iterator<Item = &'k str>,
) -> anyhow::Result<()> {
    for key in keys {
        if let Some(set) = overrides.iter().find(|set| set_again(set, key)) {
            bail!("--set {set}: the search tries values of {key}; leave one of the two out");
        }
    }
    Ok(())
}

/// Searches, or lists what a search would try.
pub fn run(args: Tune, global: &Global, console: &Console) -> anyhow::Result<Status> {
    let settings = match args.random {
        None => grid(&args.grid)?,
        Some(count) => {
            let space = args.space.dimensions();
            if space.is_empty() {
                bail!("--random: nothing to draw from; give --range KEY=LOW..HIGH or --choice KEY=V1,V2");
            }
            random(&space, count.get(), args.space.seed)
        }
    };
    let tried = settings.iter().flatten();
    refuse_set_again(
        &args.overrides.set,
        tried.filter_map(|setting| Some(setting.split_once('=')?.0)),
    )?;
    let folder = match &args.run {
        Some(run) => run.clone(),
        None => {
            let name = Recipe::load(&args.recipe, &args.overrides.set)?.name;
            fresh(Path::new("runs"), &format!("{name}-tune"))
        }
    };
    let job = tuning::Tune {
        recipe: args.recipe,
        overrides: args.overrides.set,
        settings,
        data: args.data,
        folder,
        fold: args.fold,
        fold_table: args.fold_table,
        inner_folds: args.inner_folds,
        abandon: args.abandon,
        resume: args.resume,
        device: global.device.clone(),
        command: command_line(),
    };
    let plan = tuning::plan(&job)?;
    if args.dry_run {
        if args.json {
            out_json(
                &serde_json::json!({ "metric": plan.metric.name(), "judged_by": plan.judged_by, "settings": job.settings }),
            )?;
        } else {
            for (k, setting) in job.settings.iter().enumerate() {
                out(format!("trial {:3}  {}", k + 1, setting.join("  ")))?;
            }
            out(format!(
                "compared by {} on {}",
                plan.metric.name(),
                plan.judged_by
            ))?;
        }
        return Ok(Status::Done);
    }
    let stop = console.stop_flag()?;
    let found = match tuning::tune(&job, &|e: Event| console.show(e), &stop) {
        Err(e) if e.is_interrupt() => None,
        found => found?,
    };
    let Some(found) = found else {
        console.note(format!(
            "interrupted; go on by the same command with --run {} --resume",
            job.folder.display()
        ));
        return Ok(Status::Interrupted);
    };
    if args.json {
        out_json(&found)?;
    } else {
        tell(&found, &job.folder)?;
    }
    if found.best.is_none() {
        bail!(
            "no trial came to its end; {} has the reasons",
            job.folder.join("trials.json").display()
        );
    }
    Ok(Status::Done)
}

/// The table, best first, and where the best one is.
pub(super) fn tell(found: &Trials, folder: &Path) -> anyhow::Result<()> {
    out(table(found).trim_end())?;
    out(format!("compared by {} on {}", found.metric, found.judged_by))?;
    if let Some(best) = &found.best {
        out(format!("best: {}", folder.join(best).display()))?;
        out(format!("recipe: {}", folder.join("best.toml").display()))?;
    }
    Ok(())
}

fn table(found: &Trials) -> String {
    let mut trials: Vec<&Trial> = found.trials.iter().collect();
    let key = |t: &Trial| match t.state {
        TrialState::Done => t.score.unwrap_or(f64::NEG_INFINITY),
        _ => f64::NEG_INFINITY,
    };
    trials.sort_by(|a, b| key(b).total_cmp(&key(a)));
    let judged = found.trials.iter().any(|t| t.judged.is_some());
    let mut headers = vec!["trial", found.metric];
    headers.extend(judged.then_some("judged"));
    headers.extend(["state", "settings"]);
    let rows: Vec<Vec<String>> = trials
        .iter()
        .map(|t| {
            let state = match &t.state {
                TrialState::Done => "done".to_owned(),
                TrialState::Abandoned { step } => format!("abandoned at {step}"),
                TrialState::Failed { .. } => "failed".to_owned(),
            };
            let mut row = vec![t.number.to_string(), number(t.score)];
            row.extend(judged.then(|| number(t.judged)));
            row.extend([state, t.settings.join("  ")]);
            row
        })
        .collect();
    let mut align = vec![Align::Right; headers.len() - 2];
    align.extend([Align::Left, Align::Left]);
    text_table(&headers, &rows, &align)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_set_again_by_itself_and_by_what_is_around_it() {
        for (set, key, wanted) in [
            ("train.learning-rate=1e-3", "train.learning-rate", true),
            ("train.schedule={kind=\"cosine\"}", "train.schedule.factor", true),
            ("train.schedule.kind=x", "train.schedule", true),
            ("train.learning-rate=1e-3", "train.learning", false),
            ("train.seed=1", "train.learning-rate", false),
        ] {
            assert_eq!(set_again(set, key), wanted, "{set} and {key}");
        }
    }
}
