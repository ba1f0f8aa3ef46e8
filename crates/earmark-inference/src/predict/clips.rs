//! Which clips are scored.

use super::PredictJob;
use crate::data::open_for_scoring;
use crate::{PipelineError, Skips};
use earmark_data::{DataOptions, Item, MissingFiles, SkipReason};
use earmark_recipe::Recipe;
use std::path::PathBuf;

/// The clips of a job sorted by name, and those whose names no table can contain. Labels are not read.
pub(crate) fn find_clips(job: &PredictJob, recipe: &Recipe) -> Result<(Vec<Item>, Skips), PipelineError> {
    let mut items = Vec::new();
    let mut unnamed = Vec::new();
    if let Some(root) = &job.data {
        let mut options = match job.layout {
            None => recipe.data.clone(),
            // The recipe's other keys belong to its own layout.
            layout => DataOptions {
                layout,
                ..DataOptions::default()
            },
        };
        options.read_labels = false;
        options.class_map = None;
        options.missing_files = MissingFiles::Refuse;
        let mut data = open_for_scoring(&options, root, job.subset.as_deref())?;
        if job.subset.is_none() && data.subsets().contains(&"test") {
            data = data.select_subsets(&["test"])?;
        }
        items.extend(data.items);
        unnamed.extend(
            data.skipped
                .into_iter()
                .filter(|s| s.reason == SkipReason::FileName)
                .map(|s| (s.file, s.reason.to_string())),
        );
    }
    let files = file_items(&job.files).map_err(|e| PipelineError::Request(format!("--files {e}")))?;
    items.extend(files);
    if items.is_empty() {
        return Err(PipelineError::Request(
            "nothing to predict: give audio files, or a folder with --data DIR".into(),
        ));
    }
    items.sort_by(|a, b| a.file.cmp(&b.file));
    Ok((items, unnamed))
}

/// Single files as clips, named as they were given.
///
/// # Errors
///
/// For a folder.
pub fn file_items(files: &[PathBuf]) -> Result<Vec<Item>, PipelineError> {
    let item = |path: &PathBuf| {
        if path.is_dir() {
            return Err(PipelineError::Request(format!(
                "{0}: is a folder; give it with --data {0}, or name the files in it",
                path.display()
            )));
        }
        Ok(Item {
            file: path.to_string_lossy().into_owned(),
            path: path.clone(),
            subset: "files".into(),
            ..Item::default()
        })
    };
    files.iter().map(item).collect()
}
