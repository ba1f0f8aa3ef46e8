//! Opens the data of a recipe.

use crate::progress::skip;
use crate::{Event, Observer, PipelineError, Skips};
use earmark_data::{DataOptions, DataSet, load};
use earmark_recipe::Recipe;
use std::path::Path;

/// Opens the data as the recipe says.
///
/// # Errors
/// As [`load`].
pub fn open_data(recipe: &Recipe, root: &Path) -> Result<DataSet, PipelineError> {
    Ok(load(root, &recipe.data)?)
}

/// Opens the data to train on: says what it is taken for, and refuses a set of one class.
///
/// # Errors
/// As [`load`], and for data of fewer than two classes.
pub fn open_for_training(recipe: &Recipe, root: &Path, observer: Observer) -> Result<DataSet, PipelineError> {
    let data = open_data(recipe, root)?;
    observer(Event::Data(&data.lines()));
    data.refuse_one_class()?;
    Ok(data)
}

/// Opens the given subset, or all data without one. If tables or recordings of other subsets are missing, the subset
/// `test` alone is opened: evaluation needs no more. Any other error is returned.
///
/// # Errors
/// As [`load`].
pub fn open_for_scoring(
    options: &DataOptions,
    root: &Path,
    subset: Option<&str>,
) -> Result<DataSet, PipelineError> {
    let open = |subset: Option<&str>| {
        let mut options = options.clone();
        options.subsets = subset.map(|name| vec![name.to_owned()]);
        load(root, &options)
    };
    match (open(subset), subset) {
        // The first error says why all data could not be opened: nobody asked for `test`.
        (Err(first), None) if first.is_absence() => Ok(open(Some("test")).map_err(|_| first)?),
        (opened, _) => Ok(opened?),
    }
}

/// Names the entries of a data folder that no clip could be made of, as `tag` names them: links that lead nowhere,
/// pipes, folders that can't be listed, names that no table can hold.
pub fn report_unusable(data: &DataSet, observer: Observer) -> Skips {
    let mut skipped = Skips::new();
    for lost in data.skipped.iter().filter(|lost| lost.reason.is_unusable()) {
        skip(observer, &mut skipped, &lost.file, lost.reason.to_string());
    }
    skipped
}
