//! What the networks share: padding rules, convolution with BatchNorm and activation, dense layers.

mod chain;
mod conv;
mod dense;
mod norm;

pub use chain::conv_chain;
pub use conv::{Activation, Conv, ConvSpec, Padding};
pub use dense::Dense;
pub use norm::{BatchNorm, BatchNormConfig};
