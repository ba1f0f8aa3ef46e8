//! From clips to scores and results.

pub mod evaluate;
mod pending;
pub(crate) mod random_crops;
pub(crate) mod row_scorer;
pub(crate) mod scorer;
pub(crate) mod segments;
