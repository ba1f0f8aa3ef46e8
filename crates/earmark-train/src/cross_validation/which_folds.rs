//! `--folds all` or `--folds 1,3`: which folds are trained and evaluated.

use crate::PipelineError;
use crate::validation_split::with_folds;
use earmark_core::human::human_amount;
use earmark_data::DataSet;
use earmark_inference::data::open_data;
use earmark_recipe::Recipe;
use std::collections::BTreeSet;
use std::path::Path;

/// Which folds are trained and evaluated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FoldSet {
    /// All folds.
    All,
    /// These, ascending.
    These(Vec<u32>),
}

impl std::str::FromStr for FoldSet {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "all" {
            return Ok(Self::All);
        }
        let remedy = "give `all`, or numbers separated by commas, such as 1,3,5 (give a table of folds with --fold-table)";
        let folds: Result<BTreeSet<u32>, _> = text.split(',').map(|word| word.trim().parse()).collect();
        Ok(Self::These(folds.map_err(|_| remedy)?.into_iter().collect()))
    }
}

/// The folds that `set` means in this data.
pub fn folds_of(
    recipe: &Recipe,
    data: &Path,
    table: Option<&Path>,
    set: &FoldSet,
) -> Result<Vec<u32>, PipelineError> {
    folds_in(&with_folds(recipe, &open_data(recipe, data)?, true, table)?, set)
}

pub(super) fn folds_in(folded: &DataSet, set: &FoldSet) -> Result<Vec<u32>, PipelineError> {
    let known = folded.folds();
    match set {
        FoldSet::All if known.len() < 2 => Err(PipelineError::Request(format!(
            "--folds all: this data has {}; cross-validation needs at least 2",
            human_amount(known.len(), "fold", "folds")
        ))),
        FoldSet::All => Ok(known),
        FoldSet::These(folds) => match folds.iter().find(|fold| !known.contains(fold)) {
            None => Ok(folds.clone()),
            Some(fold) => {
                let known: Vec<String> = known.iter().map(u32::to_string).collect();
                Err(PipelineError::Request(format!(
                    "--folds: there is no fold {fold}; there are {}",
                    known.join(", ")
                )))
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_are_named_by_all_or_by_numbers() {
        assert_eq!("all".parse(), Ok(FoldSet::All));
        assert_eq!("3, 1,3".parse(), Ok(FoldSet::These(vec![1, 3])));
        for bad in ["", "folds.csv", "1,", "-1"] {
            let error = bad.parse::<FoldSet>().unwrap_err();
            assert!(error.contains("--fold-table"), "{bad}: {error}");
        }
    }
}
