//! What `earmark tune` and `earmark stack --random` share: settings that a search tries, and its results.

use crate::output::print;
use anyhow::bail;
use earmark::metrics::number;
use earmark::report::{Align, text_table};
use earmark::train::tuning::{Trial, TrialState, Trials};
use std::path::Path;

/// Whether `KEY=VALUE` of a command line sets a key that a search tries, or a table around it, or something in it.
pub fn sets(set: &str, key: &str) -> bool {
    let set = set.split_once('=').map_or(set, |(key, _)| key).trim();
    let within = |a: &str, b: &str| a == b || a.strip_prefix(b).is_some_and(|rest| rest.starts_with('.'));
    within(set, key) || within(key, set)
}

/// Refuses a `--set` of a key that the search tries: it would silently try other values than the command line names.
pub fn refuse_set_again<'k>(overrides: &[String], keys: impl Iterator<Item = &'k str>) -> anyhow::Result<()> {
    for key in keys {
        if let Some(set) = overrides.iter().find(|set| sets(set, key)) {
            bail!("--set {set}: the search tries values of {key}; leave one of the two out");
        }
    }
    Ok(())
}

/// Prints the trials, best first, and where the best one is.
pub fn print_trials(found: &Trials, folder: &Path) -> anyhow::Result<()> {
    print(format!(
        "{}\ncompared by {} on {}",
        table(found).trim_end(),
        found.metric,
        found.judged_by
    ))?;
    if let Some(best) = &found.best {
        print(format!(
            "best: {}\nrecipe: {}",
            folder.join(best).display(),
            folder.join("best.toml").display()
        ))?;
    }
    Ok(())
}

/// Fails a search without a result.
pub fn refuse_no_best(found: &Trials, folder: &Path) -> anyhow::Result<()> {
    if found.best.is_none() {
        let trials = folder.join("trials.json");
        bail!("no trial finished; see {} for the reasons", trials.display());
    }
    Ok(())
}

fn table(found: &Trials) -> String {
    let mut trials: Vec<&Trial> = found.trials.iter().collect();
    let score = |trial: &Trial| match trial.state {
        TrialState::Done => trial.score.unwrap_or(f64::NEG_INFINITY),
        _ => f64::NEG_INFINITY,
    };
    trials.sort_by(|a, b| score(b).total_cmp(&score(a)));
    let tested = found.trials.iter().any(|trial| trial.judged.is_some());
    let mut headers = vec!["trial", found.metric];
    headers.extend(tested.then_some("test"));
    headers.extend(["state", "settings"]);
    let row = |trial: &&Trial| {
        let state = match &trial.state {
            TrialState::Done => "done".to_owned(),
            TrialState::Abandoned { step } => format!("abandoned at {step}"),
            TrialState::Failed { .. } => "failed".to_owned(),
        };
        let mut row = vec![trial.number.to_string(), number(trial.score)];
        row.extend(tested.then(|| number(trial.judged)));
        row.extend([state, trial.settings.join("  ")]);
        row
    };
    let rows: Vec<Vec<String>> = trials.iter().map(row).collect();
    let mut align = vec![Align::Right; headers.len() - 2];
    align.extend([Align::Left, Align::Left]);
    text_table(&headers, &rows, &align)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_set_by_itself_and_by_what_is_around_it() {
        for (set, key, wanted) in [
            ("train.learning-rate=1e-3", "train.learning-rate", true),
            ("train.schedule={kind=\"cosine\"}", "train.schedule.factor", true),
            ("train.schedule.kind=x", "train.schedule", true),
            ("train.learning-rate=1e-3", "train.learning", false),
            ("train.seed=1", "train.learning-rate", false),
        ] {
            assert_eq!(sets(set, key), wanted, "{set} and {key}");
        }
    }
}
