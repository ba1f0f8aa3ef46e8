//! What `earmark tune` and `earmark stack --random` share: settings that a search tries, and its results.

use crate::args::sum_up_command;
use crate::prelude::*;
use earmark::inference::shards::Shard;
use earmark::metrics::number;
use earmark::report::{Align, text_table};
use earmark::train::tuning::{SearchDimension, Trial, TrialState, Trials};

/// What a random search draws from.
#[derive(Args)]
pub struct SearchSpace {
    /// A key and its bounds; whole numbers if both bounds are; with :log, uniform in the logarithm
    #[arg(long, value_name = "KEY=LOW..HIGH[:log]", value_parser = range)]
    pub range: Vec<SearchDimension>,
    /// A key and its values, all equally likely
    #[arg(long, value_name = "KEY=V1,V2,...", value_parser = list)]
    pub choice: Vec<SearchDimension>,
    /// Random seed of the draws
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
}

fn range(text: &str) -> Result<SearchDimension, String> {
    SearchDimension::range(text).map_err(|e| e.remedy.to_owned())
}

/// Parses a key and its values.
pub fn list(text: &str) -> Result<SearchDimension, String> {
    SearchDimension::list(text).map_err(|e| e.remedy.to_owned())
}

impl SearchSpace {
    /// Both lists, ranges first.
    pub fn dimensions(&self) -> Vec<SearchDimension> {
        [self.range.clone(), self.choice.clone()].concat()
    }
}

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

/// Prints the trials, best first, and where the best one is; fails a search without a result.
pub fn finish(found: &Trials, folder: &Path, json: bool) -> anyhow::Result<Status> {
    print_as(
        json,
        || found,
        || {
            let mut text = table(found);
            for trial in found.failed() {
                let reason = trial.failure().unwrap_or_default();
                text += &format!("trial {} failed: {}\n", trial.number, one_line(reason));
            }
            let (metric, by) = (found.metric, one_line(&found.compared_by));
            text += &format!("compared by {metric} on {by}: {}\n", found.optimistic);
            if let Some(best) = &found.best {
                let (best, recipe) = (folder.join(best), folder.join("best.toml"));
                text += &format!("best: {}\nrecipe: {}\n", shown(&best), shown(&recipe));
            }
            if let Some(nested) = &found.nested {
                text += &format!(
                    "the search itself, each fold evaluated with the setting that its own validation clips chose: {} \
                     {}",
                    found.metric,
                    number(nested.test_score)
                );
            }
            text
        },
    )?;
    if found.best.is_none() {
        let trials = folder.join("trials.json");
        let first = found.failed().next().and_then(|trial| trial.failure());
        let reason = first.map_or(String::new(), |reason| format!(" (the first: {reason})"));
        bail!(
            "no trial finished; see {} for the reasons{reason}, and search again in another folder",
            trials.display()
        );
    }
    Ok(status(found))
}

/// Prints the trials of a shard, and how to sum up all of them.
pub fn finish_shard(found: &Trials, shard: Shard, json: bool) -> anyhow::Result<Status> {
    let sum_up = sum_up_command();
    let facts = || {
        json!({
            "shard": [shard.number(), shard.of()], "planned": found.planned, "trials": found.trials,
            "skipped": found.skipped, "damaged": found.damaged, "sum_up": sum_up,
        })
    };
    print_as(json, facts, || {
        let (count, of) = (found.trials.len(), found.planned);
        let done = format!(
            "shard {shard}: {count} of {} done",
            human_amount(of, "trial", "trials")
        );
        let table = if count == 0 { String::new() } else { table(found) };
        format!("{table}{done}; when all shards are, sum up with: {sum_up}")
    })?;
    Ok(status(found))
}

/// Failed trials and clips that were left out are inputs that were skipped.
fn status(found: &Trials) -> Status {
    Status::of_skips(found.skipped.len() + found.damaged.len() + found.failed().count())
}

fn table(found: &Trials) -> String {
    let mut trials: Vec<&Trial> = found.trials.iter().collect();
    let score = |trial: &Trial| match trial.state {
        TrialState::Done => trial.score.unwrap_or(f64::NEG_INFINITY),
        _ => f64::NEG_INFINITY,
    };
    trials.sort_by(|a, b| score(b).total_cmp(&score(a)));
    let tested = found.trials.iter().any(|trial| trial.test_score.is_some());
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
        row.extend(tested.then(|| number(trial.test_score)));
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
