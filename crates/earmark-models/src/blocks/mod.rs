//! What the networks share: padding rules, convolution with BatchNorm and activation, pooling, attention, dense
//! layers and heads.

mod attention;
mod chain;
mod conv;
mod dense;
mod fitted;
mod gate;
mod head;
mod inverted_residual;
mod norm;
mod onnx;
mod pool;
mod prelu;
mod squeeze;

pub use attention::{Attention, AttentionSpec};
pub use chain::{conv_chain, conv_chain_pooled};
pub use conv::{Activation, Conv, ConvSpec, Padding};
pub use dense::Dense;
pub(crate) use fitted::FittedInput;
pub use fitted::InputFit;
pub use gate::gate;
pub use head::{Head, HeadSpec};
pub use inverted_residual::{InvertedResidual, InvertedResidualSpec};
pub use norm::{BatchNorm, BatchNormConfig};
pub use pool::{Pool, PoolWindow, Tail, average_pool, global_max, global_mean, pooled_size};
pub use prelu::Prelu;
pub use squeeze::SqueezeExcite;
