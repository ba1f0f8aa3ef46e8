//! The rows of a classifier whose classes are not those of the model it starts from.

use super::start_config::StartConfig;
use super::warm_start_error::WarmStartError;
use crate::checkpoint::HostTensor;
use earmark_core::text::suggest;
use std::path::Path;

/// For each class of `here` the classes of the model, by index, that it starts from; `None` where both have the same classes.
pub(super) fn class_rows(
    path: &Path,
    model: &[String],
    start: &StartConfig,
    here: &[String],
) -> Result<Option<Vec<Vec<usize>>>, WarmStartError> {
    if start.classes.is_empty() && model == here {
        return Ok(None);
    }
    let index = |classes: &[String], class: &str, whose: String| {
        let found = classes.iter().position(|c| c == class);
        found.ok_or_else(|| WarmStartError::Class {
            whose,
            class: class.into(),
            suggestion: suggest(class, classes.iter().map(String::as_str))
                .map_or(String::new(), |near| format!("; did you mean {near:?}?")),
        })
    };
    let mut rows = vec![Vec::new(); here.len()];
    for (class, others) in &start.classes {
        let row = index(here, class, "this data has".into())?;
        for other in others {
            rows[row].push(index(model, other, format!("{} has", path.display()))?);
        }
    }
    Ok(Some(rows))
}

/// The rows of `fresh`, each replaced by the mean of the model's rows that it starts from, where there are any.
pub(super) fn mean_rows(mut fresh: Vec<f32>, model: &HostTensor, rows: &[Vec<usize>]) -> Vec<f32> {
    let width = fresh.len() / rows.len().max(1);
    for (row, others) in rows.iter().enumerate().filter(|(_, others)| !others.is_empty()) {
        for k in 0..width {
            let sum: f32 = others.iter().map(|&o| model.values[o * width + k]).sum();
            fresh[row * width + k] = sum / others.len() as f32;
        }
    }
    fresh
}
