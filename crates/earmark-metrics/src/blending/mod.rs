//! Blending: the mean of several models' scores, and which models to take.

mod blend;
mod select;

pub use blend::{BlendMean, blend};
pub use select::{BlendMetric, BlendSelection, BlendSelector, NestedSelection};
