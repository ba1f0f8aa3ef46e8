//! `earmark train --dry-run`

use crate::args::Train;
use crate::commands::tables::network_table;
use crate::output::{print, print_json};
use crate::status::Status;
use earmark::train::{self, Estimate, Plan};
use earmark_core::human::{human_bytes, human_duration};

/// Prints what training would do.
pub fn run(job: &train::TrainJob, args: &Train) -> anyhow::Result<Status> {
    let recipe = &job.recipe;
    let folds = match &args.folds {
        Some(set) => train::folds_of(recipe, &args.data, args.fold_table.as_deref(), set)?,
        None => Vec::new(),
    };
    // Of several folds, the first stands for all: they differ by a few clips.
    let plan = train::plan(job, args.fold.or(folds.first().copied()))?;
    let cost = train::estimate(recipe, &plan, &args.data, &args.compute.device)?;
    if args.json {
        let mut value = serde_json::json!({ "plan": plan, "estimate": cost, "recipe": recipe });
        if !folds.is_empty() {
            value["folds"] = folds.into();
        }
        print_json(&value)?;
        return Ok(Status::Done);
    }
    print(format!("{}: {}", recipe.name, recipe.description))?;
    print_plan(&plan)?;
    print("")?;
    print_cost(&plan, &cost)?;
    if !folds.is_empty() {
        let names: Vec<String> = folds.iter().map(u32::to_string).collect();
        print(format!(
            "folds       {}: all of this for each, about {} in total",
            names.join(", "),
            human_duration(cost.seconds * folds.len() as f64)
        ))?;
    }
    Ok(Status::Done)
}

fn print_plan(plan: &Plan) -> anyhow::Result<()> {
    let Plan {
        train,
        validation,
        judged,
        classes,
        example: [channels, bands, frames],
        ..
    } = plan;
    print(format!(
        "clips       {train} for training, {validation} for validation, {judged} held out for testing\n\
         classes     {}: {}\n\
         segment     {channels} x {bands} bands x {frames} frames\n\n{}\n\
         parameters  {} trainable, {} in total (BatchNorm and biases included)",
        classes.len(),
        classes.join(", "),
        network_table(&plan.network),
        plan.trainable,
        plan.parameters
    ))?;
    for line in &plan.start {
        print(format!("start       {line}"))?;
    }
    for line in plan.phases.iter().chain(&plan.class_weights) {
        print(format!("training    {line}"))?;
    }
    Ok(())
}

fn print_cost(plan: &Plan, cost: &Estimate) -> anyhow::Result<()> {
    print(format!(
        "steps       about {}, about {} per epoch (exact once the audio is read)\n\
         memory      about {} for a training step, {} for features\n\
         disk        {} per checkpoint, about {} for the run, {} for cached features\n\
         time        about {} (a step takes {:.2} s on this machine)",
        cost.steps,
        cost.steps_per_epoch,
        human_bytes(cost.step_bytes),
        human_bytes(cost.feature_bytes),
        human_bytes(plan.checkpoint_bytes),
        human_bytes(cost.run_bytes),
        human_bytes(cost.cache_bytes),
        human_duration(cost.seconds),
        cost.step_seconds
    ))
}
