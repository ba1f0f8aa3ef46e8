//! What can go wrong with scaler and PCA.

/// Why a scaler or PCA can't be fitted, or read from a model file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScalerError {
    /// Fewer than two rows, or no columns.
    #[error("{rows} rows of {columns} numbers are too few to fit; give two or more training clips")]
    TooFew {
        /// Number of rows.
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
    /// A value that is not finite.
    #[error("row {row}, column {column} is not finite, so nothing can be fitted")]
    NotFinite {
        /// Its row.
        row: usize,
        /// Its column.
        column: usize,
    },
    /// No components, or more than rows or columns allow.
    #[error(
        "{rows} rows of {columns} numbers have at most {most} components, not {wanted}; choose from 1 to {most}"
    )]
    Components {
        /// The number asked for.
        wanted: usize,
        /// Number of rows.
        rows: usize,
        /// Numbers in each.
        columns: usize,
        /// The largest number possible.
        most: usize,
    },
    /// A share of the variance outside 0 to 1.
    #[error("{0} is not a share of the variance; choose one above 0 and at most 1, such as 0.97")]
    Share(String),
    /// Tensors that do not fit together.
    #[error("the tensor `{name}` {problem}; the model file is damaged or of another kind")]
    Tensor {
        /// Its name.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
}
