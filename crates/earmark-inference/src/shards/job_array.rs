//! `--shard auto`: which task of which job array this process is, by the variables that schedulers set.

use super::{Shard, request};
use crate::PipelineError;

/// The number of shards where the scheduler does not say it, or where only some tasks of an array are run again.
const COUNT: &str = "EARMARK_SHARDS";

/// The value of an environment variable.
type Get<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The shard of this task.
///
/// # Errors
///
/// Outside a job array, and for one that does not say how many tasks it has or skips some.
pub(super) fn shard(get: Get) -> Result<Shard, PipelineError> {
    let of_slurm = [
        "SLURM_ARRAY_TASK_ID",
        "SLURM_ARRAY_TASK_MIN",
        "SLURM_ARRAY_TASK_MAX",
        "SLURM_ARRAY_TASK_STEP",
    ];
    let of_sge = [
        "SGE_TASK_ID",
        "SGE_TASK_FIRST",
        "SGE_TASK_LAST",
        "SGE_TASK_STEPSIZE",
    ];
    // Outside arrays, Grid Engine sets this word.
    let is_set = |name: &str| get(name).is_some_and(|value| !value.is_empty() && value != "undefined");
    for names in [of_slurm, of_sge] {
        if is_set(names[0]) {
            return spaced(get, names);
        }
    }
    for name in ["PBS_ARRAY_INDEX", "PBS_ARRAYID"] {
        if is_set(name) {
            return counted(name, number(get, name)?, number(get, COUNT)?);
        }
    }
    let name = "JOB_COMPLETION_INDEX";
    if is_set(name) {
        return counted(name, number(get, name)?.saturating_add(1), number(get, COUNT)?);
    }
    Err(request("--shard auto: no job array was found; give --shard K/N"))
}

/// The task of an array that begins at any number and may have a step: its own number, the first, the last and the
/// step.
fn spaced(get: Get, names: [&str; 4]) -> Result<Shard, PipelineError> {
    let id = number(get, names[0])?;
    if get(COUNT).is_some() {
        return counted(names[0], id, number(get, COUNT)?);
    }
    let (first, last) = (number(get, names[1])?, number(get, names[2])?);
    // Slurm gives no step, or 0, for an array of one task.
    let step = match get(names[3]) {
        Some(_) => number(get, names[3])?.max(1),
        None => 1,
    };
    let (steps, tasks) = (id.checked_sub(first), last.saturating_sub(first) / step + 1);
    let named = match names[0].starts_with("SLURM") {
        true => number(get, "SLURM_ARRAY_TASK_COUNT")?,
        false => tasks,
    };
    // A task that is run again by itself; what begins an array of one task is 0 or 1.
    if tasks == 1 && id > 1 {
        return Err(request(format!(
            "--shard auto: {}={id} is the only task of its array, which does not say how many shards there are; give \
             --shard K/N, or set {COUNT} to the number of shards and count tasks from 1",
            names[0]
        )));
    }
    match steps {
        Some(steps) if steps.is_multiple_of(step) && steps / step < tasks && named == tasks => {
            counted(names[0], steps / step + 1, tasks)
        }
        _ => Err(request(format!(
            "--shard auto: {}={id}: the numbers of the array ({first} to {last}, {named} of them) are not evenly \
             spaced, so that which shard this is can't be known; give --shard K/N, or set {COUNT} to the number of \
             shards and count tasks from 1",
            names[0]
        ))),
    }
}

/// Shard `number` of `of`; `name` is the variable that says which.
fn counted(name: &str, number: u64, of: u64) -> Result<Shard, PipelineError> {
    let known = match (u32::try_from(number), u32::try_from(of)) {
        (Ok(number), Ok(of)) => Shard::new(number, of).ok(),
        _ => None,
    };
    known.ok_or_else(|| {
        request(format!(
            "--shard auto: {name} makes this shard {number} of {of}; count tasks from 1 to the number of shards, or \
             give --shard K/N"
        ))
    })
}

/// A variable that is a number.
fn number(get: Get, name: &str) -> Result<u64, PipelineError> {
    let Some(value) = get(name) else {
        let what = match name {
            COUNT => format!(
                "{COUNT} is not set: this scheduler does not say how many tasks there are; set it to their number"
            ),
            name => format!("{name} is not set; set {COUNT} to the number of shards and count tasks from 1"),
        };
        return Err(request(format!("--shard auto: {what}, or give --shard K/N")));
    };
    let parsed = value.trim().parse::<u64>();
    parsed.map_err(|_| {
        request(format!(
            "--shard auto: {name} is `{value}`, not a whole number; give --shard K/N"
        ))
    })
}
