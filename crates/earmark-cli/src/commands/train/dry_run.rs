//! `earmark train --dry-run`

use crate::commands::fold_and_layer_tables::network_table;
use crate::prelude::*;
use earmark::train::{self, Estimate, FoldSet, TrainPlan};

/// Prints what training would do.
pub fn run(job: &train::TrainJob, folds: Option<&FoldSet>, json: bool) -> anyhow::Result<Status> {
    let recipe = &job.recipe;
    let folds = folds.map(|set| train::folds_of(recipe, &job.data, job.fold_table.as_deref(), set));
    let folds = folds.transpose()?.unwrap_or_default();
    // Of several folds, the plan is of the first: they differ by a few clips. Each has teachers of its own.
    let plan = train::plan(job, job.fold.or(folds.first().copied()))?;
    train::check_folds(job, &folds)?;
    let cost = train::estimate(recipe, &plan, &job.data, &job.device)?;
    let result = || {
        let mut value = json!({ "plan": plan, "estimate": cost, "recipe": recipe });
        if !folds.is_empty() {
            value["folds"] = json!(folds);
        }
        value
    };
    print_as(json, result, || {
        let (name, about) = (one_line(&recipe.name), one_line(&recipe.description));
        let mut text = format!(
            "{name}: {about}\n{}\n{}",
            plan_text(&plan),
            cost_text(&plan, &cost)
        );
        let length = recipe.train.describe_length(cost.steps_per_epoch);
        text.extend(length.iter().map(|line| format!("\nlength      {line}")));
        if !folds.is_empty() {
            let names: Vec<String> = folds.iter().map(u32::to_string).collect();
            let (names, time) = (
                names.join(", "),
                human_duration(cost.seconds * folds.len() as f64),
            );
            text += &format!("\nfolds       {names}: all of this for each, about {time} in total");
        }
        text
    })?;
    Ok(Status::Done)
}

fn plan_text(plan: &TrainPlan) -> String {
    let (train, validation, test) = (plan.train, plan.validation, plan.test);
    let (classes, [channels, bands, frames]) = (&plan.classes, plan.segment);
    // In quotes: a class may contain a comma.
    let names: Vec<String> = classes.iter().map(|class| format!("{class:?}")).collect();
    let data = plan
        .data
        .iter()
        .map(|line| format!("data        {}\n", one_line(line)));
    let mut text: String = data.collect();
    let names = format!("{}: {}", classes.len(), names.join(", "));
    text += &format!(
        "clips       {train} for training, {validation} for validation, {test} held out for testing\n\
         {}\
         segment     {channels} x {bands} bands x {frames} frames\n\n{}\n\
         parameters  {} trainable, {} in total (BatchNorm and biases included)\n",
        fact("classes", &names),
        network_table(&plan.network),
        plan.trainable,
        plan.parameters
    );
    text.extend(
        plan.left_out
            .iter()
            .map(|line| format!("left out    {}\n", one_line(line))),
    );
    text.extend(
        plan.start
            .iter()
            .map(|line| format!("start       {}\n", one_line(line))),
    );
    let training = plan.teachers.iter().chain(&plan.phases);
    let training = training.chain(&plan.class_weights);
    text.extend(training.map(|line| format!("training    {}\n", one_line(line))));
    text
}

fn cost_text(plan: &TrainPlan, cost: &Estimate) -> String {
    let time = match cost.measured_segments {
        0 => "not measured, as even a step with one segment would take too much memory for an estimate"
            .to_owned(),
        _ => format!(
            "about {} (a step takes {:.2} s on this machine)",
            human_duration(cost.seconds),
            cost.step_seconds
        ),
    };
    format!(
        "steps       about {}, about {} per epoch (exact once the audio is read)\n\
         memory      about {} for a training step, {} for features\n\
         disk        {} per checkpoint, about {} for the run, {} for cached features\n\
         time        {time}",
        cost.steps,
        cost.steps_per_epoch,
        human_bytes(cost.step_bytes),
        human_bytes(cost.feature_bytes),
        human_bytes(plan.checkpoint_bytes),
        human_bytes(cost.run_bytes),
        human_bytes(cost.cache_bytes)
    )
}
