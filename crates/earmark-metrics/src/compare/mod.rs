//! How certain a result is, and whether one model is better than another.

mod bootstrap;
mod class_by_class;

pub use bootstrap::{Bootstrap, Interval, Intervals};
pub use class_by_class::{ClassComparison, ClassMetric, ModelComparison};
