//! Class weights of a loss, from the counts of the training clips.

use crate::PipelineError;
use earmark_core::Within;
use earmark_core::text::suggest;
use earmark_data::Item;
use earmark_engine::{Loss, TrainConfig};
use std::collections::BTreeMap;

/// `[train]` with the weight of each class in its loss, counted on `items`, the training clips.
///
/// # Errors
/// If the recipe names a class that the data lacks.
pub(crate) fn with_class_weights(
    train: &TrainConfig,
    classes: &[String],
    items: &[Item],
) -> Result<TrainConfig, PipelineError> {
    let mut counts = vec![0; classes.len()];
    items.iter().flat_map(|i| &i.labels).for_each(|&l| counts[l] += 1);
    let loss = train.loss.with_class_weights(classes, &counts).map_err(|e| {
        let class = e.key.rsplit_once("class-weights.").map_or("", |(_, class)| class);
        let near = suggest(class, classes.iter().map(String::as_str));
        let near = near.map_or(String::new(), |near| format!(" (did you mean {near}?)"));
        PipelineError::Request(format!("{}{near}", e.within("train.loss")))
    })?;
    Ok(TrainConfig {
        loss,
        ..train.clone()
    })
}

/// The weights by class, for `run.json`; none if all are equal.
pub(crate) fn named_class_weights(loss: &Loss, classes: &[String]) -> Option<BTreeMap<String, f64>> {
    let weights = loss.class_weights()?;
    Some(classes.iter().cloned().zip(weights.iter().copied()).collect())
}

/// A line about them, for the log and the plan.
pub(crate) fn describe_class_weights(loss: &Loss, classes: &[String]) -> Option<String> {
    let weights = loss.class_weights()?;
    let pairs = classes.iter().zip(weights);
    let all: Vec<String> = pairs
        .map(|(class, weight)| format!("{class} {weight:.3}"))
        .collect();
    Some(format!("class weights in the loss: {}", all.join(", ")))
}
