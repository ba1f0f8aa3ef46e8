//! The mean of several models' scores.

use std::str::FromStr;

use earmark_core::ConfigError;
use serde::{Deserialize, Serialize};

use crate::error::check_length;
use crate::tables::{index_by_name, lacking, missing};
use crate::{MetricsError, Result, ScoreTable};

/// Which mean a blend takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BlendMean {
    /// The sum divided by the number of models: suits scores of any kind.
    Arithmetic,
    /// The root of the product: a class needs every model's agreement, and one zero makes the blend zero. What argus-2019
    /// and mobilenetv2-pca-2018 publish. Scores must not be negative.
    #[default]
    Geometric,
}

impl BlendMean {
    /// What a blend sums: the score, or its logarithm (minus infinity for 0); `None` where the mean is not defined.
    pub(super) fn term(self, score: f32) -> Option<f64> {
        match self {
            Self::Arithmetic => Some(f64::from(score)),
            Self::Geometric => (score >= 0.0).then(|| f64::from(score).ln()),
        }
    }

    /// The blended score of a weighted sum of terms.
    pub(super) fn score(self, sum: f64) -> f32 {
        match self {
            Self::Arithmetic => sum as f32,
            Self::Geometric => sum.exp() as f32,
        }
    }
}

impl FromStr for BlendMean {
    type Err = MetricsError;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "arithmetic" => Ok(Self::Arithmetic),
            "geometric" => Ok(Self::Geometric),
            _ => Err(ConfigError::new("mean", text, "choose `arithmetic` or `geometric`").into()),
        }
    }
}

/// Blends score tables of the same files and classes, each in any order; the result is in the order of the first.
///
/// `weights` says how much each table counts, one per table, not all 0; `None` counts all alike.
///
/// # Errors
/// No table; files or classes that not all tables have; weights that are negative, not finite, all 0 or not one per
/// table; a negative score in a geometric mean.
pub fn blend(tables: &[ScoreTable], mean: BlendMean, weights: Option<&[f64]>) -> Result<ScoreTable> {
    let Some(first) = tables.first() else {
        return Err(ConfigError::new("score tables", "[]", "give at least one table to blend").into());
    };
    let weights = shares(tables.len(), weights)?;
    let mut sums = vec![0.0_f64; first.values().len()];
    for (number, (table, weight)) in tables.iter().zip(weights).enumerate() {
        let scores = in_order_of(first, number, table)?;
        // Weight 0 leaves the table out, even where 0 x ln 0 would be NaN.
        if weight == 0.0 {
            continue;
        }
        for (at, (sum, score)) in sums.iter_mut().zip(scores).enumerate() {
            let term = mean
                .term(score)
                .ok_or_else(|| negative(score, number, first, at))?;
            *sum += weight * term;
        }
    }
    let values = sums.into_iter().map(|sum| mean.score(sum)).collect();
    ScoreTable::new(first.files().to_vec(), first.classes().to_vec(), values)
}

/// Weights that add up to 1.
fn shares(tables: usize, weights: Option<&[f64]>) -> Result<Vec<f64>> {
    let Some(weights) = weights else {
        return Ok(vec![1.0 / tables as f64; tables]);
    };
    check_length("weights, one per score table", tables, weights.len())?;
    let total: f64 = weights.iter().sum();
    if !(weights.iter().all(|&weight| weight >= 0.0) && total > 0.0 && total.is_finite()) {
        let remedy = "weights must be finite, not negative and not all 0";
        return Err(ConfigError::new("weights", format!("{weights:?}"), remedy).into());
    }
    Ok(weights.iter().map(|weight| weight / total).collect())
}

/// The scores of table `number` (from 0) in the order of the first table, `[files, classes]` row-major.
pub(super) fn in_order_of(first: &ScoreTable, number: usize, table: &ScoreTable) -> Result<Vec<f32>> {
    let rows = matching("file", number, first.files(), table.files())?;
    let columns = matching("class", number, first.classes(), table.classes())?;
    let (values, width) = (table.values(), columns.len());
    let row_scores = |row: &usize| {
        let row = &values[row * width..(row + 1) * width];
        columns.iter().map(move |column| row[*column])
    };
    Ok(rows.iter().flat_map(row_scores).collect())
}

/// For each name of the first table, its position in table `number` (from 0).
fn matching(what: &str, number: usize, first: &[String], other: &[String]) -> Result<Vec<usize>> {
    let (positions, known) = (index_by_name(other), index_by_name(first));
    for (lacks, has, lacked) in [
        (number + 1, 1, lacking(first, &positions)),
        (1, number + 1, lacking(other, &known)),
    ] {
        if !lacked.is_empty() {
            let count = lacked.len();
            let context = format!("table {lacks} lacks {count} {what} name(s) that table {has} has");
            let hint = format!("; blend only tables with the same {what} names");
            return Err(missing(context, &lacked, hint));
        }
    }
    Ok(first.iter().map(|name| positions[name.as_str()]).collect())
}

/// The error for a negative score in cell `at` of table `number`, in the order of the first table.
fn negative(score: f32, number: usize, first: &ScoreTable, at: usize) -> MetricsError {
    let width = first.classes().len();
    let (file, class) = (&first.files()[at / width], &first.classes()[at % width]);
    let value = format!("{score} (table {}, file `{file}`, class `{class}`)", number + 1);
    let remedy = "blend probabilities, or take the arithmetic mean of raw logits";
    ConfigError::new("score in a geometric mean", value, remedy).into()
}
