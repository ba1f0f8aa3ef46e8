//! What the networks share: padding rules, convolution with BatchNorm and activation, dense layers.

mod conv;
mod dense;
mod norm;

pub use conv::{Activation, Conv, ConvSpec, Padding};
pub use dense::Dense;
pub use norm::{BatchNorm, BatchNormConfig};
