//! The mean of several models' scores.

use std::collections::HashMap;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{check_length, shorten};
use crate::{MetricsError, Result, ScoreTable};

/// Which mean a blend takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mean {
    /// The sum over the number: suits scores of any kind.
    Arithmetic,
    /// The root of the product: a class needs every model's agreement, and one zero makes the blend zero. What argus-2019
    /// and mobilenetv2-pca-2018 publish. Scores must not be negative.
    #[default]
    Geometric,
}

impl FromStr for Mean {
    type Err = MetricsError;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "arithmetic" => Ok(Self::Arithmetic),
            "geometric" => Ok(Self::Geometric),
            _ => Err(MetricsError::Option {
                option: "mean",
                value: format!("`{text}`"),
                remedy: "choose `arithmetic` or `geometric`",
            }),
        }
    }
}

/// Blends score tables of the same files and classes, each in any order; the result is in the order of the first.
///
/// `weights` says how much each table counts, one a table, not all 0; `None` counts all alike.
///
/// # Errors
/// No table; files or classes that not all tables have; weights that are negative, not finite, all 0 or not one a
/// table; a negative score in a geometric mean.
pub fn blend(tables: &[ScoreTable], mean: Mean, weights: Option<&[f64]>) -> Result<ScoreTable> {
    let Some(first) = tables.first() else {
        return Err(MetricsError::Option {
            option: "score tables",
            value: "an empty list".into(),
            remedy: "give at least one table to blend",
        });
    };
    let weights = shares(tables.len(), weights)?;
    let mut sums = vec![0.0_f64; first.values().len()];
    for (number, (table, weight)) in tables.iter().zip(weights).enumerate() {
        let rows = matching("file", number, first.files(), table.files())?;
        let columns = matching("class", number, first.classes(), table.classes())?;
        // Weight 0 means "not there", also where ln 0 x 0 would be NaN.
        if weight == 0.0 {
            continue;
        }
        let cells = rows
            .iter()
            .flat_map(|row| columns.iter().map(move |column| (*row, *column)));
        for (sum, (row, column)) in sums.iter_mut().zip(cells) {
            let value = f64::from(table.values()[row * columns.len() + column]);
            *sum += weight
                * match mean {
                    Mean::Arithmetic => value,
                    Mean::Geometric if value < 0.0 => return Err(negative(table, number, row, column)),
                    Mean::Geometric => value.ln(),
                };
        }
    }
    let values = sums
        .into_iter()
        .map(|sum| match mean {
            Mean::Arithmetic => sum as f32,
            // A zero score has the logarithm -infinity, and exp brings it back to 0.
            Mean::Geometric => sum.exp() as f32,
        })
        .collect();
    ScoreTable::new(first.files().to_vec(), first.classes().to_vec(), values)
}

/// Weights that add up to 1.
fn shares(tables: usize, weights: Option<&[f64]>) -> Result<Vec<f64>> {
    let Some(weights) = weights else {
        return Ok(vec![1.0 / tables as f64; tables]);
    };
    check_length("weights, one a score table", tables, weights.len())?;
    let total: f64 = weights.iter().sum();
    if !(weights.iter().all(|&weight| weight >= 0.0) && total > 0.0 && total.is_finite()) {
        return Err(MetricsError::Option {
            option: "weights",
            value: format!("{weights:?}"),
            remedy: "weights are finite, not negative and not all 0",
        });
    }
    Ok(weights.iter().map(|weight| weight / total).collect())
}

/// For each name of the first table, its place in table `number` (from 0).
fn matching(what: &str, number: usize, first: &[String], other: &[String]) -> Result<Vec<usize>> {
    let places: HashMap<&str, usize> = other
        .iter()
        .enumerate()
        .map(|(index, name)| (name.as_str(), index))
        .collect();
    let refuse = |lacks: usize, has: usize, missing: &[&str]| MetricsError::Missing {
        context: format!(
            "table {lacks} lacks {} {what} name(s) that table {has} has",
            missing.len()
        ),
        missing: shorten(missing),
        hint: format!("; blend only tables with the same {what} names"),
    };
    let mut found = Vec::with_capacity(first.len());
    let mut missing = Vec::new();
    for name in first {
        match places.get(name.as_str()) {
            Some(&place) => found.push(place),
            None => missing.push(name.as_str()),
        }
    }
    if !missing.is_empty() {
        return Err(refuse(number + 1, 1, &missing));
    }
    if other.len() > first.len() {
        let known: std::collections::HashSet<&String> = first.iter().collect();
        let more: Vec<&str> = other
            .iter()
            .filter(|name| !known.contains(name))
            .map(String::as_str)
            .collect();
        return Err(refuse(1, number + 1, &more));
    }
    Ok(found)
}

fn negative(table: &ScoreTable, number: usize, row: usize, column: usize) -> MetricsError {
    let value = table.values()[row * table.classes().len() + column];
    MetricsError::Option {
        option: "score in a geometric mean",
        value: format!(
            "{value} (table {}, file `{}`, class `{}`)",
            number + 1,
            table.files()[row],
            table.classes()[column]
        ),
        remedy: "blend probabilities, or take the arithmetic mean of raw logits",
    }
}
