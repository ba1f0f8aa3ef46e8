//! The data of a recipe, opened.

use crate::PipelineError;
use earmark_data::{DataOptions, DataSet, load};
use earmark_recipe::Recipe;
use std::path::Path;

/// Opens the data as the recipe says.
pub fn open_data(recipe: &Recipe, root: &Path) -> Result<DataSet, PipelineError> {
    Ok(load(root, &recipe.data)?)
}

/// Opens the part that was asked for, else all of the data; where tables or recordings of it are not there, the part `test` alone:
/// it is what counts, and the others may lie elsewhere. Any other fault is told and not gone around.
pub fn open_to_judge(
    options: &DataOptions,
    root: &Path,
    part: Option<&str>,
) -> Result<DataSet, PipelineError> {
    let of = |parts: Option<Vec<String>>| {
        let options = DataOptions {
            subsets: parts,
            ..options.clone()
        };
        load(root, &options)
    };
    match (of(part.map(|p| vec![p.to_owned()])), part) {
        // What is told is why the whole could not be opened: nobody has asked for this part.
        (Err(first), None) if first.is_absence() => Ok(of(Some(vec!["test".into()])).map_err(|_| first)?),
        (opened, _) => Ok(opened?),
    }
}
