//! What is fitted on training clips and then applied to all: standardisation and principal components.
//!
//! Both are fitted in double precision on rows of equal length (a row a clip), applied in single precision, and go into a model file
//! as named tensors: [`Standardiser::tensors`], [`Pca::tensors`] and back.

mod eigen;
mod pca;
mod standardise;

pub use pca::{Keep, Pca};
pub use standardise::Standardiser;

/// Why something can't be fitted, or is no fitted thing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FittedError {
    /// There are no rows, or no columns.
    #[error(
        "{rows} rows of {columns} numbers are too few to fit anything on; give two training clips or more"
    )]
    TooFew {
        /// Rows there are.
        rows: usize,
        /// Numbers in each.
        columns: usize,
    },
    /// A row of another length than the first.
    #[error("row {row} has {got} numbers and the first has {wanted}; all rows must come from one front end")]
    Ragged {
        /// Its index.
        row: usize,
        /// Its length.
        got: usize,
        /// The length of the first.
        wanted: usize,
    },
    /// A value that is no number.
    #[error("row {row}, column {column} is not finite; nothing can be fitted on it")]
    NotFinite {
        /// Its row.
        row: usize,
        /// Its column.
        column: usize,
    },
    /// More components than there are directions, or none.
    #[error(
        "{wanted} components were asked for, and {rows} rows of {columns} numbers have at most {most}; choose from 1 to {most}"
    )]
    Components {
        /// What was asked for.
        wanted: usize,
        /// Rows there are.
        rows: usize,
        /// Numbers in each.
        columns: usize,
        /// The most.
        most: usize,
    },
    /// A share of the variance that is none.
    #[error("a share of {0} of the variance was asked for; choose one above 0, at most 1, such as 0.97")]
    Share(String),
    /// Tensors that do not fit together.
    #[error("the tensor `{name}` {problem}; the model file is damaged or not of this kind")]
    Tensor {
        /// Its name.
        name: String,
        /// What is wrong.
        problem: String,
    },
}

/// A tensor as a model file keeps it: flat, row-major.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedTensor {
    /// Dotted name.
    pub name: &'static str,
    /// Dimensions, outermost first.
    pub shape: Vec<usize>,
    /// As many values as the shape has.
    pub values: Vec<f32>,
}

impl NamedTensor {
    fn new(name: &'static str, shape: &[usize], values: impl Iterator<Item = f64>) -> Self {
        Self {
            name,
            shape: shape.to_vec(),
            values: values.map(|x| x as f32).collect(),
        }
    }
}

/// The tensor of a name, with `rank` dimensions.
fn find<'a>(tensors: &'a [NamedTensor], name: &str, rank: usize) -> Result<&'a NamedTensor, FittedError> {
    let refuse = |problem: String| FittedError::Tensor {
        name: name.into(),
        problem,
    };
    let found = tensors.iter().find(|t| t.name == name);
    let tensor = found.ok_or_else(|| refuse("is missing".into()))?;
    if tensor.shape.len() != rank || tensor.shape.iter().product::<usize>() != tensor.values.len() {
        let problem = format!("has shape {:?} and {} values", tensor.shape, tensor.values.len());
        return Err(refuse(problem));
    }
    if !tensor.values.iter().all(|x| x.is_finite()) {
        return Err(refuse("holds values that are not finite".into()));
    }
    Ok(tensor)
}

/// Refuses a tensor whose length is not `wanted`.
fn check_len(tensor: &NamedTensor, wanted: usize) -> Result<(), FittedError> {
    if tensor.values.len() == wanted {
        return Ok(());
    }
    Err(FittedError::Tensor {
        name: tensor.name.into(),
        problem: format!("holds {} values where {wanted} belong", tensor.values.len()),
    })
}

/// The length of all rows; an error where they differ, hold what is no number, or are fewer than two.
fn check_rows<R: AsRef<[f32]>>(rows: &[R]) -> Result<usize, FittedError> {
    let columns = rows.first().map_or(0, |row| row.as_ref().len());
    if rows.len() < 2 || columns == 0 {
        return Err(FittedError::TooFew {
            rows: rows.len(),
            columns,
        });
    }
    for (index, row) in rows.iter().enumerate() {
        let row = row.as_ref();
        if row.len() != columns {
            return Err(FittedError::Ragged {
                row: index,
                got: row.len(),
                wanted: columns,
            });
        }
        if let Some(column) = row.iter().position(|x| !x.is_finite()) {
            return Err(FittedError::NotFinite { row: index, column });
        }
    }
    Ok(columns)
}

/// The mean of each column.
fn means<R: AsRef<[f32]>>(rows: &[R], columns: usize) -> Vec<f64> {
    let mut means = vec![0.0; columns];
    for row in rows {
        for (mean, x) in means.iter_mut().zip(row.as_ref()) {
            *mean += f64::from(*x);
        }
    }
    means.iter_mut().for_each(|mean| *mean /= rows.len() as f64);
    means
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_rows_are_named() {
        let message = |rows: &[Vec<f32>]| Standardiser::fit(rows).unwrap_err().to_string();
        assert!(message(&[]).starts_with("0 rows of 0 numbers"));
        assert!(message(&[vec![1.0]]).starts_with("1 rows of 1 numbers"));
        assert!(message(&[vec![1.0], vec![]]).starts_with("row 1 has 0 numbers and the first has 1"));
        assert!(message(&[vec![1.0], vec![f32::NAN]]).starts_with("row 1, column 0 is not finite"));
    }
}
