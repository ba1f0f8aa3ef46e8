//! `earmark tune`

use super::resume::given_command;
use super::search::{print_trials, refuse_no_best, refuse_set_again};
use crate::args::Tune;
use crate::console::Console;
use crate::output::{print, print_json};
use crate::status::Status;
use anyhow::bail;
use earmark::Recipe;
use earmark::runs::run_dir::fresh;
use earmark::train::tuning::{self, grid, random};
use std::path::Path;

/// Searches, or lists what a search would try.
pub fn run(args: Tune, console: &Console) -> anyhow::Result<Status> {
    let settings = settings(&args)?;
    let folder = match args.run {
        Some(run) => run,
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
        device: args.compute.device,
        command: given_command(),
    };
    let plan = tuning::plan(&job)?;
    if args.dry_run {
        let (metric, judged_by) = (plan.metric.name(), plan.judged_by);
        if args.json {
            print_json(
                &serde_json::json!({ "metric": metric, "judged_by": judged_by, "settings": job.settings }),
            )?;
        } else {
            for (k, setting) in job.settings.iter().enumerate() {
                print(format!("trial {:3}  {}", k + 1, setting.join("  ")))?;
            }
            print(format!("compared by {metric} on {judged_by}"))?;
        }
        return Ok(Status::Done);
    }
    let stop = console.stop_flag()?;
    let found = tuning::tune(&job, &|e| console.show(e), &stop);
    let resume = format!(
        "resume with the same command and --run {} --resume",
        job.folder.display()
    );
    let found = console.finished(found, &resume)?;
    match args.json {
        true => print_json(&found)?,
        false => print_trials(&found, &job.folder)?,
    }
    refuse_no_best(&found, &job.folder)?;
    Ok(Status::Done)
}

/// The settings to try.
fn settings(args: &Tune) -> anyhow::Result<Vec<Vec<String>>> {
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
    let keys = settings
        .iter()
        .flatten()
        .filter_map(|setting| Some(setting.split_once('=')?.0));
    refuse_set_again(&args.overrides.set, keys)?;
    Ok(settings)
}
